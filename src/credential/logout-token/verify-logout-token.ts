/** Verifies a logout token (OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6). */
import type { IssuerConfig } from '../../config/declare/options.ts';
import type { IssuerKeys } from '../../issuer/issuer.ts';
import type { Claims } from '../../model/identity.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { judgeWithJose } from '../cross-check/jose-verdict.ts';
import { algorithmProblem } from '../id-token/verify-id-token.ts';
import type { Jws, JwsProblem, VerifyJws } from '../id-token/verify-jws.ts';
import { isObject } from '../token/claim-path.ts';
import { claimOf, readDate, readString, stringsOf, wrongType } from '../token/claims.ts';
import { normalType } from '../token/token-type.ts';

/** A verified logout token. At least one of `sid` and `subject` is there. */
export interface LogoutToken {
  readonly sid: string | undefined;
  readonly subject: string | undefined;
  /** `jti`: the token counts once. */
  readonly id: string;
  /** From then on, the token is too old, in seconds since the epoch. */
  readonly endsAt: number;
}

/** Verifies a logout token. Never rejects. */
export type VerifyLogoutToken = (token: string) => Promise<LogoutToken | JwsProblem>;

/** The dependencies. */
export interface LogoutTokenDependencies {
  readonly config: Pick<IssuerConfig, 'issuer' | 'clockTolerance' | 'keyUses' | 'publicKeyFiles'>;
  readonly clientId: string;
  readonly verifyJws: VerifyJws;
  readonly keys: Pick<IssuerKeys, 'published'>;
  /** `id_token_signing_alg_values_supported` of the issuer. */
  readonly algorithms: () => readonly string[] | undefined;
  readonly clock: Clock;
}

const event = 'http://schemas.openid.net/event/backchannel-logout';

/** How long ago a token may have been issued, in seconds: with `exp`, and without it, as servers before the final specification. */
const maxAges = { withEnd: 300, withoutEnd: 120 };

/** Creates the verification for the logout tokens of one issuer. */
export function createVerifyLogoutToken(dependencies: LogoutTokenDependencies): VerifyLogoutToken {
  const { config, clientId, verifyJws, keys, algorithms, clock } = dependencies;
  const tolerance = config.clockTolerance / 1000;
  const problemOf = ({ claims, header }: Jws): string | undefined =>
    algorithmProblem(header.algorithm, algorithms()) ??
    kindProblem(header.type, claims) ??
    receiverProblem(claims, config.issuer, clientId) ??
    timeProblem(claims, clock.now() / 1000, tolerance) ??
    contentProblem(claims);

  /** Asks the second implementation. A logout token is rare, and ends the sessions of a person. */
  const isVerifiedByJose = async (token: string, { header }: Jws): Promise<boolean> => {
    const keySet = keys.published();
    if (keySet === undefined) return false;
    const issuer = {
      ...config,
      audiences: [clientId],
      anyAudience: false,
      audienceClaims: ['aud'],
      algorithms: [header.algorithm],
    };
    try {
      // jose requires `exp`, so only its verdict on the signature counts.
      const { key } = await judgeWithJose({ token, keySet, issuer, now: clock.now() });
      return key !== undefined;
    } catch {
      return false;
    }
  };

  return async (token) => {
    const verified = await verifyJws(token, problemOf);
    if ('problem' in verified) return verified;
    if (!(await isVerifiedByJose(token, verified)))
      return { problem: 'has a signature that jose does not verify', isKeyMissing: false };
    const text = (name: string) => {
      const value = readString(verified.claims, name);
      return typeof value === 'string' ? value : undefined;
    };
    return {
      sid: text('sid'),
      subject: text('sub'),
      id: text('jti') ?? '',
      endsAt: Number(verified.claims.iat) + maxAges.withEnd + tolerance,
    };
  };
}

/** Other kinds of JWT with the same issuer and audience. Only a `typ` of `logout+jwt` says that it is one; older servers send `JWT`, or none. */
function kindProblem(type: unknown, claims: Claims): string | undefined {
  const isUsual =
    type === undefined || (typeof type === 'string' && ['logout+jwt', 'jwt'].includes(normalType(type)));
  if (!isUsual) return 'is another kind of token (typ)';
  if (Object.hasOwn(claims, 'nonce') || Object.hasOwn(claims, 'at_hash'))
    return 'is an ID token: it has nonce or at_hash';
  const events = claimOf(claims, 'events');
  return isObject(events) && Object.hasOwn(events, event) && isObject(events[event])
    ? undefined
    : 'has no event of a back-channel logout (events)';
}

function receiverProblem(claims: Claims, issuer: string, clientId: string): string | undefined {
  if (readString(claims, 'iss') !== issuer) return 'has another iss';
  const audiences = stringsOf(claimOf(claims, 'aud'));
  return audiences !== wrongType && audiences?.includes(clientId) === true
    ? undefined
    : 'is for another client (aud)';
}

function timeProblem(claims: Claims, now: number, tolerance: number): string | undefined {
  const [issuedAt, expiresAt, notBefore] = ['iat', 'exp', 'nbf'].map((name) => readDate(claims, name));
  if (typeof issuedAt !== 'number' || expiresAt === wrongType || notBefore === wrongType)
    return 'has no iat, or has an exp or nbf that is not in seconds';
  const maxAge = expiresAt === undefined ? maxAges.withoutEnd : maxAges.withEnd;
  if (issuedAt < now - maxAge - tolerance || (expiresAt !== undefined && expiresAt <= now - tolerance))
    return 'is too old; check the clocks of this machine and of the issuer';
  return Math.max(issuedAt, notBefore ?? 0) > now + tolerance
    ? 'is not valid yet; check the clocks of this machine and of the issuer'
    : undefined;
}

function contentProblem(claims: Claims): string | undefined {
  const [id, sid, subject] = ['jti', 'sid', 'sub'].map((name) => readString(claims, name));
  if (typeof id !== 'string' || id === '') return 'has no jti';
  if ([sid, subject].some((value) => value === wrongType || value === ''))
    return 'has a sid or a sub that is not a string, or is empty';
  return sid === undefined && subject === undefined ? 'has neither a sid nor a sub' : undefined;
}
