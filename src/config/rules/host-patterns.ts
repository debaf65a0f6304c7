/** Validates the host patterns of rules. */
import { readHost } from '../values/hosts.ts';
import { quoteValue } from '../values/quote-value.ts';

/** Returns the problem of a host pattern with the invalid part; undefined if it is valid. */
export function hostPatternProblem(pattern: string): string | undefined {
  const isWildcard = pattern.startsWith('*.');
  const host = isWildcard ? pattern.slice(2) : pattern;
  // A wildcard matches a name of at least one letter below a domain; an address has no names below it.
  const isValid = readHost(isWildcard ? `x.${host}` : host) !== undefined;
  if (isValid && host === host.toLowerCase()) return undefined;
  return `${quoteValue(pattern)}: ${hostProblem(host, isWildcard)}`;
}

const expected =
  'must be a host as clients send it, such as orders.example.com, *.example.com, orders.example.com:8443 or [2001:db8::1]';

function hostProblem(host: string, isWildcard: boolean): string {
  if (host === '') return expected;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(host)?.[0];
  if (scheme !== undefined) return `must not have a scheme; remove ${quoteValue(scheme)}`;
  const tail = /[/?#].*$/s.exec(host)?.[0];
  if (tail !== undefined) return `must not have a path; remove ${quoteValue(tail)} and use \`paths\``;
  if (host.includes('*'))
    return host === '*'
      ? 'remove the list to match every host; * is only allowed as *. at the beginning, such as *.example.com'
      : `* is only allowed as *. at the beginning${isWildcard ? '' : `, not in ${quoteValue(labelWith(host, /\*/))}`}`;
  if (/[A-Z]/.test(host))
    return `must be in lower case, but ${quoteValue(labelWith(host, /[A-Z]/))} has capitals; write ${quoteValue(host.toLowerCase())}`;
  if (host.startsWith('['))
    return isWildcard
      ? 'an IP address has no subdomains; remove *.'
      : `must be an IPv6 address in its shortest form${usualForm(host)}`;
  const [name = '', ...ports] = host.split(':');
  if (ports.length > 1) return `an IPv6 address needs brackets, as in [2001:db8::1]${usualForm(`[${host}]`)}`;
  const [port] = ports;
  if (port !== undefined && !/^[1-9][0-9]{0,4}$/.test(port)) return portProblem(port);
  if (port !== undefined && Number(port) > 65_535) return portProblem(port);
  if (/[^\x21-\x7e]/.test(name)) return internationalProblem(name);
  if (name.endsWith('.'))
    return 'must not end with a dot, because such a host is denied as ambiguous; remove the dot';
  if (name.split('.').includes('')) return 'must not have two dots in a row or a dot at the beginning';
  if (name.length > 253) return `the name must have at most 253 characters, got ${name.length}`;
  const label = name.split('.').find((part) => !/^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(part));
  if (label !== undefined) return labelProblem(label);
  if (/(^|\.)(\d+|0x[0-9a-f]*)$/.test(name))
    return isWildcard
      ? 'an IP address has no subdomains; remove *.'
      : `servers read this as an IPv4 address, so it must have the usual form${usualForm(name)}`;
  return expected;
}

function portProblem(port: string): string {
  return `the port must be from 1 to 65535, got ${quoteValue(port)}${port === '' ? '; remove the colon' : ''}`;
}

function labelProblem(label: string): string {
  if (label.length > 63) return `${quoteValue(label)} must have at most 63 characters, got ${label.length}`;
  const forbidden = /[^a-z0-9_-]/.exec(label)?.[0];
  return forbidden === undefined
    ? `${quoteValue(label)} must not begin or end with a hyphen`
    : `${quoteValue(label)} has ${quoteValue(forbidden)}, which a host cannot have`;
}

/** Clients send an international name as punycode, so a rule must use punycode too. */
function internationalProblem(name: string): string {
  const part = quoteValue(labelWith(name, /[^\x21-\x7e]/));
  const url = URL.parse(`http://${name}`);
  return url === null
    ? `${part} has characters that a host cannot have`
    : `${part} is not ASCII; write ${quoteValue(url.hostname)}, which clients send`;
}

function usualForm(host: string): string {
  const url = URL.parse(`http://${host}`);
  return url === null || url.host === host ? '' : `; write ${quoteValue(url.host)}`;
}

function labelWith(host: string, characters: RegExp): string {
  return host.split(/[.:]/).find((label) => characters.test(label)) ?? host;
}
