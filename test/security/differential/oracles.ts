/**
 * The references for the verdicts: jose for the whole token. For the signature: OpenSSL through another interface, and arithmetic
 * that shares no code with either.
 */
import { constants, createHash, createVerify, type KeyObject, verify } from 'node:crypto';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Pair } from './key-pool.ts';

/** The result of jose: `accepted`, or the code of its error. */
export type JoseVerdict = string;

/** The settings of an issuer for jose. */
export interface JoseIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly jwks: JSONWebKeySet;
  /** Whether the `kid` of a token is ignored. */
  readonly isUnnamed: boolean;
}

/** In seconds. */
const clockTolerance = 30;

/**
 * Creates a verifier with jose for the tokens of one issuer. It tries each key that can match.
 *
 * @returns the verifier; its time is in milliseconds since the epoch
 */
export function createJose(options: JoseIssuer): (token: string, now: number) => Promise<JoseVerdict> {
  const { issuer, audience, algorithms, jwks, isUnnamed } = options;
  const find = createLocalJWKSet(jwks);
  const otherNames: Readonly<Record<string, string>> = { EdDSA: 'Ed25519', Ed25519: 'EdDSA' };
  const findKey: JWTVerifyGetKey = async ({ kid, ...rest }, token) => {
    // A `kid` that is null counts as absent, but jose would search for it.
    const header = isUnnamed || kid === undefined || kid === null ? rest : { ...rest, kid };
    try {
      return await find(header, token);
    } catch (error) {
      // RFC 9864 has two names for one algorithm, and jose treats their keys as different.
      const alg = otherNames[header.alg];
      if (alg === undefined || !(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return find({ ...header, alg }, token);
    }
  };
  return async (token, now) => {
    const terms = {
      issuer,
      audience,
      // The newer name of EdDSA (RFC 9864).
      algorithms: algorithms.includes('EdDSA') ? [...algorithms, 'Ed25519'] : [...algorithms],
      clockTolerance,
      currentDate: new Date(now),
    };
    const ask = async (key: Parameters<typeof jwtVerify>[1] | JWTVerifyGetKey): Promise<JoseVerdict> => {
      try {
        await jwtVerify(token, key as JWTVerifyGetKey, terms);
        return 'accepted';
      } catch (error) {
        if (error instanceof errors.JWKSMultipleMatchingKeys) {
          const verdicts: string[] = [];
          for await (const one of error) verdicts.push(await ask(one as Parameters<typeof jwtVerify>[1]));
          return verdicts.find((verdict) => verdict !== signatureFailed) ?? signatureFailed;
        }
        if (error instanceof errors.JOSEError) return error.code;
        return `no error of its own: ${error}`;
      }
    };
    return ask(findKey);
  };
}

/** The error code of jose for an invalid signature. */
export const signatureFailed = 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED';

/** Whether OpenSSL accepts the signature through its stream interface, with bytes decoded by this file. */
export function isSignedByStream(token: string, algorithm: string, { publicKey }: Pair): boolean {
  const parts = partsOf(token);
  if (parts === undefined) return false;
  const { input, signature } = parts;
  if (algorithm === 'EdDSA') return verify(null, input, publicKey, signature);
  const stream = createVerify(`sha${algorithm.slice(2)}`);
  stream.update(input.subarray(0, input.length >> 1));
  stream.update(input.subarray(input.length >> 1));
  try {
    return stream.verify(optionsOf(publicKey, algorithm), signature);
  } catch {
    // An ECDSA signature of another length.
    return false;
  }
}

function optionsOf(key: KeyObject, algorithm: string) {
  if (algorithm.startsWith('ES')) return { key, dsaEncoding: 'ieee-p1363' as const };
  if (algorithm.startsWith('RS')) return { key, padding: constants.RSA_PKCS1_PADDING };
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}

/** Verifies an RSA signature by arithmetic (RFC 8017 sections 8.1.2 and 8.2.2). */
export function isSignedByArithmetic(token: string, algorithm: string, { jwk }: Pair): boolean {
  const parts = partsOf(token);
  if (parts === undefined || jwk.n === undefined || jwk.e === undefined) return false;
  const [n, e] = [toInteger(decoded(jwk.n)), toInteger(decoded(jwk.e))];
  const bits = n.toString(2).length;
  const length = Math.ceil(bits / 8);
  if (parts.signature.length !== length) return false;
  const s = toInteger(parts.signature);
  if (s >= n) return false;
  const message = power(s, e, n);
  const digest = `sha${algorithm.slice(2)}`;
  const hash = createHash(digest).update(parts.input).digest();
  if (algorithm.startsWith('RS')) return toBytes(message, length).equals(pkcs1(hash, digest, length));
  const encodedLength = Math.ceil((bits - 1) / 8);
  if (message >= 2n ** BigInt(encodedLength * 8)) return false;
  return isPss(toBytes(message, encodedLength), hash, digest, bits - 1);
}

const digestInfos: Readonly<Record<string, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** EMSA-PKCS1-v1_5 (RFC 8017 section 9.2). */
function pkcs1(hash: Buffer, digest: string, length: number): Buffer {
  const info = Buffer.concat([Buffer.from(digestInfos[digest] ?? '', 'hex'), hash]);
  const filling = Buffer.alloc(length - info.length - 3, 0xff);
  return Buffer.concat([Buffer.from([0, 1]), filling, Buffer.from([0]), info]);
}

/** EMSA-PSS-VERIFY with MGF1 and a salt as long as the hash (RFC 8017 section 9.1.2). */
function isPss(encoded: Buffer, hash: Buffer, digest: string, bits: number): boolean {
  const saltLength = hash.length;
  const blockLength = encoded.length - hash.length - 1;
  if (blockLength < saltLength + 1 || encoded.at(-1) !== 0xbc) return false;
  const block = encoded.subarray(0, blockLength);
  const inner = encoded.subarray(blockLength, -1);
  const unused = encoded.length * 8 - bits;
  if (unused > 0 && (block[0] ?? 0) >> (8 - unused) !== 0) return false;
  const mask = mgf1(inner, blockLength, digest);
  const plain = Buffer.from(block.map((byte, index) => byte ^ (mask[index] ?? 0)));
  if (unused > 0) plain[0] = (plain[0] ?? 0) & (0xff >> unused);
  const start = blockLength - saltLength;
  if (plain.subarray(0, start - 1).some((byte) => byte !== 0) || plain[start - 1] !== 1) return false;
  const again = createHash(digest)
    .update(Buffer.alloc(8))
    .update(hash)
    .update(plain.subarray(start))
    .digest();
  return again.equals(inner);
}

/** MGF1 (RFC 8017 appendix B.2.1). */
function mgf1(seed: Buffer, length: number, digest: string): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; blocks.length * seed.length < length; counter++) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    blocks.push(createHash(digest).update(seed).update(number).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
}

const toInteger = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex') || '0'}`);
const toBytes = (value: bigint, length: number) =>
  Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');

function partsOf(token: string): { readonly input: Buffer; readonly signature: Buffer } | undefined {
  const end = token.lastIndexOf('.');
  const signature = token.slice(end + 1);
  if (end < 0 || !/^[A-Za-z0-9_-]*$/.test(signature)) return undefined;
  return { input: Buffer.from(token.slice(0, end), 'utf8'), signature: decoded(signature) };
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const values = new Map([...alphabet].map((character, value) => [character, value]));

/** Decodes base64url six bits at a time (RFC 4648 section 5), without incomplete bytes. */
function decoded(text: string): Buffer {
  const bytes = Buffer.alloc((text.length * 6) >> 3);
  let [held, bits, at] = [0, 0, 0];
  for (const character of text) {
    held = ((held << 6) | (values.get(character) ?? 0)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (held >> bits) & 0xff;
  }
  return bytes;
}
