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
  MOVED: ['away', 'the cluster moves its slots; if `state.valkey.mode` is not `cluster`, set it'],
  ASK: ['away', 'the cluster moves its slots'],
  UNBLOCKED: ['away', 'the server ended the operation'],
  BUSY: ['timeout', 'the store runs a script of another client'],
  WRONGPASS: [
    'rejected',
    'the store rejects the user or the password; check `usernameFile` and `passwordFile`',
  ],
  NOAUTH: ['rejected', 'the store requires a password; set `state.valkey.passwordFile`'],
  NOPERM: ['rejected', 'the user of the store lacks a permission'],
  DENIED: [
    'rejected',
    'the store is in protected mode; give it a user with a password, or `bind` it to addresses',
  ],
};

/** Messages of servers that say more than their code. Only names of commands are repeated. */
const details: readonly (readonly [pattern: RegExp, failure: StateFailure, explanation: string])[] = [
  [/^NOPERM .*the '([a-z|-]{1,40})' command/, 'rejected', 'the user of the store may not run $1'],
  [
    /^NOPERM .*\bkeys?\b/,
    'rejected',
    'the user of the store has no right to the keys of `state.valkey.prefix`',
  ],
  [
    /^ERR ACL failure in script: .*the '([a-z|-]{1,40})' command/,
    'rejected',
    'the user of the store may not run $1',
  ],
  [
    /^ERR .*can't run this command or subcommand/,
    'rejected',
    'the user of the store may not run a command of a script',
  ],
  [/^ERR max number of clients/, 'away', 'the store has too many connections'],
  [/^ERR DB index/, 'rejected', 'the store does not have the database of `state.valkey.urls`'],
  [
    /^ERR unknown command '(sentinel|cluster)'/i,
    'rejected',
    'the server does not know $1; check `state.valkey.mode`',
  ],
  [
    /^ERR unknown command '(\w{1,40})'/,
    'rejected',
    'the server does not know $1; it must be version 7 or later',
  ],
  [
    /^ERR This instance has cluster support disabled/,
    'rejected',
    'the server is not part of a cluster; check `state.valkey.mode`',
  ],
];

/** Codes after which another connection can succeed: to the new master, or with the current password. */
const codesOfConnection: ReadonlySet<string> = new Set(['READONLY', 'MASTERDOWN', 'NOAUTH', 'LOADING']);

/** Returns the error of the store for an error of the server or of the connection. */
export function failureOf(error: unknown): StateError {
  if (error instanceof StateError) return error;
  const code = serverCode(error);
  if (code !== undefined) {
    const [failure, explanation] = detailOf(error) ??
      failures[code] ?? ['rejected', 'the store rejects an operation'];
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

function detailOf(error: unknown): readonly [failure: StateFailure, explanation: string] | undefined {
  const { message } = error as Error;
  for (const [pattern, failure, explanation] of details) {
    const found = pattern.exec(message);
    if (found !== null) return [failure, explanation.replace('$1', `\`${found[1]?.toLowerCase()}\``)];
  }
  return undefined;
}

/** The first word of an error reply; undefined for other errors. */
export function serverCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  return /^[A-Z]+(?= |$)/.exec(error.message)?.[0] ?? 'ERR';
}

/** The code of an error of a socket, of TLS or of a file, in parentheses. */
function connectionCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return code !== undefined && /^[A-Z0-9_]+$/.test(code) ? ` (${code})` : '';
}
