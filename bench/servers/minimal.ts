/**
 * The minimum work of a verifier: a digest, a lookup, a signature if the token is not found, four headers. It has no logs,
 * metrics or limits, and checks no claim.
 */
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';

/** Headers with the identity of a caller. */
export type IdentityHeaders = readonly (readonly [name: string, value: string])[];

/**
 * Creates a verifier.
 *
 * @param jwks the key set, as JSON
 * @param answerOf prepares the answer for a new token
 * @returns the answer for a token, or undefined if its signature is wrong
 */
export function createMinimalVerifier<Answer>(
  jwks: string,
  answerOf: (headers: IdentityHeaders) => Answer,
): (token: string) => Answer | undefined {
  const keys = new Map<string, KeyObject>(
    JSON.parse(jwks).keys.map((jwk: { readonly kid: string; readonly kty: string }) => [
      jwk.kid,
      createPublicKey({ key: { ...jwk }, format: 'jwk' }),
    ]),
  );
  const known = new Map<string, Answer>();
  return (token) => {
    const digest = hash('sha256', token, 'base64');
    const found = known.get(digest);
    if (found !== undefined) return found;
    const headers = verified(token, keys);
    if (headers === undefined) return undefined;
    const answer = answerOf(headers);
    known.set(digest, answer);
    return answer;
  };
}

function verified(token: string, keys: ReadonlyMap<string, KeyObject>): IdentityHeaders | undefined {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const key = keys.get(kid);
  if (key === undefined) return undefined;
  const data = Buffer.from(`${header}.${payload}`);
  const input = alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
  const isGood = verify(alg === 'EdDSA' ? null : 'sha256', data, input, Buffer.from(signature, 'base64url'));
  if (!isGood) return undefined;
  const { sub, email, groups, preferred_username } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const values = { user: sub, email, groups: groups?.join(','), 'preferred-username': preferred_username };
  return Object.entries(values).map(([name, value]) => [`x-auth-request-${name}`, String(value)]);
}
