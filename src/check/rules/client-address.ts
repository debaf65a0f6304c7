/** Where a request comes from, as the proxies in front tell it. */

import type { Config } from '../../config/declare/options.ts';
import { createIsWithin } from '../../config/values/networks.ts';
import type { CheckRequest } from '../../model/check-request.ts';

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
  const read: ClientAddress = (request) => {
    const lines = request.header(header);
    if (header !== 'x-forwarded-for') return lines.length === 1 ? addressIn(lines[0] ?? '') : undefined;
    const { address: peer } = request.source;
    const { entries, isAll } = lastEntries(lines);
    const hops = [...entries, ...(peer === '' ? [] : [peer])].map(addressIn);
    const last = hops.findLast((hop) => !isTrusted(hop));
    // Where all are known, it is the first; of a longer list nobody has looked at that.
    return last ?? (isAll ? hops[0] : undefined);
  };

  // The rules of a check ask one after the other, so the last request is all that has to be remembered.
  let known: { readonly request: CheckRequest; readonly address: string | undefined } | undefined;
  return (request) => {
    if (known?.request !== request) known = { request, address: read(request) };
    return known.address;
  };
}

/** The last entries of a list in some lines, in order, and whether there are no others; what is in front of them is not looked at. */
function lastEntries(lines: readonly string[]): {
  readonly entries: readonly string[];
  readonly isAll: boolean;
} {
  const entries: string[] = [];
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at] ?? '';
    for (let end = line.length; end >= 0; ) {
      if (entries.length === maxHops) return { entries: entries.reverse(), isAll: false };
      const comma = end === 0 ? -1 : line.lastIndexOf(',', end - 1);
      entries.push(line.slice(comma + 1, end));
      end = comma;
    }
  }
  // No line is one entry, of nothing.
  return { entries: entries.length === 0 ? [''] : entries.reverse(), isAll: true };
}

/** An entry without white space and port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function addressIn(entry: string): string {
  const text = entry.trim();
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(text) ?? [];
  return bracketed ?? text.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
}
