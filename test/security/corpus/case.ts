/** The form of a case in the corpus, and helpers to create cases. */
import { createHmac, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { Reason } from '../../../src/model/reasons.ts';
import type { FakeIssuer } from '../../support/fake-issuer.ts';
import type { SigningKey } from '../../support/keys.ts';
import { base64url, goodClaims, goodHeader, signTexts } from '../../support/tokens.ts';
import type { World } from '../world.ts';

/** A credential and the expected reason. */
export interface Case {
  /** The id of the threat in docs/security/coverage.md. */
  readonly row: string;
  readonly name: string;
  readonly reason: Reason;
  readonly lines: (world: World) => Promise<readonly string[]> | readonly string[];
  /** Whether HTTP parsers reject the lines, so that only gRPC can send them. */
  readonly isRaw?: boolean;
  /** The reason behind Envoy if it differs, because Envoy joins lines of one name with a comma. */
  readonly reasonBehindEnvoy?: Reason;
  /** The expected `x-auth-request-user` if it is not `alice`. */
  readonly user?: string;
}

/** The credential line of a token in the usual form. */
export const bearer = (token: string): readonly string[] => [`Bearer ${token}`];

/** Creates a case with one token. */
export function tokenCase(
  row: string,
  name: string,
  reason: Reason,
  token: (world: World) => Promise<string> | string,
  more: Partial<Case> = {},
): Case {
  return { row, name, reason, lines: async (world) => bearer(await token(world)), ...more };
}

/** Finds the signing key of an issuer. */
export function keyOf(issuer: FakeIssuer, kid?: string): SigningKey {
  const key = kid === undefined ? issuer.keys[0] : issuer.keys.find((one) => one.kid === kid);
  if (key === undefined) throw new TypeError(`the issuer has no key ${kid ?? ''}`);
  return key;
}

/** A token of the main issuer with other header parameters and a valid signature. */
export function withHeader({ main }: World, more: Readonly<Record<string, unknown>>): string {
  return signTexts(JSON.stringify(goodHeader(main, more)), JSON.stringify(goodClaims(main)), keyOf(main));
}

/** A token of the main issuer with other claims and a valid signature. */
export function withClaims({ main }: World, more: Readonly<Record<string, unknown>>): string {
  return signTexts(JSON.stringify(goodHeader(main)), JSON.stringify(goodClaims(main, more)), keyOf(main));
}

/** A token of the main issuer with these texts and a valid signature. */
export function withTexts(
  { main }: World,
  header: (good: string) => string | Uint8Array,
  payload: (good: string) => string | Uint8Array,
): string {
  return signTexts(
    header(JSON.stringify(goodHeader(main))),
    payload(JSON.stringify(goodClaims(main))),
    keyOf(main),
  );
}

/** The header and claims of an issuer's token, before the signature. */
export function unsigned(issuer: FakeIssuer, header: Readonly<Record<string, unknown>>): string {
  return `${base64url(JSON.stringify({ ...goodHeader(issuer), ...header }))}.${base64url(JSON.stringify(goodClaims(issuer)))}`;
}

/** A token whose signature is computed from the text before it. */
export function signedBy(
  issuer: FakeIssuer,
  header: Readonly<Record<string, unknown>>,
  make: (data: Buffer) => Buffer,
): string {
  const input = unsigned(issuer, header);
  return `${input}.${make(Buffer.from(input)).toString('base64url')}`;
}

/** Signs with a private key, by RS256, PS256 and others; EdDSA without a hash. */
export function rsaSignature(
  hash: string | null,
  key: KeyObject,
  padding?: number,
): (data: Buffer) => Buffer {
  return (data) => sign(hash, data, padding === undefined ? key : { key, padding, saltLength: -1 });
}

/** Signs by HMAC with any secret. */
export function hmac(bits: number, secret: string | Buffer): (data: Buffer) => Buffer {
  return (data) => createHmac(`sha${bits}`, secret).update(data).digest();
}

/** The public key of an issuer in every form that a library could use as an HMAC secret. */
export function publicForms(issuer: FakeIssuer): Readonly<Record<string, string | Buffer>> {
  const { publicJwk } = keyOf(issuer);
  const key = createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
  const spki = key.export({ type: 'spki', format: 'pem' }).toString();
  const pkcs1 = key.export({ type: 'pkcs1', format: 'pem' }).toString();
  return {
    'SPKI PEM': spki,
    'SPKI PEM without its last line end': spki.trimEnd(),
    'PKCS#1 PEM': pkcs1,
    'PKCS#1 PEM without its last line end': pkcs1.trimEnd(),
    'SPKI DER': key.export({ type: 'spki', format: 'der' }),
    'the modulus': Buffer.from(publicJwk.n ?? '', 'base64url'),
    'the modulus as text': publicJwk.n ?? '',
    'the JWK': JSON.stringify(publicJwk),
    'the JWK in lines': JSON.stringify(publicJwk, null, 2),
    'the key set': JSON.stringify({ keys: [publicJwk] }),
    nothing: '',
  };
}
