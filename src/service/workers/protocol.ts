/** What the process that owns the keys and those that answer checks say to each other. */
import type { Socket } from 'node:net';
import type { Config } from '../../config/declare/options.ts';
import type { DenyListEntry } from '../../config/load/deny-list.ts';
import type { KeySnapshot } from '../../issuer/issuer.ts';
import type { Report } from '../../observe/worker-metrics.ts';
import type { Listener } from '../../transport/shared/listener.ts';
import type { RejectionCause } from '../../transport/shared/rejections.ts';

/** The keys of one issuer, as its owner has them. */
export interface IssuerKeysMessage {
  /** Tells issuers apart, and an issuer from one of another configuration. */
  readonly identity: string;
  readonly snapshot: KeySnapshot;
}

/** What a worker goes by; it answers each with `taken`. */
export type StateMessage =
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
    };

/** The answer to a worker that asked for a fetch of keys. */
export interface FetchedMessage {
  readonly kind: 'fetched';
  readonly request: number;
  readonly wasDue: boolean;
}

/** From the owner of the keys to a worker. */
export type ToWorker =
  | StateMessage
  | FetchedMessage
  /** Wants to know what was counted. */
  | { readonly kind: 'report' }
  /** A connection comes along; the worker answers with `accepted`. */
  | { readonly kind: 'connection'; readonly listener: CheckListenerName }
  /** Asks clients to go elsewhere, and answers on. */
  | { readonly kind: 'drain' }
  /** No connection comes any more: what is under way ends, and then the process. */
  | { readonly kind: 'close' };

/** From a worker. */
export type FromWorker =
  | { readonly kind: 'taken' }
  | { readonly kind: 'listening' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'accepted' }
  /** A token named a key that nobody has heard of. */
  | { readonly kind: 'fetch'; readonly request: number; readonly identity: string; readonly keyId: string }
  | { readonly kind: 'report'; readonly metrics: Report }
  /** Connections came to nothing because something else is spoken on them. */
  | {
      readonly kind: 'rejected';
      readonly listener: Listener['name'];
      readonly cause: RejectionCause;
      readonly count: number;
    }
  /** The new certificate of a listener was taken, or not. */
  | {
      readonly kind: 'certificate';
      readonly listener: Listener['name'];
      readonly problem: string | undefined;
    };

/** A listener for checks. */
export type CheckListenerName = 'http' | 'grpc';

/** A connection that waits to be given to a worker. */
export interface Connection {
  readonly listener: CheckListenerName;
  readonly socket: Socket;
}

/** A worker, as the owner of the keys sees it. */
export interface Worker {
  readonly pid: number | undefined;
  /** Sends a message, and with it the use of a connection, which stays open here too. */
  readonly send: (message: ToWorker, socket?: Socket) => void;
  readonly onMessage: (hear: (message: FromWorker) => void) => void;
  /** Tells how it ended, once: an exit code, the name of a signal, or why it could not be started. */
  readonly onExit: (hear: (how: number | string) => void) => void;
  /** Ends it at once. */
  readonly kill: () => void;
}

/** Starts a worker; does not throw. */
export type ForkWorker = () => Worker;
