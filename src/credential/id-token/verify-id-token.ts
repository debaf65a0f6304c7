/**
 * Verifies an ID token (OpenID Connect Core 1.0 section 3.1.3.7). The specification lets TLS replace the signature in the code flow; this
 * service verifies the signature all the same.
 */
import { hash } from 'node:crypto';
import type { Algorithm } from '../../config/declare/issuer-options.ts';
import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Claims } from '../../model/identity.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { claimOf, readDate, readString, stringsOf, wrongType } from '../token/claims.ts';
import { isLogoutToken } from '../token/read-facts.ts';
import { normalType } from '../token/token-type.ts';
import type { Jws, JwsProblem, VerifyJws } from './verify-jws.ts';

/** The values that an ID token must match. */
export interface ExpectedIdToken {
  readonly clientId: string;
  /** `required`: of a login. `ifPresent`: of a refresh, whose ID token can lack it (section 12.2). */
  readonly nonce: { readonly value: string; readonly is: 'required' | 'ifPresent' } | undefined;
  /** `at_hash` must match it if the token has one. */
  readonly accessToken: string | undefined;
  /** `iss` and `sub` of the session that is refreshed. */
  readonly person?: { readonly issuer: string; readonly subject: string };
  /** The longest time since the person signed in, in seconds; the token must then have `auth_time`. */
  readonly maxAge?: number | undefined;
  /** `id_token_signing_alg_values_supported` of the issuer. */
  readonly algorithms: readonly string[] | undefined;
}

/** Why an ID token is not verified. */
export interface IdTokenProblem extends JwsProblem {
  /** Whether its algorithm is not in the metadata that this service has, which can be old. */
  readonly isUnlisted?: true;
}

/** Verifies an ID token. Never rejects. */
export type VerifyIdToken = (
  token: string,
  expected: ExpectedIdToken,
) => Promise<{ readonly claims: Claims } | IdTokenProblem>;

/** Creates the verification for the ID tokens of one issuer. */
export function createVerifyIdToken(
  { issuer, clockTolerance }: Pick<IssuerConfig, 'issuer' | 'clockTolerance'>,
  verifyJws: VerifyJws,
  clock: Clock,
): VerifyIdToken {
  const tolerance = clockTolerance / 1000;
  return async (token, expected) => {
    let isUnlisted = false;
    const problemOf = ({ claims, header }: Jws) => {
      const problem =
        kindProblem(header.type, claims) ??
        personProblem(claims, issuer, expected) ??
        audienceProblem(claims, expected.clientId) ??
        bindingProblem(claims, header.algorithm, expected) ??
        (datesOf(claims) === undefined ? 'has no exp or iat in seconds' : undefined);
      if (problem !== undefined) return problem;
      const unlisted = algorithmProblem(header.algorithm, expected.algorithms);
      isUnlisted = unlisted !== undefined;
      return unlisted;
    };
    const verified = await verifyJws(token, problemOf);
    if ('problem' in verified) return isUnlisted ? { ...verified, isUnlisted } : verified;
    const { claims } = verified;
    const dates = datesOf(claims);
    const problem = dates && timeProblem(dates, clock.now() / 1000, tolerance);
    if (problem !== undefined) return { problem, isKeyMissing: false, isTimeWrong: true };
    const { maxAge } = expected;
    return maxAge === undefined || isRecent(claims, maxAge, clock.now() / 1000 - tolerance)
      ? verified
      : { problem: 'is from a sign-in that is too old (auth_time)', isKeyMissing: false };
  };
}

/** Checks the algorithm. @param listed `id_token_signing_alg_values_supported` of the issuer */
export function algorithmProblem(
  algorithm: Algorithm,
  listed: readonly string[] | undefined,
): string | undefined {
  const names = algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [algorithm];
  return listed === undefined || names.some((name) => listed.includes(name))
    ? undefined
    : `has the algorithm ${algorithm}, which the metadata of the issuer does not list`;
}

/** Other kinds of JWT with the same issuer and audience: access tokens (RFC 9068), logout tokens and events. */
function kindProblem(type: unknown, claims: Claims): string | undefined {
  if (isLogoutToken(claims)) return 'is a logout token';
  const isOther = type !== undefined && (typeof type !== 'string' || normalType(type).endsWith('+jwt'));
  return isOther ? 'is another kind of token (typ)' : undefined;
}

function personProblem(claims: Claims, issuer: string, { person }: ExpectedIdToken): string | undefined {
  if (readString(claims, 'iss') !== issuer) return 'has another iss';
  const subject = readString(claims, 'sub');
  if (typeof subject !== 'string' || subject === '') return 'has no sub';
  if (person === undefined) return undefined;
  return person.issuer === issuer && person.subject === subject
    ? undefined
    : 'is for another person (iss, sub)';
}

function audienceProblem(claims: Claims, clientId: string): string | undefined {
  const audiences = stringsOf(claimOf(claims, 'aud'));
  if (audiences === wrongType || audiences?.includes(clientId) !== true) return 'is for another client (aud)';
  const party = readString(claims, 'azp');
  if (party === undefined) return audiences.length === 1 ? undefined : 'has several aud, but no azp';
  return party === clientId ? undefined : 'is for another client (azp)';
}

interface Dates {
  readonly expiresAt: number;
  readonly startsAt: number;
}

function datesOf(claims: Claims): Dates | undefined {
  const [expiresAt, issuedAt] = [readDate(claims, 'exp'), readDate(claims, 'iat')];
  const notBefore = readDate(claims, 'nbf');
  if (typeof expiresAt !== 'number' || typeof issuedAt !== 'number' || notBefore === wrongType)
    return undefined;
  return { expiresAt, startsAt: Math.max(issuedAt, notBefore ?? 0) };
}

function timeProblem({ expiresAt, startsAt }: Dates, now: number, tolerance: number): string | undefined {
  if (expiresAt <= now - tolerance) return 'is expired; check the clocks of this machine and of the issuer';
  return startsAt > now + tolerance
    ? 'is not valid yet; check the clocks of this machine and of the issuer'
    : undefined;
}

function isRecent(claims: Claims, maxAge: number, now: number): boolean {
  const signedInAt = readDate(claims, 'auth_time');
  return typeof signedInAt === 'number' && signedInAt + maxAge >= now;
}

function bindingProblem(
  claims: Claims,
  algorithm: Algorithm,
  { nonce, accessToken }: ExpectedIdToken,
): string | undefined {
  const found = readString(claims, 'nonce');
  const mayLackNonce = nonce === undefined || nonce.is === 'ifPresent';
  if (found === undefined ? !mayLackNonce : nonce !== undefined && found !== nonce.value)
    return 'has another nonce';
  const tokenHash = claimOf(claims, 'at_hash');
  if (tokenHash === undefined || accessToken === undefined) return undefined;
  return tokenHash === accessTokenHash(accessToken, algorithm) ? undefined : 'has another at_hash';
}

/** The left half of the hash of an access token (section 3.1.3.6). The hash is that of the signature's algorithm. */
function accessTokenHash(accessToken: string, algorithm: Algorithm): string {
  const bits = algorithm === 'EdDSA' ? 512 : Number(algorithm.slice(2));
  const digest = hash(`sha${bits}`, accessToken, 'buffer');
  return digest.subarray(0, digest.length / 2).toString('base64url');
}
