/**
 * What one HTTP/2 connection may cost. Envoy shares a connection among all its downstreams, so nothing that one of
 * them can cause may end it; what only a hostile peer does ends it soon, in bounded memory.
 *
 * Resets of streams, CONTINUATION, PRIORITY and malformed frames are bounded by the HTTP/2 library; here stands what
 * it leaves open: PING and SETTINGS, streams that never end, peers that fall silent or never read.
 */
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { createBucket } from '../time/bucket.ts';
import type { Clock } from '../time/clock.ts';

/** A call as far as the guard cares. */
export interface GuardedCall {
  /** Milliseconds of the monotonic clock. */
  readonly openedAt: number;
  /** Whether the caller has sent all of its request. */
  isRequestComplete: boolean;
  /** Memory held for the request, in bytes. */
  heldBytes: number;
  /** When the answer was given to the connection; undefined before, and for answers that go on. */
  answeredAt: number | undefined;
}

/** Watches over one connection. */
export interface ConnectionGuard {
  readonly callOpened: (call: GuardedCall) => void;
  readonly callEnded: (call: GuardedCall) => void;
  /** Notes how much memory a call holds now, in bytes. */
  readonly callHolds: (call: GuardedCall, bytes: number) => void;
  /** To be called several times a second. */
  readonly sweep: () => void;
}

/** The time for one request to arrive whole, in milliseconds. Envoy sends a check in one go. */
const requestTimeout = 1_500;

/** The time for an answer to be taken, in milliseconds. */
const answerTimeout = 10_000;

/** The time for a connection to begin with HTTP/2, in milliseconds. */
const prefaceTimeout = 10_000;

/** After this much silence a connection is asked whether it is still there; it has a while to answer. */
const silence = 10_000;
const pingTimeout = 5_000;

/**
 * Calls at once on one connection; a busy proxy opens another. The library counts a call that was reset until its
 * round of input is over, so this is more than a proxy that cancels hundreds a second has open.
 */
export const maxConcurrentCalls = 256;

/**
 * Memory for requests that have not arrived whole, in bytes, on one connection: more than a proxy can have under way
 * where every downstream fills the headers that it may send.
 */
const maxHeldBytes = maxConcurrentCalls * 96 * 1024;

// A peer that estimates bandwidth sends about a PING a call, which is why calls earn them.
const pingBudget = { burst: 200, perSecond: 20, perCall: 2 };
const settingsBudget = { burst: 50, perSecond: 5 };

/** Makes the guard of a connection; it ends the connection by destroying its session. */
export function createConnectionGuard(
  session: ServerHttp2Session,
  socket: Socket,
  clock: Clock,
): ConnectionGuard {
  const calls = new Set<GuardedCall>();
  const pings = createBucket(pingBudget);
  const settings = createBucket(settingsBudget);
  const connectedAt = clock.monotonic();
  let hasBegun = false;
  let heardAt = connectedAt;
  let pingedAt: number | undefined;
  let held = 0;

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

  const isStuck = ({ isRequestComplete, openedAt, answeredAt }: GuardedCall, now: number) => {
    if (!isRequestComplete) return now - openedAt > requestTimeout;
    return answeredAt !== undefined && now - answeredAt > answerTimeout;
  };
  const callHolds = (call: GuardedCall, bytes: number) => {
    held += bytes - call.heldBytes;
    call.heldBytes = bytes;
    if (held > maxHeldBytes) end();
  };
  const endIfStuck = () => {
    if (session.destroyed) return;
    const now = clock.monotonic();
    for (const call of calls) if (isStuck(call, now)) return end();
  };
  const askWhetherAlive = (now: number) => {
    if (pingedAt !== undefined) return now - pingedAt > pingTimeout ? end() : undefined;
    if (now - heardAt <= silence) return undefined;
    pingedAt = now;
    session.ping(() => {
      pingedAt = undefined;
      heard();
    });
  };

  return {
    callOpened: (call) => {
      calls.add(call);
      heardAt = call.openedAt;
    },
    callEnded: (call) => {
      calls.delete(call);
      callHolds(call, 0);
      if (call.answeredAt !== undefined) pings.give(pingBudget.perCall);
    },
    callHolds,
    sweep: () => {
      if (session.destroyed) return;
      const now = clock.monotonic();
      if (!hasBegun) {
        if (now - connectedAt > prefaceTimeout) end();
        return;
      }
      // Judged behind the next round of input: after a stall of our own, what seems missing is waiting to be read.
      if (calls.size > 0) setImmediate(endIfStuck);
      askWhetherAlive(now);
    },
  };
}

/** Ends a connection at once, with all its calls. */
function endConnection(session: ServerHttp2Session, socket: Socket): void {
  session.destroy();
  socket.destroy();
}
