import { createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  createVerifyIdToken,
  type ExpectedIdToken,
} from '../../../src/credential/id-token/verify-id-token.ts';
import { createVerifyJws } from '../../../src/credential/id-token/verify-jws.ts';
import { createTestClock } from '../../support/clock.ts';
import { keysOf, type TestIssuerKeys } from '../../support/issuer-keys.ts';
import { createSigningKey, type SigningKey } from '../../support/keys.ts';

const issuer = 'https://issuer.example.com';
const clock = createTestClock();
const now = Math.floor(clock.now() / 1000);
const accessToken = 'the access token';
const key = await createSigningKey('k1');

const expected: ExpectedIdToken = {
  clientId: 'shop',
  nonce: { value: 'the nonce', is: 'required' },
  accessToken,
  algorithms: undefined,
};
const good = { iss: issuer, aud: 'shop', sub: 'alice', iat: now, exp: now + 300, nonce: 'the nonce' };

async function verify(
  claims: Readonly<Record<string, unknown>>,
  more: {
    readonly header?: Readonly<Record<string, unknown>>;
    readonly expected?: Partial<ExpectedIdToken>;
    readonly signer?: SigningKey;
    readonly keys?: TestIssuerKeys;
  } = {},
) {
  const signer = more.signer ?? key;
  const header = { alg: signer.algorithm, kid: signer.kid, ...more.header };
  const payload = Object.fromEntries(
    Object.entries({ ...good, ...claims }).filter(([, value]) => value !== undefined),
  );
  const token = await new SignJWT(payload).setProtectedHeader(header).sign(signer.privateKey);
  const verifyJws = createVerifyJws((more.keys ?? keysOf([key])).issuer, clock, 1_000);
  return createVerifyIdToken(
    { issuer, clockTolerance: 30_000 },
    verifyJws,
    clock,
  )(token, {
    ...expected,
    ...more.expected,
  });
}

/** The left half of a hash, as another implementation computes it. */
const leftHalf = (algorithm: string, text: string) => {
  const hex = createHash(algorithm).update(text).digest('hex');
  return Buffer.from(hex.slice(0, hex.length / 2), 'hex').toString('base64url');
};

describe('accepts', () => {
  test.each([
    ['an ID token', {}],
    ['a list of one audience', { aud: ['shop'] }],
    ['several audiences with azp', { aud: ['shop', 'other'], azp: 'shop' }],
    ['one audience with azp', { azp: 'shop' }],
    ['a fitting at_hash', { at_hash: leftHalf('sha256', accessToken) }],
    ['an exp within the tolerance', { exp: now - 29 }],
    ['an iat within the tolerance', { iat: now + 29 }],
    ['an nbf within the tolerance', { nbf: now + 29 }],
    ['events that are not of a logout', { events: { other: {} } }],
  ])('%s', async (_, claims) => {
    expect(await verify(claims)).toMatchObject({ claims: { sub: 'alice' } });
  });

  test.each([
    ['ES384', 'sha384'],
    ['ES512', 'sha512'],
    ['EdDSA', 'sha512'],
    ['PS256', 'sha256'],
  ])('an at_hash of %s, which is that of %s', async (algorithm, digest) => {
    const signer = await createSigningKey('k1', algorithm);
    const more = { signer, keys: keysOf([signer]) };
    expect(await verify({ at_hash: leftHalf(digest, accessToken) }, more)).toHaveProperty('claims');
    expect(await verify({ at_hash: leftHalf(digest, 'other') }, more)).toHaveProperty('problem');
  });

  test('an at_hash of any value if there is no access token', async () => {
    expect(await verify({ at_hash: 'x' }, { expected: { accessToken: undefined } })).toHaveProperty('claims');
  });

  test('the header typ JWT, in any case', async () => {
    expect(await verify({}, { header: { typ: 'jwt' } })).toHaveProperty('claims');
  });

  test('at a refresh: no nonce, or the old one', async () => {
    const refresh = {
      expected: {
        nonce: { value: 'the nonce', is: 'ifPresent' },
        person: { issuer, subject: 'alice' },
      },
    } as const;
    expect(await verify({ nonce: undefined }, refresh)).toHaveProperty('claims');
    expect(await verify({}, refresh)).toHaveProperty('claims');
    expect(await verify({ nonce: 'another' }, refresh)).toHaveProperty('problem', 'has another nonce');
    expect(await verify({ sub: 'mallory' }, refresh)).toHaveProperty(
      'problem',
      expect.stringContaining('another person'),
    );
  });

  test('a recent sign-in, if one is asked for', async () => {
    const recent = { expected: { maxAge: 60 } };
    expect(await verify({ auth_time: now - 80 }, recent)).toHaveProperty('claims');
    expect(await verify({ auth_time: now - 100 }, recent)).toHaveProperty('problem');
    expect(await verify({}, recent)).toHaveProperty('problem');
    expect(await verify({ auth_time: 'now' }, recent)).toHaveProperty('problem');
  });
});

