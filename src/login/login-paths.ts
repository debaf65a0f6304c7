/** The paths that the login answers itself, and the addresses of them. */
import { loginPaths, type PathOptions } from '../config/login/login-addresses.ts';

/** A path of the login. */
export type OwnPath =
  | { readonly name: 'start' | 'choose' | 'sign-out' | 'signed-out' | 'user' | 'complete' }
  /** The redirect URI (RFC 6749 section 3.1.2). `issuer` is a name as decoded from the path; undefined in the one without a name. */
  | { readonly name: 'callback'; readonly issuer: string | undefined }
  | { readonly name: 'unknown' };

/** The paths. All are absolute paths, in ASCII. */
export interface LoginPaths {
  /** Reads a path without its query; undefined if the workload answers it. */
  readonly read: (path: string) => OwnPath | undefined;
  /** The path of the redirect URI of an issuer. It has the name if several issuers sign people in. */
  readonly callbackOf: (issuer: string) => string;
  /** @param returnTo the validated return address @param issuer a name; undefined to choose */
  readonly start: (returnTo: string, issuer?: string) => string;
  /** The start of a login for another host. @param request the sealed request @param choice the name of an issuer, or whether to ask */
  readonly startFor: (request: string, choice?: string | true) => string;
  readonly signOut: string;
  readonly signedOut: string;
  /** The path to which the central host hands a session over; undefined without `login.host`. */
  readonly complete: string | undefined;
}

/**
 * Creates the paths.
 *
 * @param hasSeveralIssuers whether several issuers of the configuration sign people in. Each then has its own redirect URI, so that the
 *   answer of one is never read as that of another (RFC 9700 section 4.4.2.2)
 * @param central `login.host`
 */
export function createLoginPaths(
  options: PathOptions,
  hasSeveralIssuers: boolean,
  central?: string | undefined,
): LoginPaths {
  const paths = loginPaths(options, central);
  const named = new Map<string, OwnPath>([
    [paths.callback, { name: 'callback', issuer: undefined }],
    [paths.start, { name: 'start' }],
    [paths.choose, { name: 'choose' }],
    [paths.signOut, { name: 'sign-out' }],
    [paths.signedOut, { name: 'signed-out' }],
    [paths.user, { name: 'user' }],
    ...(paths.complete === undefined ? [] : [[paths.complete, { name: 'complete' }] as const]),
  ]);
  const { prefix } = options;
  const callbackPrefix = `${paths.callback}/`;
  const beginnings = [prefix, ...named.keys()].filter(
    (path, index, all) => all.findIndex((other) => path.startsWith(other)) === index,
  );
  return {
    read: (path) => {
      if (!beginnings.some((beginning) => path.startsWith(beginning))) return undefined;
      const own = named.get(path);
      if (own !== undefined) return own;
      if (path.startsWith(callbackPrefix)) {
        const issuer = decoded(path.slice(callbackPrefix.length));
        return issuer === undefined ? { name: 'unknown' } : { name: 'callback', issuer };
      }
      return path === prefix || path.startsWith(`${prefix}/`) ? { name: 'unknown' } : undefined;
    },
    callbackOf: (issuer) =>
      hasSeveralIssuers ? callbackPrefix + encodeURIComponent(issuer) : paths.callback,
    start: (returnTo, issuer) => {
      const query = new URLSearchParams({ ...(issuer !== undefined && { issuer }), rd: returnTo });
      return `${paths.start}?${query}`;
    },
    startFor: (request, choice) => {
      const query = new URLSearchParams({ request, ...(typeof choice === 'string' && { issuer: choice }) });
      return `${choice === true ? paths.choose : paths.start}?${query}`;
    },
    signOut: paths.signOut,
    signedOut: paths.signedOut,
    complete: paths.complete,
  };
}

function decoded(segment: string): string | undefined {
  try {
    const name = decodeURIComponent(segment);
    return name === '' || segment.includes('/') ? undefined : name;
  } catch {
    return undefined;
  }
}
