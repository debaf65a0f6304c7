/** Reports rejected connections: those whose client uses another protocol than the listener. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { Listener } from './listener.ts';

/** Why a connection was rejected, as in the metric and the log. */
export type RejectionCause =
  | 'tls'
  | 'http1'
  | 'http2'
  | 'proxy_protocol'
  | 'unknown'
  | 'plain_text'
  | 'client_certificate'
  | 'certificate_refused'
  | 'tls_version'
  | 'alpn';

/** Reports a rejected connection. The report contains nothing that the client sent. */
export type OnRejected = (cause: RejectionCause) => void;

/** Reports how many connections were rejected since the last report. */
export type ReportRejected = (listener: Listener['name'], cause: RejectionCause, count: number) => void;

/** The time between two reports of one listener and cause, in milliseconds. */
const interval = 60_000;

/** Limits reports to one per minute for each listener and cause. The first one is immediate; later ones are added up. */
export function onceAMinute(report: ReportRejected, clock: Clock): ReportRejected {
  const tallies = new Map<string, { count: number; reportedAt: number }>();
  return (listener, cause, count) => {
    const tally = tallies.getOrInsertComputed(`${listener} ${cause}`, () => ({
      count: 0,
      reportedAt: Number.NEGATIVE_INFINITY,
    }));
    tally.count += count;
    if (clock.monotonic() - tally.reportedAt < interval) return;
    report(listener, cause, tally.count);
    Object.assign(tally, { count: 0, reportedAt: clock.monotonic() });
  };
}
