/** Changes of a signed token. Each knows from its own construction whether the signature stays valid. */
import type { Pair } from './key-pool.ts';
import type { Random } from './random.ts';
import type { SignedToken } from './signed.ts';

/** A token after a change, or without one. */
export interface Tampered {
  readonly token: string;
  readonly how: string;
  /**
   * Whether the signature is valid for the text before the last dot, by RFC 8017, FIPS 186-5 and RFC 8032. It is undefined if
   * only a verification can decide that.
   */
  readonly isSigned: boolean | undefined;
}

interface Subject {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  readonly signed: SignedToken;
  readonly other: SignedToken;
  readonly random: Random;
}

type Change = (subject: Subject) => { readonly token: string; readonly isSigned?: boolean } | undefined;

const base64url = (bytes: Buffer) => bytes.toString('base64url');
const bytesOf = (text: string) => Buffer.from(text, 'base64url');
const joined = (...segments: readonly string[]) => segments.join('.');
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The orders of the curves (SEC 2, FIPS 186-5), and of edwards25519 (RFC 8032 section 5.1). */
const orders: Readonly<Record<string, bigint>> = {
  'P-256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'P-384':
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  'P-521':
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  ed25519: 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n,
};

const toInteger = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex') || '0'}`);
const toBytes = (value: bigint, length: number) =>
  Buffer.from(
    value
      .toString(16)
      .padStart(length * 2, '0')
      .slice(-length * 2),
    'hex',
  );

/** Replaces the bytes of the signature. */
const resigned = (change: (signature: Buffer, subject: Subject) => Buffer | undefined): Change => {
  return (subject) => {
    const before = bytesOf(subject.signature);
    const after = change(Buffer.from(before), subject);
    if (after === undefined) return undefined;
    return {
      token: joined(subject.header, subject.payload, base64url(after)),
      isSigned: after.equals(before),
    };
  };
};

/** Replaces the text of one segment. */
const respelt = (change: (segment: string, random: Random) => string | undefined): Change => {
  return ({ header, payload, signature, random }) => {
    const segments = [header, payload, signature];
    const at = random.below(3);
    const before = segments[at] ?? '';
    const after = change(before, random);
    if (after === undefined || after === before) return undefined;
    segments[at] = after;
    // Only the bytes of the signature count. In the other segments, the text counts.
    const isSame = at === 2 && /^[A-Za-z0-9_-]*$/.test(after) && bytesOf(after).equals(bytesOf(before));
    return at === 2 && !isSame
      ? { token: joined(...segments) }
      : { token: joined(...segments), isSigned: isSame };
  };
};

const isEcdsa = ({ kind }: Pair) => kind.startsWith('P-');

/** Replaces r and s of an ECDSA signature. */
const withNumbers = (
  change: (r: bigint, s: bigint, order: bigint) => readonly [bigint, bigint, boolean] | undefined,
): Change => {
  return ({ header, payload, signature, signed }) => {
    const order = orders[signed.key.pair.kind];
    if (!isEcdsa(signed.key.pair) || order === undefined) return undefined;
    const bytes = bytesOf(signature);
    const half = bytes.length / 2;
    const changed = change(toInteger(bytes.subarray(0, half)), toInteger(bytes.subarray(half)), order);
    if (changed === undefined || changed[0] >= 2n ** BigInt(half * 8) || changed[1] >= 2n ** BigInt(half * 8))
      return undefined;
    const [r, s, isSigned] = changed;
    const text = base64url(Buffer.concat([toBytes(r, half), toBytes(s, half)]));
    return { token: joined(header, payload, text), isSigned };
  };
};

/** An integer in DER (X.690 section 8.3). */
function derInteger(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const value = start < 0 ? Buffer.alloc(1) : bytes.subarray(start);
  const positive = (value[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.alloc(1), value]) : value;
  return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
}

