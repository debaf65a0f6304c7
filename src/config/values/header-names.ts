/** Headers that may be set on the upstream request, and their other spellings. */
import { quoteValue } from './quote-value.ts';

/** Maximum number of hyphens in a name. Each one doubles the number of spellings that are removed from requests. */
const maxHyphens = 6;

/** The form of a header name, in any case (RFC 9110 section 5.1). */
export const headerNamePattern = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** The header with the identity that oauth2-proxy always sets. */
export const compatHeader = 'gap-auth';

/** Maximum size of the list of removals in a response, in bytes. */
export const maxRemovalBytes = 8 * 1024;

/** Headers that frame, route or authenticate a message (RFC 9110 section 7.6.1). */
export const forbiddenNames: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Returns why a header must not be set.
 *
 * @returns the problem, or undefined
 */
export function headerNameProblem(name: string): string | undefined {
  if (name.startsWith(':')) return 'must not be a pseudo header; use another name';
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
    return `must be a header name (RFC 9110 section 5.1), got ${quoteValue(name)}; use letters, digits and hyphens`;
  if (forbiddenNames.has(name))
    return `must not be ${name}, which frames, routes or authenticates the request; use another name`;
  if (name.startsWith('x-envoy-'))
    return "must not begin with x-envoy-, the prefix of Envoy's own headers; use another name";
  if (name.length > 128) return 'must have at most 128 characters; use a shorter name';
  if (name.split(/[-_]/).length - 1 > maxHyphens)
    return `must have at most ${maxHyphens} hyphens: all spellings with - and _ are removed from requests, and each hyphen doubles their number; use a shorter name`;
  return undefined;
}

/**
 * Returns the other spellings of a header that many workloads treat as equal: CGI and WSGI turn hyphens into
 * underscores, so `x_auth-request_user` reaches them as X_AUTH_REQUEST_USER too.
 *
 * @param name a header name with k hyphens or underscores
 * @returns the 2^k - 1 names that differ from it only in these characters
 */
export function otherSpellings(name: string): string[] {
  const [first = '', ...rest] = name.split(/[-_]/);
  const all = rest.reduce(
    (spellings, part) => spellings.flatMap((head) => [`${head}-${part}`, `${head}_${part}`]),
    [first],
  );
  return all.filter((spelling) => spelling !== name);
}
