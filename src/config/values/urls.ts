/** Which URLs keys and metadata may be fetched from. */
import { reachOf } from './addresses.ts';

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
  const reach = reachOf(hostOf(url));
  return reach === 'open' || reach === 'loopback' ? undefined : `expected a URL that is not on ${reach}`;
}

/** What a URL for a fetch looks like when somebody writes it. URL parsers take more: white space around it, one slash. */
export const writtenUrlPattern = /^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/?#]+\S*$/;

/**
 * Says why a URL that somebody has written cannot be fetched from.
 *
 * @returns the problem, or undefined
 */
export function writtenUrlProblem(text: string): string | undefined {
  if (/\s/.test(text)) return 'expected a URL without white space';
  const problem = urlProblem(text);
  if (problem !== undefined || writtenUrlPattern.test(text)) return problem;
  return 'expected an absolute URL such as https://issuer.example.com';
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
  return /(^|\.)localhost\.?$/.test(host) || reachOf(host) === 'loopback';
}

/** The host of a URL, an IPv6 address without its brackets. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Hides user names and passwords of the URLs in a text. */
export function maskUrls(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/gi, '$1***@');
}
