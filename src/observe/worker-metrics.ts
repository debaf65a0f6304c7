/** What several processes have counted, put together. */
import { AggregatorRegistry, type MetricObject, type Registry } from 'prom-client';

/** What one process has counted: its metrics as prom-client writes them to JSON. */
export type Report = readonly object[];

/** The Prometheus text format of reports in sum; what is said only once is said by the first. */
export function sumOf(reports: readonly Report[]): Promise<string> {
  return added(reports).metrics();
}

/** Of reports in sum, what still counts when the processes that they are of are gone. */
export function lastingSumOf(reports: readonly Report[]): Promise<Report> {
  return added(reports.map((report) => report.filter(isLasting))).getMetricsAsJSON();
}

function added(reports: readonly Report[]): Registry {
  return AggregatorRegistry.aggregate(
    reports.filter((report) => report.length > 0).map((report) => report.map(addable)),
  );
}

/** What the library leaves out of a sum, such as the time of the start, is said by the first. */
function addable(metric: object): MetricObject {
  const { aggregator } = metric as MetricObject;
  return { ...(metric as MetricObject), aggregator: aggregator === 'omit' ? 'first' : aggregator };
}

function isLasting(metric: object): boolean {
  const type = String((metric as MetricObject).type);
  return type === 'counter' || type === 'histogram';
}
