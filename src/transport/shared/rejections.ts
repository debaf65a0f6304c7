/** Reports rejected connections: their clients use another protocol than the listener, flood it, or break its protocol. */
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
  | 'alpn'
  | 'flood'
  | 'protocol_error'
  | 'internal_error';

/** Reports a rejected connection. The report contains no text that the client sent. */
export type OnRejected = (cause: RejectionCause, detail?: string) => void;

/** Reports how many connections were rejected since the last report, with the detail of the last one. */
export type ReportRejected = (
  listener: Listener['name'],
  cause: RejectionCause,
  count: number,
  detail: string | undefined,
) => void;

/** The time between two reports of one listener and cause, in milliseconds. */
const interval = 60_000;

/** Limits reports to one per minute for each listener and cause. The first one is immediate; later ones are added up. */
export function onceAMinute(report: ReportRejected, clock: Clock): ReportRejected {
  const tallies = new Map<string, { count: number; reportedAt: number }>();
  return (listener, cause, count, detail) => {
    const tally = tallies.getOrInsertComputed(`${listener} ${cause}`, () => ({
      count: 0,
      reportedAt: Number.NEGATIVE_INFINITY,
    }));
    tally.count += count;
    if (clock.monotonic() - tally.reportedAt < interval) return;
    report(listener, cause, tally.count, detail);
    Object.assign(tally, { count: 0, reportedAt: clock.monotonic() });
  };
}
