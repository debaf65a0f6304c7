/** A fleet of pods with many sessions in one store. Sessions are independent, so a sample of them is enough. */
import { liveSession, type ModelCounts, type ModelRequest, noCounts } from './session-life.ts';

/** An installation. */
export interface Installation {
  readonly sessions: number;
  readonly pods: number;
  /** `any`: each request can reach any pod. `same`: all requests of a session reach one pod. */
  readonly balancing: 'any' | 'same';
  /** `cache.maxEntries`. */
  readonly cacheEntries: number;
  /** The life of the tokens, in seconds. */
  readonly tokenLife: number;
}

/** How people use the application. */
export const behavior = {
  /** A person is active for this time on average, then not, in seconds. */
  active: 600,
  pause: 3_000,
  /** The mean time between two pages of an active person, in seconds, and the requests of a page. */
  betweenPages: 20,
  requestsOfPage: 8,
  /** The requests of a page arrive within this time, in seconds. */
  pageTime: 1,
  /** The mean time from a login to a sign-out, in seconds. */
  stay: 8 * 3_600,
};

/** Rates of an installation, for each second. */
export interface Rates {
  readonly requests: number;
  readonly withoutStore: number;
  readonly get: number;
  readonly extend: number;
  /** Locks, rewrites and releases. */
  readonly renewal: number;
  /** Logins and sign-outs. */
  readonly logins: number;
  /** Heartbeats and reads of feeds, which do not depend on the sessions. */
  readonly background: number;
  readonly operations: number;
  readonly tokenRequests: number;
  readonly reused: number;
}

/** The time of the warm-up, and of the measurement, in seconds. */
const times = { warmUp: 1_800, window: 1_800 };

/** Operations of a login (two sets of the index, a record) and of a sign-out (the record, two sets, an entry of the feed). */
const operationsOfStay = 3 + 4;

/** A process asks this often, in seconds: a heartbeat, a read of the feed, and whether the feed was removed. */
const background = { heartbeat: 5, feedRead: 2, feedCheck: 2 };

const recheck = 900;
const issuerTime = 100;

/** Measures an installation with a sample of its sessions. */
export function ratesOf(installation: Installation, sample: number, random: () => number): Rates {
  const { sessions, pods, cacheEntries } = installation;
  let cacheAge = Number.POSITIVE_INFINITY;
  let counts = noCounts();
  const scale = sessions / sample / times.window;
  // The age at which a session leaves a full cache depends on how many others enter it.
  for (let round = 0; round < 6; round++) {
    counts = countSample(installation, sample, cacheAge, random);
    const entering = (counts.cached * scale) / pods;
    cacheAge = entering === 0 ? Number.POSITIVE_INFINITY : (cacheEntries / entering) * 1_000;
  }
  return toRates(counts, scale, installation);
}

function countSample(
  { pods, balancing, tokenLife }: Installation,
  sample: number,
  cacheAge: number,
  random: () => number,
): ModelCounts {
  const counts = noCounts();
  const fleet = { pods, tokenLife, recheck, issuerTime, cacheAge, random };
  for (let index = 0; index < sample; index++) {
    const own = Math.floor(random() * pods);
    const podOf = balancing === 'same' ? () => own : () => Math.floor(random() * pods);
    const id = Buffer.from(Uint32Array.from({ length: 4 }, () => random() * 2 ** 32).buffer).toString(
      'base64url',
    );
    liveSession(id, requestsOf(podOf, random), fleet, times.warmUp * 1_000, counts);
  }
  return counts;
}

/** The requests of one person during the warm-up and the measurement. */
function requestsOf(podOf: () => number, random: () => number): readonly ModelRequest[] {
  const { active, pause, betweenPages, requestsOfPage, pageTime } = behavior;
  const exponential = (mean: number) => -mean * Math.log(1 - random());
  const end = times.warmUp + times.window;
  const requests: ModelRequest[] = [];
  let isActive = random() < active / (active + pause);
  for (let now = 0; now < end; isActive = !isActive) {
    const until = Math.min(end, now + exponential(isActive ? active : pause));
    if (isActive)
      for (let page = now + exponential(betweenPages); page < until; page += exponential(betweenPages))
        for (let request = 0; request < requestsOfPage; request++)
          requests.push({ at: (page + random() * pageTime) * 1_000, pod: podOf() });
    now = until;
  }
  return requests.sort((a, b) => a.at - b.at);
}

function toRates(counts: ModelCounts, scale: number, { sessions, pods }: Installation): Rates {
  const logins = (sessions / behavior.stay) * operationsOfStay;
  const asked = pods / background.heartbeat + pods / background.feedRead + pods / background.feedCheck;
  const { get, extend, lock, rewrite, unlock } = counts;
  return {
    requests: counts.requests * scale,
    withoutStore: counts.withoutStore / counts.requests,
    get: get * scale,
    extend: extend * scale,
    renewal: (lock + rewrite + unlock) * scale,
    logins,
    background: asked,
    operations: (get + extend + lock + rewrite + unlock) * scale + logins + asked,
    tokenRequests: counts.tokenRequests * scale + sessions / behavior.stay,
    reused: counts.reused,
  };
}
