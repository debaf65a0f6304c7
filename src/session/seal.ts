/** Seals values for cookies: JWE compact, `dir`, A256GCM (RFC 7516 section 7.1, RFC 7518 section 4.5). */

/** The purpose of a sealed value: its `typ`. A value with one purpose is never opened for another. */
export type Purpose =
  | 'oidc-authz-session'
  | 'oidc-authz-login'
  /** The cookie of a session in the store. */
  | 'oidc-authz-ticket'
  /** A request for a login at the central host. */
  | 'oidc-authz-request'
  /** A session that the central host hands over. */
  | 'oidc-authz-grant'
  /** An entry of the deny list in the store. */
  | 'oidc-authz-revocation';

/** Seals and opens values with the keys of `sessions.keysFile`. */
export interface Seal {
  /** @param value JSON */
  readonly seal: (purpose: Purpose, value: unknown) => Promise<string>;
  /** @returns undefined if the text is not a sealed value of this purpose. Every cause takes the same path. */
  readonly open: (purpose: Purpose, text: string) => Promise<Opened | undefined>;
  /** The ID of the key that sealed a value, if it is not one of the keys. It is what the text says, so it is for messages only. */
  readonly otherKeyOf: (purpose: Purpose, text: string) => string | undefined;
  /** Whether a text says that it is sealed for a purpose. It is for messages only. */
  readonly isOf: (purpose: Purpose, text: string) => boolean;
  /**
   * Names a value in the store, so that the store does not show it: HMAC-SHA-256 with each key, the sealing one first. Two processes that
   * have one key in common have one name in common.
   *
   * @param kind separates values of different kinds
   */
  readonly namesOf: (kind: string, ...parts: readonly string[]) => readonly string[];
  /** The IDs of the keys, the sealing one first. */
  readonly keyIds: () => readonly string[];
}

/** An opened value. */
export interface Opened {
  readonly value: unknown;
  readonly keyId: string;
}
