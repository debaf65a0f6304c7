/** Processes that share sessions, over the models of the store and the issuer. */
import type { LoginClient } from '../../../src/login/login-client.ts';
import type { LoginIssuer } from '../../../src/login/login-issuer.ts';
import type { Renewal, Renewals } from '../../../src/login/refresh.ts';
import { createFleetRenewals } from '../../../src/login/refresh-in-fleet.ts';
import type { Clock } from '../../../src/runtime/time/clock.ts';
import type { Session } from '../../../src/session/session.ts';
import { createSessionLock } from '../../../src/session/session-lock.ts';
import type { SharedSessions } from '../../../src/session/session-store.ts';
import { StateError } from '../../../src/state/state-store.ts';
import type { ModelIssuer } from './model-issuer.ts';
import type { ModelClient, ModelServer } from './model-store.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The answer to a request. */
export type ModelAnswer = 'allowed' | 'ended' | 'unavailable';

/** A process. */
export interface ModelProcess {
  readonly name: string;
  readonly client: ModelClient;
  readonly renewals: Renewals;
  readonly isAlive: () => boolean;
  /** A request with the cookie of a session. Undefined if the process was killed meanwhile. */
  readonly request: (id: string) => Promise<ModelAnswer | undefined>;
  readonly signOut: (id: string) => Promise<void>;
  readonly kill: () => void;
  readonly events: string[];
  /** Requests that were allowed with tokens that had ended. */
  readonly wrong: string[];
}

/** The parts that the processes share. */
export interface ModelFleetOptions {
  readonly time: VirtualTime;
  readonly server: ModelServer;
  readonly issuer: ModelIssuer;
  readonly random: () => number;
  /** In milliseconds. */
  readonly recheck: number;
}

const recordLife = 3_600_000;

/** The name of the record of a session. */
export const recordOf = (id: string) => `session:${id}`;

/** Starts a process. */
export function startModelProcess(name: string, options: ModelFleetOptions): ModelProcess {
  const { time, server, issuer, random, recheck } = options;
  const client = server.connect();
  let isAlive = true;
  const death = Promise.withResolvers<undefined>();
  const events: string[] = [];
  const wrong: string[] = [];
  const clock: Clock = {
    ...time,
    after: (milliseconds, call) => time.after(milliseconds, () => isAlive && call()),
  };
  const cache = new Map<string, Session>();
  const { state } = client;
  const lock = createSessionLock({ state, clock, randomText: () => `${name}-${random()}` });
  const read = async (id: string): Promise<Session | undefined> => {
    const text = await state.get(recordOf(id));
    const session = text === undefined ? undefined : (JSON.parse(text) as Session);
    if (session === undefined) cache.delete(id);
    else cache.set(id, session);
    return session;
  };
  const shared: SharedSessions = {
    reread: ({ id }) => read(id),
    rewrite: async (session) => {
      const isThere = await state.set(recordOf(session.id), JSON.stringify(session), recordLife, 'present');
      if (isThere) cache.set(session.id, session);
      return isThere;
    },
    lock: ({ id }, life) => lock(`lock:${id}`, life),
    connectedAt: client.connectedAt,
    referenceOf: ({ id }) => ({ id, key: '' }),
    resume: async () => undefined,
  };
  /** As the real store does: tried again in the background. */
  const end = async ({ id }: Session) => {
    cache.delete(id);
    const remove = async (): Promise<void> => {
      try {
        await state.remove(recordOf(id));
      } catch {
        clock.after(300, () => void remove());
      }
    };
    await remove();
  };
  const login = {
    config: { name: 'main' },
    path: 'issuers[0]',
    client: {
      refresh: async (token: string) => {
        const answer = await issuer.refresh(name, token);
        return isAlive ? answer : new Promise(() => {});
      },
    } as Partial<LoginClient>,
  } as unknown as LoginIssuer;
  const renewals = createFleetRenewals({
    sessions: { refresh: true, recheck, idleTimeout: recordLife },
    maxWait: 4_800,
    clock,
    random,
    shared: () => shared,
    end,
    revoke: (_, token) => issuer.revoke(token),
    events: {
      refreshed: (_, result) => void events.push(result),
      sessionEnded: (_, cause) => void events.push(cause),
    },
    renewed: (session, { refreshToken, accessTokenEndsAt }) => ({
      ...session,
      renewedAt: Math.floor(time.now() / 1000),
      ...(accessTokenEndsAt !== undefined && { tokensEndAt: accessTokenEndsAt }),
      ...(refreshToken !== undefined && { refreshToken }),
    }),
  });

  const answerOf = (session: Session, renewal: Renewal): ModelAnswer => {
    if (renewal.kind === 'ended') cache.delete(session.id);
    if (renewal.kind === 'ended' || renewal.kind === 'unavailable') return renewal.kind;
    const used = renewal.kind === 'renewed' ? renewal.session : session;
    if ((used.tokensEndAt ?? 0) * 1_000 < time.now()) wrong.push(`${name} at ${time.monotonic()}`);
    return 'allowed';
  };
  const request = async (id: string): Promise<ModelAnswer | undefined> => {
    try {
      const session = cache.get(id) ?? (await read(id));
      if (session === undefined) return 'ended';
      return answerOf(session, await renewals.renew(session, login));
    } catch (error) {
      if (error instanceof StateError) return 'unavailable';
      throw error;
    }
  };
  return {
    name,
    client,
    renewals,
    isAlive: () => isAlive,
    request: (id) => Promise.race([request(id), death.promise]),
    signOut: async (id) => {
      const session = cache.get(id);
      if (session === undefined) return;
      const newest = await renewals.newestOf(session);
      const family = issuer.families.get(id);
      if (family !== undefined) family.isSignedOut = true;
      if (newest.refreshToken !== undefined) issuer.revoke(newest.refreshToken);
      await end(session);
    },
    kill: () => {
      isAlive = false;
      client.kill();
      death.resolve(undefined);
    },
    events,
    wrong,
  };
}
