/** Reads NO_PROXY, the list of hosts that are reached without a proxy, as curl and Go do. */
import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { reachOf } from '../../config/values/addresses.ts';

/** Whether a URL is fetched without the proxy. */
export type Bypasses = (url: URL) => boolean;

/** One entry of the list. */
type Matches = (host: string, port: string) => boolean;

/**
 * Reads a list of entries, separated by commas or white space. Case does not matter.
 *
 * - `example.com` is that host and its subdomains; `.example.com` and `*.example.com` are its subdomains only
 * - `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]` is that address, `192.0.2.0/24` or `2001:db8::/32` that network (RFC 4632), and
 *   `192.0.2.1-192.0.2.9` that range; host names are not resolved to compare them with these
 * - a name or an address with a port, such as `example.com:8443`, matches that port only
 * - `*` is every host
 *
 * This machine (`localhost`, loopback addresses) is always reached directly. Any other entry matches nothing.
 */
export function readNoProxy(list: string): Bypasses {
  const entries = list
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .flatMap((entry) => readEntry(entry) ?? []);
  return (url) => {
    const host = plainAddress(url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, ''));
    if (host === 'localhost' || reachOf(host) === 'loopback') return true;
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    return entries.some((matches) => matches(host, port));
  };
}

function readEntry(entry: string): Matches | undefined {
  if (entry === '*') return () => true;
  const range = /^([\d.]+)-([\d.]+)$/.exec(entry);
  if (range !== null) return rangeOf(range[1] ?? '', range[2] ?? '');
  if (entry.includes('/')) return networkOf(entry);
  const { host, port } = splitPort(entry);
  if (isIP(host) !== 0) {
    const wanted = canonical(host);
    return (requestedHost, requestedPort) =>
      canonical(requestedHost) === wanted && isPort(port, requestedPort);
  }
  // A star is valid only as the first label: `*.example.com`.
  const [, dot = '', written = ''] = /^\*?(\.?)([^.*:/[\]].*?)\.?$/.exec(host) ?? [];
  const name = domainToASCII(written);
  if (name === '' || (host.startsWith('*') && dot === '')) return undefined;
  return (requestedHost, requestedPort) =>
    isPort(port, requestedPort) &&
    (requestedHost.endsWith(`.${name}`) || (dot === '' && requestedHost === name));
}

function networkOf(entry: string): Matches | undefined {
  const [, written = '', bits = ''] = /^([^/]*)\/(\d{1,3})$/.exec(entry) ?? [];
  const address = plainAddress(written);
  const family = isIP(address);
  // An IPv4 address inside an IPv6 one is preceded by 96 bits.
  const prefix = Number(bits) - (address === written ? 0 : 96);
  if (family === 0 || prefix < 0 || prefix > (family === 6 ? 128 : 32)) return undefined;
  const network = new BlockList();
  network.addSubnet(address, prefix, familyName(address));
  return (requestedHost) =>
    isIP(requestedHost) !== 0 && network.check(requestedHost, familyName(requestedHost));
}

function rangeOf(first: string, last: string): Matches | undefined {
  if (isIP(first) !== 4 || isIP(last) !== 4) return undefined;
  const range = new BlockList();
  try {
    range.addRange(first, last);
  } catch {
    return undefined;
  }
  return (requestedHost) => isIP(requestedHost) === 4 && range.check(requestedHost);
}

function splitPort(entry: string): { readonly host: string; readonly port: string | undefined } {
  const [, bracketed, portBehind] = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry) ?? [];
  if (bracketed !== undefined) return { host: plainAddress(bracketed), port: portBehind };
  if (isIP(entry) === 6) return { host: plainAddress(entry), port: undefined };
  const [, host, port] = /^([^:]*):(\d+)$/.exec(entry) ?? [];
  return host === undefined ? { host: entry, port: undefined } : { host, port };
}

function isPort(wanted: string | undefined, port: string): boolean {
  return wanted === undefined || Number(wanted) === Number(port);
}

/** Unwraps an IPv4 address inside an IPv6 one (RFC 4291 section 2.5.5.2). */
function plainAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical(address)) ?? [];
  if (high === undefined || low === undefined) return address;
  const bits = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

/** The canonical text of an address. */
function canonical(address: string): string {
  if (isIP(address) !== 6) return address;
  return new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
}

function familyName(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
