/** How a support bundle masks a configuration and texts. */
import { describe, expect, test } from 'vitest';
import { writtenConfig } from '../../../src/config/describe/describe.ts';
import { maskConfig, maskMessage, maskTexts } from '../../../src/tools/support-bundle/mask.ts';
import { configOf } from '../../support/app.ts';

test('shows names, numbers and words, and masks claim values, header values, expressions and addresses', async () => {
  const config = await configOf(`
issuers:
  - issuer: https://a.example.com
    name: a
    audiences: [orders-api]
    requiredClaims: {tenant: [one, two], level: 5, active: true}
    email: {allowedAddresses: [alice@example.com]}
trustedHeaders: [x-partner]
policies:
  - name: team
    pathPrefix: /team
    rules:
      - name: r
        match: {paths: [/x], headers: {x-partner: secret}}
        require: {audiences: [orders-api], claims: {department: hr}, expression: 'claims.sub == "alice"'}
http: {enabled: false}
`);
  expect(maskConfig(writtenConfig(config))).toMatchObject({
    issuers: [
      {
        issuer: 'https://a.example.com',
        name: 'a',
        audiences: ['orders-api'],
        requiredClaims: { tenant: ['***', '***'], level: '***', active: '***' },
        email: { allowedAddresses: ['***'], claim: 'email' },
        clockTolerance: '30s',
      },
    ],
    policies: [
      {
        name: 'team',
        rules: [
          {
            name: 'r',
            match: { paths: ['/x'], headers: { 'x-partner': '***' } },
            require: { audiences: ['orders-api'], claims: { department: '***' }, expression: '***' },
          },
        ],
      },
    ],
    realm: '',
    http: { enabled: false, port: 8000 },
  });
});

test('shows the place of the store and the names of its files', async () => {
  const valkey = { urls: ['rediss://valkey.example.svc:6379'], passwordFile: '/etc/p', prefix: 'shop' };
  expect(maskConfig({ state: { keysFile: '/etc/k', valkey: { ...valkey, password: 'hunter2' } } })).toEqual({
    state: { keysFile: '/etc/k', valkey: { ...valkey, password: '***' } },
  });
});

test('masks an option that is not declared', () => {
  expect(maskConfig({ mode: 'enforce', unknown: 'secret', http: { unknown: ['secret'] } })).toEqual({
    mode: 'enforce',
    unknown: '***',
    http: { unknown: ['***'] },
  });
});

describe('masks in a text', () => {
  test.each([
    [
      'a password',
      'proxy http://user:p@ss@proxy.example.com:3128 failed',
      'proxy http://***@proxy.example.com:3128 failed',
    ],
    ['a query', 'GET https://a.example.com/keys?code=1#x: 404', 'GET https://a.example.com/keys?*** 404'],
    ['a quoted value', 'must be a number, got "a \\"b\\""; write 5', 'must be a number, got "***"; write 5'],
    [
      'the message about a masked option in a list',
      'the configuration has 2 problems:\n  - realm (a.yaml:1:1): x\n\n> 1 | secret\n  - http.port (a.yaml:2:1): must be a number',
      'the configuration has 2 problems:\n  - realm (a.yaml:1:1): *** (the message can quote the value)\n  - http.port (a.yaml:2:1): must be a number',
    ],
  ])('%s', (_, text, expected) => {
    expect(maskTexts({ list: [text] })).toEqual({ list: [expected] });
  });

  test('nothing else', () => {
    const text = 'expected audience orders-api, found account (https://a.example.com)';
    expect(maskTexts(text)).toBe(text);
    expect(maskTexts([1, true, null])).toEqual([1, true, null]);
  });
});

test.each([
  ['rules[0].require.expression', true],
  ['policies[1].rules[0].require.expression', true],
  ['issuers[0].requiredClaims.tenant', true],
  ['issuers[0].email.allowedAddresses[2]', true],
  ['rules[0].match.headers["x-a"]', true],
  ['issuers[0].issuer', false],
  ['http.port', false],
  ['', false],
])('the message about %s is masked: %s', (path, isMasked) => {
  expect(maskMessage(path, 'the message').startsWith('***')).toBe(isMasked);
});
