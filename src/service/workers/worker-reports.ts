/** The metrics of all workers, summed. */
import type { Metrics } from '../../observe/metrics.ts';
import { countersOf, type Report, reportOf, sumOf } from '../../observe/worker-metrics.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { withDeadline } from '../../runtime/time/deadline.ts';
import { onceAtATime } from '../../runtime/time/single-flight.ts';
import type { Member } from './member.ts';

/** How long a scrape waits for a worker, in milliseconds. After that, it uses the worker's last report. */
const scrapeTimeout = 1_000;

/** The reports of the workers. */
export interface WorkerReports {
  /** Keeps the counters of a worker that exited, so that the sum never decreases. */
  readonly workerExited: (member: Member) => void;
  /** The metrics of all processes in the Prometheus text format. */
  readonly scrape: () => Promise<string>;
  /** The metrics of all processes in prom-client's JSON form. */
  readonly report: () => Promise<Report>;
}

/** Creates the reports of a pool. */
export function createWorkerReports(
  members: () => readonly Member[],
  metrics: Metrics,
  clock: Clock,
): WorkerReports {
  /** The summed counters of all workers that exited. */
  let exitedReport: Promise<Report> = Promise.resolve([]);
  const allReports = async (): Promise<readonly Report[]> => {
    const refresh = ({ report }: Member) => withDeadline(report(), scrapeTimeout, clock, () => undefined);
    await Promise.all(members().map(refresh));
    const own = await metrics.report();
    // Read in one synchronous step with `exitedReport`: a worker must count either as a member or as exitedReport.
    const reports = members().map((member) => member.lastReport());
    return [own, ...reports, await exitedReport];
  };
  return {
    workerExited: (member) => {
      exitedReport = exitedReport.then((before) =>
        countersOf([before, member.lastReport()]).catch(() => before),
      );
    },
    scrape: onceAtATime(async () => sumOf(await allReports())),
    report: onceAtATime(async () => reportOf(await allReports())),
  };
}
