/**
 * Ends the calls of a connection that do not progress. Envoy sends the calls of all its clients on one connection, so each call
 * ends alone. A request that is not served yet ends with a response, and a response that is not read with a reset.
 */
import type { Clock } from '../../../runtime/time/clock.ts';
import { type Call, type CallStream, isUnserved, timeLeft } from '../call/call.ts';
import type { Http2Connection } from '../http2/connection.ts';
import { errorCode } from '../http2/error-code.ts';
import { sweepInterval, sweepsIn } from './sweep.ts';

/** The calls of a connection. */
export interface StalledCalls {
  /** Records that a part of a request has arrived. */
  readonly progressed: (call: Call) => void;
  /** Call it every {@link sweepInterval}. */
  readonly sweep: () => void;
}

/** The dependencies of the calls of a connection. */
export interface StalledCallsDependencies {
  readonly connection: Pick<Http2Connection<Call>, 'streams' | 'reset' | 'unsentBytes'>;
  readonly clock: Clock;
  /** Responds to a request that is not served yet that it is overloaded. */
  readonly reject: (stream: CallStream) => void;
  /** Records the memory of a call, in bytes. */
  readonly hold: (call: Call, bytes: number) => void;
  /** Called when a client reads a response too late. */
  readonly onUnread: () => void;
}

/**
 * Limits of requests: the time without new bytes, the time for the whole request, and the time for the whole request of a
 * client with a timeout. The first two apply only to clients without a timeout.
 */
const quietLimit = sweepsIn(5_000);
const requestLimit = sweepsIn(15_000);
const longestLimit = sweepsIn(60_000);

/** The time for the client to read a response. */
const unreadLimit = sweepsIn(10_000);

/** Creates the sweeps over the calls of a connection. */
export function createStalledCalls({
  connection,
  clock,
  reject,
  hold,
  onUnread,
}: StalledCallsDependencies): StalledCalls {
  /** Whether bytes of a request arrived since the last sweep. */
  let isUploading = false;

  const isTooSlow = (call: Call, hasTimeout: boolean) => {
    if (++call.sweeps > (hasTimeout ? longestLimit : requestLimit)) return true;
    // While the peer sends bytes of other calls, this call may be waiting for its turn.
    if (!isUploading) call.quietSweeps++;
    return !hasTimeout && call.quietSweeps > quietLimit;
  };
  const sweepRequest = (stream: CallStream) => {
    const left = timeLeft(stream, clock);
    if (isTooSlow(stream.call, left !== undefined)) reject(stream);
    else if (left !== undefined && left < sweepInterval) clock.after(Math.max(0, left), () => reject(stream));
  };
  const sweepResponse = (stream: CallStream) => {
    hold(stream.call, connection.unsentBytes(stream));
    if (++stream.call.unreadSweeps <= unreadLimit) return;
    connection.reset(stream, errorCode.cancel);
    onUnread();
  };

  return {
    progressed: (call) => {
      call.quietSweeps = 0;
      isUploading = true;
    },
    sweep: () => {
      // A copy, because calls end.
      for (const stream of [...connection.streams()]) {
        if (isUnserved(stream.call)) sweepRequest(stream);
        else if (stream.call.state === 'answered') sweepResponse(stream);
      }
      isUploading = false;
    },
  };
}
