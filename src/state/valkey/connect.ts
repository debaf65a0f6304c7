/** Connects to a server, or to the master that sentinels name. */
import { Redis, type RedisOptions } from 'ioredis';
import type { Connect, Connecting } from './client.ts';
import { readSecrets } from './secrets.ts';
import { type Address, addressesOf, type ValkeyConfig } from './valkey-config.ts';

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
  sentinelRetryStrategy: () => null,
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
 * Creates the function that connects.
 *
 * @param readFile reads a file with a secret
 * @returns a function with the address of the server. With sentinels, they name it
 */
export function createConnect(
  options: ValkeyConfig,
  readFile: (path: string) => string,
): (to: Address) => Connect {
  return (to) => () => {
    const { server, sentinel, tls } = readSecrets(options, readFile);
    const place: Options =
      options.mode === 'sentinel'
        ? {
            sentinels: addressesOf(options).map(({ host, port }) => ({ host, port })),
            name: options.masterName,
            sentinelCommandTimeout: connectTimeout,
            sentinelUsername: sentinel?.username,
            sentinelPassword: sentinel?.password,
            ...(tls !== undefined && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
          }
        : { host: to.host, port: to.port };
    const all: Options = {
      ...fixed,
      ...server,
      ...(tls !== undefined && { tls }),
      ...place,
      db: to.database,
    };
    return open(new Redis(all));
  };
}

function open(redis: Redis): Connecting {
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
    connected: redis.connect(),
    ended: ended.promise,
  };
}
