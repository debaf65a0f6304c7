/** Every option that names a claim accepts a name, a dotted path or a list of names. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { configOf } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { startCore } from '../support/core.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { checkRequest } from '../support/requests.ts';
import { goodClaims, goodHeader, signTexts } from '../support/tokens.ts';

let issuer: FakeIssuer;
beforeAll(async () => {
  issuer = await startFakeIssuer();
});
afterAll(() => issuer.close());

/** The result for a token, new and cached; `raw` is additional payload as text. */
async function decide(entry: string, claims: Record<string, unknown>, more = '', raw = '') {
  const config = await configOf(`issuers: [{issuer: "${issuer.url}", name: main, ${entry}}]\n${more}`);
  const clock = createTestClock();
  const core = await startCore(config, clock);
  onTestFinished(core.stop);
  const [key] = issuer.keys;
  if (key === undefined) throw new TypeError('the issuer has no key');
  const payload = JSON.stringify(goodClaims(issuer, claims)).replace(/}$/, raw === '' ? '}' : `,${raw}}`);
  const token = signTexts(JSON.stringify(goodHeader(issuer)), payload, key);
  const request = checkRequest({ authorization: [`Bearer ${token}`] });
  const [first, again] = [await core.check(request), await core.check(request)];
  expect(again.reason).toBe(first.reason);
  return {
    reason: again.reason,
    set: again.outcome === 'allow' ? Object.fromEntries(again.forwarding.set) : {},
    removed: again.outcome === 'allow' ? again.forwarding.remove : [],
    core,
    clock,
    request,
  };
}

const audiences = `audiences: [${audience}]`;
const pod = { 'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'web' } } };
const names = [
  'kubernetes.io.namespace',
  '[kubernetes.io, namespace]',
  '\'["kubernetes.io", "namespace"]\'',
] as const;

describe.each(names)('%s', (name) => {
  test('in requiredClaims', async () => {
    const entry = `${audiences}, requiredClaims: {${name}: prod}`;
    expect((await decide(entry, pod)).reason).toBe('allowed');
    expect((await decide(entry, { 'kubernetes.io': { namespace: 'test' } })).reason).toBe(
      'claim_not_allowed',
    );
    expect((await decide(entry, {})).reason).toBe('claim_not_allowed');
  });

  test("in a rule's claims", async () => {
    const rules = `rules: [{name: a, require: {claims: {${name}: [test, prod]}}}]`;
    expect((await decide(audiences, pod, rules)).reason).toBe('allowed');
    expect((await decide(audiences, { 'kubernetes.io': null }, rules)).reason).toBe('claim_not_allowed');
  });

  test("in a policy's claims", async () => {
    const policies = `policies: [{name: p, pathPrefix: /p, rules: [{name: a, require: {claims: {${name}: prod}}}]}]\ngrpcPolicy: p`;
    const config = await configOf(`issuers: [{issuer: "${issuer.url}", ${audiences}}]\n${policies}`);
    expect(Object.keys(config.policies?.[0]?.rules[0]?.require?.claims ?? {})).toHaveLength(1);
  });

  test('in outputClaimToHeaders', async () => {
    const headers = `outputClaimToHeaders: [{header: x-ns, claim: ${name}}]`;
    expect((await decide(audiences, pod, headers)).set).toEqual({ 'x-ns': 'prod' });
    expect((await decide(audiences, {}, headers)).removed).toContain('x-ns');
  });

  test('in groups.claim, email.claim and email.fallbackClaim', async () => {
    for (const entry of [
      `groups: {claim: ${name}, allowed: [prod]}`,
      `email: {claim: ${name}, allowedAddresses: [a@example.com]}`,
      `email: {claim: nothing, fallbackClaim: ${name}, allowedAddresses: [a@example.com]}`,
    ]) {
      const namespace = entry.startsWith('email') ? 'a@example.com' : 'prod';
      const claims = { 'kubernetes.io': { namespace } };
      expect([entry, (await decide(`${audiences}, ${entry}`, claims)).reason]).toEqual([entry, 'allowed']);
      expect((await decide(`${audiences}, ${entry}`, {})).reason).toBe('claim_not_allowed');
    }
  });

  test('in audienceClaims', async () => {
    const entry = `audiences: [prod], audienceClaims: [client_id, ${name}]`;
    expect((await decide(entry, { ...pod, aud: 'other' })).reason).toBe('allowed');
    expect((await decide(entry, { aud: 'prod' })).reason).toBe('audience_mismatch');
  });
});

describe('groups.from: names', () => {
  const zitadel = 'urn:zitadel:iam:org:project:roles';
  const groups = (more = '') => `${audiences}, groups: {claim: "${zitadel}", from: names${more}}`;
  const header = (more = '') => `outputClaimToHeaders: [{header: x-groups, from: groups${more}}]`;

  test('returns the member names in the order of the token', async () => {
    const raw = `"${zitadel}": {"b": {"1": "x"}, "10" : {}, "a\\"b":{},"2":{"3":{}}, "0": ""}`;
    expect((await decide(groups(), {}, header(), raw)).set).toEqual({ 'x-groups': 'b,10,a"b,2,0' });
  });

  test('leaves out null and false members, and returns the same as a list', async () => {
    const roles = { a: {}, none: null, off: false, on: true, 'b,c': {}, '': {} };
    expect((await decide(groups(), { [zitadel]: roles }, header())).set).toEqual({ 'x-groups': 'a,on' });
    const many = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`role${index}`, {}]));
    expect((await decide(groups(), { [zitadel]: many }, header())).removed).toContain('x-groups');
  });

  test.each([
    [{ admin: { org: 'x' } }, 'allowed'],
    [{ user: {} }, 'claim_not_allowed'],
    [{ admin: null }, 'claim_not_allowed'],
    [{ admin: false }, 'claim_not_allowed'],
    [['admin'], 'claim_not_allowed'],
    ['admin', 'claim_not_allowed'],
    [{}, 'claim_not_allowed'],
    [null, 'claim_not_allowed'],
    [undefined, 'claim_not_allowed'],
  ])('%j where admin is allowed: %s', async (roles, reason) => {
    expect((await decide(groups(', allowed: [admin]'), { [zitadel]: roles })).reason).toBe(reason);
  });

  test.each(['toString', 'constructor', '__proto__', 'hasOwnProperty'])('%s is not a role', async (name) => {
    expect((await decide(groups(`, allowed: [${name}]`), { [zitadel]: { admin: {} } })).reason).toBe(
      'claim_not_allowed',
    );
  });

  test('are combined with the roles of Keycloak; `from: values` is unchanged', async () => {
    const claims = { [zitadel]: { a: {} }, realm_access: { roles: ['r'] } };
    expect((await decide(groups(', keycloakRoles: true'), claims, header())).set).toEqual({
      'x-groups': 'a,role:r',
    });
    const byValues = `${audiences}, groups: {claim: "${zitadel}"}`;
    expect((await decide(byValues, claims, header())).set).toEqual({});
  });

  test('are a list in JSON, also for a single value', async () => {
    const json = header(', encoding: json');
    expect((await decide(groups(), { [zitadel]: { 'a,b': {} } }, json)).set).toEqual({
      'x-groups': '["a,b"]',
    });
    expect((await decide(groups(), { [zitadel]: 'a' }, json)).set).toEqual({ 'x-groups': '[]' });
    const one = `${audiences}, groups: {claim: g}`;
    expect((await decide(one, { g: '["admin"]' }, header(', encoding: base64url'))).set).toEqual({
      'x-groups': Buffer.from('["[\\"admin\\"]"]').toString('base64url'),
    });
  });
});

