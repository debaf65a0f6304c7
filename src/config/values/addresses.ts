/** Decides which IP addresses may be fetched from. Blocked: metadata services of clouds, and addresses that are not one machine. */
import { isIP } from 'node:net';

/**
 * The kind of an address for a fetch: `open`, `loopback` (this machine), or the reason to block it, such as
 * `a link-local address`.
 */
export type Reach = 'open' | 'loopback' | `a ${string}` | `an ${string}`;

/** A network: the bytes of its address and the length of its prefix. */
interface Network {
  readonly bytes: readonly number[];
  readonly bits: number;
}

const linkLocal = 'a link-local address';
const metadata = "a cloud's metadata address";
const unspecified = 'an unspecified address';
const multicast = 'a multicast address';
const reserved = 'a reserved address';

/** Kinds of address where a service may reveal secrets. */
const sensitive: ReadonlySet<Reach> = new Set([linkLocal, metadata, 'loopback']);

/** IANA IPv4 Special-Purpose Address Registry, RFC 1112, RFC 3927, and metadata services of clouds. */
const ranges4 = networks([
  ['0.0.0.0/8', unspecified],
  ['100.100.100.200/32', metadata],
  ['127.0.0.0/8', 'loopback'],
  ['168.63.129.16/32', metadata],
  ['169.254.0.0/16', linkLocal],
  ['192.0.0.192/32', metadata],
  ['192.0.0.0/24', reserved],
  ['224.0.0.0/4', multicast],
  ['240.0.0.0/4', reserved],
]);

/** IANA IPv6 Special-Purpose Address Registry, RFC 4291, RFC 4380, and metadata services of clouds. */
const ranges6 = networks([
  ['::1/128', 'loopback'],
  ['::/128', unspecified],
  ['::/96', reserved],
  ['2001::/32', 'a tunnel (Teredo)'],
  ['fd00:42::42/128', metadata],
  ['fd00:ec2::/32', metadata],
  ['fd20:ce::254/128', metadata],
  ['fe80::/10', linkLocal],
  ['ff00::/8', multicast],
]);

const mapped = network('::ffff:0:0/96');

/** IPv6 networks that embed an IPv4 address for a router to translate, and the positions of its bytes. */
const translations: readonly { readonly of: Network; readonly at: readonly (readonly number[])[] }[] = [
  // RFC 6052 section 2.1.
  { of: network('64:ff9b::/96'), at: [[12, 13, 14, 15]] },
  // RFC 8215; the operator chooses the length of the prefix (RFC 6052 section 2.2).
  {
    of: network('64:ff9b:1::/48'),
    at: [
      [6, 7, 9, 10],
      [7, 9, 10, 11],
      [9, 10, 11, 12],
      [12, 13, 14, 15],
    ],
  },
  // RFC 3056 section 2.
  { of: network('2002::/16'), at: [[2, 3, 4, 5]] },
  // RFC 7915 section 2.
  { of: network('::ffff:0:0:0/96'), at: [[12, 13, 14, 15]] },
];

/** Interface identifiers that embed an IPv4 address, in any network (RFC 5214 section 6.1). */
const isatap = ['0,0,94,254', '2,0,94,254'];

/**
 * Classifies an address. A text that is not an IP address is `open`.
 *
 * @param text without brackets; a zone (`%eth0`) is ignored
 */
export function reachOf(text: string): Reach {
  const address = text.replace(/%.*$/, '');
  const family = isIP(address);
  if (family === 4) return reachOf4(bytesOf4(address));
  return family === 6 ? reachOf6(bytesOf6(address)) : 'open';
}

function reachOf4(bytes: readonly number[]): Reach {
  return ranges4.find(({ network: within }) => isWithin(bytes, within))?.reach ?? 'open';
}

function reachOf6(bytes: readonly number[]): Reach {
  if (isWithin(bytes, mapped)) return reachOf4(bytes.slice(12));
  const listed = ranges6.find(({ network: within }) => isWithin(bytes, within));
  if (listed !== undefined) return listed.reach;
  const places = translations.find(({ of }) => isWithin(bytes, of))?.at ?? [];
  const embedded = places.map((place) => reachOf4(place.map((index) => bytes[index] ?? 0)));
  if (isatap.includes(bytes.slice(8, 12).join(','))) embedded.push(reachOf4(bytes.slice(12)));
  // If the IPv4 address can be in several places, most readings are wrong. Then only sensitive addresses count.
  const blocked = embedded.find((reach) => (places.length > 1 ? sensitive.has(reach) : reach !== 'open'));
  if (blocked === undefined) return 'open';
  return blocked === 'loopback'
    ? 'a route to the loopback address of another machine'
    : `a route to ${blocked}`;
}

function networks(ranges: readonly (readonly [string, Reach])[]) {
  return ranges.map(([text, reach]) => ({ network: network(text), reach }));
}

function network(text: string): Network {
  const [address = '', bits] = text.split('/');
  return { bytes: address.includes(':') ? bytesOf6(address) : bytesOf4(address), bits: Number(bits) };
}

function isWithin(bytes: readonly number[], { bytes: start, bits }: Network): boolean {
  const whole = bits >> 3;
  const rest = (0xff00 >> (bits & 7)) & 0xff;
  return (
    start.slice(0, whole).every((byte, index) => byte === bytes[index]) &&
    (rest === 0 || ((start[whole] ?? 0) & rest) === ((bytes[whole] ?? 0) & rest))
  );
}

function bytesOf4(address: string): number[] {
  return address.split('.').map(Number);
}

/** Parses a valid IPv6 address (RFC 4291 section 2.2). */
function bytesOf6(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const [before, behind] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = tail === undefined ? 0 : 16 - before.length - behind.length;
  return [...before, ...Array.from({ length: zeros }, () => 0), ...behind];
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return bytesOf4(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
