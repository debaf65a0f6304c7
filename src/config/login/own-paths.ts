/** The paths that this service answers itself on hosts with a login. */

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
}

/** Returns the paths, renamed or below the prefix. */
export function loginPaths({ prefix, callback, start, signOut, user }: PathOptions): LoginPaths {
  return {
    callback: callback ?? `${prefix}/callback`,
    start: start ?? `${prefix}/start`,
    choose: `${prefix}/choose`,
    signOut: signOut ?? `${prefix}/sign-out`,
    signedOut: `${prefix}/signed-out`,
    user: user ?? `${prefix}/user`,
  };
}