describe('dates', () => {
  test('a token that expires at the end of the year 9999 is cached for at most the usual time', async () => {
    const { reason, core, clock, request } = await decide(audiences, { exp: 253_402_300_799 });
    expect(reason).toBe('allowed');
    const cached = async () => {
      const decision = await core.check(request);
      return decision.outcome === 'allow' && decision.cached;
    };
    expect(await cached()).toBe(true);
    await clock.advance(299_000);
    expect(await cached()).toBe(true);
    await clock.advance(2_000);
    expect(await cached()).toBe(false);
    expect(core.cache.size()).toBe(1);
  });

  test.each([
    ['4102444800.75', 'allowed'],
    ['1e10', 'allowed'],
    ['2.5e+11', 'allowed'],
    ['253402300799', 'allowed'],
    ['253402300799.999', 'allowed'],
    ['253402300800', 'claim_invalid'],
    ['1e12', 'claim_invalid'],
    ['1e400', 'claim_invalid'],
    ['-1', 'claim_invalid'],
    ['-4102444800', 'claim_invalid'],
    ['0', 'claim_invalid'],
    ['"4102444800"', 'claim_invalid'],
    ['[4102444800]', 'claim_invalid'],
    ['99999999999999999999999999', 'claim_invalid'],
    ['null', 'claim_missing'],
  ])('exp %s: %s', async (exp, reason) => {
    expect((await decide(audiences, { exp: undefined }, '', `"exp":${exp}`)).reason).toBe(reason);
  });

  test('other time claims are ignored', async () => {
    const timeClaims = { auth_time: 'x', updated_at: 1e15, nbf: -1, iat: 1.5 };
    expect((await decide(audiences, timeClaims)).reason).toBe('allowed');
  });
});
