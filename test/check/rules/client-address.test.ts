import { describe, expect, test } from 'vitest';
import { createClientAddress } from '../../../src/check/rules/client-address.ts';
import { createSelectRule } from '../../../src/check/rules/select-rule.ts';
import { ConfigError } from '../../../src/config/validate/problems.ts';
import { configOf } from '../../support/app.ts';
import { checkRequest } from '../../support/requests.ts';

const trustedProxies = ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32'];

function addressOf(lines: readonly string[], peer = '', header = 'x-forwarded-for'): string | undefined {
  const request = checkRequest({
    source: { address: peer, principal: '' },
    header: (name) => (name === header ? lines : []),
  });
  return createClientAddress({ header, trustedProxies })(request);
}

describe('the address of a client', () => {
  test.each([
    ['is the last address that is not a trusted proxy', ['203.0.113.9, 10.0.0.1, 192.0.2.1'], '203.0.113.9'],
    ['is not one that the client put before it', ['198.51.100.7, 203.0.113.9, 10.0.0.1'], '203.0.113.9'],
    ['is not one in a header line of the client', ['198.51.100.7', '203.0.113.9'], '203.0.113.9'],
    ['is the first address if all are trusted proxies', ['10.0.0.3, 10.0.0.2'], '10.0.0.3'],
    ['has no port', ['203.0.113.9:4711, 10.0.0.1:80'], '203.0.113.9'],
    ['has no brackets', ['[2001:db9::1]:4711'], '2001:db9::1'],
    ['is the one before IPv6 proxies', ['203.0.113.9, 2001:db8::7, [2001:db8::8]:9'], '203.0.113.9'],
    ['is the one before IPv4-mapped IPv6 proxies', ['203.0.113.9, ::ffff:10.1.2.3'], '203.0.113.9'],
    ['is unchanged if it is invalid', ['10.0.0.9, unknown'], 'unknown'],
    ['is empty if the last entry is empty', ['10.0.0.9,'], ''],
  ])('%s', (_, lines, expected) => {
    expect(addressOf(lines)).toBe(expected);
  });

  test('includes the peer of the proxy if it is reported', () => {
    expect(addressOf(['203.0.113.9'], '10.0.0.1')).toBe('203.0.113.9');
    expect(addressOf(['203.0.113.9'], '198.51.100.7')).toBe('198.51.100.7');
    expect(addressOf([], '198.51.100.7')).toBe('198.51.100.7');
  });

  test('is the only line of another configured header', () => {
    const header = 'x-envoy-external-address';
    expect(addressOf(['203.0.113.9'], '', header)).toBe('203.0.113.9');
    expect(addressOf(['203.0.113.9', '10.0.0.1'], '', header)).toBeUndefined();
    expect(addressOf([], '', header)).toBeUndefined();
  });

  test('is found only among the last 32 entries of a long header', () => {
    const many = `10.0.0.9, ${'203.0.113.9, '.repeat(8_000)}10.0.0.1`;
    expect(addressOf([many])).toBe('203.0.113.9');
    expect(addressOf([`203.0.113.9, ${'10.0.0.1, '.repeat(40)}10.0.0.1`])).toBeUndefined();
  });
});

/** One IPv4-mapped address (RFC 4291 section 2.5.5.2) in each of its spellings, as a proxy that listens on `[::]` writes it. */
const spellings = [
  '203.0.113.9',
  '::ffff:203.0.113.9',
  '::FFFF:203.0.113.9',
  '::ffff:cb00:7109',
  '0:0:0:0:0:ffff:203.0.113.9',
  '[::ffff:203.0.113.9]:4711',
];

describe('an IPv4-mapped IPv6 address is the IPv4 address', () => {
  test.each(spellings)('%s', async (spelling) => {
    const ruleFor = async (networks: string) => {
      const { rules } = await configOf(`
issuers: [{issuer: "https://a.example.com", audiences: [a]}]
noRuleMatches: deny
clientAddress: {trustedProxies: [10.0.0.0/8]}
rules: [{name: office, match: {addresses: ${networks}}, allow: anonymous}]
`);
      const select = createSelectRule(
        rules ?? [],
        createClientAddress({ header: 'x-forwarded-for', trustedProxies: ['10.0.0.0/8'] }),
      );
      const request = checkRequest({
        source: { address: '::ffff:10.0.0.1', principal: '' },
        header: (name) => (name === 'x-forwarded-for' ? [spelling] : []),
      });
      return select(request);
    };
    for (const networks of [
      '[203.0.113.0/24]',
      '[203.0.113.9]',
      '["::ffff:203.0.113.0/120"]',
      '["::ffff:203.0.113.9"]',
    ])
      expect(await ruleFor(networks)).toBe(0);
    expect(await ruleFor('[198.51.100.0/24, "2001:db8::/32"]')).toBe('none');
  });
});

describe('a rule with addresses', () => {
  const file = (more: string, addresses = '[203.0.113.0/24]') => `
issuers: [{issuer: "https://a.example.com", audiences: [a]}]
noRuleMatches: token
rules: [{name: office, match: {addresses: ${addresses}}, allow: anonymous}]
${more}`;
  const problemsOf = async (text: string) => {
    try {
      await configOf(text);
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.problems.map(({ path, message }) => `${path}: ${message}`);
    }
  };

  test('needs trusted proxies', async () => {
    expect(await problemsOf(file(''))).toEqual([
      expect.stringMatching(/^rules\[0\]\.match\.addresses: .*trustedProxies/),
    ]);
    expect(await problemsOf(file('clientAddress: {trustedProxies: [10.0.0.0/8]}'))).toEqual([]);
    const own = 'clientAddress: {header: X-Envoy-External-Address}';
    expect(await problemsOf(file(own))).toEqual([expect.stringMatching(/add it to trustedHeaders/)]);
    expect(await problemsOf(file(`${own}\ntrustedHeaders: [x-envoy-external-address]`))).toEqual([]);
  });

  test.each(['10.0.0.0/33', '10.0.0', '10.0.0.0/8/9', '::/129', 'localhost', '10.0.0.0/-1', ''])(
    'refuses the network %j',
    async (network) => {
      const problems = await problemsOf(
        file('clientAddress: {trustedProxies: [10.0.0.0/8]}', `["${network}"]`),
      );
      expect(problems).toEqual([expect.stringMatching(/^rules\[0\]\.match\.addresses\[0\]: .*must be/)]);
    },
  );
});
