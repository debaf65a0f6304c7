/** The servers of an installation: one, the master that sentinels name, or the masters of a cluster. */
import type { StateStatus } from '../state-store.ts';
import type { Connect } from './client.ts';
import type { Link } from './link.ts';

/** The servers. */
export interface Nodes {
  /** The connection to the server that has a key; undefined if no server has it. */
  readonly linkOf: (key: string) => Link | undefined;
  /** The server for a second try, if the error of the first says that another one has the key; otherwise undefined. */
  readonly redirect: (error: unknown) => Redirect | undefined;
  /** Connects to the server that has a key, for a connection of its own. */
  readonly connectFor: (key: string) => Connect;
  /** `ready` if every server is connected. */
  readonly status: () => StateStatus;
  /** Calls a function whenever every server is connected again, and the first time. */
  readonly onReady: (listener: () => void) => void;
  readonly stop: () => void;
}

/** Another server for a command. */
export interface Redirect {
  readonly link: Link;
  /** Whether the server does not have the slot yet, and needs `ASKING` before the command. */
  readonly isOnce: boolean;
}

/** The events of servers. */
export interface NodesEvents {
  readonly onStatus: (status: StateStatus) => void;
  /** An attempt to connect has ended. */
  readonly onAttempt: (isSuccess: boolean) => void;
}
