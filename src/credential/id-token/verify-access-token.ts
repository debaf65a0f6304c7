/** Verifies that an access token is a JWT of its issuer. It is forwarded to workloads only then. */
import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { readDate, readString } from '../token/claims.ts';
import { readConfirmation } from '../token/confirmation.ts';
import { isIdToken, isLogoutToken } from '../token/read-facts.ts';
import { typeOf } from '../token/token-type.ts';
import type { Jws, VerifyJws } from './verify-jws.ts';

/** Returns the end of a verified access token in seconds since the epoch; undefined if it is not verified. Never rejects. */
export type VerifyAccessToken = (token: string) => Promise<number | undefined>;

/** Creates the verification for the access tokens of one issuer. A token that is bound to a key is not verified, because only its owner can use it. */
export function createVerifyAccessToken(
  { issuer, algorithms, clockTolerance }: Pick<IssuerConfig, 'issuer' | 'algorithms' | 'clockTolerance'>,
  verifyJws: VerifyJws,
  clock: Clock,
): VerifyAccessToken {
  const problemOf = ({ claims, header }: Jws): string | undefined => {
    const type = typeOf(header.type);
    const expiresAt = readDate(claims, 'exp');
    const isAccessToken =
      algorithms.includes(header.algorithm) &&
      (type === 'jwt' || type === 'at+jwt') &&
      readString(claims, 'iss') === issuer &&
      readConfirmation(claims) === undefined &&
      !isIdToken(claims) &&
      !isLogoutToken(claims) &&
      typeof expiresAt === 'number' &&
      expiresAt > (clock.now() - clockTolerance) / 1000;
    return isAccessToken ? undefined : 'is not an access token of this issuer';
  };
  return async (token) => {
    const verified = await verifyJws(token, problemOf);
    return 'problem' in verified ? undefined : Number(verified.claims.exp);
  };
}
