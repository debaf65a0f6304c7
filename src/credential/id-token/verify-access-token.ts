/** Verifies that an access token is a JWT of its issuer. It is forwarded to workloads only then. */
import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { readDate, readString } from '../token/claims.ts';
import { readConfirmation } from '../token/confirmation.ts';
import { isIdToken, isLogoutToken } from '../token/read-facts.ts';
import { typeOf } from '../token/token-type.ts';
import type { VerifyJws } from './verify-jws.ts';

/** Returns the end of a verified access token in seconds since the epoch; undefined if it is not verified. Never rejects. */
export type VerifyAccessToken = (token: string) => Promise<number | undefined>;

/** Creates the verification for the access tokens of one issuer. A token that is bound to a key is not verified, because only its owner can use it. */
export function createVerifyAccessToken(
  { issuer, algorithms, clockTolerance }: Pick<IssuerConfig, 'issuer' | 'algorithms' | 'clockTolerance'>,
  verifyJws: VerifyJws,
  clock: Clock,
): VerifyAccessToken {
  return async (token) => {
    const verified = await verifyJws(token, (algorithm) => algorithms.includes(algorithm));
    if ('problem' in verified) return undefined;
    const { claims, header } = verified;
    const type = typeOf(header.type);
    const isAccessToken =
      (type === 'jwt' || type === 'at+jwt') &&
      readString(claims, 'iss') === issuer &&
      readConfirmation(claims) === undefined &&
      !isIdToken(claims) &&
      !isLogoutToken(claims);
    const expiresAt = readDate(claims, 'exp');
    if (!isAccessToken || typeof expiresAt !== 'number') return undefined;
    return expiresAt > (clock.now() - clockTolerance) / 1000 ? expiresAt : undefined;
  };
}
