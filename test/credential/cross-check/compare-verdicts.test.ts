/** The comparison of the verifier's verdict with jose's: what agrees, what is an intended difference, and what is reported. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { compareVerdicts } from '../../../src/credential/cross-check/compare-verdicts.ts';
import type { JudgedToken } from '../../../src/credential/cross-check/observe.ts';
import { createKeyPool, type Pair, signWith } from '../../security/differential/key-pool.ts';
import { configOf } from '../../support/app.ts';

const now = 1_800_000_000_000;
const seconds = now / 1000;
const goodClaims = { iss: 'https://tenant.example.com', aud: 'orders-api', exp: seconds + 300 };

const pool = createKeyPool();
const [pair, other] = pool.filter(({ kind }) => kind === 'P-256') as [Pair, Pair];
const rsa = pool.find(({ kind }) => kind === 'rsa-2048') as Pair;

const issuerOf = async (more: string) => {
  const config = await configOf(
    `issuers: [{issuer: "${goodClaims.iss}", audiences: [orders-api], name: main, algorithms: [ES256, PS256, EdDSA], ${more}}]`,
  );
  const [issuer] = config.issuers;
  if (issuer === undefined) throw new TypeError('no issuer');
  return issuer;
};
const keySetOf = (...keys: readonly object[]) => JSON.stringify({ keys });
const good = keySetOf(pair.jwk);

interface Case {
  readonly claims?: object;
  readonly kid?: string;
  readonly key?: Pair;
  readonly algorithm?: 'ES256' | 'PS256';
  readonly keySets?: readonly string[];
  readonly times?: readonly number[];
  /** YAML. */
  readonly issuer?: string;
  /** Whether the signature is over another payload. */
  readonly isForged?: boolean;
  readonly sign?: (data: Buffer) => Buffer;
}

async function judged(reason: JudgedToken['reason'], one: Case): Promise<JudgedToken> {
  const { claims = {}, kid, key = pair, algorithm = 'ES256', keySets = [good], times = [now] } = one;
  const { isForged = false, sign = (data: Buffer) => signWith(key, algorithm, data), issuer = '' } = one;
  const payload = JSON.stringify({ ...goodClaims, ...claims });
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const header = encode(JSON.stringify({ alg: algorithm, ...(kid !== undefined && { kid }) }));
  const signed = Buffer.from(`${header}.${isForged ? encode('{}') : encode(payload)}`);
  return {
    token: `${header}.${encode(payload)}.${sign(signed).toString('base64url')}`,
    header: { algorithm, keyId: kid, type: undefined },
    payload,
    reason,
    issuer: await issuerOf(issuer),
    keySets,
    times,
  };
}

const compare = async (reason: JudgedToken['reason'], one: Case) =>
  compareVerdicts(await judged(reason, one));

describe('agrees that', () => {
  test.each<[string, JudgedToken['reason'], Case]>([
    ['a token is valid', 'allowed', {}],
    ['a signature is invalid', 'signature_invalid', { isForged: true }],
    ['no key matches', 'key_not_found', { kid: 'b', keySets: [keySetOf({ ...pair.jwk, kid: 'a' })] }],
    ['a token has expired', 'token_expired', { claims: { exp: seconds - 30 } }],
    ['a token is not valid yet', 'token_not_yet_valid', { claims: { nbf: seconds + 31 } }],
    ['a token has no `exp`', 'claim_missing', { claims: { exp: undefined } }],
    ['a token has a null `exp`', 'claim_missing', { claims: { exp: null } }],
    ['an `exp` is not a number', 'claim_invalid', { claims: { exp: 'soon' } }],
    ['an `exp` is negative', 'claim_invalid', { claims: { exp: -1 } }],
    ['an audience does not match', 'audience_mismatch', { claims: { aud: 'billing-api' } }],
  ])('%s', async (_, reason, one) => {
    expect(await compare(reason, one)).toBeUndefined();
  });
});

