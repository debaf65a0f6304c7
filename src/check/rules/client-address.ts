/** The address of the client, as the proxies report it. */

import type { Config } from '../../config/declare/options.ts';
import { createIsWithin } from '../../config/values/networks.ts';
import type { CheckRequest } from '../../model/check-request.ts';

/** Returns the address of the client; undefined if it is unknown. */
export type ClientAddress = (request: CheckRequest) => string | undefined;

/** Maximum number of entries of `x-forwarded-for` that are read. A client can send any number. */
const maxHops = 32;

/**
 * Creates the function that reads the address.
 *
 * Each proxy appends the address of its peer, so entries from the client precede those of the proxies. The list is read from its end,
 * and trusted proxies are skipped.
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
    // If all entries are trusted proxies, the client is the first one, unless the list was not read to its start.
    return last ?? (isAll ? hops[0] : undefined);
  };

  // The rules of a check run in sequence, so caching the last request is enough.
  let cached: { readonly request: CheckRequest; readonly address: string | undefined } | undefined;
  return (request) => {
    if (cached?.request !== request) cached = { request, address: read(request) };
    return cached.address;
  };
}

/** The last entries of a list in header lines, in order, and whether these are all entries. */
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
  // No header line counts as one empty entry.
  return { entries: entries.length === 0 ? [''] : entries.reverse(), isAll: true };
}

/** The address in an entry, without white space and port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function addressIn(entry: string): string {
  const text = entry.trim();
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(text) ?? [];
  return bracketed ?? text.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
}