describe('rejects', () => {
  test.each([
    ['another issuer', { iss: 'https://evil.example.com' }, 'iss'],
    ['an issuer with a slash more', { iss: `${issuer}/` }, 'iss'],
    ['a list of issuers', { iss: [issuer] }, 'iss'],
    ['no issuer', { iss: undefined }, 'iss'],
    ['another audience', { aud: 'other' }, 'aud'],
    ['a part of the audience', { aud: 'shop-admin' }, 'aud'],
    ['no audience', { aud: undefined }, 'aud'],
    ['an audience of objects', { aud: [{ shop: 1 }] }, 'aud'],
    ['several audiences without azp', { aud: ['shop', 'other'] }, 'azp'],
    ['the same audience twice without azp', { aud: ['shop', 'shop'] }, 'azp'],
    ['several audiences with another azp', { aud: ['shop', 'other'], azp: 'other' }, 'azp'],
    ['one audience with another azp', { azp: 'other' }, 'azp'],
    ['an azp that is a list', { azp: ['shop'] }, 'azp'],
    ['no subject', { sub: undefined }, 'sub'],
    ['an empty subject', { sub: '' }, 'sub'],
    ['a number as its subject', { sub: 1 }, 'sub'],
    ['no end', { exp: undefined }, 'exp'],
    ['an end that is a string', { exp: String(now + 300) }, 'exp'],
    ['an end in the past', { exp: now - 31 }, 'expired'],
    ['no beginning', { iat: undefined }, 'iat'],
    ['a beginning in the future', { iat: now + 31 }, 'not valid yet'],
    ['an nbf in the future', { nbf: now + 31 }, 'not valid yet'],
    ['an nbf that is a string', { nbf: 'x' }, 'exp or iat'],
    ['another nonce', { nonce: 'another' }, 'nonce'],
    ['no nonce', { nonce: undefined }, 'nonce'],
    ['a nonce that is a list', { nonce: ['the nonce'] }, 'nonce'],
    ['another at_hash', { at_hash: leftHalf('sha256', 'other') }, 'at_hash'],
    [
      'an at_hash of the whole hash',
      { at_hash: createHash('sha256').update(accessToken).digest('base64url') },
      'at_hash',
    ],
    ['an at_hash that is not a string', { at_hash: 1 }, 'at_hash'],
    ['a logout token', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, 'logout'],
  ])('%s', async (_, claims, text) => {
    const isTimeWrong = /expired|not valid yet/.test(text);
    expect(await verify(claims)).toEqual({
      problem: expect.stringContaining(text),
      isKeyMissing: false,
      ...(isTimeWrong && { isTimeWrong }),
    });
  });

  test.each(['at+jwt', 'application/at+jwt', 'AT+JWT', 'logout+jwt', 'secevent+jwt', 1])(
    'the header typ %s',
    async (typ) => {
      expect(await verify({}, { header: { typ } })).toHaveProperty('problem', expect.stringContaining('typ'));
    },
  );

  test('an algorithm that the issuer does not list', async () => {
    expect(await verify({}, { expected: { algorithms: ['ES256'] } })).toHaveProperty(
      'problem',
      expect.stringContaining('RS256, which the metadata of the issuer does not list'),
    );
    expect(await verify({}, { expected: { algorithms: ['ES256', 'RS256'] } })).toHaveProperty('claims');
  });

  test('a key of the same kid that is not published', async () => {
    const signer = await createSigningKey('k1');
    expect(await verify({}, { signer })).toEqual({
      problem: 'has an invalid signature',
      isKeyMissing: false,
    });
  });

  test('a token that is not a JWS, or is too long', async () => {
    const verifyJws = createVerifyJws(keysOf([key]).issuer, clock, 1_000);
    for (const token of ['', 'a', 'a.b', 'a.b.c.d.e', '..', `${'a'.repeat(300_000)}.b.c`])
      expect(await verifyJws(token, () => undefined)).toHaveProperty('problem');
  });
});

describe('a kid that is not published', () => {
  const other = createSigningKey('k2');

  test('causes one fetch, which can add it', async () => {
    const keys = keysOf([key], [await other]);
    expect(await verify({}, { signer: await other, keys })).toHaveProperty('claims');
    expect(keys.fetches).toBe(1);
  });

  test('that the fetch does not add is a problem of the keys, not of the person', async () => {
    const keys = keysOf([key]);
    expect(await verify({}, { signer: await other, keys })).toMatchObject({ isKeyMissing: true });
    expect(keys.fetches).toBe(1);
  });

  test('a bad signature of a known kid causes none', async () => {
    const keys = keysOf([key]);
    await verify({}, { signer: await createSigningKey('k1'), keys });
    expect(keys.fetches).toBe(0);
  });

  test('a fetch that hangs does not hang the login', async () => {
    const keys = keysOf([key]);
    const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
    keys.fetch = () => {
      asked();
      return new Promise(() => {});
    };
    const verdict = verify({}, { signer: await other, keys });
    await isAsked;
    await clock.advance(1_500);
    expect(await verdict).toMatchObject({ isKeyMissing: true });
  });
});
