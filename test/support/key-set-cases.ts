/** Key sets in the forms of real providers, and unusual ones, with tokens for them. */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Algorithm } from '../../src/config/declare/issuer-options.ts';
import type { Reason } from '../../src/model/reasons.ts';
import type { Pair } from '../security/differential/key-pool.ts';
import { createPair, signToken } from './key-choice.ts';
import { base64url } from './tokens.ts';

/** A token and a key set. */
export interface KeySetCase {
  readonly name: string;
  /** The key set, as text. */
  readonly jwks: string;
  readonly token: string;
  readonly reason: Reason;
  /** Whether jose and go-oidc accept it. */
  readonly others: { readonly jose: boolean; readonly goOidc: boolean };
  /** Why it is denied here if another library accepts it. */
  readonly why?: string;
  /** Further options of the issuer, in YAML. */
  readonly more?: string;
}

type Json = Readonly<Record<string, unknown>>;

const [rsa, rsa2, rsa3, rsa4, rsa5] = [0, 1, 2, 3, 4].map(() => createPair('RSA')) as [
  Pair,
  Pair,
  Pair,
  Pair,
  Pair,
];
const [ec, ec384, ed] = [createPair('P-256'), createPair('P-384'), createPair('Ed25519')];

/** The certificate and thumbprints that a provider adds to a key. */
function chainOf({ privateKey }: Pair) {
  const keyFile = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'key.pem');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const args = ['req', '-x509', '-key', keyFile, '-subj', '/CN=issuer', '-days', '2', '-outform', 'DER'];
  const der = execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const thumbprint = (digest: string) => hash(digest, der, 'base64url');
  return {
    x5t: thumbprint('sha1'),
    'x5t#S256': thumbprint('sha256'),
    x5c: [der.toString('base64')],
  };
}

const chain = chainOf(rsa);
const chain2 = chainOf(rsa2);
const sig = { use: 'sig' };
const textOf = (...keys: readonly unknown[]) => JSON.stringify({ keys });
const bits = (pair: Pair) => pair.jwk as Json;
/** An RSA key with its members in the order of some servers. */
const turned = ({ jwk: { n, e } }: Pair) => ({ n, e, kty: 'RSA' });

/** A signing key that a provider publishes, and the algorithm of its tokens. */
interface ProviderKey {
  readonly pair: Pair;
  readonly algorithm: Algorithm;
  readonly kid?: string;
}

interface Provider {
  readonly name: string;
  readonly document: Json;
  readonly signers: readonly ProviderKey[];
  /** Whether jose and go-oidc accept its tokens; both by default. */
  readonly others?: KeySetCase['others'];
}

const provided = (kid: string, pair: Pair, algorithm: Algorithm = 'RS256'): ProviderKey => ({
  kid,
  pair,
  algorithm,
});

