/** jose's verdict on a token: a second implementation that shares no code with the verifier. */
import type { createLocalJWKSet, JWK, JWTVerifyOptions } from 'jose';
import type { IssuerConfig } from '../../config/declare/options.ts';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';
import { parseJson } from '../../runtime/parse-json.ts';

/** A token, and everything that jose needs to judge it. */
export interface JoseQuestion {
  readonly token: string;
  /** The key set as the issuer published it. jose reads it with its own code. */
  readonly keySet: string;
  readonly issuer: JoseIssuer;
  /** Milliseconds since the epoch. jose uses the whole seconds. */
  readonly now: number;
}

/** The options of an issuer that jose applies. It does not know the others. */
export type JoseIssuer = Pick<
  IssuerConfig,
  | 'issuer'
  | 'audiences'
  | 'anyAudience'
  | 'audienceClaims'
  | 'algorithms'
  | 'keyUses'
  | 'clockTolerance'
  | 'publicKeyFiles'
>;

/** jose's verdict. */
export type JoseVerdict =
  | {
      readonly valid: true;
      /** The public key that verified the signature. */
      readonly key: JWK;
    }
  | {
      readonly valid: false;
      /** The code of jose's error, such as `ERR_JWT_EXPIRED`. */
      readonly code: string;
      /** The message of jose's error. It names claims, but has no values of claims. */
      readonly message: string;
      /** The public key that verified the signature; undefined if none did. */
      readonly key?: JWK;
    };

type FindKey = (...header: Parameters<ReturnType<typeof createLocalJWKSet>>) => Promise<CryptoKey>;

/** jose's code for an invalid signature. */
export const joseSignatureInvalid = 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED';
const claimErrors: readonly string[] = [
  'ERR_JWT_CLAIM_VALIDATION_FAILED',
  'ERR_JWT_EXPIRED',
  'ERR_JWT_INVALID',
];

/**
 * Asks jose for its verdict. jose verifies the signature, `iss`, `exp` and `nbf`, and `aud` if {@link comparesAudience}. `exp` is
 * required, as in the verifier. The first call loads jose.
 *
 * @throws Error if the key set cannot be read, or if jose fails without a verdict, for example because it cannot import a key
 */
export async function judgeWithJose({ token, keySet, issuer, now }: JoseQuestion): Promise<JoseVerdict> {
  const { createLocalJWKSet: createKeyFinder, errors, exportJWK, jwtVerify } = await import('jose');
  const keys = publishedKeys(keySet, issuer.keyUses);
  const all = createKeyFinder({ keys });
  const unnamed = createKeyFinder({ keys: keys.filter(({ kid }) => kid === undefined) });
  const options: JWTVerifyOptions = {
    issuer: issuer.issuer,
    ...(comparesAudience(issuer) && { audience: [...(issuer.audiences ?? [])] }),
    // RFC 9864 renames EdDSA to Ed25519.
    algorithms: issuer.algorithms.flatMap((name) => (name === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [name])),
    clockTolerance: issuer.clockTolerance / 1000,
    currentDate: new Date(now),
    requiredClaims: ['exp'],
  };

  const findKey: FindKey = async ({ kid, ...rest } = { alg: '' }, jws) => {
    // A `kid` that is null counts as absent. The keys of `publicKeyFiles` have no `kid`.
    if (kid === undefined || kid === null || issuer.publicKeyFiles !== undefined) return all(rest, jws);
    try {
      return await all({ ...rest, kid }, jws);
    } catch (error) {
      // A key without a `kid` may have signed a token with one.
      if (error instanceof errors.JWKSNoMatchingKey) return unnamed(rest, jws);
      throw error;
    }
  };
  const judgeWith = async (find: FindKey): Promise<JoseVerdict> => {
    let tried: CryptoKey | undefined;
    const findAndNote: FindKey = async (header, jws) => {
      tried = await find(header, jws);
      return tried;
    };
    try {
      const { key } = await jwtVerify(token, findAndNote, options);
      return { valid: true, key: await exportJWK(key) };
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) return judgeWithEach(error);
      if (!(error instanceof errors.JOSEError)) throw error;
      const { code, message } = error;
      // jose reads the claims only after it has verified the signature.
      return tried !== undefined && claimErrors.includes(code)
        ? { valid: false, code, message, key: await exportJWK(tried) }
        : { valid: false, code, message };
    }
  };
  const judgeWithEach = async (candidates: AsyncIterable<CryptoKey>): Promise<JoseVerdict> => {
    let verdict: JoseVerdict = {
      valid: false,
      code: joseSignatureInvalid,
      message: 'no key can be imported',
    };
    for await (const key of candidates) {
      verdict = await judgeWith(async () => key);
      if (verdict.valid || verdict.code !== joseSignatureInvalid) break;
    }
    return verdict;
  };
  return judgeWith(findKey);
}

/** Whether jose compares the audience. It reads only `aud`, so not if the issuer has other `audienceClaims` or `anyAudience`. */
export function comparesAudience({ anyAudience, audienceClaims }: JoseIssuer): boolean {
  return !anyAudience && audienceClaims.length === 1 && audienceClaims[0] === 'aud';
}

/**
 * The published keys, without the members that jose rejects and the service accepts. These are null, `ext`, an empty `kid`, `use` or
 * `alg`, a `use` in `keyUses`, and `key_ops` with `verify`. The two names of EdDSA are also removed, because jose compares them.
 */
function publishedKeys(keySet: string, keyUses: readonly string[]): JWK[] {
  const document = parseJson(withoutByteOrderMark(keySet)) as { readonly keys: readonly unknown[] };
  const isDropped = (name: string, value: unknown): boolean => {
    if (value === null || name === 'ext') return true;
    if (name === 'use') return value === '' || keyUses.some((use) => use === value);
    if (name === 'alg') return value === '' || value === 'EdDSA' || value === 'Ed25519';
    if (name === 'key_ops') return !Array.isArray(value) || value.includes('verify');
    return name === 'kid' && value === '';
  };
  return document.keys
    .filter((key): key is JWK => typeof key === 'object' && key !== null && !Array.isArray(key))
    .map(
      (key) =>
        Object.fromEntries(Object.entries(key).filter(([name, value]) => !isDropped(name, value))) as JWK,
    );
}
