/**
 * What one HTTP/2 connection may cost. Envoy shares a connection among all its downstreams, so nothing that one of
 * them can cause may end it: what one call does too much of ends that call, with an answer. What only a hostile peer
 * does ends the connection soon, in bounded memory.
 *
 * Resets of streams, CONTINUATION, PRIORITY and malformed frames are bounded by the HTTP/2 library; here stands what
 * it leaves open: PING and SETTINGS, calls that stand still, memory, peers that fall silent or never read.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../../../runtime/time/clock.ts';
import { createBucket } from '../../../runtime/time/token-bucket.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** A call as far as the guard cares. */
export interface GuardedCall {
  /** Whether the caller has sent all of its request. */
  isRequestComplete: boolean;
  /** Looks of the guard at this call in a row in which nothing more of its request had come; and all looks at it. */
  quietLooks: number;
  looks: number;
  /** Memory held for the request, in bytes. */
  heldBytes: number;
  /** Whether an answer was given to the connection that is the last of its call. */
  isAnswered: boolean;
  /** Looks of the guard since it was answered. */
  unreadLooks: number;
  /** Milliseconds until the caller gives up, less a reserve for the answer; undefined if it does not say. */
  readonly timeLeft: () => number | undefined;
  /** Answers a call that is not complete, to the effect that it was not decided, and ends it. */
  readonly giveUp: () => void;
  /** Ends a call whose answer is not taken. */
  readonly abandon: () => void;
}

/** Watches over one connection. */
export interface ConnectionGuard {
  readonly callOpened: (call: GuardedCall) => void;
  readonly callEnded: (call: GuardedCall) => void;
  /** Notes that more of a request has come, and how much memory the call holds now, in bytes. */
  readonly callHolds: (call: GuardedCall, bytes: number) => void;
  /** Whether the peer has begun to speak HTTP/2. */
  readonly hasBegun: () => boolean;
  /** To be called every {@link sweepInterval}. */
  readonly sweep: () => void;
}

/** What a guard needs. */
export interface GuardDependencies {
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  readonly clock: Clock;
  /** Memory for requests on all connections. */
  readonly memory: MemoryBudget;
  /** Is told when the first call begins, and when the last one has ended. */
  readonly onBusy: () => void;
  readonly onIdle: () => void;
}

/** How often the guards look at their connections, in milliseconds. */
export const sweepInterval = 250;

/**
 * How long a request of a caller that names no timeout may stand still, how long it may take, and how long one may
 * whatever its caller says, counted in looks: a look that comes late, because this process had no time, does not count
 * for more.
 */
const quietLimit = 5_000 / sweepInterval;
const requestLimit = 15_000 / sweepInterval;
const longestLimit = 60_000 / sweepInterval;

/** The time for an answer to be taken, in looks. */
const answerLimit = 10_000 / sweepInterval;

/** The time for a connection to begin with HTTP/2, in milliseconds. */
const prefaceTimeout = 10_000;

/** After this much silence a connection is asked whether it is still there; it has a while to answer. */
const silence = 10_000;
const pingTimeout = 5_000;

// A peer that estimates bandwidth sends about a PING a call, which is why calls earn them.
const pingBudget = { burst: 200, perSecond: 20, perCall: 2 };
const settingsBudget = { burst: 50, perSecond: 5 };

/** Makes the guard of a connection; it ends the connection by destroying its session. */
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
  /** The call that holds most gives way: the one that made it too much may be a small one that came last. */
  const share = memory.open(() => {
    let largest: GuardedCall | undefined;
    for (const call of calls)
      if (!call.isRequestComplete && call.heldBytes > (largest?.heldBytes ?? 0)) largest = call;
    largest?.giveUp();
    return largest !== undefined;
  });
  const connectedAt = clock.monotonic();
  let hasBegun = false;
  let heardAt = connectedAt;
  let pingedAt: number | undefined;
  /** Whether anything of a request came since the last look that is not whole yet. */
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
    if (++call.looks > (hasTimeout ? longestLimit : requestLimit)) return true;
    // While others send much, the rest of this one may be waiting for its turn.
    if (!isUploading) call.quietLooks++;
    return !hasTimeout && call.quietLooks > quietLimit;
  };
  const look = (call: GuardedCall) => {
    if (call.isAnswered) {
      if (++call.unreadLooks > answerLimit) call.abandon();
    } else if (!call.isRequestComplete) {
      const left = call.timeLeft();
      if (isTooSlow(call, left !== undefined)) call.giveUp();
      else if (left !== undefined && left < sweepInterval) clock.after(Math.max(0, left), call.giveUp);
    }
  };
  const lookAtCalls = () => {
    if (!session.destroyed) for (const call of calls) look(call);
    isUploading = false;
  };
  const isAnswerWaiting = () => {
    for (const { unreadLooks } of calls) if (unreadLooks > answerLimit) return true;
    return false;
  };
  const askWhetherAlive = (now: number) => {
    if (pingedAt !== undefined) return now - pingedAt > pingTimeout ? end() : undefined;
    // Whoever talks and does not read is as silent: no answer to a PING will come.
    if (now - heardAt <= silence && !isAnswerWaiting()) return undefined;
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
      call.quietLooks = 0;
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
      // Judged behind the next round of input: after a stall of our own, what seems missing is waiting to be read.
      if (calls.size > 0) setImmediate(lookAtCalls);
      askWhetherAlive(now);
    },
  };
}

/** Ends a connection at once, with all its calls. */
function endConnection(session: ServerHttp2Session, socket: Socket): void {
  session.destroy();
  socket.destroy();
}
