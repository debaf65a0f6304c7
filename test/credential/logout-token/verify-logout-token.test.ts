/** Logout tokens: what is accepted, and each forgery. */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createVerifyJws } from '../../../src/credential/id-token/verify-jws.ts';
import { createVerifyLogoutToken } from '../../../src/credential/logout-token/verify-logout-token.ts';
import { createTestClock } from '../../support/clock.ts';
import { keysOf, type TestIssuerKeys } from '../../support/issuer-keys.ts';
import { createSigningKey, type SigningKey } from '../../support/keys.ts';
import {
  type LogoutTokenChanges,
  logoutClient,
  logoutEvent,
  logoutForgeries,
  otherTokens,
  signLogoutToken,
} from '../../support/logout-tokens.ts';

const issuer = 'https://issuer.example.com';
const clock = createTestClock();
const now = Math.floor(clock.now() / 1000);
const key = await createSigningKey('k1');

function createVerify(keys: TestIssuerKeys = keysOf([key]), algorithms?: readonly string[]) {
  return createVerifyLogoutToken({
    config: { issuer, clockTolerance: 30_000, keyUses: ['sig'], publicKeyFiles: undefined },
    clientId: logoutClient,
    verifyJws: createVerifyJws(keys.issuer, clock, 1_000),
    keys: keys.issuer,
    algorithms: () => algorithms,
    clock,
  });
}

const verify = async (changes?: LogoutTokenChanges, signer: SigningKey = key) =>
  createVerify()(await signLogoutToken(issuer, now, signer, changes));

describe('accepts', () => {
  test.each<[string, LogoutTokenChanges]>([
    ['a token of the final specification', {}],
    ['a token with sid only', { claims: { sub: undefined } }],
    ['a token with sub only', { claims: { sid: undefined } }],
    ['typ in another case, with its prefix', { header: { typ: 'application/Logout+JWT' } }],
    ['typ JWT, as older servers send', { header: { typ: 'JWT' } }],
    ['no typ', { header: { typ: undefined } }],
    ['typ: Logout in the claims, as Keycloak sends', { claims: { typ: 'Logout' } }],
    ['a list of audiences', { claims: { aud: ['other', logoutClient] } }],
    ['no exp, if it is recent', { claims: { exp: undefined, iat: now - 149 } }],
    ['an exp within the tolerance', { claims: { exp: now - 29 } }],
    ['an iat within the tolerance', { claims: { iat: now + 29 } }],
    ['an iat that is 5 minutes old', { claims: { iat: now - 300 } }],
    ['an event with members', { claims: { events: { [logoutEvent]: { a: 1 } } } }],
    ['one more event', { claims: { events: { [logoutEvent]: {}, 'https://example.com/event': {} } } }],
    ['other claims', { claims: { trace_id: 'x', toe: 1 } }],
    ['a nonce inside the event', { claims: { events: { [logoutEvent]: { nonce: 'x' } } } }],
  ])('%s', async (_, changes) => {
    expect(await verify(changes)).toHaveProperty('id', expect.any(String));
  });

  test('and returns the sid and the sub that it ends, and the time until which its jti counts', async () => {
    expect(await verify({ claims: { jti: 'a' } })).toEqual({
      id: 'a',
      sid: 'the-sid',
      subject: 'alice',
      endsAt: now + 330,
    });
    expect(await verify({ claims: { sid: undefined } })).toMatchObject({ sid: undefined, subject: 'alice' });
  });

  test.each(['PS256', 'ES256', 'ES384', 'EdDSA'])('a signature with %s', async (algorithm) => {
    const signer = await createSigningKey('k1', algorithm);
    const token = await signLogoutToken(issuer, now, signer);
    expect(await createVerify(keysOf([signer]))(token)).toHaveProperty('id');
  });

  test('a key without a kid', async () => {
    const { kid: _, ...publicJwk } = key.publicJwk;
    const keys = keysOf([{ ...key, publicJwk }]);
    expect(await createVerify(keys)(await signLogoutToken(issuer, now, key))).toHaveProperty('id');
  });
});