describe('reports', () => {
  test.each<[string, JudgedToken['reason'], Case, string]>([
    [
      'an allow of a forged signature',
      'allowed',
      { isForged: true },
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    ],
    [
      'an allow without a key',
      'allowed',
      { kid: 'b', keySets: [keySetOf({ ...pair.jwk, kid: 'a' })] },
      'ERR_JWKS_NO_MATCHING_KEY',
    ],
    ['an allow of an expired token', 'allowed', { claims: { exp: seconds - 30 } }, 'ERR_JWT_EXPIRED'],
    ['an allow for another audience', 'allowed', { claims: { aud: 'x' } }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['an allow for another issuer', 'allowed', { claims: { iss: 'x' } }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
    ['a denial of a valid signature', 'signature_invalid', {}, 'valid'],
    ['a denial without a key although one fits', 'key_not_found', {}, 'valid'],
    ['a denial of a valid token as expired', 'token_expired', {}, 'valid'],
    ['a denial of a valid token as not yet valid', 'token_not_yet_valid', {}, 'valid'],
    ['a denial of the right audience', 'audience_mismatch', {}, 'valid'],
    ['a denial of valid claims', 'claim_invalid', {}, 'valid'],
    [
      'an invalid signature that the verifier accepted before another denial',
      'token_expired',
      { isForged: true },
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    ],
    [
      'an expired token that is denied for a later reason',
      'token_bound',
      { claims: { exp: 1 } },
      'ERR_JWT_EXPIRED',
    ],
    [
      'an invalid signature although no key matches',
      'signature_invalid',
      { kid: 'b', keySets: [keySetOf({ ...pair.jwk, kid: 'a' })] },
      'ERR_JWKS_NO_MATCHING_KEY',
    ],
  ])('%s', async (_, reason, one, jose) => {
    expect(await compare(reason, one)).toBe(jose);
  });
});

describe('does not report an intended difference:', () => {
  const weak = pairOf(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }));
  const five = Array.from({ length: 5 }, () => pairOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })));
  const last = five[4] as Pair;
  const fiveKeys = keySetOf(...five.map(({ jwk }) => jwk));
  const iat = { iat: seconds + 31 };
  const exponent: Case = { key: weak, algorithm: 'PS256', keySets: [keySetOf(weak.jwk, pair.jwk)] };

  // Each row: the intended difference, and the nearest case that is reported.
  test.each<[string, JudgedToken['reason'], Case, Case]>([
    ['a type', 'token_type_not_allowed', {}, { isForged: true }],
    ['a bound token', 'token_bound', {}, { isForged: true }],
    ['a revoked token', 'token_revoked', {}, { isForged: true }],
    ['a missing scope', 'scope_insufficient', {}, { isForged: true }],
    ['a required claim', 'claim_not_allowed', {}, { isForged: true }],
    ['another audience claim', 'audience_mismatch', { issuer: 'audienceClaims: [client_id]' }, {}],
    ['`iat` in the future', 'token_not_yet_valid', { claims: iat }, { claims: { iat: seconds + 30 } }],
    [
      'a date after the year 9999',
      'claim_invalid',
      { claims: { exp: now } },
      { claims: { exp: seconds * 2 } },
    ],
    [
      'an `aud` with a number',
      'claim_invalid',
      { claims: { aud: ['orders-api', 5] } },
      { claims: { aud: ['orders-api', '5'] } },
    ],
    [
      'invalid scopes',
      'claim_invalid',
      { claims: { scope: 5 }, issuer: 'requiredScopes: [read]' },
      { claims: { scope: 5 } },
    ],
    ['an unverified email address', 'claim_invalid', { issuer: 'email: {requireVerified: true}' }, {}],
    ['a null `nbf`', 'allowed', { claims: { nbf: null } }, { claims: { nbf: 'soon' } }],
    ['a null `iat` of a bound token', 'token_bound', { claims: { iat: null } }, { claims: { iat: 'soon' } }],
    [
      'a weak key',
      'signature_invalid',
      exponent,
      { key: rsa, algorithm: 'PS256', keySets: [keySetOf(rsa.jwk)] },
    ],
    [
      'a weak key that is the only one',
      'key_not_found',
      exponent,
      { key: rsa, algorithm: 'PS256', keySets: [keySetOf(rsa.jwk)] },
    ],
    [
      'a weak key that signed an expired token',
      'key_not_found',
      { ...exponent, claims: { exp: 1 } },
      { claims: { exp: 1 } },
    ],
    [
      'a fifth key that fits',
      'signature_invalid',
      { key: last, keySets: [fiveKeys] },
      { key: five[3] as Pair, keySets: [fiveKeys] },
    ],
  ])('%s', async (_, reason, intended, reported) => {
    expect(await compare(reason, intended)).toBeUndefined();
    expect(await compare(reason, reported)).toBeDefined();
  });

  test('a PSS signature without its leading zeros', { timeout: 60_000 }, async () => {
    const startsWithZero = (data: Buffer): Buffer => {
      for (;;) {
        const signature = signWith(rsa, 'PS256', data);
        if (signature[0] === 0) return signature;
      }
    };
    const one: Case = { key: rsa, algorithm: 'PS256', keySets: [keySetOf(rsa.jwk)] };
    const sign = (data: Buffer) => startsWithZero(data).subarray(1);
    expect(await compare('signature_invalid', { ...one, sign })).toBeUndefined();
    expect(await compare('signature_invalid', { ...one, sign: startsWithZero })).toBe('valid');
  });
});

describe('keys and time that change during a check', () => {
  test.each<[string, JudgedToken['reason']]>([
    ['an allow with the key from before', 'allowed'],
    ['a denial with the key from after', 'signature_invalid'],
  ])('%s agrees', async (_, reason) => {
    const keySets = [keySetOf(other.jwk), good];
    expect(await compare(reason, { keySets })).toBeUndefined();
    expect(await compare(reason, { keySets: keySets.toReversed() })).toBeUndefined();
  });

  test.each<[string, JudgedToken['reason'], number, object]>([
    ['an allow just before `exp`', 'allowed', 0, { exp: seconds - 29.5 }],
    ['a denial just after a fractional `exp`', 'token_expired', 900, { exp: seconds - 29.2 }],
    ['an allow just after a fractional `nbf`', 'allowed', 900, { nbf: seconds + 30.5 }],
  ])('%s agrees', async (_, reason, passed, claims) => {
    expect(await compare(reason, { claims, times: [now + passed] })).toBeUndefined();
  });

  test('a token that expires while it waits agrees with both', async () => {
    const one = { claims: { exp: seconds - 28 }, times: [now, now + 2_000] };
    expect(await compare('allowed', one)).toBeUndefined();
    expect(await compare('token_expired', one)).toBeUndefined();
  });

  test('a difference of more than a second is reported', async () => {
    expect(await compare('token_expired', { claims: { exp: seconds - 28.9 } })).toBe('valid');
  });
});

test('fails if jose has no verdict', async () => {
  await expect(compare('allowed', { keySets: ['no key set'] })).rejects.toThrow(SyntaxError);
});

function pairOf({ publicKey, privateKey }: Pick<Pair, 'publicKey' | 'privateKey'>): Pair {
  return {
    kind: '',
    algorithms: [],
    privateKey,
    publicKey,
    jwk: publicKey.export({ format: 'jwk' }) as Pair['jwk'],
  };
}