/** The forms, copied from what each provider publishes, with our own keys and names. */
export const providers: readonly Provider[] = [
  {
    name: 'Entra ID: no alg, a template as issuer of each key',
    document: {
      keys: [rsa, rsa2, rsa3, rsa4, rsa5].map((pair, index) => ({
        kty: 'RSA',
        ...sig,
        kid: `entra-${index}`,
        n: pair.jwk.n,
        e: pair.jwk.e,
        ...chainOf(pair),
        cloud_instance_name: 'microsoftonline.com',
        issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      })),
    },
    signers: [provided('entra-0', rsa), provided('entra-4', rsa5)],
  },
  {
    name: 'Google',
    document: {
      keys: [
        { ...turned(rsa), alg: 'RS256', kid: '1bb', ...sig },
        { ...sig, kid: '2cc', ...turned(rsa2), alg: 'RS256' },
      ],
    },
    signers: [provided('1bb', rsa), provided('2cc', rsa2)],
  },
  {
    name: 'Okta',
    document: { keys: [{ alg: 'RS256', kid: 'Bk-x_1', ...sig, ...turned(rsa) }] },
    signers: [provided('Bk-x_1', rsa)],
  },
  {
    name: 'Auth0',
    document: {
      keys: [rsa, rsa2].map((pair, index) => ({
        ...turned(pair),
        ...sig,
        kid: `auth0-${index}`,
        ...chainOf(pair),
        alg: 'RS256',
      })),
    },
    signers: [provided('auth0-0', rsa), provided('auth0-1', rsa2)],
  },
  {
    name: 'Cognito: ends with an equals sign in kid',
    document: {
      keys: [rsa, rsa2].map((pair, index) => ({
        alg: 'RS256',
        e: 'AQAB',
        kid: `cognito/${index}+abc=`,
        kty: 'RSA',
        n: pair.jwk.n,
        ...sig,
      })),
    },
    signers: [provided('cognito/0+abc=', rsa), provided('cognito/1+abc=', rsa2)],
  },
  {
    name: 'Keycloak: a key for encryption next to those for signatures',
    document: {
      keys: [
        { kid: 'kc-enc', alg: 'RSA-OAEP', use: 'enc', ...turned(rsa2), ...chain2 },
        { kid: 'kc-sig', alg: 'RS256', ...sig, ...turned(rsa), ...chain },
        { kid: 'kc-ec', alg: 'ES256', ...sig, ...bits(ec) },
        { kid: 'kc-ed', alg: 'EdDSA', ...sig, ...bits(ed) },
      ],
    },
    signers: [provided('kc-sig', rsa), provided('kc-ec', ec, 'ES256'), provided('kc-ed', ed, 'EdDSA')],
  },
  {
    name: 'SPIFFE: keys of jwt-svid next to certificates',
    document: {
      keys: [
        { use: 'x509-svid', ...bits(ec384), ...chainOf(ec384) },
        { use: 'jwt-svid', kid: 'svid-1', ...bits(ec) },
        { use: 'jwt-svid', kid: 'svid-2', ...bits(rsa) },
      ],
      spiffe_sequence: 12,
      spiffe_refresh_hint: 600,
    },
    signers: [provided('svid-1', ec, 'ES256'), provided('svid-2', rsa)],
    others: { jose: false, goOidc: true },
  },
  {
    name: 'Zitadel',
    document: { keys: [{ ...sig, kid: '2618', alg: 'RS256', ...turned(rsa) }] },
    signers: [provided('2618', rsa)],
  },
  {
    name: 'GitLab',
    document: {
      keys: [
        { kty: 'RSA', kid: 'gl-1', e: 'AQAB', n: rsa.jwk.n, ...sig, alg: 'RS256' },
        { kty: 'RSA', kid: 'gl-2', e: 'AQAB', n: rsa2.jwk.n, ...sig, alg: 'RS256' },
      ],
    },
    signers: [provided('gl-1', rsa), provided('gl-2', rsa2)],
  },
  {
    name: 'Apple',
    document: {
      keys: [rsa, rsa2, rsa3].map((pair, index) => ({
        ...turned(pair),
        kid: `apple${index}`,
        ...sig,
        alg: 'RS256',
      })),
    },
    signers: [provided('apple0', rsa), provided('apple2', rsa3)],
  },
  {
    name: 'Dex',
    document: {
      keys: [
        { ...sig, kid: 'dex1', alg: 'RS256', ...turned(rsa) },
        { ...sig, kid: 'dex0', alg: 'RS256', ...turned(rsa2) },
      ],
    },
    signers: [provided('dex1', rsa), provided('dex0', rsa2)],
  },
  {
    name: 'Kubernetes',
    document: { keys: [{ ...sig, kid: 'k8s-_x', alg: 'RS256', ...turned(rsa) }] },
    signers: [provided('k8s-_x', rsa)],
  },
  {
    name: 'SAP Cloud Identity Services: key_ops',
    document: {
      keys: [{ ...chain, kid: 'ias', ...turned(rsa), key_ops: ['verify'], alg: 'RS256', ...sig }],
    },
    signers: [provided('ias', rsa)],
  },
  {
    name: 'a provider whose key has no kid, alg or use',
    document: { keys: [bits(rsa)] },
    signers: [{ pair: rsa, algorithm: 'RS256' }],
  },
];