const changes: Readonly<Record<string, Change>> = {
  'a bit of the header': (subject) => flipped(subject, 0),
  'a bit of the payload': (subject) => flipped(subject, 1),
  'a bit of the signature': (subject) => flipped(subject, 2),
  'a character changed': respelt((segment, random) => {
    const at = random.below(segment.length);
    return segment.slice(0, at) + random.pick([...alphabet]) + segment.slice(at + 1);
  }),
  'the signature of another token': ({ header, payload, signed, other }) =>
    other.token === signed.token
      ? undefined
      : { token: joined(header, payload, other.token.split('.')[2] ?? ''), isSigned: false },
  'the payload of another token': ({ header, payload, signature, other }) => {
    const [, foreign = ''] = other.token.split('.');
    return foreign === payload ? undefined : { token: joined(header, foreign, signature), isSigned: false };
  },
  'the header of another token': ({ header, payload, signature, other }) => {
    const [foreign = ''] = other.token.split('.');
    return foreign === header ? undefined : { token: joined(foreign, payload, signature), isSigned: false };
  },
  'characters removed at the end': ({ signed, random }) => ({
    token: signed.token.slice(0, -1 - random.below(8)),
  }),
  'characters removed at the start': ({ signed, random }) => ({
    token: signed.token.slice(1 + random.below(8)),
  }),
  'characters removed': ({ signed, random }) => ({
    token: signed.token.slice(0, random.below(signed.token.length)),
  }),
  'text appended': ({ signed, random }) => ({
    token:
      signed.token + random.pick(['A', 'AA', 'AAAA', '=', '==', '.', '.AAAA', ' ', '\n', ',', ',x', '\0']),
  }),
  'text prepended': ({ signed, random }) => ({
    token: random.pick(['A', 'AAAA', '=', '.', ' ', '\n', '\ufeff', '\0']) + signed.token,
  }),
  'bytes appended to the signature': resigned((signature, { random }) =>
    Buffer.concat([signature, random.bytes(1 + random.below(5))]),
  ),
  'a zero byte appended to the signature': resigned((signature) =>
    Buffer.concat([signature, Buffer.alloc(1)]),
  ),
  'zero bytes prepended to the signature': resigned((signature, { random }) =>
    Buffer.concat([Buffer.alloc(1 + random.below(3)), signature]),
  ),
  'leading zeros removed from the signature': resigned((signature) => {
    const start = signature.findIndex((byte) => byte !== 0);
    return start > 0 ? signature.subarray(start) : undefined;
  }),
  'first byte removed from the signature': resigned((signature) => signature.subarray(1)),
  'last byte removed from the signature': resigned((signature) => signature.subarray(0, -1)),
  'the signature twice': resigned((signature) => Buffer.concat([signature, signature])),
  'halves of the signature swapped': resigned((signature) => {
    const half = signature.length >> 1;
    return Buffer.concat([signature.subarray(half), signature.subarray(0, half)]);
  }),
  'the bytes of the signature in reverse': resigned((signature) => Buffer.from(signature).reverse()),
  'a signature of zeros': resigned((signature) => Buffer.alloc(signature.length)),
  'a signature of ones': resigned((signature) => Buffer.alloc(signature.length, 0xff)),
  'a signature of the number one': resigned((signature) => toBytes(1n, signature.length)),
  'no signature': ({ header, payload }) => ({ token: joined(header, payload, ''), isSigned: false }),
  'the modulus as signature': resigned((signature, { signed }) =>
    signed.key.pair.jwk.n === undefined
      ? undefined
      : toBytes(toInteger(bytesOf(signed.key.pair.jwk.n)), signature.length),
  ),
  // The same number plus the modulus, if it still fits (RFC 8017 section 5.2.2, step 1).
  'the signature plus the modulus': resigned((signature, { signed }) => {
    if (signed.key.pair.jwk.n === undefined) return undefined;
    const sum = toInteger(signature) + toInteger(bytesOf(signed.key.pair.jwk.n));
    return sum < 2n ** BigInt(signature.length * 8) ? toBytes(sum, signature.length) : undefined;
  }),
  'the modulus minus the signature': resigned((signature, { signed }) =>
    signed.key.pair.jwk.n === undefined
      ? undefined
      : toBytes(toInteger(bytesOf(signed.key.pair.jwk.n)) - toInteger(signature), signature.length),
  ),
  // S plus the order is the same scalar (RFC 8032 section 5.1.7, step 1).
  'S plus the order': resigned((signature, { signed }) => {
    if (signed.key.pair.kind !== 'ed25519' || orders.ed25519 === undefined) return undefined;
    const scalar = toInteger(Buffer.from(signature.subarray(32)).reverse());
    return Buffer.concat([signature.subarray(0, 32), toBytes(scalar + orders.ed25519, 32).reverse()]);
  }),
  'r = 0': withNumbers((_, s) => [0n, s, false]),
  's = 0': withNumbers((r) => [r, 0n, false]),
  'r = the order': withNumbers((_, s, order) => [order, s, false]),
  's = the order': withNumbers((r, _, order) => [r, order, false]),
  'r plus the order': withNumbers((r, s, order) => [r + order, s, false]),
  's plus the order': withNumbers((r, s, order) => [r, s + order, false]),
  'the order minus s': withNumbers((r, s, order) => [r, order - s, true]),
  'r and s swapped': withNumbers((r, s) => [s, r, r === s]),
  'a zero before r and s': ({ header, payload, signature, signed }) => {
    if (!isEcdsa(signed.key.pair)) return undefined;
    const bytes = bytesOf(signature);
    const half = bytes.length / 2;
    const padded = [bytes.subarray(0, half), bytes.subarray(half)].flatMap((part) => [Buffer.alloc(1), part]);
    return { token: joined(header, payload, base64url(Buffer.concat(padded))), isSigned: false };
  },
  'an ECDSA signature in DER': ({ header, payload, signature, signed }) => {
    if (!isEcdsa(signed.key.pair)) return undefined;
    const bytes = bytesOf(signature);
    const numbers = Buffer.concat(
      [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)].map(derInteger),
    );
    const length = numbers.length > 0x7f ? [0x81, numbers.length] : [numbers.length];
    const der = Buffer.concat([Buffer.from([0x30, ...length]), numbers]);
    return { token: joined(header, payload, base64url(der)), isSigned: false };
  },
  'unused bits set': respelt((segment, random) => {
    const unused = { 2: 16, 3: 4 }[segment.length % 4];
    if (unused === undefined) return undefined;
    const value = alphabet.indexOf(segment.at(-1) ?? '') + 1 + random.below(unused - 1);
    return segment.slice(0, -1) + (alphabet[value] ?? '');
  }),
  padding: respelt((segment, random) => {
    const needed = '='.repeat((4 - (segment.length % 4)) % 4);
    return segment + (random.chance(0.7) ? needed : random.pick(['=', '==', '====']));
  }),
  'the alphabet of base64': respelt((segment) => segment.replaceAll('-', '+').replaceAll('_', '/')),
  'white space inside': respelt((segment, random) => {
    const at = random.below(segment.length + 1);
    return segment.slice(0, at) + random.pick([' ', '\n', '\t', '\r\n', '\f']) + segment.slice(at);
  }),
  'an invalid character inside': respelt((segment, random) => {
    const at = random.below(segment.length + 1);
    return (
      segment.slice(0, at) +
      random.pick(['\0', '=', '!', 'é', 'Ａ', '%41', '\u0141', '😀']) +
      segment.slice(at)
    );
  }),
  'another case': respelt((segment, random) => {
    const at = random.below(segment.length);
    const letter = segment[at] ?? '';
    const changed = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
    return segment.slice(0, at) + changed + segment.slice(at + 1);
  }),
  'a segment removed': ({ header, payload, signature, random }) => {
    const segments = [header, payload, signature];
    segments.splice(random.below(3), 1);
    return { token: joined(...segments), isSigned: false };
  },
  'a segment emptied': ({ header, payload, signature, random }) => {
    const segments = [header, payload, signature];
    segments[random.below(3)] = '';
    return { token: joined(...segments), isSigned: false };
  },
  'another algorithm in the header': ({ header, payload, signature, random }) => {
    const text = bytesOf(header).toString();
    const name = random.pick(['none', 'HS256', 'RS256', 'RS512', 'PS256', 'ES256', 'ES512', 'EdDSA']);
    const changed = base64url(Buffer.from(text.replace(/"alg":"[^"]*"/, `"alg":"${name}"`)));
    return changed === header ? undefined : { token: joined(changed, payload, signature), isSigned: false };
  },
  'another key ID in the header': ({ header, payload, signature, random }) => {
    const text = bytesOf(header).toString();
    const changed = base64url(Buffer.from(text.replace(/"kid":"[^"]*"/, `"kid":"k${random.below(12)}"`)));
    return changed === header ? undefined : { token: joined(changed, payload, signature), isSigned: false };
  },
  'another expiry in the payload': ({ header, payload, signature }) => {
    const text = bytesOf(payload).toString('latin1');
    const changed = base64url(Buffer.from(text.replace(/"exp":\d/, '"exp":2'), 'latin1'));
    return changed === payload ? undefined : { token: joined(header, changed, signature), isSigned: false };
  },
};

const names = Object.keys(changes);

/** Applies one random change that fits the token. */
export function tamper(signed: SignedToken, other: SignedToken, random: Random): Tampered {
  const [header = '', payload = '', signature = ''] = signed.token.split('.');
  for (;;) {
    const how = random.pick(names);
    const changed = changes[how]?.({ header, payload, signature, signed, other, random });
    if (changed !== undefined) return { isSigned: undefined, ...changed, how };
  }
}

/** Changes one bit of a decoded segment. */
function flipped({ header, payload, signature, random }: Subject, at: number) {
  const segments = [header, payload, signature];
  const bytes = bytesOf(segments[at] ?? '');
  if (bytes.length === 0) return undefined;
  const bit = random.below(bytes.length * 8);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  segments[at] = base64url(bytes);
  return { token: joined(...segments), isSigned: false };
}
