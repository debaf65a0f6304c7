/**
 * One session in a model of a fleet: which operations its requests cause at the store, and which at the issuer. The model has the rules
 * of `src/session/in-store.ts` and `src/login/refresh-in-fleet.ts`, and uses their decisions about renewals.
 */
import { delayOf, dueOf } from '../../src/login/refresh-due.ts';
import type { Session } from '../../src/session/session.ts';
import { seenInterval } from '../../src/session/stored-session.ts';

/** A request of the session. */
export interface ModelRequest {
  /** In milliseconds. */
  readonly at: number;
  readonly pod: number;
}

/** The part of a fleet that a session sees. */
export interface ModelFleet {
  readonly pods: number;
  /** The life of the tokens, in seconds. */
  readonly tokenLife: number;
  /** `sessions.recheck`, in seconds. */
  readonly recheck: number;
  /** How long the issuer takes to renew, in milliseconds. */
  readonly issuerTime: number;
  /** After this time without a request, a pod has replaced a session in its cache, in milliseconds. */
  readonly cacheAge: number;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
}

/** Counts, after the warm-up. */
export interface ModelCounts {
  requests: number;
  /** Requests that wait for no operation of the store. */
  withoutStore: number;
  get: number;
  extend: number;
  lock: number;
  rewrite: number;
  unlock: number;
  tokenRequests: number;
  /** Times at which a pod has put the session into its cache. */
  cached: number;
  /** Renewals that used a refresh token which was used before. */
  reused: number;
}

/** Returns counts that are all 0. */
export function noCounts(): ModelCounts {
  return {
    ...{ requests: 0, withoutStore: 0, get: 0, extend: 0, lock: 0, rewrite: 0, unlock: 0 },
    ...{ tokenRequests: 0, cached: 0, reused: 0 },
  };
}

/** The knowledge of a pod about the session. Times are in milliseconds. */
interface Known {
  confirmedAt: number;
  seenDueAt: number;
  usedAt: number;
  version: Version;
  /** A renewal of this pod is under way until then. */
  flightUntil: number;
}

/** Tokens of the session. */
interface Version {
  readonly number: number;
  /** In seconds. */
  readonly renewedAt: number;
  readonly tokensEndAt: number;
}

/** How long a cached session is used after the store last had it: `longestUnconfirmed` of `in-store.ts`. */
const longestUnconfirmed = 240_000;

/** The pauses of a process that waits for the renewal of another one, in milliseconds. */
const looks = { first: 50, longest: 400 };

/**
 * Sends the requests of a session, in the order of time.
 *
 * @param from the counts begin then, in milliseconds
 */
export function liveSession(
  id: string,
  requests: readonly ModelRequest[],
  fleet: ModelFleet,
  from: number,
  counts: ModelCounts,
): void {
  const [first] = requests;
  if (first === undefined) return;
  const { tokenLife, recheck, issuerTime, cacheAge, random } = fleet;
  const pods = new Map<number, Known>();
  const versionAt = (number: number, at: number): Version => ({
    number,
    renewedAt: at / 1_000,
    tokensEndAt: at / 1_000 + tokenLife,
  });
  let current = versionAt(0, first.at - random() * tokenLife * 1_000);
  /** The renewal under way: when it ends, and its result. */
  let renewal: { readonly until: number; readonly next: Version } | undefined;
  let used = -1;

  const settle = (at: number) => {
    if (renewal === undefined || renewal.until > at) return;
    current = renewal.next;
    renewal = undefined;
  };
  const dueFor = ({ renewedAt, tokensEndAt }: Version, at: number, delay: number) =>
    dueOf({ renewedAt, tokensEndAt } as Session, recheck, at / 1_000, delay);

  /** A pod begins a renewal. */
  const fly = (known: Known, at: number, count: (operation: keyof ModelCounts) => void) => {
    let now = at;
    for (let pause = looks.first; ; pause = Math.min(pause * 2, looks.longest)) {
      settle(now);
      count('get');
      if (current.number !== known.version.number) break;
      count('lock');
      if (renewal === undefined) {
        count('get');
        count('tokenRequests');
        if (current.number <= used) count('reused');
        used = current.number;
        const until = now + issuerTime;
        renewal = { until, next: versionAt(current.number + 1, until) };
        count('rewrite');
        count('unlock');
        now = until;
        break;
      }
      now += pause * (0.5 + random());
    }
    known.flightUntil = now;
  };

  for (const { at, pod } of requests) {
    settle(at);
    const count = (operation: keyof ModelCounts) => {
      if (at >= from) counts[operation]++;
    };
    count('requests');
    let known = pods.get(pod);
    if (known !== undefined && at - known.usedAt > cacheAge) known = undefined;
    if (known === undefined || at - known.confirmedAt >= longestUnconfirmed) {
      count('get');
      if (known === undefined) count('cached');
      known = {
        flightUntil: 0,
        ...known,
        // The read extends the session.
        seenDueAt: at + seenInterval,
        confirmedAt: at,
        usedAt: at,
        version: current,
      };
      pods.set(pod, known);
    } else count('withoutStore');
    known.usedAt = at;
    if (known.flightUntil !== 0 && known.flightUntil <= at) {
      known.version = current;
      known.flightUntil = 0;
    }
    const ofPod = (pod * 0.618_033_988_75) % 1;
    const due = dueFor(known.version, at, 0);
    const isDue =
      due === 'now' || (due === 'soon' && dueFor(known.version, at, delayOf({ id }, ofPod)) !== 'later');
    if (isDue && known.flightUntil === 0) fly(known, at, count);
    if (at >= known.seenDueAt) {
      count('extend');
      known.seenDueAt = at + seenInterval;
      known.confirmedAt = at;
    }
  }
}
