/** The identity that a verified token proves. */
import type { Forwarding } from './forwarding.ts';

/** The binding of a token to its client (`cnf`, RFC 7800 section 3.1). Each thumbprint is the base64url of a SHA-256. */
export interface Confirmation {
  /** `jkt`: the thumbprint of the key that signs proofs (RFC 9449 section 6.1). */
  readonly keyThumbprint: string | undefined;
  /** `x5t#S256`: the thumbprint of the client certificate (RFC 8705 section 3.1). */
  readonly certificateThumbprint: string | undefined;
}

/** The claims of a token. The issuer chooses the names, so read them with `Object.hasOwn`. */
export type Claims = Readonly<Record<string, unknown>>;

/** The content of a token whose signature is verified. */
export interface Identity {
  /** The exact `iss`. */
  readonly issuer: string;
  /** The configured name of the issuer. */
  readonly issuerName: string;
  /** `sub`, or undefined if it is absent or not a string. */
  readonly subject: string | undefined;
  /** The values of the issuer's `audienceClaims`. */
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  /** `exp`, in seconds since the epoch. */
  readonly expiresAt: number;
  /** The client must prove this binding. Undefined if the issuer's tokens need no proof. */
  readonly confirmation: Confirmation | undefined;
  /** The claims as signed, as JSON text: it needs a quarter of the memory of the parsed object. */
  readonly payload: string;
  /** Header changes made from this identity. They are here because a lookup elsewhere is slow when there are many tokens. */
  readonly forwardingCache: {
    forwarding: Forwarding | undefined;
    /** The forwarder that made `forwarding`. Another configuration or rule has another forwarder. */
    owner: object | undefined;
    /** The header changes of all other forwarders. */
    byOwner: WeakMap<object, Forwarding> | undefined;
  };
}
