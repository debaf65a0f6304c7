/**
 * Deletes cookies that another host of a domain has planted next to those of this service. A browser deletes only the cookie with the same
 * domain and path (RFC 6265 section 5.3), and does not say which they are. So each pair that fits the request is deleted.
 */
import { type CookieAttributes, deleteCookie } from './set-cookie.ts';

/** The most values of `set-cookie`, and the most domains and paths that are tried. */
const mostLines = 24;
const mostDomains = 4;
const mostPaths = 5;

/** The longest path that is tried, in characters. */
const longestPath = 200;

/**
 * The values of `set-cookie` that delete every cookie of some names, as far as possible.
 *
 * @param host the host of the request
 * @param path its path; a query is cut
 */
export function deletePlanted(
  names: readonly string[],
  attributes: CookieAttributes,
  host: string,
  path: string,
): readonly string[] {
  const domains = [...new Set([attributes.domain, ...domainsOf(host), undefined])];
  const places = domains.flatMap((domain) => pathsOf(path).map((one) => ({ domain, path: one })));
  // The prefix allows no other place.
  const fixed = names.filter((name) => name.startsWith('__Host-'));
  const others = names.filter((name) => !name.startsWith('__Host-'));
  return [
    ...fixed.map((name) => deleteCookie(name, attributes)),
    ...places.flatMap((place) => others.map((name) => deleteCookie(name, { ...attributes, ...place }))),
  ].slice(0, mostLines);
}

/** The host and its parents, the shortest first. Browsers ignore one that no host can set, and addresses have none. */
function domainsOf(host: string): readonly string[] {
  const labels = host.split('.');
  if (!/^[a-z0-9.-]+$/.test(host) || /^\d+$/.test(labels.at(-1) ?? '')) return [];
  return labels
    .map((_, index) => labels.slice(index).join('.'))
    .slice(0, -1)
    .toReversed()
    .slice(0, mostDomains);
}

/** The paths whose cookies the request has (RFC 6265 section 5.1.4), the shortest first. */
function pathsOf(target: string): readonly string[] {
  const segments = (target.split('?', 1)[0] ?? '').split('/').slice(1);
  const paths = segments.flatMap((segment, index) => {
    const path = `/${segments.slice(0, index + 1).join('/')}`;
    return segment === '' ? [path] : [path, `${path}/`];
  });
  const usable = paths.filter((path) => path.length <= longestPath && /^[\x21-\x3a\x3c-\x7e]+$/.test(path));
  return [...new Set(['/', ...usable])].slice(0, mostPaths);
}
