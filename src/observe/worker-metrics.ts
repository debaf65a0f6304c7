/** Sums the metrics of several processes. */
import { AggregatorRegistry, type MetricObject, type Registry } from 'prom-client';

/** The metrics of one process, in prom-client's JSON form. */
export type Report = readonly object[];

/** The sum of reports in the Prometheus text format. A metric that is not summed has its value from the first report. */
export function sumOf(reports: readonly Report[]): Promise<string> {
  return summed(reports).metrics();
}

/** The sum of reports in the same form. */
export function reportOf(reports: readonly Report[]): Promise<Report> {
  return summed(reports).getMetricsAsJSON();
}

/** The summed counters and histograms of reports. Unlike gauges, they still count after their processes have exited. */
export function countersOf(reports: readonly Report[]): Promise<Report> {
  return summed(reports.map((report) => report.filter(isCumulative))).getMetricsAsJSON();
}

function summed(reports: readonly Report[]): Registry {
  return AggregatorRegistry.aggregate(
    reports.filter((report) => report.length > 0).map((report) => report.map(summable)),
  );
}

/** Takes the value of the first report for metrics that the library leaves out of a sum, such as the start time. */
function summable(metric: object): MetricObject {
  const { aggregator } = metric as MetricObject;
  return { ...(metric as MetricObject), aggregator: aggregator === 'omit' ? 'first' : aggregator };
}

function isCumulative(metric: object): boolean {
  const type = String((metric as MetricObject).type);
  return type === 'counter' || type === 'histogram';
}
