/** Hosts that every server reads the same way. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostPatternProblem } from '../../../src/config/rules/host-patterns.ts';
import { readHost } from '../../../src/config/values/hosts.ts';

const label63 = 'a'.repeat(63);
const longest = [label63, label63, label63, 'a'.repeat(61)].join('.');

describe('parses the host', () => {
  test.each([
    ['orders.example.com', 'orders.example.com', undefined],
    ['Orders.Example.COM', 'orders.example.com', undefined],
    ['orders.example.com:8443', 'orders.example.com', '8443'],
    ['localhost', 'localhost', undefined],
    ['my_service.ns.svc.cluster.local:80', 'my_service.ns.svc.cluster.local', '80'],
    ['xn--caf-dma.example.com', 'xn--caf-dma.example.com', undefined],
    ['1password.com', '1password.com', undefined],
    ['192.0.2.1', '192.0.2.1', undefined],
    ['192.0.2.1:65535', '192.0.2.1', '65535'],
    ['[::1]', '[::1]', undefined],
    ['[2001:DB8::1]:443', '[2001:db8::1]', '443'],
    [longest, longest, undefined],
    [`${longest}:65535`, longest, '65535'],
    [`${label63}.example.com`, `${label63}.example.com`, undefined],
  ])('%s', (text, name, port) => {
    expect(readHost(text)).toEqual({ name, port });
  });
});

describe('rejects an invalid or ambiguous host', () => {
  test.each([
    '',
    '.',
    '..',
    ':',
    ':80',
    '.example.com',
    'example.com.',
    'example.com..',
    'a..b',
    'h:',
    'h::80',
    'h:0',
    'h:00',
    'h:080',
    'h:65536',
    'h:99999',
    'h:443.',
    'h:443:443',
    'h:+443',
    'h: 443',
    'h:4x',
    'h,b',
    'h, b',
    'h b',
    ' h',
    'h ',
    'h\t',
    'h\n',
    'h\0',
    'user@h',
    'user:pass@h',
    'h@b',
    'h/b',
    'h/',
    'h\\b',
    'h?b',
    'h#b',
    'h%2eb',
    'h%00',
    '%68',
    'http://h',
    '//h',
    '*.example.com',
    '-h.example.com',
    'h-.example.com',
    'é.example.com',
    '\u212aelvin.example.com',
    'a\u3002b',
    'h\u00ad',
    'h\ufeff',
    '127.1',
    '0127.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '0x7f000001',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3.4.',
    'a.1',
    'a.0x1',
    '[]',
    '[::1',
    '::1]',
    '::1',
    '[::1]x',
    '[::1].',
    '[::1]:',
    '[0:0:0:0:0:0:0:1]',
    '[::0001]',
    '[::ffff:1.2.3.4]',
    '[::1%25eth0]',
    '[::1%eth0]',
    '[v1.a]',
    '[g::1]',
    `${'a'.repeat(64)}.example.com`,
    `a.${longest}`,
    `${'a.'.repeat(130)}locked.example`,
    `${longest}.:1`,
  ])('%j', (text) => {
    expect(readHost(text)).toBeUndefined();
  });
});

test('a parsed host has the name that a URL has, and parses to itself', () => {
  const pieces = fc.constantFrom(
    ...'a.b-_1:[]0x,@%é8443',
    'example.com',
    '::',
    '127.0.0.1',
    'xn--',
    '.',
    ':80',
  );
  const hosts = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''));
  let read = 0;
  fc.assert(
    fc.property(fc.oneof(hosts, fc.string({ unit: 'binary', maxLength: 12 })), (text) => {
      const host = readHost(text);
      if (host === undefined) return;
      read++;
      // `URL` rejects some punycode that proxies do not decode.
      const url = URL.parse(`http://${text}/`);
      if (!text.toLowerCase().includes('xn--')) expect(url?.hostname).toBe(host.name);
      expect(readHost(host.port === undefined ? host.name : `${host.name}:${host.port}`)).toEqual(host);
      expect(host.name.endsWith('.')).toBe(false);
    }),
    { numRuns: 20_000 },
  );
  expect(read).toBeGreaterThan(500);
});

describe('a host pattern', () => {
  test.each([
    'orders.example.com',
    '*.example.com',
    '*.local',
    '*.example.com:8443',
    'h:1',
    '[::1]',
    '[::1]:80',
    '192.0.2.1',
    'a_b.c',
  ])('%s is valid', (pattern) => {
    expect(hostPatternProblem(pattern)).toBeUndefined();
  });
  test.each([
    '',
    '*',
    '*.',
    'a.*',
    '*.*.a',
    'A.b',
    'h:',
    'h:0',
    'h:080',
    'h:65536',
    'h.',
    '*.192.0.2.1',
    '*.[::1]',
    '[0:0::1]',
    '127.1',
    '1',
    'h,b',
    'é',
    `${longest}a`,
    `*.${longest}`,
  ])('%s is invalid', (pattern) => {
    expect(hostPatternProblem(pattern)).toBeTypeOf('string');
  });
});
