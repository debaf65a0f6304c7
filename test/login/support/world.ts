/** Logins with the real seal, sessions and pages, and issuers whose clients write down their calls. */
import { createHash } from 'node:crypto';
import { type Config, configSchema, type IssuerConfig } from '../../../src/config/declare/options.ts';
import { zodOf } from '../../../src/config/schema/to-zod.ts';
import type { SessionKey } from '../../../src/config/session/session-keys.ts';
import { createLogins } from '../../../src/login/create-logins.ts';
import { createFindSession } from '../../../src/login/find-session.ts';
import type { LoginEvents } from '../../../src/login/login-events.ts';
import { createLoginHosts } from '../../../src/login/login-hosts.ts';
import type { LoginIssuer } from '../../../src/login/login-issuer.ts';
import type { LoginPlace, Logins, PlaceOfPath } from '../../../src/login/logins.ts';
import { createLoginPages } from '../../../src/login/pages/pages.ts';
import { createSessionMaker } from '../../../src/login/session-of-tokens.ts';
import type { CheckRequest } from '../../../src/model/check-request.ts';
import type { Decision } from '../../../src/model/decision.ts';
import type { Trace } from '../../../src/model/trace.ts';
import { createCookieNames } from '../../../src/session/cookie-names.ts';
import { createCookieSessions } from '../../../src/session/in-cookie.ts';
import { createSeal } from '../../../src/session/seal-values.ts';
import type { Session } from '../../../src/session/session.ts';
import { createSessionMemory } from '../../../src/session/session-memory.ts';
import type { SessionStore } from '../../../src/session/session-store.ts';
import type { StateStore } from '../../../src/state/state-store.ts';
import { createTestClock, type TestClock } from '../../support/clock.ts';
import { createTestEnded } from '../../support/sessions.ts';
import { createStoredProcess } from '../../support/stored-sessions.ts';
import { createFakeClient, type FakeClient } from './fake-client.ts';

const keyOf = (id: string) => ({ id, bytes: createHash('sha256').update(`a key of tests: ${id}`).digest() });

/** The sealing key of worlds. Sessions of one world count in another. */
const usualKeys = [keyOf('testkey1')];

type Options = Record<string, unknown>;

/** The logins under test, and what they are made of. */
export interface LoginWorld {
  readonly logins: Logins;
  readonly config: Config;
  readonly issuers: readonly LoginIssuer[];
  readonly clients: readonly [FakeClient, ...FakeClient[]];
  readonly place: LoginPlace;
  readonly store: SessionStore;
  readonly clock: TestClock;
  /** The events, as their names and first values. */
  readonly events: (readonly unknown[])[];
  /** Answers a request as the check does: own paths first, then the session. */
  readonly answer: (request: CheckRequest, trace?: Trace) => Promise<Decision>;
}

/** The differences of a world from the usual one. */
export interface WorldOptions {
  readonly login?: Options;
  readonly sessions?: Options;
  readonly hosts?: Options;
  /** `issuers[].login`, one for each issuer. */
  readonly issuers?: readonly Options[];
  readonly place?: Partial<LoginPlace>;
  /** Differences of single hosts. */
  readonly placesByHost?: Readonly<Record<string, Partial<LoginPlace>>>;
  /** Real issuers, instead of those that write down their calls. */
  readonly real?: readonly LoginIssuer[];
  readonly clock?: TestClock;
  /** The store of the sessions, instead of cookies. */
  readonly state?: StateStore;
  /** The ID of the sealing key. Another one is another key. */
  readonly keyId?: string;
  /** Keys that change, for sessions in the store. */
  readonly currentKeys?: () => readonly SessionKey[];
  /** The sessions with the newest tokens. */
  readonly newestOf?: (session: Session) => Session | Promise<Session>;
  /** Places of paths; by default, each path has the place of the world. */
  readonly placeOf?: PlaceOfPath;
}

/** The name of an issuer by its position. */
export const issuerName = (index: number) => (index === 0 ? 'main' : `other${index}`);

