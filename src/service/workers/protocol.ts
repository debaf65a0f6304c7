/** The messages between the main process, which owns the keys, and the workers, which answer checks. */
import type { Socket } from 'node:net';
import type { Config } from '../../config/declare/options.ts';
import type { DenyListEntry } from '../../config/load/deny-list.ts';
import type { KeySnapshot } from '../../issuer/issuer.ts';
import type { Report } from '../../observe/worker-metrics.ts';
import type { Listener } from '../../transport/shared/listener.ts';
import type { RejectionCause } from '../../transport/shared/rejections.ts';
import type { Questions } from '../questions.ts';

/** The keys of one issuer. */
export interface IssuerKeysMessage {
  /** Identifies the issuer. It changes if the issuer's configuration changes. */
  readonly identity: string;
  readonly snapshot: KeySnapshot;
}

/** The configuration of a worker, and everything that depends on it. */
export interface ConfigurationMessage {
  readonly kind: 'configuration';
  readonly config: Config;
  /** In the order of the configuration's issuers. */
  readonly issuers: readonly IssuerKeysMessage[];
  readonly denyList: readonly DenyListEntry[];
  /** The text of `sessions.keysFile`, or empty. */
  readonly sessionKeys: string;
  readonly isServing: boolean;
}

/** The state of a worker. The worker acknowledges each of these messages with `taken`. */
export type StateMessage =
  | ConfigurationMessage
  | (ChangedMessage & { readonly kind: 'denyList'; readonly denyList: readonly DenyListEntry[] })
  | (ChangedMessage & { readonly kind: 'changed' });

/** The state that changes without a new configuration. */
interface ChangedMessage {
  readonly issuers: readonly IssuerKeysMessage[];
  readonly sessionKeys: string;
  readonly isServing: boolean;
}

/** The answer to a worker's `fetch`. */
export interface FetchedMessage {
  readonly kind: 'fetched';
  readonly request: number;
  readonly wasDue: boolean;
}

/** A question of the admin listener. The worker answers it with an `answer`. */
export interface AskMessage {
  readonly kind: 'ask';
  readonly request: number;
  readonly name: keyof Questions;
  readonly question: unknown;
}

/** The answer to an `ask`. */
export interface AnswerMessage {
  readonly kind: 'answer';
  readonly request: number;
  /** JSON; absent if the worker cannot answer. */
  readonly text?: string;
}

/** A message to a worker. */
export type ToWorker =
  | StateMessage
  | FetchedMessage
  | AskMessage
  /** Requests the worker's metrics. */
  | { readonly kind: 'report' }
  /** Sent with a connection. The worker acknowledges it with `accepted`. */
  | { readonly kind: 'connection'; readonly listener: CheckListenerName }
  /** Asks clients to disconnect. The worker still answers checks. */
  | { readonly kind: 'drain' }
  /** No further connection follows. The worker finishes its requests and exits. */
  | { readonly kind: 'close' };

/** A message from a worker. */
export type FromWorker =
  | AnswerMessage
  | { readonly kind: 'taken' }
  | { readonly kind: 'listening' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'accepted' }
  /** A token names an unknown key. */
  | { readonly kind: 'fetch'; readonly request: number; readonly identity: string; readonly keyId: string }
  | { readonly kind: 'report'; readonly metrics: Report }
  /** Connections were rejected. */
  | {
      readonly kind: 'rejected';
      readonly listener: Listener['name'];
      readonly cause: RejectionCause;
      readonly count: number;
      readonly detail: string | undefined;
    }
  /** A listener's certificate changed. `problem` is undefined if the new one is in use. */
  | {
      readonly kind: 'certificate';
      readonly listener: Listener['name'];
      readonly problem: string | undefined;
    };

/** A listener whose requests workers answer. */
export type CheckListenerName = Exclude<Listener['name'], 'admin'>;

/** A connection for a worker. */
export interface Connection {
  readonly listener: CheckListenerName;
  readonly socket: Socket;
}

/** A worker process. */
export interface Worker {
  readonly pid: number | undefined;
  /** Sends a message and, optionally, a connection, which also stays open in this process. */
  readonly send: (message: ToWorker, socket?: Socket) => void;
  readonly onMessage: (listener: (message: FromWorker) => void) => void;
  /** Called once, with the exit code, the name of the signal, or why the worker could not be started. */
  readonly onExit: (listener: (how: number | string) => void) => void;
  /** Kills the process. */
  readonly kill: () => void;
}

/** Starts a worker. Never throws. */
export type ForkWorker = () => Worker;
