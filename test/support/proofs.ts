/** Creates valid and invalid DPoP proofs (RFC 9449 section 4) with jose. */
import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, type JWTPayload, SignJWT } from 'jose';
import type { SigningKey } from './keys.ts';

/** The settings of a proof; undefined removes a default. */
export interface ProofParts {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** The public members of a key, for the header of a proof. */
export function publicMembers({ publicJwk }: SigningKey): Record<string, unknown> {
  const { kid: _, alg: __, use: ___, ...members } = publicJwk;
  return members;
}

/** The thumbprint of a key (RFC 7638). */
export function thumbprint(key: SigningKey): Promise<string> {
  return calculateJwkThumbprint(key.publicJwk, 'sha256');
}

/** Creates a proof for a GET of `https://orders.example.com/orders/1`. */
export function makeProof(
  key: SigningKey,
  token: string,
  { claims = {}, header = {} }: ProofParts = {},
): Promise<string> {
  const ath = createHash('sha256').update(token).digest('base64url');
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    jti: randomUUID(),
    htm: 'GET',
    htu: 'https://orders.example.com/orders/1',
    iat: now,
    ath,
    ...claims,
  };
  const protectedHeader = { alg: key.algorithm, typ: 'dpop+jwt', jwk: publicMembers(key), ...header };
  return new SignJWT(withoutUndefined(payload) as JWTPayload)
    .setProtectedHeader(withoutUndefined(protectedHeader) as { alg: string })
    .sign(key.privateKey);
}

function withoutUndefined(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