/** Creates logins. */
export function createLoginWorld(options: WorldOptions = {}): LoginWorld {
  const config = configOf(options);
  const clock = options.clock ?? createTestClock();
  const clients = config.issuers.map(({ issuer }) => createFakeClient(issuer));
  const fakes = config.issuers.map((issuer, index): LoginIssuer => {
    const client = clients[index];
    if (client === undefined || issuer.login === undefined) throw new Error('an issuer has no client');
    return { config: { ...issuer, login: issuer.login }, path: `issuers[${index}]`, client };
  });
  const issuers = options.real ?? fakes;
  const events: (readonly unknown[])[] = [];
  const keys = options.keyId === undefined ? usualKeys : [keyOf(options.keyId)];
  const seal = createSeal(() => keys);
  const sessionMaker = createSessionMaker({
    config,
    issuers,
    clock,
    randomText: (bytes) => Buffer.from(randomBytes(bytes)).toString('base64url'),
  });
  const { login, sessions } = config;
  const byHost = options.placesByHost ?? {};
  const policies = [options.place, ...Object.values(byHost)].flatMap((one) => one?.policy ?? []);
  const names = createCookieNames(sessions.cookie, policies);
  const hostOf = createLoginHosts(login, config.hosts.ports);
  const inStore =
    options.state &&
    createStoredProcess({
      clock,
      state: options.state,
      keys,
      ...(options.currentKeys !== undefined && { currentKeys: options.currentKeys }),
      policies,
      maxAge: sessions.maxAge,
      idleTimeout: sessions.idleTimeout,
      grace: sessions.grace,
    });
  const store =
    inStore?.store ??
    createCookieSessions({
      options: sessions,
      names,
      seal,
      memory: createSessionMemory(
        config.cache,
        createTestEnded({ clock, keys: () => keys, life: sessions.maxAge }),
      ),
      maxOpenings: 256,
      isHintOptional: sessionMaker.isHintOptional,
      clock,
    });
  const recorder = recordEvents(events);
  const findSession = createFindSession({
    config,
    issuers,
    denyList: () => [],
    store,
    renew: () => ({ kind: 'current' }),
    hostOf,
    events: recorder,
    clock,
  });
  const logins = createLogins({
    config,
    issuers,
    hostOf,
    names,
    seal,
    store,
    state: options.state,
    sessionMaker,
    findSession,
    newestOf: options.newestOf ?? ((session) => session),
    events: recorder,
    clock,
    randomBytes,
    pages: createLoginPages(),
  });
  const place: LoginPlace = {
    policy: '',
    rule: 'pages',
    issuers: issuers.map((issuer) => issuer.config.name),
    when: 'navigation',
    requireSameOrigin: false,
    option: 'rules[0].require.login',
    ...options.place,
  };
  const placeAt = ({ host }: CheckRequest): LoginPlace => ({ ...place, ...byHost[host] });
  const placeOf = options.placeOf ?? placeAt;
  const answer = async (request: CheckRequest, trace?: Trace): Promise<Decision> => {
    const path = request.path.split('?', 1)[0] ?? '';
    const here = placeAt(request);
    if (logins.isOwnPath(path)) return logins.answerOwnPath(request, here.policy, placeOf, trace);
    const verdict = await logins.findSession(request, here, trace);
    if (verdict.outcome === 'none') return logins.askToLogIn(request, here, verdict, trace);
    if (verdict.outcome !== 'signed_in') return logins.explainDenial(verdict, request, here);
    const origin = logins.originProblem(request, here);
    if (origin !== undefined) return { outcome: 'deny', reason: 'origin_not_allowed', detail: origin };
    const cookies = logins.cookieChanges(request, verdict.cookies);
    return {
      outcome: 'allow',
      reason: 'allowed',
      identity: verdict.identity,
      forwarding: { set: [], remove: [], withheld: [], answers: { http: undefined, grpc: undefined } },
      cached: verdict.cached,
      ...(cookies !== undefined && { cookies }),
    };
  };
  return {
    logins,
    config,
    issuers,
    clients: clients as [FakeClient, ...FakeClient[]],
    place,
    store,
    clock,
    events,
    answer,
  };
}

let count = 0;

/** Different bytes at each call, the same in each run. */
function randomBytes(length: number): Uint8Array {
  count++;
  return createHash('sha256').update(`bytes ${count}`).digest().subarray(0, length);
}

function configOf({ login, sessions, hosts, issuers = [{}], state }: WorldOptions) {
  const parsed = zodOf(configSchema).parse({
    issuers: issuers.map((one, index) => ({
      issuer: `https://${issuerName(index)}.idp.example.com`,
      name: issuerName(index),
      audiences: ['api'],
      login: { clientId: 'shop', clientSecretFile: '/secret', ...one },
    })),
    login: { hosts: ['shop.example.com', '*.apps.example.com'], ...login },
    sessions: { keysFile: '/keys', refresh: false, ...sessions },
    ...(state !== undefined && { state: { valkey: { urls: ['redis://valkey.example.com:6379'] } } }),
    ...(hosts !== undefined && { hosts }),
  });
  const { login: parsedLogin, sessions: parsedSessions } = parsed;
  if (parsedLogin === undefined || parsedSessions === undefined) throw new Error('there is no login');
  const named = parsed.issuers.map((issuer, index): IssuerConfig => ({ ...issuer, name: issuerName(index) }));
  return { ...parsed, issuers: named, login: parsedLogin, sessions: parsedSessions };
}

function recordEvents(events: (readonly unknown[])[]): LoginEvents {
  return new Proxy({} as LoginEvents, {
    get:
      (_, name) =>
      (...values: unknown[]) => {
        events.push([name, ...values]);
      },
  });
}
