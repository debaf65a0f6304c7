/**
 * Limits the cost of one HTTP/2 connection. Envoy sends the calls of all its clients on one connection, so a client must not
 * be able to close it. A call beyond a limit ends with a response, and the other calls continue. The connection is closed
 * only if its peer is hostile or no longer responds.
 *
 * The HTTP/2 library limits resets of streams, CONTINUATION, PRIORITY and malformed frames. This guard limits PING and
 * SETTINGS, stalled calls, memory, and peers that are silent or never read.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../../../runtime/time/clock.ts';
import { createBucket } from '../../../runtime/time/token-bucket.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** A call under guard. */
export interface GuardedCall {
  /** Whether the client has sent its whole request. */
  isRequestComplete: boolean;
  /** The sweeps in a row without new bytes of the request. */
  quietSweeps: number;
  /** All sweeps since the call began. */
  sweeps: number;
  /** The memory of the request, in bytes. */
  heldBytes: number;
  /** Whether the final response was written. */
  isAnswered: boolean;
  /** The sweeps since the response was written. */
  unreadSweeps: number;
  /** Milliseconds until the timeout of the client, less a reserve for the response; undefined without a timeout. */
  readonly timeLeft: () => number | undefined;
  /** Responds to an incomplete request that it is overloaded, and ends the call. */
  readonly reject: () => void;
  /** Ends a call whose response is not read. */
  readonly cancel: () => void;
}

/** Guards one connection. */
export interface ConnectionGuard {
  readonly callOpened: (call: GuardedCall) => void;
  readonly callEnded: (call: GuardedCall) => void;
  /** Records that more of a request arrived, and the memory of the call, in bytes. */
  readonly callHolds: (call: GuardedCall, bytes: number) => void;
  /** Whether the peer has started HTTP/2. */
  readonly hasBegun: () => boolean;
  /** Call it every {@link sweepInterval}. */
  readonly sweep: () => void;
}

/** The dependencies of a guard. */
export interface GuardDependencies {
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  readonly clock: Clock;
  /** The memory of all connections. */
  readonly memory: MemoryBudget;
  /** Called when the first call begins. */
  readonly onBusy: () => void;
  /** Called when the last call has ended. */
  readonly onIdle: () => void;
}

/** The time between two sweeps, in milliseconds. */
export const sweepInterval = 250;

/**
 * Limits of requests, in sweeps: the time without new bytes, the time for the whole request, and the time for the whole
 * request of a client with a timeout. The first two apply only to clients without a timeout. Sweeps are counted instead of
 * time, so a stall of this process does not end calls.
 */
const quietLimit = 5_000 / sweepInterval;
const requestLimit = 15_000 / sweepInterval;
const longestLimit = 60_000 / sweepInterval;

/** The time for the client to read a response, in sweeps. */
const unreadLimit = 10_000 / sweepInterval;

/** The timeout of the HTTP/2 preface, in milliseconds. */
const prefaceTimeout = 10_000;

/** The silence after which the guard sends a PING, and the timeout of its answer, in milliseconds. */
const silence = 10_000;
const pingTimeout = 5_000;

// A peer that estimates bandwidth sends about one PING per call, so each call adds to the budget.
const pingBudget = { burst: 200, perSecond: 20, perCall: 2 };
const settingsBudget = { burst: 50, perSecond: 5 };

/** Creates the guard of a connection. */
export function createConnectionGuard({
  session,
  socket,
  clock,
  memory,
  onBusy,
  onIdle,
}: GuardDependencies): ConnectionGuard {
  const calls = new Set<GuardedCall>();
  const pings = createBucket(pingBudget);
  const settings = createBucket(settingsBudget);
  /** Rejects the incomplete call with the most memory, which is not always the one that exceeds the limit. */
  const share = memory.open(() => {
    let largest: GuardedCall | undefined;
    for (const call of calls)
      if (!call.isRequestComplete && call.heldBytes > (largest?.heldBytes ?? 0)) largest = call;
    largest?.reject();
    return largest !== undefined;
  });
  const connectedAt = clock.monotonic();
  let hasBegun = false;
  let heardAt = connectedAt;
  let pingedAt: number | undefined;
  /** Whether bytes of an incomplete request arrived since the last sweep. */
  let isUploading = false;

  const end = () => endConnection(session, socket);
  const heard = () => {
    heardAt = clock.monotonic();
  };

  session.on('remoteSettings', () => {
    hasBegun = true;
    heard();
    if (!settings.take(heardAt)) end();
  });
  session.on('ping', () => {
    heard();
    if (!pings.take(heardAt)) end();
  });
  session.on('close', share.close);

  const hold = (call: GuardedCall, bytes: number) => {
    const more = bytes - call.heldBytes;
    if (more === 0) return;
    call.heldBytes = bytes;
    share.add(more);
  };
  const isTooSlow = (call: GuardedCall, hasTimeout: boolean) => {
    if (++call.sweeps > (hasTimeout ? longestLimit : requestLimit)) return true;
    // While the peer sends bytes of other calls, this call may be waiting for its turn.
    if (!isUploading) call.quietSweeps++;
    return !hasTimeout && call.quietSweeps > quietLimit;
  };
  const sweepCall = (call: GuardedCall) => {
    if (call.isAnswered) {
      if (++call.unreadSweeps > unreadLimit) call.cancel();
    } else if (!call.isRequestComplete) {
      const left = call.timeLeft();
      if (isTooSlow(call, left !== undefined)) call.reject();
      else if (left !== undefined && left < sweepInterval) clock.after(Math.max(0, left), call.reject);
    }
  };
  const sweepCalls = () => {
    if (!session.destroyed) for (const call of calls) sweepCall(call);
    isUploading = false;
  };
  const hasUnreadResponse = () => {
    for (const { unreadSweeps } of calls) if (unreadSweeps > unreadLimit) return true;
    return false;
  };
  const pingIfSilent = (now: number) => {
    if (pingedAt !== undefined) return now - pingedAt > pingTimeout ? end() : undefined;
    // A peer that sends but does not read counts as silent: it will not answer a PING.
    if (now - heardAt <= silence && !hasUnreadResponse()) return undefined;
    pingedAt = now;
    session.ping(() => {
      pingedAt = undefined;
      heard();
    });
  };

  return {
    callOpened: (call) => {
      if (calls.size === 0) onBusy();
      calls.add(call);
      heard();
    },
    callEnded: (call) => {
      if (!calls.delete(call)) return;
      hold(call, 0);
      if (call.isAnswered) pings.give(pingBudget.perCall);
      if (calls.size === 0) onIdle();
    },
    callHolds: (call, bytes) => {
      call.quietSweeps = 0;
      isUploading ||= bytes > 0;
      hold(call, bytes);
    },
    hasBegun: () => hasBegun,
    sweep: () => {
      if (session.destroyed) return;
      const now = clock.monotonic();
      if (!hasBegun) {
        if (now - connectedAt > prefaceTimeout) end();
        return;
      }
      // After a stall of this process, bytes are in the next input of the event loop: read them before the sweep.
      if (calls.size > 0) setImmediate(sweepCalls);
      pingIfSilent(now);
    },
  };
}

/** Ends a connection immediately, with all of its calls. */
function endConnection(session: ServerHttp2Session, socket: Socket): void {
  session.destroy();
  socket.destroy();
}
