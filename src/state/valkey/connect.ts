/** Connects to a server or a sentinel. */
import { Redis, type RedisOptions } from 'ioredis';
import { StateError } from '../state-store.ts';
import type { Connect, Connecting } from './client.ts';
import { type ConnectionFacts, connectionProblem } from './connection-problem.ts';
import { failureOf, isAnswer } from './failures.ts';
import { readSecrets } from './secrets.ts';
import type { Address, ValkeyConfig } from './valkey-config.ts';

/** The options of the library. Answers have the forms of RESP2. */
type Options = Omit<RedisOptions, 'replyMapping'>;

/** How long the end of a connection waits for the server, in milliseconds. */
const disconnectTimeout = 100;

/** How often the system probes an idle connection, in milliseconds. */
const keepAlive = 10_000;

/** Maximum time of the connection to one server or sentinel, in milliseconds. */
const connectTimeout = 1_000;

/**
 * The options of every connection. The library must not queue, send twice or connect again: `link.ts` decides that. It sends no
 * command that an ACL may forbid.
 */
const fixed = {
  lazyConnect: true,
  retryStrategy: () => null,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  enableReadyCheck: false,
  disableClientInfo: true,
  connectionName: 'oidc-authz',
  protocol: 2,
  connectTimeout,
  disconnectTimeout,
  keepAlive,
} as const satisfies Options;

/**
 * Creates the function that connects to an address.
 *
 * @param readFile reads a file with a secret
 */
export function createConnect(
  options: ValkeyConfig,
  to: 'server' | 'sentinel',
  readFile: (path: string) => string,
): (address: Address) => Connect {
  return ({ host, port, database }) =>
    () => {
      const { [to]: credentials, tls } = readSecrets(options, readFile);
      const all: Options = {
        ...fixed,
        ...credentials,
        ...(tls !== undefined && { tls }),
        host,
        port,
      };
      const facts = {
        ...{ to, host, isTls: tls !== undefined },
        hasCaFile: tls?.ca !== undefined,
        hasCertFile: tls?.cert !== undefined,
      };
      return open(new Redis(all), { host, port, database }, facts);
    };
}

function open(
  redis: Redis,
  { host, port, database }: Address,
  known: Omit<ConnectionFacts, 'isReached' | 'isAnswered'>,
): Connecting {
  const ended = Promise.withResolvers<unknown>();
  let last: unknown;
  let isReached = false;
  let refusal: Error | undefined;
  const explain = (error: unknown) => {
    // The library rejects the commands that wait with an error that says nothing, and reports the cause as an event.
    const cause = error instanceof StateError || isAnswer(error) ? error : (last ?? refusal ?? error);
    if (cause instanceof StateError || isAnswer(cause)) return failureOf(cause).message;
    const isAnswered = (redis.stream?.bytesRead ?? 0) > 0;
    return connectionProblem(cause, { ...known, isReached, isAnswered });
  };
  // Without a listener, the library writes errors to the console.
  redis.on('error', (error) => {
    last = error;
  });
  redis.once('end', () => ended.resolve(last));
  const connected = redis.connect();
  // The library has a stream when its own steps are over. With TLS, it tells only the end of the handshake.
  setImmediate(() => {
    const reached = () => {
      isReached = true;
    };
    if (redis.stream?.connecting === false && !redis.stream.destroyed) reached();
    else redis.stream?.once('connect', reached);
    redis.stream?.once('data', (data: Buffer) => {
      refusal = refusalIn(data);
    });
  });
  return {
    server: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    explain,
    client: {
      call: (command, ...args) => redis.call(command, ...args),
      close: () => redis.disconnect(),
    },
    connected: connected.then(async () => {
      // The library ignores an error of this command, and the first database would be used.
      if (database !== 0) await redis.call('SELECT', database);
    }),
    ended: ended.promise,
  };
}

/** The error of a server that takes no commands. It answers no question, and the library takes it for the answer to its own command. */
function refusalIn(data: Buffer): Error | undefined {
  const text = /^-((?:DENIED|ERR max number of clients)[^\r\n]*)/.exec(data.toString('latin1', 0, 200))?.[1];
  return text === undefined ? undefined : Object.assign(new Error(text), { name: 'ReplyError' });
}
