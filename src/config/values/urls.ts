/** Validates the URLs that keys and metadata may be fetched from. */
import { reachOf } from './addresses.ts';

/**
 * Returns why a URL must not be fetched, as far as its text shows.
 *
 * @returns the problem, or undefined
 */
export function urlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be an absolute URL such as https://issuer.example.com';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return `must begin with https://, got ${url.protocol}//`;
  if (url.username !== '' || url.password !== '') return 'must not have a user name or a password';
  if (url.hash !== '') return 'must not have a fragment (#…)';
  const reach = reachOf(hostOf(url));
  return reach === 'open' || reach === 'loopback' ? undefined : `must not use ${reach}`;
}

/** The form of a URL in a configuration. URL parsers accept more: white space around it, one slash. */
export const writtenUrlPattern = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/?#]+\S*$/;

/**
 * Returns why a URL in a configuration must not be fetched.
 *
 * @returns the problem, or undefined
 */
export function writtenUrlProblem(text: string): string | undefined {
  if (/\s/.test(text)) return 'must not contain white space';
  const problem = urlProblem(text);
  if (problem !== undefined || writtenUrlPattern.test(text)) return problem;
  return 'must be an absolute URL such as https://issuer.example.com';
}

/** Whether a text is http:// or https:// with a host, an optional port, and nothing else. */
export function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    [url.origin, `${url.origin}/`].includes(url.href) &&
    !/[?#@]/.test(text)
  );
}

/** Whether the host is this machine, so plain http needs no option. */
export function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return /(^|\.)localhost\.?$/.test(host) || reachOf(host) === 'loopback';
}

/** The host of a URL; an IPv6 address without its brackets. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}
