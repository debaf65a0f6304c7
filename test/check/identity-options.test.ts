/** Requirements for email, groups, roles, tenants and audiences, and the forwarded values. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { configOf } from '../support/app.ts';
import { startCore } from '../support/core.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { checkRequest } from '../support/requests.ts';

let issuer: FakeIssuer;
beforeAll(async () => {
  issuer = await startFakeIssuer();
});
afterAll(() => issuer.close());

/** The results for a token with these claims: new and cached. */
async function decide(entry: string, claims: Record<string, unknown>, more = '') {
  const config = await configOf(
    `issuers: [{issuer: "${issuer.url}", audiences: [${audience}], name: main, ${entry}}]\n${more}`,
  );
  const core = await startCore(config);
  onTestFinished(core.stop);
  const request = checkRequest({ authorization: [`Bearer ${await issuer.mint({ claims })}`] });
  const [first, again] = [await core.check(request), await core.check(request)];
  expect(again.reason).toBe(first.reason);
  return first;
}

const reasonOf = async (entry: string, claims: Record<string, unknown>) =>
  (await decide(entry, claims)).reason;

describe('email.allowedDomains', () => {
  const entry = 'email: {fallbackClaim: sub, allowedDomains: [Example.com, "*.corp.example.com"]}';

  test.each([
    'alice@example.com',
    'ALICE@EXAMPLE.COM',
    'alice@a.corp.example.com',
    'alice@a.b.corp.example.com',
  ])('%s is allowed', async (email) => {
    expect(await reasonOf(entry, { email })).toBe('allowed');
  });

  test.each([
    'alice@evil.example',
    'alice@notexample.com',
    'alice@a.example.com',
    'alice@corp.example.com',
    'alice@.corp.example.com',
    'alice@example.com.evil.example',
    'alice@example.com@evil.example',
    'alice@evil.example@example.com',
    '@example.com',
    'example.com',
    'alice@',
    'alice@example.com ',
    'alice@exämple.com',
    '',
  ])('%j is denied', async (email) => {
    expect(await reasonOf(entry, { email })).toBe('claim_not_allowed');
  });

  test.each([
    ['a number', { email: 5 }],
    ['a list', { email: ['alice@example.com'] }],
    ['an object', { email: { toString: 'alice@example.com' } }],
    ['absent, like its fallback', { sub: undefined }],
  ])('an email that is %s is denied', async (_, claims) => {
    expect(await reasonOf(entry, claims)).toBe('claim_not_allowed');
  });

  test('the fallback is used only if the email is absent', async () => {
    expect(await reasonOf(entry, { sub: 'bob@example.com' })).toBe('allowed');
    expect(await reasonOf(entry, { sub: 'bob@example.com', email: '' })).toBe('allowed');
    expect(await reasonOf(entry, { sub: 'bob@example.com', email: 'bob@evil.example' })).toBe(
      'claim_not_allowed',
    );
    expect(await reasonOf('email: {allowedDomains: [example.com]}', { sub: 'bob@example.com' })).toBe(
      'claim_not_allowed',
    );
  });

  test('addresses are allowed in addition to domains', async () => {
    const both = 'email: {allowedDomains: [example.com], allowedAddresses: [Bob@Other.example]}';
    expect(await reasonOf(both, { email: 'bob@other.EXAMPLE' })).toBe('allowed');
    expect(await reasonOf(both, { email: 'alice@example.com' })).toBe('allowed');
    expect(await reasonOf(both, { email: 'eve@other.example' })).toBe('claim_not_allowed');
    // KELVIN SIGN, whose lower-case letter is k.
    const kate = 'email: {allowedAddresses: [kate@example.com]}';
    expect(await reasonOf(kate, { email: 'KATE@example.com' })).toBe('allowed');
    expect(await reasonOf(kate, { email: '\u212Aate@example.com' })).toBe('claim_not_allowed');
  });
});

describe('email.requireVerified', () => {
  test.each([
    [undefined, 'allowed'],
    [null, 'allowed'],
    [true, 'allowed'],
    ['true', 'allowed'],
    [1, 'allowed'],
    [false, 'claim_invalid'],
    ['false', 'claim_invalid'],
    [0, 'claim_invalid'],
    ['yes', 'claim_invalid'],
    ['', 'claim_invalid'],
    [[true], 'claim_invalid'],
    [{}, 'claim_invalid'],
  ])('email_verified %j: %s', async (verified, reason) => {
    const claims = { email: 'a@example.com', email_verified: verified };
    expect(await reasonOf('email: {requireVerified: true}', claims)).toBe(reason);
    expect(await reasonOf('email: {}', claims)).toBe('allowed');
  });

  test('is checked before scopes: 401 before 403', async () => {
    const entry = 'email: {requireVerified: true}, requiredScopes: [a]';
    expect(await reasonOf(entry, { email_verified: false })).toBe('claim_invalid');
    expect(await reasonOf(entry, {})).toBe('scope_insufficient');
  });
});

