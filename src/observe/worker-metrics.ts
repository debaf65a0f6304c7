/** Sums the metrics of several processes. */
import { AggregatorRegistry, type MetricObject, type Registry } from 'prom-client';

/** The metrics of one process, in prom-client's JSON form. */
export type Report = readonly object[];

/** The sum of reports in the Prometheus text format. Metrics that are not summed are those of the first report. */
export function sumOf(reports: readonly Report[]): Promise<string> {
  return summed(reports).metrics();
}

/** The summed counters and histograms of reports: the values that still count after the processes exited. */
export function countersOf(reports: readonly Report[]): Promise<Report> {
  return summed(reports.map((report) => report.filter(isCumulative))).getMetricsAsJSON();
}

function summed(reports: readonly Report[]): Registry {
  return AggregatorRegistry.aggregate(
    reports.filter((report) => report.length > 0).map((report) => report.map(summable)),
  );
}

/** The library leaves some metrics out of a sum, such as the start time. Those are taken from the first report. */
function summable(metric: object): MetricObject {
  const { aggregator } = metric as MetricObject;
  return { ...(metric as MetricObject), aggregator: aggregator === 'omit' ? 'first' : aggregator };
}

function isCumulative(metric: object): boolean {
  const type = String((metric as MetricObject).type);
  return type === 'counter' || type === 'histogram';
}
