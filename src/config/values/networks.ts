/** IP addresses and networks (CIDR, RFC 4632 section 3.1). */
import { BlockList, isIP } from 'node:net';
import { quoteValue } from './quote-value.ts';

/** Returns why a text is neither an IP address nor a network; undefined if it is one. */
export function networkProblem(text: string): string | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0)
    return `must be an IP address or a network such as 10.0.0.0/8, got ${quoteValue(text)}`;
  if (prefix === undefined) return undefined;
  const bits = family === 6 ? 128 : 32;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits
    ? undefined
    : `the prefix after the slash must be from 0 to ${bits}, got ${quoteValue(text)}`;
}

/** Whether an address is in one of some networks. Never throws; false for a text that is not an address. */
export type IsWithin = (address: string) => boolean;

/** Creates a matcher for networks. An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) matches as its IPv4 address. */
export function createIsWithin(networks: readonly string[]): IsWithin {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (text) => {
    const address = text.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}
