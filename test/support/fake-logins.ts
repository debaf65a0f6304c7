/** Logins without cookies that are sealed: the cookie `session=NAME` is the session of NAME. */

import { detailOf } from '../../src/config/values/detail-text.ts';
import type { Logins } from '../../src/login/logins.ts';
import type { Decision } from '../../src/model/decision.ts';
import type { Identity } from '../../src/model/identity.ts';
import { noMemory } from './identity-memory.ts';

/** The fake, and what it was asked. */
export interface FakeLogins {
  readonly logins: Logins;
  /** The calls in order, such as `findSession alice`. */
  readonly calls: string[];
}

/** The differences in a test. */
export interface FakeLoginsOptions {
  /** The token of a session; empty by default. */
  readonly token?: string;
  /** The cookies of a renewal. */
  readonly renewal?: readonly string[];
  readonly issuer?: string;
  readonly overrides?: Partial<Logins>;
}

/** The prefix of its paths. */
export const ownPrefix = '/.oidc-authz';

/** Creates the fake. */
export function createFakeLogins(options: FakeLoginsOptions = {}): FakeLogins {
  const { token = '', renewal = [], issuer = 'https://issuer.example', overrides = {} } = options;
  const calls: string[] = [];
  const identities = new Map<string, Identity>();
  const lookUp = (lines: readonly string[]) => /(?:^|; )session=([a-z]+)/.exec(lines.join('; '))?.[1];
  const detail = (text: string) => () => detailOf({ step: 'session', subject: 'the session' }, text);
  const logins: Logins = {
    isOwnPath: (path) => path === ownPrefix || path.startsWith(`${ownPrefix}/`),
    answerOwnPath: (request, policy, placeOf, trace) => {
      const { option, issuers } = placeOf(request, '/') ?? { option: 'none', issuers: [] };
      calls.push(
        `answerOwnPath ${policy} ${option} ${issuers.join()} ${trace === undefined ? '' : 'dry'}`.trim(),
      );
      return {
        outcome: 'deny',
        reason: 'login_path',
        browser: { status: 404, cookies: [] },
        detail: detail('a path of the login'),
      };
    },
    findSession: (request, place, trace) => {
      const name = lookUp(request.header('cookie'));
      calls.push(`findSession ${name ?? 'absent'}${trace === undefined ? '' : ' dry'}`);
      if (name === undefined || name === 'expired')
        return {
          outcome: 'none',
          cause: name === undefined ? 'absent' : 'expired',
          cookies: [],
          detail: detail('no session'),
        };
      const identity = identities.getOrInsertComputed(name, () =>
        identityOf(name, issuer, place.issuers[0] ?? ''),
      );
      return { outcome: 'signed_in', identity, token, cached: true, cookies: renewal };
    },
    originProblem: (request) =>
      request.header('origin')[0] === 'https://evil.example' ? detail('another origin') : undefined,
    askToLogIn: (_, place, none, trace): Decision => {
      calls.push(`askToLogIn ${place.when}${trace === undefined ? '' : ' dry'}`);
      return {
        outcome: 'deny',
        reason: none.cause === 'expired' ? 'session_expired' : 'login_required',
        detail: none.detail,
        browser: {
          status: 302,
          location: 'https://issuer.example/authorize?state=x',
          cookies: [
            '__Host-login-a=1; Path=/; Secure; HttpOnly',
            '__Host-login-b=2; Path=/; Secure; HttpOnly',
          ],
        },
      };
    },
    explainDenial: (denial) => ({
      ...denial,
      browser: {
        status: 403,
        cookies: [],
        page: { type: 'text/html; charset=utf-8', body: (id) => `<p>Kein Zugriff für ü ${id ?? ''}</p>` },
      },
    }),
    cookieChanges: (request, set) => {
      const lines = request.header('cookie');
      const isOwn = (cookie: string) => cookie.startsWith('session=');
      const all = lines.flatMap((line) => line.split('; '));
      if (!all.some(isOwn) && set.length === 0) return undefined;
      return {
        set,
        forwarded: all.some(isOwn) ? all.filter((cookie) => !isOwn(cookie)).join('; ') : undefined,
      };
    },
    ...overrides,
  };
  return { logins, calls };
}

function identityOf(subject: string, issuer: string, issuerName: string): Identity {
  return {
    issuer,
    issuerName,
    subject,
    audiences: ['client'],
    scopes: ['openid'],
    expiresAt: 4_000_000_000,
    confirmation: undefined,
    form: 'json',
    text: JSON.stringify({
      iss: issuer,
      sub: subject,
      groups: [subject === 'alice' ? 'staff' : 'guests'],
    }),
    memory: noMemory(),
  };
}
