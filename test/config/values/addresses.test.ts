/** Addresses from which the service never fetches, compared with the IANA registries and Node's BlockList. */
import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reachOf } from '../../../src/config/values/addresses.ts';
import { isLoopback, urlProblem } from '../../../src/config/values/urls.ts';

/** IPv4 networks from the IANA registry and the documentation of cloud providers. */
const refused4: readonly [network: string, bits: number][] = [
  ['0.0.0.0', 8],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const loopback4 = ['127.0.0.0', 8] as const;

const refused6: readonly [network: string, bits: number][] = [
  ['::', 127],
  ['::', 96],
  ['2001::', 32],
  ['fd00:ec2::', 32],
  ['fd00:42::42', 128],
  ['fd20:ce::254', 128],
  ['fe80::', 10],
  ['ff00::', 8],
];

/** IPv6 addresses that contain an IPv4 address, and the first bit of that address. */
const wrappings: Readonly<Record<string, readonly [wrap: (hex: string) => string, at: number]>> = {
  'NAT64 (RFC 6052)': [(hex) => `64:ff9b::${hex}`, 96],
  '6to4 (RFC 3056)': [(hex) => `2002:${hex}::`, 16],
  'SIIT (RFC 7915)': [(hex) => `::ffff:0:${hex}`, 96],
};

/** An IPv4 address as two hexadecimal groups. */
function hex(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

const never = new BlockList();
const here = new BlockList();
for (const [network, bits] of refused4) never.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of refused6) never.addSubnet(network, bits, 'ipv6');
for (const [wrap, at] of Object.values(wrappings))
  for (const [network, bits] of [...refused4, loopback4])
    never.addSubnet(wrap(hex(network)), at + bits, 'ipv6');
here.addSubnet(...loopback4, 'ipv4');
here.addAddress('::1', 'ipv6');

/** The class of an address according to the lists. */
function listed(address: string): string {
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  if (here.check(address, family)) return 'loopback';
  return never.check(address, family) ? 'never' : 'open';
}

function judged(address: string): string {
  const reach = reachOf(address);
  return reach === 'open' || reach === 'loopback' ? reach : 'never';
}

const byte = fc.nat({ max: 255 });
/** Addresses near the bounds of the blocked networks, and random ones. */
const ipv4 = fc.oneof(
  fc.tuple(byte, byte, byte, byte),
  fc.tuple(
    fc.constantFrom(0, 1, 100, 126, 127, 128, 168, 169, 192, 223, 224, 239, 240, 255),
    byte,
    byte,
    byte,
  ),
  fc.constantFrom(
    ...refused4.flatMap(([network]) => {
      const [a = 0, b = 0, c = 0, d = 0] = network.split('.').map(Number);
      return [-1, 0, 1].map((step): [number, number, number, number] => [a, b, c, Math.max(0, d + step)]);
    }),
    [169, 253, 255, 255] as [number, number, number, number],
    [169, 254, 169, 254] as [number, number, number, number],
    [169, 255, 0, 0] as [number, number, number, number],
    [192, 0, 0, 255] as [number, number, number, number],
    [192, 0, 1, 0] as [number, number, number, number],
  ),
);
const group = fc.oneof(
  fc.nat({ max: 0xff_ff }),
  fc.constantFrom(
    0,
    1,
    0x64,
    0xff_9b,
    0x20_01,
    0x20_02,
    0xfd_00,
    0x0e_c2,
    0xfe_80,
    0xfe_bf,
    0xfe_c0,
    0xff_ff,
  ),
);
const ipv6 = fc
  .oneof(
    fc.array(group, { minLength: 8, maxLength: 8 }),
    fc.array(fc.nat({ max: 0xff_ff }), { minLength: 8, maxLength: 8 }),
    fc
      .tuple(fc.constantFrom(0, 0xff_ff), ipv4)
      .map(([sixth, [a, b, c, d]]) => [...[0, 0, 0, 0, 0, sixth], ...[a * 256 + b, c * 256 + d]]),
  )
  // Local NAT64 prefixes and ISATAP addresses have their own tests.
  .filter(([a, b, c, , , f]) => !(a === 0x64 && b === 0xff_9b && c === 1) && f !== 0x5e_fe);

test('classifies IPv4 addresses as the registry does', () => {
  fc.assert(
    fc.property(ipv4, (bytes) => {
      const address = bytes.join('.');
      expect([address, judged(address)]).toEqual([address, listed(address)]);
    }),
    { numRuns: 3_000 },
  );
});

test('classifies IPv6 addresses as the registry does, in any spelling', () => {
  fc.assert(
    fc.property(ipv6, fc.boolean(), (groups, isUpper) => {
      const full = groups.map((value) => value.toString(16).padStart(4, '0')).join(':');
      const short = new URL(`http://[${full}]`).hostname.slice(1, -1);
      const [g = 0, h = 0] = groups.slice(6);
      const dotted = `${full.slice(0, 29)}:${g >> 8}.${g & 255}.${h >> 8}.${h & 255}`;
      for (const address of [full, short, dotted]) {
        const written = isUpper ? address.toUpperCase() : address;
        expect([written, judged(written)]).toEqual([written, listed(full)]);
        expect(judged(`${written}%eth0`)).toBe(listed(full));
      }
    }),
    { numRuns: 3_000 },
  );
});

test('classifies an embedded IPv4 address like the address itself', () => {
  fc.assert(
    fc.property(ipv4, (bytes) => {
      const address = bytes.join('.');
      const expected = listed(address);
      expect([address, judged(`::ffff:${address}`)]).toEqual([address, expected]);
      const isOpen = expected === 'open';
      for (const [name, [wrap]] of Object.entries(wrappings))
        expect([name, address, judged(wrap(hex(address)))]).toEqual([
          name,
          address,
          isOpen ? 'open' : 'never',
        ]);
      for (const identifier of ['0:5efe', '200:5efe'])
        expect(judged(`2a00:1:2:3:${identifier}:${hex(address)}`)).toBe(isOpen ? 'open' : 'never');
    }),
    { numRuns: 2_000 },
  );
});

describe("an operator's NAT64 (64:ff9b:1::/48)", () => {
  /** RFC 6052 section 2.2: the address after a prefix of 48, 56, 64 or 96 bits. Bits 64 to 71 are skipped. */
  const written = (prefix: 48 | 56 | 64 | 96, address: string): string => {
    const bytes = [0, 0x64, 0xff, 0x9b, 0, 1, ...Array.from({ length: 10 }, () => 0)];
    let at = prefix / 8;
    for (const part of address.split('.').map(Number)) {
      if (at === 8) at++;
      bytes[at++] = part;
    }
    const text = bytes.map((value) => value.toString(16).padStart(2, '0'));
    return Array.from({ length: 8 }, (_, index) => `${text[2 * index]}${text[2 * index + 1]}`).join(':');
  };
  const prefixes = [48, 56, 64, 96] as const;

  test.each(prefixes)('with a prefix of %i bits is blocked for sensitive addresses', (prefix) => {
    for (const address of ['169.254.169.254', '100.100.100.200', '168.63.129.16', '127.0.0.1'])
      expect([address, judged(written(prefix, address))]).toEqual([address, 'never']);
  });

  test.each(prefixes)('with a prefix of %i bits is allowed for other addresses', (prefix) => {
    for (const address of ['8.8.8.8', '20.190.128.1', '142.250.74.110'])
      expect([address, judged(written(prefix, address))]).toEqual([address, 'open']);
  });
});

describe('a URL', () => {
  test.each([
    ['http://169.254.169.254/latest/meta-data/', 'link-local'],
    ['http://2852039166/', 'link-local'],
    ['http://0xa9fea9fe/', 'link-local'],
    ['http://0251.0376.0251.0376/', 'link-local'],
    ['http://169.254.43518/', 'link-local'],
    ['http://169.16689662/', 'link-local'],
    ['http://169.254.169.254./', 'link-local'],
    ['http://１６９．２５４．１６９．２５４/', 'link-local'],
    ['http://169。254。169。254/', 'link-local'],
    ['http://%31%36%39.254.169.254/', 'link-local'],
    ['http://[fe80::a9fe:a9fe]/', 'link-local'],
    ['http://[::ffff:169.254.169.254]/', 'link-local'],
    ['http://[0:0:0:0:0:ffff:a9fe:a9fe]/', 'link-local'],
    ['http://[::169.254.169.254]/', 'reserved'],
    ['http://[64:ff9b::a9fe:a9fe]/', 'link-local'],
    ['http://[64:ff9b:1::a9fe:a9fe]/', 'link-local'],
    ['http://[2002:a9fe:a9fe::]/', 'link-local'],
    ['http://[2002:a9fe:a9fe::1]/', 'link-local'],
    ['http://[2001:0:a9fe:a9fe::1]/', 'tunnel'],
    ['http://[2a00::5efe:169.254.169.254]/', 'link-local'],
    ['http://[fd00:ec2::254]/', 'metadata'],
    ['http://[fd00:ec2::23]/', 'metadata'],
    ['http://[fd20:ce::254]/', 'metadata'],
    ['http://[fd00:42::42]/', 'metadata'],
    ['http://100.100.100.200/', 'metadata'],
    ['http://168.63.129.16/', 'metadata'],
    ['http://192.0.0.192/', 'metadata'],
    ['http://0.0.0.0/', 'unspecified'],
    ['http://0/', 'unspecified'],
    ['http://0.1.2.3/', 'unspecified'],
    ['http://[::]/', 'unspecified'],
    ['http://[::ffff:0.0.0.0]/', 'unspecified'],
    ['http://224.0.0.1/', 'multicast'],
    ['http://[ff02::1]/', 'multicast'],
    ['http://255.255.255.255/', 'reserved'],
  ])('%s is rejected', (url, what) => {
    expect(urlProblem(url)).toContain(what);
    expect(urlProblem(url.replace('http:', 'https:'))).toContain(what);
  });

  test.each([
    'https://idp.example.com/',
    'https://10.0.0.1/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://[fd12:3456::1]/',
    'https://[64:ff9b::808:808]/',
    'https://169.253.0.1/',
    'http://127.0.0.1/',
    'http://[::1]/',
    'http://localhost/',
    'https://169.254.169.254.example.com/',
  ])('%s is accepted', (url) => expect(urlProblem(url)).toBeUndefined());

  test('is a loopback URL by name or by address', () => {
    for (const host of [
      'localhost',
      'localhost.',
      'a.localhost',
      '127.0.0.1',
      '127.1',
      '0x7f000001',
      '[::1]',
      '[::ffff:127.0.0.1]',
    ])
      expect([host, isLoopback(new URL(`http://${host}/`))]).toEqual([host, true]);
    for (const host of ['localhost.example.com', 'notlocalhost', '128.0.0.1', '[::2]', '[64:ff9b::7f00:1]'])
      expect([host, isLoopback(new URL(`http://${host}/`))]).toEqual([host, false]);
  });
});
