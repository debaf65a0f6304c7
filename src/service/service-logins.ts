/** The logins of a process. Loaded only if `login` is configured: no other file of the service imports it as a value. */

import type { Config, IssuerConfig } from '../config/declare/options.ts';
import type { SessionKey } from '../config/session/session-keys.ts';
import { loginIssuers } from '../config/session/session-rule.ts';
import type { CurrentDenyList } from '../credential/token/revocation.ts';
import type { LoginSource } from '../issuer/issuer.ts';
import { createLogoutAnswers } from '../login/back-channel/create-logout-answers.ts';
import { createUseLogoutToken, type UseLogoutToken } from '../login/back-channel/used-logout-tokens.ts';
import { createLoginClients, type LoginClients } from '../login/client/create-login-clients.ts';
import { createLogins } from '../login/create-logins.ts';
import { createFindSession } from '../login/find-session.ts';
import type { LoginEvents } from '../login/login-events.ts';
import { createLoginHosts } from '../login/login-hosts.ts';
import type { LoginIssuer } from '../login/login-issuer.ts';
import { createLoginPages } from '../login/pages/pages.ts';
import { createSessionMaker, type SessionMaker } from '../login/session-of-tokens.ts';
import type { Logger } from '../observe/logger.ts';
import { createLoginEvents } from '../observe/login-events.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { FollowedFiles } from '../runtime/files/follow.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { createCookieNames } from '../session/cookie-names.ts';
import { createSeal } from '../session/seal-values.ts';
import type { StateStore } from '../state/state-store.ts';
import { type CheckLogins, createCheckLogins } from './check-logins.ts';
import { createSessionPlaces } from './session-places.ts';
import { createSessionRenewals } from './session-renewals.ts';

/** The dependencies. */
export interface ServiceLoginsDependencies {
  readonly files: FollowedFiles;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
  readonly randomBytes: (size: number) => Uint8Array;
  /** The keys that seal sessions; the same list until they change. */
  readonly sessionKeys: () => readonly SessionKey[];
}

/** A configuration, and what its logins depend on. */
export interface LoginsOf {
  readonly config: Config;
  readonly issuers: readonly { readonly config: IssuerConfig; readonly issuer: LoginSource }[];
  readonly denyList: CurrentDenyList;
  /** Only with `state`. */
  readonly state?: StateStore | undefined;
}

/** The logins of a process. Their cached sessions and refreshes outlive a change of the configuration. */
export interface ServiceLogins {
  /** Loads the code that the sessions of a configuration need; undefined if it is loaded. Call it before `take`. */
  readonly prepare: (config: Config) => Promise<void> | undefined;
  /** Makes the logins of a configuration, in place of the previous ones; undefined without `login`. */
  readonly take: (of: LoginsOf) => CheckLogins | undefined;
  /** The number of cached sessions. */
  readonly sessions: () => number;
  /** Lets refreshes under way end, at most for a time in milliseconds. */
  readonly drain: (longest: number) => Promise<void>;
  readonly stop: () => void;
}

/** A configuration with `login`. */
type WithLogin = Config & {
  readonly login: NonNullable<Config['login']>;
  readonly sessions: NonNullable<Config['sessions']>;
};

/** Creates the logins of a process. */
export function createServiceLogins(dependencies: ServiceLoginsDependencies): ServiceLogins {
  const { logger, metrics, clock, random, randomBytes, sessionKeys } = dependencies;
  const seal = createSeal(sessionKeys);
  const pages = createLoginPages();
  let logoutTokens: { readonly state: StateStore | undefined; readonly use: UseLogoutToken } | undefined;
  let clients: LoginClients | undefined;
  let maker: SessionMaker | undefined;
  let events: LoginEvents | undefined;
  const randomText = (bytes: number) => Buffer.from(randomBytes(bytes)).toString('base64url');
  const places = createSessionPlaces({
    ...{ seal, clock, randomText },
    events: {
      forgotten: () => events?.endLost('list_full'),
      lost: () => events?.endLost('not_sent'),
    },
  });

  const renewals = createSessionRenewals(clock, random);
  const useLogoutTokenWith = (state: StateStore | undefined): UseLogoutToken => {
    if (logoutTokens === undefined || logoutTokens.state !== state)
      logoutTokens = { state, use: createUseLogoutToken(state, clock) };
    return logoutTokens.use;
  };
  const loginsFor = (config: WithLogin, { issuers, denyList, state }: LoginsOf): CheckLogins => {
    const { login, sessions, hosts, policies = [] } = config;
    if (state !== undefined)
      metrics.logins.storeConfigured({
        waiting: () => ({ ...places.waiting(), renewal: renewals.waiting() }),
        endsAge: places.endsAge,
      });
    const previous = clients;
    clients = createLoginClients(config, issuers, dependencies);
    previous?.stop();
    const made: LoginIssuer[] = issuers.flatMap(({ config: issuer }, index) => {
      const client = clients?.clients.get(issuer.name);
      return client !== undefined && signsIn(issuer)
        ? [{ config: issuer, path: `issuers[${index}]`, client }]
        : [];
    });
    events = createLoginEvents({
      logger,
      metrics,
      clock,
      issuers: loginIssuers(config),
      hasCentralHost: login.host !== undefined,
      logouts: sessions,
    });
    maker = createSessionMaker({ config, issuers: made, clock, randomText });
    const names = createCookieNames(
      sessions.cookie,
      policies.map(({ name }) => name),
    );
    const { isHintOptional } = maker;
    const store = places.storeFor(config, { names, isHintOptional, state });
    const { renew, newestOf } = renewals.renewalsFor(config, { store, maker, events });
    const hostOf = createLoginHosts(login, hosts.ports);
    const findSession = createFindSession({
      config,
      issuers: made,
      denyList,
      store,
      renew,
      hostOf,
      events,
      clock,
    });
    const logout = createLogoutAnswers({
      sessions,
      issuers: issuers.flatMap(({ config: issuer, issuer: source }) =>
        signsIn(issuer) ? [{ config: issuer, source }] : [],
      ),
      store,
      use: useLogoutTokenWith(state),
      events,
      clock,
    });
    const logins = createLogins({
      config,
      issuers: made,
      hostOf,
      names,
      seal,
      store,
      state,
      sessionMaker: maker,
      findSession,
      newestOf,
      events,
      clock,
      randomBytes,
      pages,
    });
    return createCheckLogins(logins, logout);
  };
  const stop = () => {
    clients?.stop();
    clients = undefined;
  };

  return {
    prepare: (config) => {
      const loading = [places.prepare(config), renewals.prepare(config)];
      return loading.every((one) => one === undefined) ? undefined : Promise.all(loading).then(() => {});
    },
    take: (of) => {
      const { config } = of;
      if (hasLogin(config)) return loginsFor(config, of);
      stop();
      return undefined;
    },
    sessions: places.size,
    drain: renewals.drain,
    stop,
  };
}

function hasLogin(config: Config): config is WithLogin {
  return config.login !== undefined && config.sessions !== undefined;
}

function signsIn(issuer: IssuerConfig): issuer is LoginIssuer['config'] {
  return issuer.login !== undefined;
}
