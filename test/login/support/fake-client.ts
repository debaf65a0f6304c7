/** A client of an issuer that writes down its calls. The issuer accepts each code once. */
import type {
  AuthorizationStart,
  LoginClient,
  LoginProblem,
  Tokens,
} from '../../../src/login/login-client.ts';

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** The client, and what happened to it. A test can replace each function. */
export interface FakeClient extends Mutable<LoginClient> {
  readonly calls: {
    readonly name: 'authorizationUrl' | 'finish' | 'refresh' | 'revoke' | 'endSessionUrl';
    readonly of: unknown;
  }[];
  /** The start of the last login. */
  started: AuthorizationStart | undefined;
  /** The result of the next codes; by default tokens of the person `anna`. */
  result: (() => Promise<Tokens | LoginProblem>) | undefined;
  /** The problem of the metadata. */
  metadataProblem: string | undefined;
  endSession: string | undefined;
}

/** Tokens of a person. */
export function tokensOf(subject: string, more: Partial<Tokens> = {}): Tokens {
  return {
    claims: { sub: subject, email: `${subject}@example.com`, preferred_username: subject, aud: 'shop' },
    idToken: `id-token-of-${subject}`,
    accessToken: `access-token-of-${subject}`,
    isAccessTokenVerified: true,
    accessTokenEndsAt: undefined,
    refreshToken: `refresh-token-of-${subject}`,
    scopes: ['openid'],
    ...more,
  };
}

/** Creates the client. @param issuer the issuer, which is also its authorization endpoint */
export function createFakeClient(issuer: string): FakeClient {
  const used = new Set<string>();
  const client: FakeClient = {
    calls: [],
    started: undefined,
    result: undefined,
    metadataProblem: undefined,
    endSession: `${issuer}/end-session`,
    problem: () => client.metadataProblem,
    authorizationUrl: async (start) => {
      client.calls.push({ name: 'authorizationUrl', of: start });
      if (client.metadataProblem !== undefined)
        return { kind: 'unavailable', detail: client.metadataProblem, isUnsent: true };
      client.started = start;
      return { url: `${issuer}/authorize?${new URLSearchParams({ state: start.state })}` };
    },
    finish: async (callback, start) => {
      client.calls.push({ name: 'finish', of: { callback: callback.href, start } });
      const query = callback.searchParams;
      if ((query.get('iss') ?? issuer) !== issuer)
        return { kind: 'rejected', detail: 'iss is of another issuer', isUnsent: true };
      if (query.has('error')) return { kind: 'cancelled', detail: 'access_denied', code: 'access_denied' };
      const code = query.get('code') ?? '';
      if (used.has(code)) return { kind: 'rejected', detail: 'the token endpoint answered invalid_grant' };
      used.add(code);
      return client.result === undefined ? tokensOf('anna') : client.result();
    },
    refresh: async (of) => {
      client.calls.push({ name: 'refresh', of });
      return { kind: 'ended', detail: 'not in this test' };
    },
    revoke: async (of) => {
      client.calls.push({ name: 'revoke', of });
      return undefined;
    },
    endSessionUrl: async (of) => {
      client.calls.push({ name: 'endSessionUrl', of });
      return client.endSession === undefined
        ? undefined
        : `${client.endSession}?${new URLSearchParams({ state: of.state })}`;
    },
  };
  return client;
}
