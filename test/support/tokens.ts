/** Tokens that no library would make: any text as header and payload, signed or not. */
import { type KeyObject, KeyObject as KeyObjectClass, sign } from 'node:crypto';
import type { FakeIssuer } from './fake-issuer.ts';
import { audience } from './fake-issuer.ts';
import type { SigningKey } from './keys.ts';

/** Base64url of text or bytes. */
export function base64url(data: string | Uint8Array): string {
  return Buffer.from(data).toString('base64url');
}

/** The private key as node:crypto takes it. */
export function privateKeyObject({ privateKey }: SigningKey): KeyObject {
  return KeyObjectClass.from(privateKey);
}

/** Signs header and payload texts exactly as they are given, with RS256. */
export function signTexts(
  header: string | Uint8Array,
  payload: string | Uint8Array,
  key: SigningKey,
): string {
  return signSegments(base64url(header), base64url(payload), key);
}

/** Signs two segments exactly as they are given, with RS256. */
export function signSegments(header: string, payload: string, key: SigningKey): string {
  const signature = sign('sha256', Buffer.from(`${header}.${payload}`), privateKeyObject(key));
  return `${header}.${payload}.${base64url(signature)}`;
}

/** The header that a good token has. */
export function goodHeader(
  issuer: FakeIssuer,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { alg: 'RS256', kid: issuer.keys[0]?.kid, typ: 'JWT', ...more };
}

/** The claims that a good token has. */
export function goodClaims(
  issuer: FakeIssuer,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer.url, aud: audience, sub: 'alice', iat: now, exp: now + 300, ...more };
}
