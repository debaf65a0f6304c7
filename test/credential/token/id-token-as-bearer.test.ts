import { describe, expect, test } from 'vitest';
import { createReadFacts } from '../../../src/credential/token/read-facts.ts';
import { createCheckRequirements } from '../../../src/credential/token/requirements.ts';
import { createRevocation } from '../../../src/credential/token/revocation.ts';
import { configOf } from '../../support/app.ts';
import { temporaryFile } from '../../support/login-issuer.ts';

const issuer = 'https://issuer.example.com';
const now = 1_800_000_000;
const claims = { iss: issuer, aud: 'shop', sub: 'alice', iat: now, exp: now + 300 };

/** The reason to deny a bearer token, of an issuer whose audience is the client too. */
async function reasonFor(token: Readonly<Record<string, unknown>>, isLoginIssuer: boolean) {
  const login = { clientId: 'shop', clientSecretFile: temporaryFile('secret', 'x') };
  const config = await configOf(
    JSON.stringify({
      issuers: [{ issuer, name: 'main', audiences: ['shop'], ...(isLoginIssuer && { login }) }],
      ...(isLoginIssuer && {
        login: { hosts: ['shop.example.com'] },
        sessions: { keysFile: temporaryFile('keys', `${Buffer.alloc(32, 7).toString('base64')}\n`) },
      }),
    }),
  );
  const [issuerConfig] = config.issuers;
  if (issuerConfig === undefined) throw new TypeError('no issuer');
  const all = { ...claims, ...token };
  const facts = createReadFacts(issuerConfig)(all, JSON.stringify(all), 'JWT');
  const failed = createCheckRequirements(
    issuerConfig,
    createRevocation(() => [], issuer, ''),
    'issuers[0]',
  )(facts, now);
  return { reason: failed?.reason, text: failed?.describe(facts, now).text };
}

describe('LG-17: an ID token as a bearer token', () => {
  test.each([
    ['nonce', { nonce: 'x' }],
    ['at_hash', { at_hash: 'x' }],
    ['the type of Keycloak', { typ: 'ID' }],
  ])('with %s is refused at an issuer that signs people in, although its audience fits', async (_, token) => {
    expect(await reasonFor(token, true)).toEqual({
      reason: 'token_type_not_allowed',
      text: expect.stringContaining('an ID token'),
    });
    expect(await reasonFor(token, false)).toEqual({ reason: undefined, text: undefined });
  });

  test.each([
    ['an access token', {}],
    ['an access token of Keycloak', { typ: 'Bearer' }],
    ['an access token of an old Keycloak, with a nonce', { typ: 'Bearer', nonce: 'x' }],
    ['a nonce that is null', { nonce: null }],
  ])('%s is allowed', async (_, token) => {
    expect((await reasonFor(token, true)).reason).toBeUndefined();
  });

  test.each([true, false])('a logout token is refused in any case (login: %s)', async (isLoginIssuer) => {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    expect((await reasonFor({ events }, isLoginIssuer)).reason).toBe('token_type_not_allowed');
  });
});