describe('rejects', () => {
  test.each(logoutForgeries(issuer, now))('%s', async (_, changes, problem) => {
    expect(await verify(changes)).toEqual({
      problem: expect.stringContaining(problem),
      isKeyMissing: false,
    });
  });

  test.each(otherTokens(issuer, now))('%s', async (_, changes) => {
    expect(await verify(changes)).toHaveProperty('problem');
  });

  test('the key of another issuer with the same kid', async () => {
    expect(await verify({}, await createSigningKey('k1'))).toEqual({
      problem: 'has an invalid signature',
      isKeyMissing: false,
    });
  });

  test('alg none, HS256 with the public key, and an algorithm in another case', async () => {
    const good = await signLogoutToken(issuer, now, key);
    const [, payload = '', signature = ''] = good.split('.');
    const encoded = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url');
    const unsigned = (alg: string) => encoded({ alg, kid: 'k1', typ: 'logout+jwt' });
    const secret = JSON.stringify(key.publicJwk);
    const hs = `${unsigned('HS256')}.${payload}`;
    const mac = createHmac('sha256', secret).update(hs).digest('base64url');
    for (const token of [
      `${unsigned('none')}.${payload}.`,
      `${unsigned('none')}.${payload}.${signature}`,
      `${unsigned('None')}.${payload}.${signature}`,
      `${unsigned('rs256')}.${payload}.${signature}`,
      `${hs}.${mac}`,
    ])
      expect(await createVerify()(token)).toHaveProperty('problem');
  });

  test('an algorithm that the issuer does not list for ID tokens', async () => {
    const token = await signLogoutToken(issuer, now, key);
    expect(await createVerify(keysOf([key]), ['ES256'])(token)).toHaveProperty('problem');
    expect(await createVerify(keysOf([key]), ['RS256'])(token)).toHaveProperty('id');
  });

  test('each changed character of the payload and of the signature', async () => {
    const good = await signLogoutToken(issuer, now, key);
    const start = good.indexOf('.') + 1;
    for (let at = start; at < good.length; at += 7) {
      if (good[at] === '.') continue;
      const changed = good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1);
      expect(await createVerify()(changed)).toHaveProperty('problem');
    }
  });

  test('texts that are not a JWS, encrypted tokens, and long texts', async () => {
    const good = await signLogoutToken(issuer, now, key);
    for (const token of ['', 'a', 'a.b', 'a.b.c', 'a.b.c.d.e', ` ${good}`, `${good}=`, 'a'.repeat(300_000)])
      expect(await createVerify()(token)).toHaveProperty('problem');
  });
});

describe('the keys of the issuer', () => {
  test('a kid that is new causes one fetch', async () => {
    const next = await createSigningKey('k2');
    const keys = keysOf([key], [next]);
    expect(await createVerify(keys)(await signLogoutToken(issuer, now, next))).toHaveProperty('id');
    expect(keys.fetches).toBe(1);
  });

  test('a forgery with a kid that is new causes none', async () => {
    const other = await createSigningKey('k2');
    const keys = keysOf([key]);
    for (const [, changes] of [...logoutForgeries(issuer, now), ...otherTokens(issuer, now)]) {
      const header = { ...changes.header, kid: 'k2' };
      await createVerify(keys)(await signLogoutToken(issuer, now, other, { ...changes, header }));
    }
    expect(keys.fetches).toBe(0);
  });

  test('an issuer without keys verifies nothing', async () => {
    const keys = keysOf([key]);
    const without: TestIssuerKeys = {
      ...keys,
      issuer: { ...keys.issuer, published: () => undefined },
    };
    expect(await createVerify(without)(await signLogoutToken(issuer, now, key))).toHaveProperty('problem');
  });

  test('a signature that only one of the two implementations accepts counts for nothing', async () => {
    const other = await createSigningKey('k1');
    const keys = keysOf([key]);
    const published = JSON.stringify({ keys: [other.publicJwk] });
    const differing: TestIssuerKeys = { ...keys, issuer: { ...keys.issuer, published: () => published } };
    expect(await createVerify(differing)(await signLogoutToken(issuer, now, key))).toEqual({
      problem: 'has a signature that jose does not verify',
      isKeyMissing: false,
    });
  });
});
