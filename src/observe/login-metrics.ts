/** Counts logins and sessions. */
import type {
  FrontChannelResult,
  HandOverResult,
  LoginResult,
  LogoutTokenResult,
  LostEnd,
  RefreshResult,
  SessionEnd,
  SessionLookup,
} from '../login/login-events.ts';
import {
  frontChannelResults,
  handOverResults,
  loginResults,
  logoutTokenResults,
  lookupResults,
  lostEnds,
  refreshResults,
  sessionEnds,
} from './login-metric-definitions.ts';
import type { MetricMakers } from './metric-makers.ts';
import { waitingWrites } from './state-metric-definitions.ts';

/** Upper bounds of the buckets of a login's duration, in seconds. */
const durationBounds = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600] as const;

/** A write of a session that waits for the store. */
export type WaitingWrite = keyof typeof waitingWrites;

/** Reads the state of the sessions that the store shares, at each scrape. */
export interface StoreReads {
  readonly waiting: () => Readonly<Record<WaitingWrite, number>>;
  /** Milliseconds since this process knew all ended sessions. It is not finite without a store, and until the first time. */
  readonly endsAge: () => number;
}

/** The metrics of logins and sessions. */
export interface LoginMetrics {
  /** People can sign in at this issuer. Its counters start at 0, so that an alert sees the first event. */
  readonly issuerConfigured: (issuer: string) => void;
  readonly loginStarted: (issuer: string) => void;
  /** @param seconds since the start of the login; undefined if it is not known */
  readonly loginFinished: (issuer: string, result: LoginResult, seconds: number | undefined) => void;
  /** One host signs everyone in. The counters of its hand-overs start at 0. */
  readonly centralHostConfigured: () => void;
  readonly handedOver: (result: HandOverResult) => void;
  readonly sessionLookup: (result: SessionLookup) => void;
  readonly sessionEnded: (cause: SessionEnd) => void;
  readonly sessionTooLarge: (issuer: string) => void;
  /** The issuer can end sessions: with logout tokens, or with frames. */
  readonly backChannelConfigured: (issuer: string) => void;
  readonly frontChannelConfigured: (issuer: string) => void;
  readonly logoutToken: (issuer: string, result: LogoutTokenResult) => void;
  readonly frontChannelLogout: (issuer: string, result: FrontChannelResult) => void;
  readonly endLost: (cause: LostEnd) => void;
  /** Sessions are shared by a store. A scrape reads what waits for it. */
  readonly storeConfigured: (reads: StoreReads) => void;
  readonly refreshed: (issuer: string, result: RefreshResult) => void;
  readonly cookieNotDelivered: () => void;
  readonly returnAddressRefused: () => void;
  /** The session keys were loaded. @param count 0 if sessions are no longer configured */
  readonly sessionKeysLoaded: (count: number) => void;
  /** A changed file of session keys could not be loaded; the previous keys stay in use. */
  readonly sessionKeysFailed: () => void;
}

/** Creates the metrics of logins and sessions. */
export function createLoginMetrics({ counter, gauge, histogram }: MetricMakers): LoginMetrics {
  const started = counter('logins_started_total');
  const finished = counter('logins_finished_total');
  const duration = histogram('login_duration_seconds', durationBounds);
  const handOvers = counter('session_hand_overs_total');
  const refreshes = counter('session_refreshes_total');
  const ended = counter('sessions_ended_total');
  const tooLarge = counter('sessions_too_large_total');
  const logoutTokens = counter('logout_tokens_total');
  const frontChannel = counter('front_channel_logouts_total');
  const endsLost = counter('session_ends_lost_total');
  const notDelivered = counter('session_cookie_not_delivered_total');
  const refused = counter('return_addresses_refused_total');
  const keys = gauge('session_keys');
  const keysReloaded = gauge('session_keys_last_reload_successful');
  let isStoreMeasured = false;
  for (const cause of Object.keys(sessionEnds)) ended.inc({ cause }, 0);
  for (const cause of Object.keys(lostEnds)) endsLost.inc({ cause }, 0);
  keysReloaded.set(1);

  // Every check with a session counts here, so these are plain numbers until a scrape reads them.
  const results = Object.keys(lookupResults) as SessionLookup[];
  const lookups = Object.fromEntries(results.map((result) => [result, 0])) as Record<SessionLookup, number>;
  counter('session_lookups_total', function () {
    this.reset();
    for (const result of results) this.inc({ result }, lookups[result]);
  });

  return {
    issuerConfigured: (issuer) => {
      started.inc({ issuer }, 0);
      tooLarge.inc({ issuer }, 0);
      for (const result of Object.keys(loginResults)) finished.inc({ issuer, result }, 0);
      for (const result of Object.keys(refreshResults)) refreshes.inc({ issuer, result }, 0);
    },
    backChannelConfigured: (issuer) => {
      for (const result of Object.keys(logoutTokenResults)) logoutTokens.inc({ issuer, result }, 0);
    },
    frontChannelConfigured: (issuer) => {
      for (const result of Object.keys(frontChannelResults)) frontChannel.inc({ issuer, result }, 0);
    },
    loginStarted: (issuer) => started.inc({ issuer }),
    loginFinished: (issuer, result, seconds) => {
      finished.inc({ issuer, result });
      if (result === 'success' && seconds !== undefined) duration.observe(seconds);
    },
    centralHostConfigured: () => {
      for (const result of Object.keys(handOverResults)) handOvers.inc({ result }, 0);
    },
    handedOver: (result) => handOvers.inc({ result }),
    sessionLookup: (result) => {
      lookups[result]++;
    },
    sessionEnded: (cause) => ended.inc({ cause }),
    sessionTooLarge: (issuer) => tooLarge.inc({ issuer }),
    logoutToken: (issuer, result) => logoutTokens.inc({ issuer, result }),
    frontChannelLogout: (issuer, result) => frontChannel.inc({ issuer, result }),
    endLost: (cause) => endsLost.inc({ cause }),
    storeConfigured: ({ waiting, endsAge }) => {
      if (isStoreMeasured) return;
      isStoreMeasured = true;
      gauge('store_writes_waiting', function () {
        const counts = waiting();
        for (const kind of Object.keys(waitingWrites) as WaitingWrite[]) this.set({ kind }, counts[kind]);
      });
      gauge('session_ends_age_seconds', function () {
        const age = endsAge();
        if (Number.isFinite(age)) this.set(Math.max(0, age) / 1_000);
        else this.remove();
      });
    },
    refreshed: (issuer, result) => refreshes.inc({ issuer, result }),
    cookieNotDelivered: () => notDelivered.inc(),
    returnAddressRefused: () => refused.inc(),
    sessionKeysLoaded: (count) => {
      keys.set(count);
      keysReloaded.set(1);
    },
    sessionKeysFailed: () => keysReloaded.set(0),
  };
}
