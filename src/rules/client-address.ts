/** Where a request comes from, as the proxies in front tell it. */
import type { CheckRequest } from '../check/types.ts';
import { createIsWithin } from '../config/networks.ts';
import type { Config } from '../config/options.ts';

/** The address of the client; undefined where it cannot be told. */
export type ClientAddress = (request: CheckRequest) => string | undefined;

/** Most entries of `x-forwarded-for` that are looked at: a client can send as many as it likes. */
const maxHops = 32;

/**
 * Makes the reading of the client's address.
 *
 * Each proxy appends the address of its own peer, so what a client sends itself stands in front of what a proxy wrote of it: the
 * list is read from its end, past the proxies that are known.
 */
export function createClientAddress({ header, trustedProxies }: Config['clientAddress']): ClientAddress {
  const isTrusted = createIsWithin(trustedProxies);
  return (request) => {
    const lines = request.header(header);
    if (header !== 'x-forwarded-for') return lines.length === 1 ? addressIn(lines[0] ?? '') : undefined;
    const { address: peer } = request.source;
    const entries = lines.join(',').split(',');
    const hops = [...entries.slice(-maxHops), ...(peer === '' ? [] : [peer])].map(addressIn);
    const last = hops.findLast((hop) => !isTrusted(hop));
    // Where all are known, it is the first; of a longer list nobody has looked at that.
    return last ?? (entries.length > maxHops ? undefined : hops[0]);
  };
}

/** An entry without white space and port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function addressIn(entry: string): string {
  const text = entry.trim();
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(text) ?? [];
  return bracketed ?? text.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
}
