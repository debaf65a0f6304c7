/** Sessions made of tokens. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Tokens } from '../../src/login/login-client.ts';
import { createSessionMaker } from '../../src/login/session-of-tokens.ts';
import type { Session } from '../../src/session/session.ts';
import { readSessionValue, valueOfSession } from '../../src/session/session-value.ts';
import { createTestClock } from '../support/clock.ts';
import {
  type LoginConfigChanges,
  loginConfig,
  loginIssuersOf,
  loginIssuerUrl,
} from '../support/login-config.ts';

const clock = createTestClock();
const now = Math.floor(clock.now() / 1000);

const claims = {
  iss: loginIssuerUrl,
  sub: 'alice',
  sid: 'sid-1',
  aud: ['shop'],
  exp: now + 60,
  iat: now,
  nonce: 'nonce-1',
  auth_time: now - 5,
  email: 'alice@example.com',
  groups: ['staff'],
  address: 'is not used',
};
const tokens: Tokens & { readonly claims: typeof claims } = {
  claims,
  idToken: 'id.to.ken',
  accessToken: 'access.to.ken',
  isAccessTokenVerified: true,
  accessTokenEndsAt: now + 300,
  refreshToken: 'refresh-1',
  scopes: ['openid', 'orders.read'],
};

async function start(changes: LoginConfigChanges = {}) {
  const config = await loginConfig(changes);
  const issuers = loginIssuersOf(config);
  const [issuer] = issuers;
  if (issuer === undefined) throw new Error('no issuer');
  let ids = 0;
  const maker = createSessionMaker({ config, issuers, clock, randomText: (bytes) => `${bytes}-${++ids}` });
  const begin = (more: Partial<Tokens> = {}) =>
    maker.begin({ issuer, policy: 'team-a', tokens: { ...tokens, claims, ...more } as typeof tokens });
  return { maker, begin };
}

test('a login makes a session with a new ID and the claims that are used', async () => {
  const { begin } = await start();
  const session = begin();
  expect(session).toEqual({
    id: '16-1',
    policy: 'team-a',
    issuer: loginIssuerUrl,
    subject: 'alice',
    sid: 'sid-1',
    claims: {
      exp: now + 60,
      iat: now,
      nonce: 'nonce-1',
      auth_time: now - 5,
      email: 'alice@example.com',
      groups: ['staff'],
    },
    claimNames: ['email', 'email_verified', 'groups'],
    audiences: ['shop'],
    scopes: ['openid', 'orders.read'],
    startedAt: now,
    seenAt: now - (now % 60),
    renewedAt: now,
    tokensEndAt: now + 300,
    refreshToken: 'refresh-1',
    accessToken: 'access.to.ken',
    idToken: 'id.to.ken',
  });
  expect(begin().id).toBe('16-2');
});

test('every session can be read again, for any answer of the issuer: otherwise the login never ends', async () => {
  const { maker, begin } = await start({
    more: { outputClaimToHeaders: [{ header: 'x-a', from: 'claims' }] },
  });
  const text = fc.oneof(fc.string(), fc.constant(undefined));
  const time = fc.oneof(fc.double(), fc.constant(undefined), fc.constant(1e300), fc.constant(-5));
  const anyTokens = fc.record({
    idToken: text,
    accessToken: text,
    isAccessTokenVerified: fc.boolean(),
    accessTokenEndsAt: time,
    refreshToken: text,
    scopes: fc.oneof(fc.array(fc.string()), fc.constant(undefined)),
  });
  const anyClaims = fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom('sid', 'aud', 'exp', 'sub')),
    fc.jsonValue(),
  );
  const again = (session: Session) =>
    readSessionValue(JSON.parse(JSON.stringify(valueOfSession(session))))?.session ?? 'cannot be read';
  fc.assert(
    fc.property(anyTokens, anyClaims, anyTokens, (first, more, second) => {
      const session = begin({ ...first, claims: { ...more, iss: loginIssuerUrl, sub: 'alice' } });
      expect(again(session)).toEqual(JSON.parse(JSON.stringify(session)));
      const renewed = maker.renewed(session, { ...second, claims: undefined });
      expect(again(renewed)).toEqual(JSON.parse(JSON.stringify(renewed)));
    }),
    { numRuns: 500 },
  );
});

describe('keeps', () => {
  test.each<readonly [string, LoginConfigChanges, Partial<Tokens>, object]>([
    ['no refresh token without refresh', { sessions: { refresh: false } }, {}, { refreshToken: undefined }],
    [
      'no access token that is not verified',
      {},
      { isAccessTokenVerified: false },
      { accessToken: undefined },
    ],
    ['no access token if none is forwarded', { login: { forward: 'none' } }, {}, { accessToken: undefined }],
    [
      'the ID token if it is forwarded, and its end',
      { login: { forward: 'idToken', signOut: { hint: false } } },
      {},
      { accessToken: undefined, idToken: 'id.to.ken', tokensEndAt: now + 60 },
    ],
    ['no ID token without a hint', { login: { signOut: { hint: false } } }, {}, { idToken: undefined }],
    [
      'the end of the ID token without an access token',
      {},
      { accessToken: undefined, accessTokenEndsAt: undefined },
      { tokensEndAt: now + 60 },
    ],
    ['no end if the issuer does not say', {}, { accessTokenEndsAt: undefined }, { tokensEndAt: undefined }],
    [
      'the requested scopes if the issuer does not say',
      { login: { scopes: ['openid', 'x'] } },
      { scopes: undefined },
      { scopes: ['openid', 'x'] },
    ],
    [
      'every claim if all are forwarded',
      { more: { outputClaimToHeaders: [{ header: 'x-a', from: 'claims' }] } },
      {},
      { claimNames: undefined, claims: expect.objectContaining({ address: 'is not used' }) },
    ],
  ])('%s', async (_, changes, more, expected) => {
    const { begin } = await start(changes);
    const session: Readonly<Record<string, unknown>> = { ...begin(more) };
    for (const [member, value] of Object.entries(expected)) expect(session[member]).toEqual(value);
  });
});

describe('a refresh', () => {
  test('keeps the identity and the start of the session, and takes tokens and claims', async () => {
    const { maker, begin } = await start();
    const session = begin();
    const renewed = maker.renewed(session, {
      ...tokens,
      claims: { ...claims, groups: [], sid: 'sid-2', nonce: undefined, auth_time: now, exp: now + 900 },
      idToken: 'id.2',
      accessToken: 'access.2',
      accessTokenEndsAt: now + 900,
      refreshToken: undefined,
    });
    expect(renewed).toEqual({
      ...session,
      sid: 'sid-2',
      claims: { ...session.claims, groups: [], nonce: undefined, auth_time: now, exp: now + 900 },
      tokensEndAt: now + 900,
      idToken: 'id.2',
      accessToken: 'access.2',
    });
  });

  test('keeps the nonce and the time of the login that a refreshed ID token lacks, and loses other claims', async () => {
    const { maker, begin } = await start();
    const session = begin();
    const renewed = maker.renewed(session, {
      ...tokens,
      claims: { iss: loginIssuerUrl, sub: 'alice', aud: 'shop' },
    });
    expect(renewed.claims).toEqual({ nonce: 'nonce-1', auth_time: now - 5 });
    expect(renewed.sid).toBe('sid-1');
  });

  test('keeps claims and ID token if none come, and never an old access token', async () => {
    const { maker, begin } = await start();
    const session = begin();
    const renewed = maker.renewed(session, {
      ...tokens,
      claims: undefined,
      idToken: undefined,
      accessToken: 'opaque',
      isAccessTokenVerified: false,
      scopes: undefined,
    });
    expect(renewed).toMatchObject({
      claims: session.claims,
      claimNames: session.claimNames,
      idToken: 'id.to.ken',
      scopes: session.scopes,
    });
    expect(renewed.accessToken).toBeUndefined();
  });
});

test.each([
  [{}, true],
  [{ signOut: { hint: true } }, false],
  [{ forward: 'idToken' }, false],
] as const)('with %j, the ID token is optional: %s', async (login, expected) => {
  const { maker, begin } = await start({ login });
  expect(maker.isHintOptional(begin())).toBe(expected);
});
