/** The claims that a session keeps. */
import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../src/config/expression/expression.ts';
import { hasUsedClaims, keptClaims, type UsedClaims, usedClaims } from '../../src/login/used-claims.ts';
import { type LoginConfigChanges, loginConfig } from '../support/login-config.ts';

async function used(changes: LoginConfigChanges): Promise<UsedClaims> {
  const config = await loginConfig(changes);
  const [issuer] = config.issuers;
  if (issuer === undefined) throw new Error('no issuer');
  return usedClaims(config, issuer);
}

const ofEmail = ['email', 'email_verified'];
const onlyUser = { outputClaimToHeaders: [{ header: 'x-user', claim: 'sub' }] };
const rule = (require: object) => ({ more: { ...onlyUser, rules: [{ name: 'a', require }] } });

describe('the used claims', () => {
  test('are those of the default headers', async () => {
    expect(await used({})).toEqual([...ofEmail, 'groups']);
  });

  test.each<readonly [string, LoginConfigChanges, readonly string[]]>([
    ['the email alone', { more: onlyUser }, ofEmail],
    [
      'an output',
      { more: { outputClaimToHeaders: [{ header: 'x-a', claim: 'tenant' }] } },
      [...ofEmail, 'tenant'],
    ],
    [
      'an output by path: the name can contain its dots',
      { more: { outputClaimToHeaders: [{ header: 'x-a', claim: 'a.b.c' }] } },
      ['a', 'a.b', 'a.b.c', ...ofEmail],
    ],
    [
      'an output by names',
      { more: { outputClaimToHeaders: [{ header: 'x-a', claim: ['kubernetes.io', 'namespace'] }] } },
      [...ofEmail, 'kubernetes.io'],
    ],
    [
      'groups from another claim',
      {
        issuer: { groups: { claim: 'roles', keycloakRoles: true } },
        more: { outputClaimToHeaders: [{ header: 'x-a', from: 'groups' }] },
      },
      [...ofEmail, 'realm_access', 'resource_access', 'roles'],
    ],
    [
      'allowed groups',
      { issuer: { groups: { allowed: ['staff'] } }, more: onlyUser },
      [...ofEmail, 'groups'],
    ],
    ['groups that nothing reads', { issuer: { groups: { claim: 'roles' } }, more: onlyUser }, ofEmail],
    [
      'another email',
      { issuer: { email: { claim: 'upn', fallbackClaim: 'mail' } }, more: onlyUser },
      ['email_verified', 'mail', 'upn'],
    ],
    [
      'required claims of the issuer',
      { issuer: { requiredClaims: { tenant: 'a' } }, more: onlyUser },
      [...ofEmail, 'tenant'],
    ],
    ['required claims of a rule', rule({ claims: { '["a.b", "c"]': 'x' } }), ['a.b', ...ofEmail]],
    [
      'an expression',
      rule({ expression: '"staff" in claims.roles && has(claims.org.id) && claims["x y"] == 1' }),
      [...ofEmail, 'org', 'roles', 'x y'],
    ],
    [
      'headers of a rule',
      {
        more: {
          ...onlyUser,
          rules: [{ name: 'a', outputClaimToHeaders: [{ header: 'x-b', claim: 'b' }], require: {} }],
        },
      },
      ['b', ...ofEmail],
    ],
    [
      'rules of a policy',
      {
        more: {
          ...onlyUser,
          policies: [{ name: 'p', pathPrefix: '/p', rules: [{ name: 'a', require: { claims: { c: 1 } } }] }],
        },
      },
      ['c', ...ofEmail],
    ],
  ])('%s', async (_, changes, expected) => {
    expect(await used(changes)).toEqual([...expected].toSorted());
  });

  test.each<readonly [string, LoginConfigChanges]>([
    ['all claims are forwarded', { more: { outputClaimToHeaders: [{ header: 'x-a', from: 'claims' }] } }],
    ['an expression iterates over the claims', rule({ expression: 'claims.exists(name, name == "x")' })],
    ['an expression computes a name', rule({ expression: 'claims[request.method] == "x"' })],
  ])('are all, if %s', async (_, changes) => {
    expect(await used(changes)).toBe('every');
  });
});

describe('an expression reads', () => {
  test.each([
    ['claims.a == "x"', ['a'], false],
    ['claims["https://x/y"].z == 1', ['https://x/y'], false],
    ['has(claims.foo.bar)', ['foo'], false],
    ['"q" in claims', ['q'], false],
    ['claims.groups.exists(g, g == claims.b)', ['groups', 'b'], false],
    ['[claims].exists(c, c.a == 1)', [], true],
    ['claims == {"a": 1}', [], true],
    ['size(claims) == 1 || claims.b', ['b'], true],
    ['[1].exists(claims, claims == 1)', [], true],
    ['token.issuer == "claims"', [], false],
    ['{"claims": 1}.claims == 1', [], false],
  ])('%s', (expression, names, others) => {
    expect(compileExpression(expression).claims).toEqual({ names, others });
  });
});

test('keeps the used claims and those about the login, not those that a session has itself', () => {
  const claims = {
    iss: 'i',
    sub: 's',
    aud: 'a',
    sid: 'x',
    exp: 1,
    iat: 2,
    nonce: 'n',
    jti: 'j',
    email: 'e',
    groups: ['g'],
    big: 'b',
    preferred_username: 'p',
  };
  const about = { exp: 1, iat: 2, nonce: 'n', jti: 'j', preferred_username: 'p' };
  expect(keptClaims(claims, ['email', 'missing'])).toEqual({ ...about, email: 'e' });
  expect(keptClaims(claims, 'every')).toEqual({ ...about, email: 'e', groups: ['g'], big: 'b' });
  expect(keptClaims(JSON.parse('{"__proto__": {"a": 1}}'), ['toString'])).toEqual({});
});

test('a session with fewer claims than used is not enough', () => {
  expect(hasUsedClaims(['a', 'b'], ['a'])).toBe(true);
  expect(hasUsedClaims(['a'], ['a', 'b'])).toBe(false);
  expect(hasUsedClaims(['a'], 'every')).toBe(false);
  expect(hasUsedClaims(undefined, 'every')).toBe(true);
  expect(hasUsedClaims(undefined, ['a'])).toBe(true);
});
