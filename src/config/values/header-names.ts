/** Which headers may be set on the request to the upstream, and how else a client could spell them. */

/** The most hyphens a name may have: each one doubles the spellings that have to be removed. */
const maxHyphens = 6;

/** What a header name looks like, in any case (RFC 9110 section 5.1). */
export const headerNamePattern = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** The header by which oauth2-proxy tells who asks, whatever else it sets. */
export const compatHeader = 'gap-auth';

/** The longest list of removals that an answer may carry, in bytes. */
export const maxRemovalBytes = 8 * 1024;

/** Headers that frame, route or authenticate a message (RFC 9110 section 7.6.1). */
export const refusedNames: ReadonlySet<string> = new Set([
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
 * Says why a header cannot be one that the authorizer sets.
 *
 * @returns the problem, or undefined
 */
export function headerNameProblem(name: string): string | undefined {
  if (name.startsWith(':')) return 'a pseudo header cannot be set';
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) return 'expected a header name (RFC 9110 section 5.1)';
  if (refusedNames.has(name)) return `${name} frames, routes or authenticates the request and cannot be set`;
  if (name.startsWith('x-envoy-')) return "headers that start with x-envoy- are Envoy's own";
  if (name.length > 128) return 'expected at most 128 characters';
  if (name.split(/[-_]/).length - 1 > maxHyphens)
    return `expected at most ${maxHyphens} hyphens, since each doubles the spellings to remove`;
  return undefined;
}

/**
 * The other spellings of a header that many workloads read as the same one: CGI and WSGI turn hyphens into
 * underscores, so `x_auth-request_user` reaches them as X_AUTH_REQUEST_USER too.
 *
 * @param name a header name with k hyphens or underscores
 * @returns the 2^k - 1 names that differ from it in these alone
 */
export function otherSpellings(name: string): string[] {
  const [first = '', ...rest] = name.split(/[-_]/);
  const all = rest.reduce(
    (spellings, part) => spellings.flatMap((head) => [`${head}-${part}`, `${head}_${part}`]),
    [first],
  );
  return all.filter((spelling) => spelling !== name);
}
