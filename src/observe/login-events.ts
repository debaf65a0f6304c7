/** Logs and counts logins and sessions. Records contain no code, state, cookie, token or claim. */
import type {
  HandOverResult,
  LoginEvents,
  LoginResult,
  LogoutTokenResult,
  LostEnd,
} from '../login/login-events.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { createRecordBudget } from './record-budget.ts';
import { shortened } from './recorded-denial.ts';

/** The records of a login that ended, by result. */
const endings: Readonly<Record<LoginResult, readonly [level: 'info' | 'warn', text: string]>> = {
  success: ['info', 'a person signed in'],
  failed: ['warn', 'a login failed'],
  cancelled: ['info', 'a login was canceled'],
  unavailable: ['warn', 'a login failed because the issuer is not available'],
  too_large: ['warn', 'a login failed because its session is too large'],
};

/** The records of hand-overs, by result. The others are counted only. */
const handOvers: Partial<Record<HandOverResult, readonly [level: 'info' | 'warn', text: string]>> = {
  replayed: ['info', 'a grant of the central host was used twice'],
  refused: ['info', 'a hand-over of a session was refused'],
  unavailable: ['warn', 'a hand-over of a session failed because the store did not answer'],
};

/** The ending of a login whose issuer answers, but not to this client. */
const clientRejected = [
  'warn',
  'a login failed because the issuer rejects this service as a client',
] as const;

/** The records of logout tokens, by result. */
const logoutRecords: Readonly<Record<LogoutTokenResult, readonly [level: 'info' | 'warn', text: string]>> = {
  success: ['info', 'the issuer ended sessions with a logout token'],
  rejected: ['warn', 'a logout token was rejected'],
  replayed: ['warn', 'a logout token was here before'],
  unconfirmed: [
    'warn',
    'a logout token ended sessions in this process only; the store does not answer, and the service continues to try',
  ],
  too_many: ['warn', 'a logout token was not read, because too many arrive at the same time'],
};

const lostEndTexts: Readonly<Record<LostEnd, string>> = {
  list_full: 'the list of ended sessions is full; the oldest ones are accepted again; lower sessions.maxAge',
  not_sent: 'too many ended sessions wait for the store; other replicas accept them until the store is back',
};

/** The time between two warnings about the same host, in milliseconds. */
const warningInterval = 60_000;

/** Maximum number of hosts whose last warning is stored. A pattern of `login.hosts` lets clients choose hosts. */
const maxHosts = 100;

/** The dependencies of the events. */
export interface LoginEventsDependencies {
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'logins' | 'checkRecordLeftOut'>;
  readonly clock: Clock;
  /** The names of the issuers that sign people in. */
  readonly issuers: readonly string[];
  /** Whether one host signs everyone in (`login.host`). */
  readonly hasCentralHost?: boolean;
  /** How issuers can end sessions. */
  readonly logouts?: { readonly backChannelLogout: boolean; readonly frontChannelLogout: boolean };
}

/** Creates the receiver of the events of logins and sessions. */
export function createLoginEvents(dependencies: LoginEventsDependencies): LoginEvents {
  const { logger, metrics, clock, issuers, hasCentralHost = false, logouts } = dependencies;
  const { logins } = metrics;
  if (hasCentralHost) logins.centralHostConfigured();
  for (const issuer of issuers) {
    logins.issuerConfigured(issuer);
    if (logouts?.backChannelLogout === true) logins.backChannelConfigured(issuer);
    if (logouts?.frontChannelLogout === true) logins.frontChannelConfigured(issuer);
  }
  const mayWrite = createRecordBudget('logins', { logger, metrics, clock });
  const write = (level: 'info' | 'warn', record: object, text: string) => {
    if (logger.isLevelEnabled(level) && mayWrite()) logger[level](record, text);
  };
  const isDueForDelivery = onceAMinute(clock);
  const isDueForLostEnd = onceAMinute(clock);

  return {
    loginStarted: logins.loginStarted,
    loginFinished: (issuer, result, { seconds, detail, isClientRejected }) => {
      logins.loginFinished(issuer, result, seconds);
      const [level, text] = isClientRejected === true ? clientRejected : endings[result];
      const rounded = seconds === undefined ? undefined : Math.round(seconds * 10) / 10;
      write(level, { issuer, result, seconds: rounded, problem: detail }, text);
    },
    handedOver: (result) => {
      logins.handedOver(result);
      const record = handOvers[result];
      if (record !== undefined) write(record[0], { result }, record[1]);
    },
    sessionLookup: logins.sessionLookup,
    sessionEnded: (issuer, cause) => {
      logins.sessionEnded(cause);
      if (cause === 'sign_out') write('info', { issuer }, 'a person signed out');
      else logger.debug({ issuer, cause }, 'a session ended');
    },
    sessionTooLarge: (issuer, part, bytes) => {
      logins.sessionTooLarge(issuer);
      write('warn', { issuer, part, bytes }, 'a session does not fit into its cookies');
    },
    refreshed: (issuer, result, detail) => {
      logins.refreshed(issuer, result);
      if (result === 'rejected')
        write('info', { issuer, problem: detail }, 'the issuer rejected the refresh of a session');
      if (result === 'unavailable')
        write('warn', { issuer, problem: detail }, 'a session could not be refreshed');
      if (result === 'store_unavailable')
        write('warn', { issuer, problem: detail }, 'a session could not be refreshed because of the store');
    },
    cookieNotDelivered: (host) => {
      logins.cookieNotDelivered();
      if (isDueForDelivery(host))
        logger.warn(
          { host: shortened(host) },
          'a browser does not receive session cookies; list set-cookie in headersToDownstreamOnAllow of the mesh (Kyma: toDownstream.onAllow)',
        );
    },
    logoutToken: (issuer, result, problem) => {
      logins.logoutToken(issuer, result);
      const [level, text] = logoutRecords[result];
      write(level, { issuer, result, problem }, text);
    },
    frontChannelLogout: (issuer, result) => {
      logins.frontChannelLogout(issuer, result);
      logger.debug({ issuer, result }, 'a frame of the issuer asked to end a session');
    },
    endLost: (cause) => {
      logins.endLost(cause);
      if (isDueForLostEnd(cause)) logger.error({ cause }, lostEndTexts[cause]);
    },
    revocationFailed: (issuer, detail) =>
      write('warn', { issuer, problem: detail }, 'a refresh token could not be revoked at a sign-out'),
    returnAddressRefused: (host) => {
      logins.returnAddressRefused();
      write('info', { host: shortened(host) }, 'a return address was refused; the login returns to /');
    },
  };
}

/** Limits warnings to one per minute for each host, and to {@link maxHosts} hosts per minute. */
function onceAMinute(clock: Clock): (host: string) => boolean {
  const warnedAt = new Map<string, number>();
  return (host) => {
    const now = clock.monotonic();
    if (now - (warnedAt.get(host) ?? Number.NEGATIVE_INFINITY) < warningInterval) return false;
    if (warnedAt.size >= maxHosts)
      for (const [known, at] of warnedAt) if (now - at >= warningInterval) warnedAt.delete(known);
    if (warnedAt.size >= maxHosts) return false;
    warnedAt.set(host, now);
    return true;
  };
}
