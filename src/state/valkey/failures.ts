/** Turns errors of the server and of the connection into those of the store. No message has a part of a command or a secret. */
import { StateError, type StateFailure } from '../state-store.ts';

/** Error codes of the server, the first word of its message. */
const failures: Readonly<Record<string, readonly [failure: StateFailure, explanation: string]>> = {
  OOM: ['full', 'the store has no memory left for writes'],
  MISCONF: ['full', 'the store refuses writes because it cannot save to its disk'],
  LOADING: ['away', 'the store still loads its data'],
  READONLY: ['away', 'the server is a replica and takes no writes'],
  MASTERDOWN: ['away', 'the server is a replica that has lost its master'],
  NOREPLICAS: ['away', 'the store refuses writes because too few replicas are connected'],
  CLUSTERDOWN: ['away', 'the cluster is down'],
  TRYAGAIN: ['away', 'the cluster moves its slots'],
  MOVED: ['away', 'the cluster moves its slots'],
  ASK: ['away', 'the cluster moves its slots'],
  UNBLOCKED: ['away', 'the server ended the operation'],
  BUSY: ['timeout', 'the store runs a script of another client'],
  WRONGPASS: ['rejected', 'the store rejects the user or the password'],
  NOAUTH: ['rejected', 'the store requires a password'],
  NOPERM: ['rejected', 'the user of the store lacks a permission'],
};

/** Codes after which another connection can succeed: to the new master, or with the current password. */
const codesOfConnection: ReadonlySet<string> = new Set(['READONLY', 'MASTERDOWN', 'NOAUTH', 'LOADING']);

/** Returns the error of the store for an error of the server or of the connection. */
export function failureOf(error: unknown): StateError {
  if (error instanceof StateError) return error;
  const code = serverCode(error);
  if (code !== undefined) {
    const [failure, explanation] = failures[code] ?? ['rejected', 'the store rejects an operation'];
    return new StateError(failure, `${explanation} (${code})`);
  }
  return new StateError('away', `the connection to the store failed${connectionCode(error)}`);
}

/** Whether the server says that this connection is of no use. */
export function isOfConnection(error: unknown): boolean {
  const code = serverCode(error);
  return code !== undefined && codesOfConnection.has(code);
}

/** Whether the server answered, with an error. */
export function isAnswer(error: unknown): boolean {
  return serverCode(error) !== undefined;
}

/** The first word of an error reply; undefined for other errors. */
function serverCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  return /^[A-Z]+(?= |$)/.exec(error.message)?.[0] ?? 'ERR';
}

/** The code of an error of a socket, of TLS or of a file, in parentheses. */
function connectionCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return code !== undefined && /^[A-Z0-9_]+$/.test(code) ? ` (${code})` : '';
}
