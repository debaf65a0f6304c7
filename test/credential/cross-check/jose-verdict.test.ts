/** jose's verdict on tokens, with the key sets that issuers publish. */
import { describe, expect, test } from 'vitest';
import { supportedAlgorithms } from '../../../src/config/declare/issuer-options.ts';
import { type JoseIssuer, judgeWithJose } from '../../../src/credential/cross-check/jose-verdict.ts';
import { createKeyPool, type Pair, signWith } from '../../security/differential/key-pool.ts';
import { signatureFailed } from '../../security/differential/oracles.ts';

const now = 1_800_000_000_000;
const issuer: JoseIssuer = {
  issuer: 'https://tenant.example.com',
  audiences: ['orders-api'],
  anyAudience: false,
  audienceClaims: ['aud'],
  algorithms: [...supportedAlgorithms],
  keyUses: ['sig'],
  clockTolerance: 30_000,
  publicKeyFiles: undefined,
};
const claims = { iss: issuer.issuer, aud: 'orders-api', exp: now / 1000 + 300 };

const pool = createKeyPool();
const pairFor = (algorithm: string, position = 0): Pair => {
  const pair = pool.filter(({ algorithms }) => algorithms.includes(algorithm))[position];
  if (pair === undefined) throw new TypeError(`no key for ${algorithm}`);
  return pair;
};
const [pair, other] = [pairFor('ES256'), pairFor('ES256', 1)];

function tokenOf(header: object, payload: object = claims, key: Pair = pair): string {
  const [first, second] = [{ alg: 'ES256', ...header }, payload].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const data = Buffer.from(`${first}.${second}`);
  const { alg } = { alg: 'ES256', ...header };
  return `${data}.${signWith(key, alg === 'Ed25519' ? 'EdDSA' : alg, data).toString('base64url')}`;
}

const keySetOf = (...keys: readonly object[]) => JSON.stringify({ keys });

/** jose's verdict in one word: `valid`, or the code of its error. */
async function verdictOf(token: string, keySet: string, options: Partial<JoseIssuer> = {}): Promise<string> {
  const verdict = await judgeWithJose({ token, keySet, now, issuer: { ...issuer, ...options } });
  return verdict.valid ? 'valid' : verdict.code;
}

test.each(pool.flatMap((one) => one.algorithms.map((algorithm) => ({ algorithm, one, kind: one.kind }))))(
  'accepts a token that a $kind key signs with $algorithm',
  async ({ algorithm, one }) => {
    const keySet = keySetOf({ ...one.jwk, kid: 'k' });
    expect(await verdictOf(tokenOf({ alg: algorithm, kid: 'k' }, claims, one), keySet)).toBe('valid');
  },
);

test('reports the public key that verified the signature', async () => {
  const keySet = keySetOf(other.jwk, pair.jwk);
  const verdict = await judgeWithJose({ token: tokenOf({}), keySet, now, issuer });
  expect(verdict).toEqual({ valid: true, key: pair.jwk });
});

test('reports the public key of a signed token whose claims it rejects', async () => {
  const expired = tokenOf({}, { ...claims, exp: 1 });
  for (const keySet of [keySetOf(pair.jwk), keySetOf(other.jwk, pair.jwk)])
    expect(await judgeWithJose({ token: expired, keySet, now, issuer })).toMatchObject({
      code: 'ERR_JWT_EXPIRED',
      key: pair.jwk,
    });
  const unsigned = await judgeWithJose({ token: expired, keySet: keySetOf(other.jwk), now, issuer });
  expect(unsigned).not.toHaveProperty('key');
});

test('rejects a token whose signature is over another payload', async () => {
  const [header, , signature] = tokenOf({ kid: 'k' }).split('.');
  const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url');
  const keySet = keySetOf({ ...pair.jwk, kid: 'k' });
  expect(await verdictOf([header, payload, signature].join('.'), keySet)).toBe(signatureFailed);
});

