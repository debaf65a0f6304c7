/** Which URLs keys and metadata may be fetched from. */
import { BlockList, isIP } from 'node:net';

const loopback = subnets('127.0.0.0/8', '::1/128');

// Beside the link-local ranges: one cloud's metadata address, and the way to 169.254/16 through NAT64 (RFC 6052).
const linkLocal = subnets('169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128', '64:ff9b::a9fe:0/112');

/**
 * Says why a URL cannot be fetched from, as far as its text tells.
 *
 * @returns the problem, or undefined
 */
export function urlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'expected an absolute URL such as https://issuer.example.com';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return `expected https://, not ${url.protocol}//`;
  if (url.username !== '' || url.password !== '') return 'expected a URL without user name and password';
  if (url.hash !== '') return 'expected a URL without a fragment (#…)';
  if (isLinkLocal(hostOf(url))) return 'expected a URL that is not on a link-local address';
  return undefined;
}

/** Whether a text is http:// or https://, a host and perhaps a port, and nothing behind that. */
export function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    [url.origin, `${url.origin}/`].includes(url.href) &&
    !/[?#@]/.test(text)
  );
}

/** Whether plain http needs no permission: the host is this machine. */
export function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return host === 'localhost' || host.endsWith('.localhost') || isIn(loopback, host);
}

/** Whether an IP address is link-local (RFC 3927, RFC 4291 section 2.5.6), where clouds keep their metadata. */
export function isLinkLocal(address: string): boolean {
  return isIn(linkLocal, address);
}

/** The host of a URL, an IPv6 address without its brackets. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Hides user names and passwords of the URLs in a text. */
export function maskUrls(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/gi, '$1***@');
}

function isIn(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function subnets(...networks: string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