/** The tokens of each signing key of each provider. */
export const providerCases: readonly KeySetCase[] = providers.flatMap(
  ({ name, document, signers, others = { jose: true, goOidc: true } }) =>
    signers.map(({ pair, algorithm, kid }) => ({
      name: `${name}, signed by ${kid ?? 'it'}`,
      jwks: JSON.stringify(document),
      token: signToken(pair, algorithm, { kid, typ: 'JWT', ...(name === 'GitLab' && chain) }),
      reason: 'allowed' as const,
      others,
    })),
);

const both = { jose: true, goOidc: true };
const none = { jose: false, goOidc: false };
const joseAlone = { jose: true, goOidc: false };
const goAlone = { jose: false, goOidc: true };

const of = (kid: string | undefined, pair: Pair, more: Json = {}) => ({ ...bits(pair), kid, ...more });
const by = (pair: Pair, header: Json = {}, algorithm = pair.algorithms[0] as Algorithm) =>
  signToken(pair, algorithm, header);

/** Some numbers of a key as bytes, changed. */
const respelled = (
  pair: Pair,
  names: readonly ('n' | 'e' | 'x' | 'y')[],
  spell: (bytes: Buffer) => string,
) => ({
  ...bits(pair),
  ...Object.fromEntries(names.map((name) => [name, spell(Buffer.from(String(pair.jwk[name]), 'base64url'))])),
});
const padded = (bytes: Buffer) => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
const behindZeros = (count: number) => (bytes: Buffer) =>
  base64url(Buffer.concat([Buffer.alloc(count), bytes]));
const withoutZeros = (bytes: Buffer) => base64url(bytes.subarray(bytes.findIndex((byte) => byte !== 0)));

/** An EC key with a coordinate that begins with a zero. */
function createShortPair(): Pair {
  for (;;) {
    const pair = createPair('P-256');
    if (Buffer.from(String(pair.jwk.x), 'base64url')[0] === 0) return pair;
  }
}
const short = createShortPair();

