/** Connections that come to nothing because whoever connects speaks something else than the listener. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { Listener } from './listener.ts';

/** Why a connection was rejected, as metric and log name it. */
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

/** Tells that a connection was rejected. Nothing of what it sent is told. */
export type OnRejected = (cause: RejectionCause) => void;

/** Tells how many connections were rejected since it was last told. */
export type TellRejected = (listener: Listener['name'], cause: RejectionCause, count: number) => void;

/** The least time between two records of one listener and cause, in milliseconds. */
const interval = 60_000;

/** Makes what passes rejections on: the first one at once, the others in sum, once a minute for each listener and cause. */
export function onceAMinute(tell: TellRejected, clock: Clock): TellRejected {
  const tallies = new Map<string, { count: number; toldAt: number }>();
  return (listener, cause, count) => {
    const tally = tallies.getOrInsertComputed(`${listener} ${cause}`, () => ({
      count: 0,
      toldAt: Number.NEGATIVE_INFINITY,
    }));
    tally.count += count;
    if (clock.monotonic() - tally.toldAt < interval) return;
    tell(listener, cause, tally.count);
    Object.assign(tally, { count: 0, toldAt: clock.monotonic() });
  };
}
