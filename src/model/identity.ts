/** The identity that a verified token proves. */
import type { Forwarding, HeaderShape } from './forwarding.ts';

/** The binding of a token to its client (`cnf`, RFC 7800 section 3.1). Each thumbprint is the base64url of a SHA-256. */
export interface Confirmation {
  /** `jkt`: the thumbprint of the key that signs proofs (RFC 9449 section 6.1). */
  readonly keyThumbprint: string | undefined;
  /** `x5t#S256`: the thumbprint of the client certificate (RFC 8705 section 3.1). */
  readonly certificateThumbprint: string | undefined;
}

/** The claims of a token. The issuer chooses the names, so read them with `Object.hasOwn`. */
export type Claims = Readonly<Record<string, unknown>>;

/** A text that has claims, and its form. The text alone cannot tell its form: its content is that of another party. */
export interface ClaimsText {
  readonly text: string;
  /** A verified token in compact serialization (RFC 7515 section 7.1), or the JSON of the claims. */
  readonly form: 'token' | 'json';
}

/** The content of a token whose signature is verified. Its text is the token as the request has it, or the claims of a session. */
export interface Identity extends ClaimsText {
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
  readonly memory: IdentityMemory;
}

/** The record in which checks keep results about an identity for later requests. It is flat, because there are many. */
export interface IdentityMemory {
  /** Which headers `values` has; undefined if there are none. */
  headers: HeaderShape | undefined;
  /** The values of headers, in one text. */
  values: string;
  /** The header changes of forwarders, the newest first. */
  prepared: PreparedForwarding | undefined;
  /** Results about the claims, the newest first. */
  results: KeptResult | undefined;
  /** The estimated memory of the identity, in bytes. 0 while it is not kept. */
  bytes: number;
  readonly keeper: MemoryKeeper;
}

/** Header changes that are ready for the next request, with their answers. */
export interface PreparedForwarding {
  /** The forwarder that made them. Another configuration or rule has another one. */
  readonly owner: object;
  readonly forwarding: Forwarding;
  readonly next: PreparedForwarding | undefined;
}

/** A result about the claims of an identity. */
export interface KeptResult {
  /** The function that made the result. Another configuration or rule has another one. */
  readonly owner: object;
  /** The state that the result is valid for, such as a list. */
  version: object;
  result: object | undefined;
  next: KeptResult | undefined;
}

/** Bounds the memory of many identities. */
export interface MemoryKeeper {
  /** Counts values that an identity keeps. @param bytes by how much its memory grew */
  readonly grown: (memory: IdentityMemory, bytes: number) => void;
  /** Whether header changes and their answers stay in the memory. They can be removed from it at any time. */
  readonly keepsAnswers: (memory: IdentityMemory) => boolean;
}
