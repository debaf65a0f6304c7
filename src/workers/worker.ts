/** What the process that owns the keys and those that answer checks say to each other. */
import type { CheckAddresses } from '../check-service.ts';
import type { DenyListEntry } from '../config/deny-list.ts';
import type { Config } from '../config/options.ts';
import type { KeySnapshot } from '../issuer/issuer.ts';
import type { Report } from '../observe/reports.ts';

/** The keys of one issuer, as its owner has them. */
export interface IssuerKeysMessage {
  /** Tells issuers apart, and an issuer from one of another configuration. */
  readonly identity: string;
  readonly snapshot: KeySnapshot;
}

/** From the owner of the keys to a worker. */
export type ToWorker =
  | {
      readonly kind: 'configuration';
      readonly config: Config;
      /** In the order of the configuration's issuers. */
      readonly issuers: readonly IssuerKeysMessage[];
      readonly denyList: readonly DenyListEntry[];
      readonly isServing: boolean;
    }
  | {
      readonly kind: 'changed';
      readonly issuers: readonly IssuerKeysMessage[];
      readonly isServing: boolean;
    }
  | { readonly kind: 'fetched'; readonly request: number; readonly wasDue: boolean }
  | { readonly kind: 'report'; readonly request: number }
  | { readonly kind: 'stop' };

/** From a worker. */
export type FromWorker =
  | { readonly kind: 'listening'; readonly addresses: CheckAddresses }
  | { readonly kind: 'failed'; readonly message: string }
  /** A token named a key that nobody has heard of. */
  | { readonly kind: 'fetch'; readonly request: number; readonly identity: string; readonly keyId: string }
  | { readonly kind: 'report'; readonly request: number; readonly metrics: Report };

/** A worker, as the owner of the keys sees it. */
export interface Worker {
  readonly pid: number | undefined;
  readonly send: (message: ToWorker) => void;
  readonly onMessage: (hear: (message: FromWorker) => void) => void;
  /** Tells how it ended: an exit code or the name of a signal. */
  readonly onExit: (hear: (how: number | string) => void) => void;
  /** Ends it at once. */
  readonly kill: () => void;
}

/** Starts a worker. */
export type ForkWorker = () => Worker;
