/** Verifies the signature of a JWT from the token endpoint with the keys of its issuer. */
import type { IssuerKeys } from '../../issuer/issuer.ts';
import type { Claims } from '../../model/identity.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { withDeadline } from '../../runtime/time/deadline.ts';
import { splitCompact } from '../token/compact-jws.ts';
import { type JoseHeader, readHeader } from '../token/jose-header.ts';
import { readJsonObject } from '../token/json.ts';
import { signerOf } from '../token/signer.ts';

/** The content of a JWT. */
export interface Jws {
  readonly header: JoseHeader;
  readonly claims: Claims;
}

/** Why a JWT is not verified. The text has nothing of the JWT but its algorithm. */
export interface JwsProblem {
  readonly problem: string;
  /** Whether the issuer's keys are missing, so that the JWT may be good. */
  readonly isKeyMissing: boolean;
  /** Whether it is verified except for its times, so that it may be good, and the clock of this machine wrong. */
  readonly isTimeWrong?: true;
}

/**
 * Verifies a JWT. Never rejects.
 *
 * @param problemOf the problem of its content, checked before its signature, so that a token of another kind causes no fetch
 */
export type VerifyJws = (
  token: string,
  problemOf: (jws: Jws) => string | undefined,
) => Promise<Jws | JwsProblem>;

/** The longest token, in characters. */
const maxLength = 256 * 1024;

/**
 * Creates the verification for one issuer. A `kid` that the issuer does not have causes at most one fetch of the key set.
 *
 * @param maxWait the longest wait for that fetch, in milliseconds
 */
export function createVerifyJws(issuer: IssuerKeys, clock: Clock, maxWait: number): VerifyJws {
  const tryKeys = (token: string, signature: Buffer, { keyId, algorithm }: JoseHeader) => {
    const signer = signerOf({ token, signature }, issuer.findKeys(keyId, algorithm), issuer);
    return typeof signer === 'string' ? signer : undefined;
  };
  const fetchKeys = async ({ keyId }: JoseHeader): Promise<boolean> => {
    if (keyId === undefined || issuer.knowsKeyId(keyId)) return false;
    const fetching = issuer.fetchForUnknownKey(keyId);
    if (fetching === undefined) return false;
    return withDeadline(
      fetching.then(() => true),
      maxWait,
      clock,
      () => false,
    );
  };
  return async (token, problemOf) => {
    const rejected = (problem: string) => ({ problem, isKeyMissing: false });
    if (token.length > maxLength) return rejected(`is longer than ${maxLength} characters`);
    const segments = splitCompact(token);
    if (segments === undefined) return rejected('is not a signed JWT');
    const header = readHeader(segments.header);
    if ('reason' in header)
      return rejected('has a header that is not usable, or an algorithm that is not supported');
    const claims = readJsonObject(segments.payload);
    if (claims === undefined) return rejected('has no JSON object as its payload');
    const problem = problemOf({ header, claims });
    if (problem !== undefined) return rejected(problem);
    let failed = tryKeys(token, segments.signature, header);
    if (failed !== undefined && (await fetchKeys(header)))
      failed = tryKeys(token, segments.signature, header);
    if (failed === undefined) return { header, claims };
    return failed === 'key_not_found'
      ? { problem: 'is signed by a key that the issuer does not publish', isKeyMissing: true }
      : rejected('has an invalid signature');
  };
}
