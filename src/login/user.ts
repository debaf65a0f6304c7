/** Answers who is signed in, in the form of oauth2-proxy's `userinfo`. */
import { claimOf } from '../credential/token/claims.ts';
import { createIdentityClaims } from '../credential/token/identity-claims.ts';
import type { Decision } from '../model/decision.ts';
import type { Claims, Identity } from '../model/identity.ts';
import type { Trace } from '../model/trace.ts';
import { denied } from './answers.ts';
import { describeUser } from './login-details.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { LoginRequest } from './login-request.ts';
import type { Logins } from './logins.ts';

/** Answers who is signed in. */
export type AnswerUser = (asked: LoginRequest, trace?: Trace) => Promise<Decision>;

/** Creates the answer. */
export function createAnswerUser(parts: {
  readonly issuers: readonly LoginIssuer[];
  readonly findSession: Logins['findSession'];
  readonly askToLogIn: Logins['askToLogIn'];
}): AnswerUser {
  const { findSession, askToLogIn } = parts;
  const names = parts.issuers.map(({ config }) => config.name);
  const readers = new Map(
    parts.issuers.map(({ config }) => [config.issuer, createIdentityClaims(config)] as const),
  );

  const userOf = ({ issuer, subject, text }: Identity): string => {
    const claims = JSON.parse(text) as Claims;
    const read = readers.get(issuer);
    return JSON.stringify({
      user: subject ?? '',
      email: textOf(read?.email(claims)) ?? '',
      groups: textsOf(read?.groups(claims, text)),
      preferredUsername: textOf(claimOf(claims, 'preferred_username')),
    });
  };

  return async (asked, trace) => {
    const { request, place } = asked;
    const verdict = await findSession(request, { ...place, issuers: names }, trace);
    if (verdict.outcome === 'signed_in') {
      const body = userOf(verdict.identity);
      const page = { type: 'application/json', body: () => body };
      return denied(
        'login_path',
        { status: 200, cookies: verdict.cookies, page },
        {
          place,
          issuerName: verdict.identity.issuerName,
          detail: () => describeUser('the answer says who is signed in'),
        },
      );
    }
    // A script asks, so it gets a 401 instead of a redirect.
    return verdict.outcome === 'none' ? askToLogIn(request, { ...place, when: 'never' }, verdict) : verdict;
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function textsOf(value: unknown): readonly string[] | undefined {
  const texts = (Array.isArray(value) ? value : [value]).filter((one) => textOf(one) !== undefined);
  return texts.length === 0 ? undefined : texts;
}