test.each([
  ['another `iss`', { iss: 'https://other.example.com' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  ['another `aud`', { aud: 'billing-api' }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  ['no `exp`', { exp: undefined }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  ['an `exp` in the past', { exp: now / 1000 - 30 }, 'ERR_JWT_EXPIRED'],
  ['an `exp` within the tolerance', { exp: now / 1000 - 29 }, 'valid'],
  ['an `nbf` in the future', { nbf: now / 1000 + 31 }, 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  ['an `nbf` within the tolerance', { nbf: now / 1000 + 30 }, 'valid'],
])('a token with %s', async (_, change, expected) => {
  expect(await verdictOf(tokenOf({}, { ...claims, ...change }), keySetOf(pair.jwk))).toBe(expected);
});

test('its message has no value of a claim', async () => {
  for (const change of [
    { iss: 'canary-7' },
    { aud: ['canary-7'] },
    { exp: 'canary-7' },
    { nbf: 'canary-7' },
  ]) {
    const token = tokenOf({ kid: 'canary-7' }, { ...claims, ...change });
    const verdict = await judgeWithJose({ token, keySet: keySetOf(pair.jwk), now, issuer });
    expect(verdict.valid).toBe(false);
    expect(JSON.stringify(verdict)).not.toContain('canary-7');
  }
});

test('does not compare the audience if the issuer accepts any, or has other audience claims', async () => {
  const token = tokenOf({}, { ...claims, aud: 'billing-api' });
  for (const options of [
    { anyAudience: true },
    { audienceClaims: ['client_id'] },
    { audienceClaims: ['aud', 'azp'] },
  ])
    expect(await verdictOf(token, keySetOf(pair.jwk), options)).toBe('valid');
});

test('rejects an algorithm that the issuer does not allow', async () => {
  expect(await verdictOf(tokenOf({}), keySetOf(pair.jwk), { algorithms: ['RS256'] })).toBe(
    'ERR_JOSE_ALG_NOT_ALLOWED',
  );
});

describe('selects the keys', () => {
  const notFound = 'ERR_JWKS_NO_MATCHING_KEY';
  const named = { ...pair.jwk, kid: 'a' };

  test.each([
    ['of the same `kid`', { kid: 'a' }, [{ ...other.jwk, kid: 'b' }, named], 'valid'],
    ['of no other `kid`', { kid: 'b' }, [named], notFound],
    ['without a `kid` if none has it', { kid: 'b' }, [{ ...other.jwk, kid: 'a' }, pair.jwk], 'valid'],
    [
      'without a `kid` only if none has it',
      { kid: 'a' },
      [{ ...other.jwk, kid: 'a' }, pair.jwk],
      signatureFailed,
    ],
    ['with an empty `kid` as keys without one', { kid: 'b' }, [{ ...pair.jwk, kid: '' }], 'valid'],
    ['with a null `kid` as keys without one', { kid: 'b' }, [{ ...pair.jwk, kid: null }], 'valid'],
    ['of all names for a token without a `kid`', {}, [{ ...other.jwk, kid: 'b' }, named], 'valid'],
    [
      'of all names for a token with a null `kid`',
      { kid: null },
      [{ ...other.jwk, kid: 'b' }, named],
      'valid',
    ],
    ['with the same `kid` twice', { kid: 'a' }, [{ ...other.jwk, kid: 'a' }, named], 'valid'],
    ['with `use: sig`', {}, [{ ...pair.jwk, use: 'sig' }], 'valid'],
    ['not with `use: enc`', {}, [{ ...pair.jwk, use: 'enc' }], notFound],
    ['with an empty `use` and `alg`', {}, [{ ...pair.jwk, use: '', alg: '' }], 'valid'],
    ['with the `alg` of the token', {}, [{ ...pair.jwk, alg: 'ES256' }], 'valid'],
    ['not with another `alg`', {}, [{ ...pair.jwk, alg: 'ES384' }], notFound],
    [
      'with `key_ops` that have more than `verify`',
      {},
      [{ ...pair.jwk, key_ops: ['sign', 'verify'] }],
      'valid',
    ],
    ['not with `key_ops` without `verify`', {}, [{ ...pair.jwk, key_ops: ['sign'] }], notFound],
    ['with an `ext` that is not a boolean', {}, [{ ...pair.jwk, ext: 'yes' }], 'valid'],
    ['and skips members that are not objects', {}, [5, null, 'x', [], pair.jwk] as object[], 'valid'],
  ])('%s', async (_, header, keys, expected) => {
    expect(await verdictOf(tokenOf(header), keySetOf(...keys))).toBe(expected);
  });

  test('with a `use` that `keyUses` allows', async () => {
    const keySet = keySetOf({ ...pair.jwk, use: 'jwt-svid' });
    expect(await verdictOf(tokenOf({}), keySet)).toBe(notFound);
    expect(await verdictOf(tokenOf({}), keySet, { keyUses: ['jwt-svid'] })).toBe('valid');
  });

  test('of public key files, for any `kid`', async () => {
    const keySet = keySetOf(other.jwk, pair.jwk);
    expect(await verdictOf(tokenOf({ kid: 'any' }), keySet, { publicKeyFiles: ['key.pem'] })).toBe('valid');
  });

  test.each(['EdDSA', 'Ed25519'].flatMap((alg) => ['EdDSA', 'Ed25519'].map((published) => [alg, published])))(
    'of a token with `alg: %s` if a key says `alg: %s`',
    async (alg, published) => {
      const edwards = pairFor('EdDSA');
      const keySet = keySetOf({ ...edwards.jwk, alg: published });
      expect(await verdictOf(tokenOf({ alg }, claims, edwards), keySet)).toBe('valid');
    },
  );

  test('in a key set with a byte order mark', async () => {
    expect(await verdictOf(tokenOf({}), `\ufeff${keySetOf(pair.jwk)}`)).toBe('valid');
  });
});

test('fails without a verdict if the text is not a key set', async () => {
  await expect(verdictOf(tokenOf({}), 'no key set')).rejects.toThrow(SyntaxError);
});
