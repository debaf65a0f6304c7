/** Creates tokens with any text as header and payload, signed or not. */
import { type KeyObject, KeyObject as KeyObjectClass, sign } from 'node:crypto';
import type { FakeIssuer } from './fake-issuer.ts';
import { audience } from './fake-issuer.ts';
import type { SigningKey } from './keys.ts';

/** Base64url of text or bytes. */
export function base64url(data: string | Uint8Array): string {
  return Buffer.from(data).toString('base64url');
}

/** The private key for node:crypto. */
export function privateKeyObject({ privateKey }: SigningKey): KeyObject {
  return KeyObjectClass.from(privateKey);
}

/** Signs header and payload texts unchanged, with RS256. */
export function signTexts(
  header: string | Uint8Array,
  payload: string | Uint8Array,
  key: SigningKey,
): string {
  return signSegments(base64url(header), base64url(payload), key);
}

/** Signs two segments unchanged, with RS256. */
export function signSegments(header: string, payload: string, key: SigningKey): string {
  const signature = sign('sha256', Buffer.from(`${header}.${payload}`), privateKeyObject(key));
  return `${header}.${payload}.${base64url(signature)}`;
}

/** The header of a valid token. */
export function goodHeader(
  issuer: FakeIssuer,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { alg: 'RS256', kid: issuer.keys[0]?.kid, typ: 'JWT', ...more };
}

/** The claims of a valid token. */
export function goodClaims(
  issuer: FakeIssuer,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer.url, aud: audience, sub: 'alice', iat: now, exp: now + 300, ...more };
}