describe('groups.allowed', () => {
  const entry =
    'groups: {claim: realm.groups, allowed: [admins, "7", "true", "9007199254740992", "role:editor", "role:shop:buyer"]}';
  const withRoles = entry.replace('allowed', 'keycloakRoles: true, allowed');

  test.each([
    ['one of a list', { realm: { groups: ['users', 'admins'] } }, 'allowed'],
    ['the only one', { realm: { groups: 'admins' } }, 'allowed'],
    ['another case', { realm: { groups: ['Admins'] } }, 'claim_not_allowed'],
    ['one that only begins alike', { realm: { groups: ['admins2', 'admin'] } }, 'claim_not_allowed'],
    ['one joined with another', { realm: { groups: 'users,admins' } }, 'claim_not_allowed'],
    ['nested deeper', { realm: { groups: [['admins']] } }, 'claim_not_allowed'],
    ['none', {}, 'claim_not_allowed'],
    ['in another claim', { groups: ['admins'] }, 'claim_not_allowed'],
    ['an object', { realm: { groups: { admins: true } } }, 'claim_not_allowed'],
    ['a number, by its text', { realm: { groups: [7] } }, 'allowed'],
    ['true, by its text', { realm: { groups: true } }, 'allowed'],
    ['null', { realm: { groups: [null] } }, 'claim_not_allowed'],
    ['a number that was not read whole', { realm: { groups: [2 ** 53] } }, 'claim_not_allowed'],
  ])('%s: %s', async (_, claims, reason) => {
    expect(await reasonOf(entry, claims)).toBe(reason);
  });

  test('Keycloak roles are groups only if configured', async () => {
    const claims = { realm_access: { roles: ['editor'] } };
    expect(await reasonOf(entry, claims)).toBe('claim_not_allowed');
    expect(await reasonOf(withRoles, claims)).toBe('allowed');
    expect(await reasonOf(withRoles, { resource_access: { shop: { roles: ['buyer'] } } })).toBe('allowed');
    expect(await reasonOf(withRoles, { resource_access: { other: { roles: ['buyer'] } } })).toBe(
      'claim_not_allowed',
    );
    expect(await reasonOf(withRoles, { realm: { groups: ['admins'] } })).toBe('allowed');
  });

  test.each([
    { realm_access: null, resource_access: 5 },
    { realm_access: { roles: 5 }, resource_access: { shop: null } },
    { realm_access: ['editor'], resource_access: [{ roles: ['buyer'] }] },
    { realm_access: { roles: [['editor'], null, 5] }, resource_access: { shop: { roles: {} } } },
  ])('roles with unexpected shapes are ignored: %j', async (claims) => {
    expect(await reasonOf(withRoles, claims)).toBe('claim_not_allowed');
  });
});

describe('forwarded values', () => {
  const headers = `
outputClaimToHeaders:
  - {header: x-auth-request-email, from: email}
  - {header: x-auth-request-groups, from: groups}
  - {header: x-forwarded-access-token, from: token}
`;
  const setOf = async (entry: string, claims: Record<string, unknown>, more = headers) => {
    const decision = await decide(entry, claims, more);
    if (decision.outcome !== 'allow') throw new Error(decision.reason);
    const { set, remove } = decision.forwarding;
    return { set: Object.fromEntries(set), removed: remove };
  };

  test('are the email with its fallback, the groups with the roles, and the token', async () => {
    const entry = 'email: {fallbackClaim: sub}, groups: {keycloakRoles: true}';
    const { set } = await setOf(entry, {
      groups: ['a'],
      realm_access: { roles: ['r'] },
      resource_access: { shop: { roles: ['s'] } },
    });
    expect(set['x-auth-request-email']).toBe('alice');
    expect(set['x-auth-request-groups']).toBe('a,role:r,role:shop:s');
    expect(set['x-forwarded-access-token']).toMatch(/^eyJ/);
  });

  test('are absent without a claim, and the header is removed', async () => {
    const { set, removed } = await setOf('groups: {keycloakRoles: true}', {});
    expect(Object.keys(set)).toEqual(['x-forwarded-access-token']);
    expect(removed).toEqual(expect.arrayContaining(['x-auth-request-email', 'x-auth-request-groups']));
  });

  test('include authorization if configured, and it is never removed', async () => {
    const { set } = await setOf('', {}, 'setAuthorizationHeader: true');
    expect(set.authorization).toMatch(/^Bearer eyJ/);
    const long = await setOf('', { filler: 'x'.repeat(5_000) }, 'setAuthorizationHeader: true');
    expect(long.set.authorization).toBeUndefined();
    expect(long.removed).not.toContain('authorization');
    const alone = await setOf('', {}, 'setAuthorizationHeader: true\nidentityHeaders: remove');
    expect(alone.set.authorization).toMatch(/^Bearer eyJ/);
  });
});

describe('audienceClaimsUsed', () => {
  const entry = 'audienceClaims: [client_id, aud]';

  test.each([
    ['all', { client_id: 'other', aud: audience }, 'allowed'],
    ['all', { client_id: audience, aud: 'other' }, 'allowed'],
    ['first', { client_id: 'other', aud: audience }, 'audience_mismatch'],
    ['first', { client_id: audience, aud: 'other' }, 'allowed'],
    ['first', { aud: audience }, 'allowed'],
    ['first', { aud: undefined }, 'audience_mismatch'],
    ['first', { client_id: 5, aud: audience }, 'claim_invalid'],
    ['first', { client_id: null, aud: audience }, 'allowed'],
    ['all', { client_id: null, aud: audience }, 'allowed'],
    ['all', { client_id: null, aud: null }, 'audience_mismatch'],
  ])('%s of %j: %s', async (used, claims, reason) => {
    expect(await reasonOf(`${entry}, audienceClaimsUsed: ${used}`, claims)).toBe(reason);
  });
});

test('a required claim can have one of several values', async () => {
  const entry = 'requiredClaims: {tid: [t1, t2], level: 3}';
  expect(await reasonOf(entry, { tid: 't2', level: 3 })).toBe('allowed');
  expect(await reasonOf(entry, { tid: 't3', level: 3 })).toBe('claim_not_allowed');
  expect(await reasonOf(entry, { tid: ['t1', 'x'], level: 3 })).toBe('allowed');
  expect(await reasonOf(entry, { tid: 't1' })).toBe('claim_not_allowed');
});
