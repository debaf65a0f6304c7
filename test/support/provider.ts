/** What a test knows of a provider beside its page: which documents it publishes, and how each mistake of the page comes about. */
import type { Documents } from './made-up-internet.ts';

/** Claims or header parameters; undefined takes one out. */
export type Parts = Readonly<Record<string, unknown>>;

/** Options of an issuer; undefined takes one out. */
export type IssuerParts = Readonly<Record<string, unknown>>;

/** How a token and a configuration differ from those of the page. */
export interface Difference {
  /** Which of the page's pairs of header and payload the token is made of; the first where it is not said. */
  readonly token?: number;
  /** Which of the page's configurations is used; the first where it is not said. */
  readonly configuration?: number;
  readonly claims?: Parts;
  readonly header?: Parts;
  /** What is sent instead of a token. */
  readonly text?: string;
  /** How it is signed: by a key that is not published, with a header that is changed afterwards, or with a shared secret. */
  readonly signed?: 'unpublished' | 'other header' | 'secret';
  readonly issuer?: IssuerParts;
  /** Further documents, or other ones. */
  readonly documents?: Documents;
}

/** A token that passes. */
export interface Pass extends Difference {
  /** Headers that the workload gets; undefined: it does not get that one. */
  readonly forwarded?: Readonly<Record<string, string | undefined>>;
}

/** A provider. */
export interface Provider {
  /** The page, below `docs/providers/`. */
  readonly page: string;
  /** What it publishes, by address; the text `KEYS` stands for its key set. */
  readonly documents: Documents;
  /** What makes a token of the page pass each configuration of the page behind the first. */
  readonly passes: readonly (Pass | readonly Pass[])[];
  /** Every mistake of the page, by the first cell of its row. */
  readonly mistakes: Readonly<Record<string, Difference | readonly Difference[]>>;
}

/** The discovery document of an issuer, at its usual place. */
export function discovery(issuer: string, jwksUri: string, documentOf = issuer): Documents {
  return {
    [`${documentOf.replace(/\/$/, '')}/.well-known/openid-configuration`]: { issuer, jwks_uri: jwksUri },
    [jwksUri]: 'KEYS',
  };
}
