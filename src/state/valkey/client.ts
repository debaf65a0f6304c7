/** A connection to Valkey or Redis, as the store uses it. It never connects again: a lost connection is replaced by a new one. */

/** An argument of a command. */
export type Argument = string | number;

/** A connection that answers commands. */
export interface ValkeyClient {
  /** Sends a command at once, or rejects. The error of the server or of the connection is the reason. */
  readonly call: (command: string, ...args: readonly Argument[]) => Promise<unknown>;
  /** Ends the connection, without waiting for answers. */
  readonly close: () => void;
}

/** A new connection. */
export interface Connecting {
  readonly client: ValkeyClient;
  /** The host and the port of the server, for messages. */
  readonly server: string;
  /** Explains an error of this connection, in plain words. @param error undefined if the server closed it */
  readonly explain: (error: unknown) => string;
  /** Resolves when commands can be sent; rejects if that fails. */
  readonly connected: Promise<void>;
  /** Resolves with the last error when the connection has ended, for any reason. */
  readonly ended: Promise<unknown>;
}

/** Starts a connection. @throws Error if a file with a secret cannot be read */
export type Connect = () => Connecting;
