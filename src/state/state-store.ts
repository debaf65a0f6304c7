/**
 * The store that several processes share: Valkey or Redis. It is a place for short values, each with a life. The only maker is
 * `valkey/create-valkey-store.ts`, which is loaded only if `state` is configured.
 */

/** Why an operation failed. */
export type StateFailure =
  /** There is no connection, or it was lost. The operation may have taken effect if it was sent. */
  | 'away'
  /** No answer within `state.valkey.timeout`. The operation may still take effect. */
  | 'timeout'
  /** The server has no memory left for writes. Reads still work. */
  | 'full'
  /** The server rejects the user, the password or the command. */
  | 'rejected';

/** The error of every operation. Its message is in plain words, without a secret. */
export class StateError extends Error {
  readonly failure: StateFailure;

  constructor(failure: StateFailure, message: string) {
    super(message);
    this.name = 'StateError';
    this.failure = failure;
  }
}

/** The state of the connection. */
export interface StateStatus {
  /** `connecting`: until the first connection. */
  readonly state: 'connecting' | 'ready' | 'away';
  /** Since when, in milliseconds since the epoch. */
  readonly since: number;
  /** Why it is not ready. */
  readonly problem: string | undefined;
}

/**
 * The store. Names are relative to `state.valkey.prefix`. Lives are in milliseconds. Every operation takes at most
 * `state.valkey.timeout`, is sent at most once, and rejects only with a {@link StateError}.
 */
export interface StateStore {
  /** @param life replaces the life of the value, if there is one; absent: its life stays */
  readonly get: (name: string, life?: number) => Promise<string | undefined>;
  /**
   * Writes a value.
   *
   * @param when `absent`: only if there is none; `present`: only if there is one. Default: always
   * @returns whether it was written
   */
  readonly set: (name: string, value: string, life: number, when?: 'absent' | 'present') => Promise<boolean>;
  /** Replaces the life of a value. @returns whether there is one */
  readonly extend: (name: string, life: number) => Promise<boolean>;
  /** @returns whether there was one */
  readonly remove: (name: string) => Promise<boolean>;
  /** Removes a value if it is this one, in one step. It releases a lock. */
  readonly removeIf: (name: string, value: string) => Promise<boolean>;
  /** Adds a member to a set, and removes those whose life has ended. A member that is there keeps the longer life. */
  readonly addMember: (name: string, member: string, life: number) => Promise<void>;
  readonly removeMember: (name: string, member: string) => Promise<void>;
  /** Members whose life has ended can be there, until another one is added. */
  readonly members: (name: string) => Promise<readonly string[]>;
  /** Opens a feed. Each name has one feed in a process. */
  readonly feed: (name: string, options: FeedOptions) => Feed;
  readonly status: () => StateStatus;
  /** Waits for the first connection, at most for a time in milliseconds. @returns whether it is there */
  readonly ready: (longest: number) => Promise<boolean>;
  readonly stop: () => void;
}

/** How a process follows a feed. */
export interface FeedOptions {
  /** Entries older than this are removed from the store, in milliseconds. No entry lives longer. It may change. */
  readonly longestLife: number;
  /**
   * Called for each entry that still lives, in order. The same entry can come again after a reconnection.
   *
   * @param life what is left of its life, in milliseconds
   */
  readonly receive: (entry: string, life: number) => void;
}

/** A list of entries that every process follows. An entry reaches all of them within 1 s. */
export interface Feed {
  /** Adds an entry. Resolves when the store has it. This process receives it too. */
  readonly add: (entry: string, life: number) => Promise<void>;
  /**
   * When this process last knew that it had every entry, in milliseconds of the monotonic clock; minus infinity before that. While the
   * store answers, it is at most 3 s ago.
   */
  readonly completeAt: () => number;
}