/** Unusual key sets that are accepted, and similar ones that are not. */
export const toleratedCases: readonly KeySetCase[] = [
  // The same key more than once.
  {
    name: 'the same key twice',
    jwks: textOf(of('a', rsa), of('a', rsa)),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'the same key twice, once with alg and use',
    jwks: textOf(of('a', rsa, { alg: 'RS256', ...sig }), of('a', rsa)),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'the same key three times, in different spellings',
    jwks: textOf(
      of('a', rsa),
      { ...respelled(rsa, ['n', 'e'], padded), kid: 'a' },
      { ...respelled(rsa, ['n'], behindZeros(1)), kid: 'a' },
    ),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: joseAlone,
  },
  {
    name: 'the same key under two kids, and a token with the second',
    jwks: textOf(of('a', rsa), of('b', rsa)),
    token: by(rsa, { kid: 'b' }),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'the same key under two kids, and a token without a kid',
    jwks: textOf(of('a', rsa), of('b', rsa)),
    token: by(rsa),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'the same key with and without a kid',
    jwks: textOf(of(undefined, rsa), of('a', rsa)),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'the same key for signatures and for encryption',
    jwks: textOf(of('a', rsa, { use: 'enc' }), of('a', rsa, sig)),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'the same key four times without a kid, before the key that signed',
    jwks: textOf(
      of(undefined, rsa),
      of(undefined, rsa),
      of(undefined, rsa),
      of(undefined, rsa),
      of(undefined, rsa2),
    ),
    token: by(rsa2),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'the same key for RS256 and for PS256, and a PS256 token',
    jwks: textOf(of('a', rsa, { alg: 'RS256' }), of('a', rsa, { alg: 'PS256' })),
    token: by(rsa, { kid: 'a' }, 'PS256'),
    reason: 'allowed',
    others: both,
  },

  // Two keys with one kid.
  {
    name: 'two keys with one kid, signed by the first',
    jwks: textOf(of('a', rsa), of('a', rsa2)),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'two keys with one kid, signed by the second',
    jwks: textOf(of('a', rsa), of('a', rsa2)),
    token: by(rsa2, { kid: 'a' }),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'two keys with one kid, signed by another key',
    jwks: textOf(of('a', rsa), of('a', rsa2)),
    token: by(rsa3, { kid: 'a' }),
    reason: 'signature_invalid',
    others: none,
  },
  {
    name: 'four keys with one kid, signed by the fourth',
    jwks: textOf(of('a', rsa), of('a', rsa2), of('a', rsa3), of('a', rsa4)),
    token: by(rsa4, { kid: 'a' }),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'five keys with one kid, signed by the fifth',
    jwks: textOf(of('a', rsa), of('a', rsa2), of('a', rsa3), of('a', rsa4), of('a', rsa5)),
    token: by(rsa5, { kid: 'a' }),
    reason: 'signature_invalid',
    others: both,
    why: 'A token is verified with at most four keys.',
  },

  // Members that are null.
  {
    name: 'null for every optional member',
    jwks: textOf(
      of('a', rsa, {
        kid: null,
        use: null,
        alg: null,
        key_ops: null,
        x5c: null,
        x5t: null,
        'x5t#S256': null,
        x5u: null,
        crv: null,
        d: null,
        ext: null,
        oth: null,
      }),
    ),
    token: by(rsa, { kid: null, typ: null, cty: null, zip: null, x5c: null, jwk: null, b64: null }),
    reason: 'allowed',
    others: goAlone,
  },
  {
    name: 'use null',
    jwks: textOf(of('a', rsa, { use: null })),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: goAlone,
  },
  {
    name: 'alg null',
    jwks: textOf(of('a', rsa, { alg: null })),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: goAlone,
  },
  {
    name: 'key_ops null',
    jwks: textOf(of('a', ec, { key_ops: null })),
    token: by(ec, { kid: 'a' }),
    reason: 'allowed',
    others: goAlone,
  },
  {
    name: 'a kid of the token that is null, and two keys',
    jwks: textOf(of('a', rsa), of('b', rsa2)),
    token: by(rsa2, { kid: null }),
    reason: 'allowed',
    others: goAlone,
  },
  {
    name: 'empty use, alg and kid',
    jwks: textOf(of('', rsa, { use: '', alg: '' })),
    token: by(rsa, { kid: '' }),
    reason: 'allowed',
    others: goAlone,
  },
  {
    name: 'kty null',
    jwks: textOf(of('a', rsa, { kty: null })),
    token: by(rsa, { kid: 'a' }),
    reason: 'keys_unavailable',
    others: none,
  },
  {
    name: 'alg of the token null',
    jwks: textOf(of('a', rsa)),
    token: by(rsa, { alg: null }),
    reason: 'algorithm_not_allowed',
    others: none,
  },
  {
    name: 'crit of the token null',
    jwks: textOf(of('a', rsa)),
    token: by(rsa, { crit: null }),
    reason: 'token_malformed',
    others: goAlone,
    why: 'RFC 7515 section 4.1.11: a list that is not empty.',
  },

  // No kid in the token.
  {
    name: 'no kid and two keys, signed by the first',
    jwks: textOf(of('a', rsa), of('b', rsa2)),
    token: by(rsa),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'no kid and two keys, signed by the second',
    jwks: textOf(of('a', rsa), of('b', rsa2)),
    token: by(rsa2),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'no kid and two keys without a kid, signed by the second',
    jwks: textOf(of(undefined, rsa), of(undefined, rsa2)),
    token: by(rsa2),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'no kid, and keys of other types before the key that signed',
    jwks: textOf(of('a', ec), of('b', ed), of('c', ec384), of('d', rsa2), of('e', rsa)),
    token: by(rsa),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'no kid, and keys for another alg before the key that signed',
    jwks: textOf(
      ...[rsa2, rsa3, rsa4, rsa5].map((pair, index) => of(`p${index}`, pair, { alg: 'PS256' })),
      of('r', rsa),
    ),
    token: by(rsa),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'no kid and five keys, signed by the fifth',
    jwks: textOf(of('a', rsa), of('b', rsa2), of('c', rsa3), of('d', rsa4), of('e', rsa5)),
    token: by(rsa5),
    reason: 'signature_invalid',
    others: both,
    why: 'A token is verified with at most four keys.',
  },
  {
    name: 'no kid and two keys, signed by an unknown key',
    jwks: textOf(of('a', rsa), of('b', rsa2)),
    token: by(rsa3),
    reason: 'signature_invalid',
    others: none,
  },

  // No kid in the key set.
  {
    name: 'a kid, and one key without a kid',
    jwks: textOf(of(undefined, rsa)),
    token: by(rsa, { kid: 'x' }),
    reason: 'allowed',
    others: none,
  },
  {
    name: 'a kid, and keys without a kid, signed by the third',
    jwks: textOf(of(undefined, rsa), of(undefined, rsa2), of(undefined, rsa3)),
    token: by(rsa3, { kid: 'x' }),
    reason: 'allowed',
    others: none,
  },
  {
    name: 'a kid that matches another key than the one that signed',
    jwks: textOf(of('x', rsa), of(undefined, rsa2)),
    token: by(rsa2, { kid: 'x' }),
    reason: 'signature_invalid',
    others: none,
  },
  {
    name: 'a kid that no key has, and keys with other kids',
    jwks: textOf(of('a', rsa), of('b', rsa2)),
    token: by(rsa, { kid: 'x' }),
    reason: 'key_not_found',
    others: none,
  },
  {
    name: 'a kid of a key of another type, signed by a key without a kid',
    jwks: textOf(of('x', ec), of(undefined, rsa)),
    token: by(rsa, { kid: 'x' }),
    reason: 'allowed',
    others: none,
  },

  // The alg of a key binds it.
  {
    name: 'PS256 with a key for RS256',
    jwks: textOf(of('a', rsa, { alg: 'RS256' })),
    token: by(rsa, { kid: 'a' }, 'PS256'),
    reason: 'key_not_found',
    others: goAlone,
    why: 'RFC 7517 section 4.4: alg says which algorithm the key is for.',
  },
  {
    name: 'PS256 with a key for RS256, without a kid',
    jwks: textOf(of('a', rsa, { alg: 'RS256' }), of('b', rsa2)),
    token: by(rsa, {}, 'PS256'),
    reason: 'signature_invalid',
    others: goAlone,
    why: 'RFC 7517 section 4.4.',
  },

  // Spellings of numbers.
  {
    name: 'padding in RSA',
    jwks: textOf({ ...respelled(rsa, ['n', 'e'], padded), kid: 'a' }),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: joseAlone,
  },
  {
    name: 'padding in EC',
    jwks: textOf({ ...respelled(ec, ['x', 'y'], padded), kid: 'a' }),
    token: by(ec, { kid: 'a' }),
    reason: 'allowed',
    others: joseAlone,
  },
  {
    name: 'padding in Ed25519',
    jwks: textOf({ ...respelled(ed, ['x'], padded), kid: 'a' }),
    token: by(ed, { kid: 'a' }),
    reason: 'allowed',
    others: joseAlone,
  },
  {
    name: 'a leading zero in n',
    jwks: textOf({ ...respelled(rsa, ['n'], behindZeros(1)), kid: 'a' }),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'a leading zero in e',
    jwks: textOf({ ...respelled(rsa, ['e'], behindZeros(1)), kid: 'a' }),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: both,
  },
  {
    name: 'leading zeros in a coordinate',
    jwks: textOf({ ...respelled(ec, ['x', 'y'], behindZeros(1)), kid: 'a' }),
    token: by(ec, { kid: 'a' }),
    reason: 'allowed',
    others: joseAlone,
  },
  {
    name: 'a coordinate without its leading zero',
    jwks: textOf({ ...respelled(short, ['x'], withoutZeros), kid: 'a' }),
    token: by(short, { kid: 'a' }),
    reason: 'allowed',
    others: joseAlone,
  },

  // Uses and operations.
  {
    name: 'jwt-svid',
    jwks: textOf(of('a', ec, { use: 'jwt-svid' })),
    token: by(ec, { kid: 'a' }),
    reason: 'allowed',
    others: goAlone,
  },
  {
    name: 'another use that is configured',
    more: ', keyUses: [sig, token]',
    jwks: textOf(of('a', ec, { use: 'token' })),
    token: by(ec, { kid: 'a' }),
    reason: 'allowed',
    others: goAlone,
  },
  {
    name: 'another use',
    jwks: textOf(of('a', ec, { use: 'token' }), of('b', rsa)),
    token: by(ec, { kid: 'a' }),
    reason: 'key_not_found',
    others: goAlone,
    why: 'RFC 7517 section 4.2: this use is for signatures only if `keyUses` lists it.',
  },
  {
    name: 'a key for encryption',
    jwks: textOf(of('a', rsa, { use: 'enc' }), of('b', rsa2)),
    token: by(rsa, { kid: 'a' }),
    reason: 'key_not_found',
    others: goAlone,
    why: 'RFC 7517 section 4.2.',
  },
  {
    name: 'a key for `sign` only',
    jwks: textOf(of('a', rsa, { key_ops: ['sign'] }), of('b', rsa2)),
    token: by(rsa, { kid: 'a' }),
    reason: 'key_not_found',
    others: goAlone,
    why: 'RFC 7517 section 4.3.',
  },

  // Keys of other kinds next to valid ones.
  ...(
    [
      ['Ed448', { kty: 'OKP', crv: 'Ed448', x: base64url(Buffer.alloc(57, 7)) }],
      ['X25519', { kty: 'OKP', crv: 'X25519', x: base64url(Buffer.alloc(32, 7)) }],
      ['X448', { kty: 'OKP', crv: 'X448', x: base64url(Buffer.alloc(56, 7)) }],
      ['secp256k1', { ...bits(ec), crv: 'secp256k1', alg: 'ES256K' }],
      ['ML-DSA', { kty: 'AKP', alg: 'ML-DSA-65', pub: 'AAAA', kid: 'pq' }],
      ['oct', { kty: 'oct', k: 'AAAA', alg: 'HS256' }],
      ['LMS', { kty: 'LMS', y: 'AAAA' }],
    ] as const
  ).map(([name, odd]) => ({
    name: `${name} next to a valid key`,
    jwks: textOf(odd, of('a', rsa)),
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed' as const,
    others: both,
  })),

  // The text of the set.
  {
    name: 'a byte order mark',
    jwks: `\ufeff${textOf(of('a', rsa))}`,
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: none,
  },
  {
    name: 'a byte order mark and white space',
    jwks: `\ufeff\r\n ${textOf(of('a', rsa))}\n`,
    token: by(rsa, { kid: 'a' }),
    reason: 'allowed',
    others: none,
  },

  // The header of the token.
  ...(
    [
      ['zip', { zip: 'DEF' }],
      ['enc', { enc: 'A256GCM' }],
      ['cty', { cty: 'JWT' }],
      ['cty that is not text', { cty: ['JWT'] }],
      ['a chain of 9 KB', { ...chain, x5c: Array.from({ length: 10 }, () => chain.x5c[0]) }],
    ] as const
  ).map(([name, header]) => ({
    name: `${name} in the header`,
    jwks: textOf(of('a', rsa)),
    token: by(rsa, { kid: 'a', ...header }),
    reason: 'allowed' as const,
    others: both,
  })),
  {
    name: 'b64 in the header',
    jwks: textOf(of('a', rsa)),
    token: by(rsa, { b64: true }),
    reason: 'token_malformed',
    others: both,
    why: 'RFC 7797: unencoded payloads are not supported.',
  },
  {
    name: 'crit in the header',
    jwks: textOf(of('a', rsa)),
    token: by(rsa, { crit: ['exp'], exp: 1 }),
    reason: 'token_malformed',
    others: none,
  },
];
