/** The paths that this service answers itself on hosts with a login. */
import { hostCovers } from '../rules/patterns.ts';

/** The options of the paths (`login.paths`). */
export interface PathOptions {
  readonly prefix: string;
  readonly callback?: string | undefined;
  readonly start?: string | undefined;
  readonly signOut?: string | undefined;
  readonly user?: string | undefined;
}

/** The paths of the login. */
export interface LoginPaths {
  /** The redirect URI with one issuer; with several, the name of the issuer follows as one more segment. */
  readonly callback: string;
  readonly start: string;
  readonly choose: string;
  readonly signOut: string;
  readonly signedOut: string;
  readonly user: string;
  /** The path to which the central host hands a session over. Only with `login.host`. */
  readonly complete?: string;
}

/**
 * Returns the paths, renamed or below the prefix.
 *
 * @param central `login.host`
 */
export function loginPaths(
  { prefix, callback, start, signOut, user }: PathOptions,
  central: string | undefined,
): LoginPaths {
  return {
    callback: callback ?? `${prefix}/callback`,
    start: start ?? `${prefix}/start`,
    choose: `${prefix}/choose`,
    signOut: signOut ?? `${prefix}/sign-out`,
    signedOut: `${prefix}/signed-out`,
    user: user ?? `${prefix}/user`,
    ...(central !== undefined && { complete: `${prefix}/complete` }),
  };
}

/** The redirect URIs of an issuer, which you register there. */
export interface RedirectUris {
  readonly issuer: string;
  readonly clientId: string;
  /** One for the central host, or for each host of `login.hosts`; `*.apps.example.com` stands for every host below it. */
  readonly uris: readonly string[];
}

/** The parts of a configuration that decide about redirect URIs. */
interface RedirectOptions {
  readonly issuers: readonly {
    readonly name: string;
    readonly login?: { readonly clientId: string } | undefined;
  }[];
  readonly login?:
    | {
        readonly hosts: readonly string[];
        readonly httpHosts: readonly string[];
        readonly host?: string | undefined;
        readonly paths: PathOptions;
      }
    | undefined;
}

/** Lists the redirect URIs of every issuer that signs people in. */
export function redirectUris({ issuers, login }: RedirectOptions): readonly RedirectUris[] {
  if (login === undefined) return [];
  const { callback } = loginPaths(login.paths, login.host);
  const hosts = login.host === undefined ? login.hosts : [login.host];
  const clients = issuers.flatMap(({ name, login: client }) =>
    client === undefined ? [] : [{ issuer: name, clientId: client.clientId }],
  );
  const pathOf = (issuer: string) => (clients.length > 1 ? `${callback}/${issuer}` : callback);
  return clients.map((client) => ({
    ...client,
    uris: hosts.map((host) => `${originOf(host, login.httpHosts)}${pathOf(client.issuer)}`),
  }));
}

function originOf(host: string, httpHosts: readonly string[]): string {
  const isHttp = httpHosts.some((other) => hostCovers(other, host));
  return `${isHttp ? 'http' : 'https'}://${host.replace(isHttp ? /:80$/ : /:443$/, '')}`;
}
