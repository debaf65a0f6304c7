/** Connects to a server or a sentinel. */
import { Redis, type RedisOptions } from 'ioredis';
import type { Connect, Connecting } from './client.ts';
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
      return open(new Redis(all), database);
    };
}

function open(redis: Redis, database: number): Connecting {
  const ended = Promise.withResolvers<unknown>();
  let last: unknown;
  // Without a listener, the library writes errors to the console.
  redis.on('error', (error) => {
    last = error;
  });
  redis.once('end', () => ended.resolve(last));
  return {
    client: {
      call: (command, ...args) => redis.call(command, ...args),
      close: () => redis.disconnect(),
    },
    connected: redis.connect().then(async () => {
      // The library ignores an error of this command, and the first database would be used.
      if (database !== 0) await redis.call('SELECT', database);
    }),
    ended: ended.promise,
  };
}
