/** The data of a provider that its page does not have: its documents, and how to reproduce each mistake of the page. */
import type { Documents } from './simulated-internet.ts';

/** Claims or header parameters; undefined removes one. */
export type Parts = Readonly<Record<string, unknown>>;

/** Options of an issuer; undefined removes one. */
export type IssuerParts = Readonly<Record<string, unknown>>;

/** Changes to the token and the configuration of the page. */
export interface Difference {
  /** The index of the page's header and payload for the token; the first by default. */
  readonly token?: number;
  /** The index of the page's configuration; the first by default. */
  readonly configuration?: number;
  readonly claims?: Parts;
  readonly header?: Parts;
  /** The text to send instead of a token. */
  readonly text?: string;
  /** How it is signed: with an unpublished key, with a header that changes afterwards, or with a shared secret. */
  readonly signed?: 'unpublished' | 'other header' | 'secret';
  readonly issuer?: IssuerParts;
  /** Additional or changed documents. */
  readonly documents?: Documents;
}

/** A token that is allowed. */
export interface Pass extends Difference {
  /** The headers that the workload gets; undefined for one that it does not get. */
  readonly forwarded?: Readonly<Record<string, string | undefined>>;
}

/** A provider. */
export interface Provider {
  /** The page, below `docs/providers/`. */
  readonly page: string;
  /** Its documents by address. The text `KEYS` is replaced with its key set. */
  readonly documents: Documents;
  /** The changes that make the page's token valid for each further configuration of the page. */
  readonly passes: readonly (Pass | readonly Pass[])[];
  /** Every mistake of the page, by the first cell of its row. */
  readonly mistakes: Readonly<Record<string, Difference | readonly Difference[]>>;
}

/** The discovery document of an issuer, at its default address. */
export function discovery(issuer: string, jwksUri: string, documentOf = issuer): Documents {
  return {
    [`${documentOf.replace(/\/$/, '')}/.well-known/openid-configuration`]: { issuer, jwks_uri: jwksUri },
    [jwksUri]: 'KEYS',
  };
}
