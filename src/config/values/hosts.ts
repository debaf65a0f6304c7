/** Parses a host for rules and proofs (RFC 9110 section 7.2, RFC 3986 section 3.2.2). */

/** A host in lower case, and its port. */
export interface Host {
  readonly name: string;
  /** Digits; undefined without a port. */
  readonly port: string | undefined;
}

/** Maximum length of a name (RFC 1035 section 2.3.4), and of a port with its colon. */
const maxNameLength = 253;
const maxPortLength = 6;
const maxPort = 65_535;

const parts = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([1-9][0-9]{0,4}))?$/;
const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const names = new RegExp(`^${label}(?:\\.${label})*$`);
/** Names that a URL parser reads as an IPv4 address (WHATWG URL, "ends in a number"). */
const endsInNumber = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;
const byte = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ipv4 = new RegExp(`^${byte}(?:\\.${byte}){3}$`);

/**
 * Parses a Host header or an `:authority`.
 *
 * @returns undefined unless it is a name or an address in its usual form; servers could disagree about any other form
 */
export function readHost(text: string): Host | undefined {
  if (text.length > maxNameLength + maxPortLength) return undefined;
  const [, written = '', port] = parts.exec(text) ?? [];
  const name = written.toLowerCase();
  if (!isHostName(name) || (port !== undefined && Number(port) > maxPort)) return undefined;
  return { name, port };
}

function isHostName(name: string): boolean {
  // Some servers convert an unusual form of an address; others compare the text.
  if (name.startsWith('[')) return URL.parse(`http://${name}`)?.hostname === name;
  if (name.length > maxNameLength || !names.test(name)) return false;
  return !endsInNumber.test(name) || ipv4.test(name);
}
