/** Patterns of hosts as rules have them, and what is wrong with one, by its part. */
import { readHost } from '../values/hosts.ts';
import { shown } from '../values/quote.ts';

/** Says why a text is no pattern of hosts, with the text and the part of it; undefined if it is one. */
export function hostPatternProblem(pattern: string): string | undefined {
  const isWide = pattern.startsWith('*.');
  const host = isWide ? pattern.slice(2) : pattern;
  // Below a domain there is a name, of one letter at least; below an address there is none.
  const isFit = readHost(isWide ? `x.${host}` : host) !== undefined;
  if (isFit && host === host.toLowerCase()) return undefined;
  return `${shown(pattern)}: ${partProblem(host, isWide)}`;
}

const expected =
  'expected a host such as orders.example.com, *.example.com, orders.example.com:8443 or [2001:db8::1], in the form in which clients send it';

function partProblem(host: string, isWide: boolean): string {
  if (host === '') return expected;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(host)?.[0];
  if (scheme !== undefined) return `leave out ${shown(scheme)}; a host has no scheme`;
  const tail = /[/?#].*$/s.exec(host)?.[0];
  if (tail !== undefined) return `leave out ${shown(tail)}; a path stands in \`paths\``;
  if (host.includes('*'))
    return `a * is only understood as *. at the beginning${isWide ? '' : `, not in ${shown(labelWith(host, /\*/))}`}`;
  if (/[A-Z]/.test(host))
    return `expected a host in lower case; write ${shown(host.toLowerCase())}, without capitals in ${shown(labelWith(host, /[A-Z]/))}`;
  if (host.startsWith('['))
    return isWide
      ? 'below an address there is no name; leave out *.'
      : `this is no IPv6 address in its usual, shortest form${usualForm(host)}`;
  const [name = '', ...ports] = host.split(':');
  if (ports.length > 1)
    return `an IPv6 address stands in brackets, as [2001:db8::1]${usualForm(`[${host}]`)}`;
  const [port] = ports;
  if (port !== undefined && !/^[1-9][0-9]{0,4}$/.test(port)) return portProblem(port);
  if (port !== undefined && Number(port) > 65_535) return portProblem(port);
  if (/[^\x21-\x7e]/.test(name)) return foreignProblem(name);
  if (name.endsWith('.'))
    return 'leave out the dot at the end; a host that ends with one is refused as ambiguous';
  if (name.split('.').includes('')) return 'two dots follow each other, or a dot begins it';
  if (name.length > 253) return `the name has ${name.length} characters, and at most 253 are possible`;
  const label = name.split('.').find((part) => !/^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(part));
  if (label !== undefined) return labelProblem(label);
  if (/(^|\.)(\d+|0x[0-9a-f]*)$/.test(name))
    return isWide
      ? 'below an address there is no name; leave out *.'
      : `this is read as an IPv4 address, and is not one in its usual form${usualForm(name)}`;
  return expected;
}

function portProblem(port: string): string {
  return `${shown(port)} is not a port from 1 to 65535${port === '' ? '; leave out the colon' : ''}`;
}

function labelProblem(label: string): string {
  if (label.length > 63) return `${shown(label)} has ${label.length} characters, and at most 63 are possible`;
  const strange = /[^a-z0-9_-]/.exec(label)?.[0];
  return strange === undefined
    ? `${shown(label)} begins or ends with a hyphen`
    : `${shown(label)} has ${shown(strange)}, which no host has`;
}

/** An international name comes as punycode, and that is how a rule has to name it. */
function foreignProblem(name: string): string {
  const part = shown(labelWith(name, /[^\x21-\x7e]/));
  const url = URL.parse(`http://${name}`);
  return url === null
    ? `${part} has characters that no host has`
    : `clients send it as ${shown(url.hostname)}, because of ${part}; write that`;
}

function usualForm(host: string): string {
  const url = URL.parse(`http://${host}`);
  return url === null || url.host === host ? '' : `; that would be ${shown(url.host)}`;
}

function labelWith(host: string, characters: RegExp): string {
  return host.split(/[.:]/).find((label) => characters.test(label)) ?? host;
}
