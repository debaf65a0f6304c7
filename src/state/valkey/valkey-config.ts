/** The options of the store, and the addresses in them. */
import type { Config } from '../../config/declare/options.ts';

/** `state.valkey`. */
export type ValkeyConfig = NonNullable<Config['state']>['valkey'];

/** An address of a server. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** The number of the database. */
  readonly database: number;
}

/** Whether two addresses are the same server. */
export function isSameAddress(one: Address, other: Address): boolean {
  return one.host === other.host && one.port === other.port;
}

/** The ports that servers and sentinels use unless the URL has another. */
const defaultPorts = { server: 6_379, sentinel: 26_379 };

/** Reads `state.valkey.urls`. */
export function addressesOf({
  urls,
  mode,
}: Pick<ValkeyConfig, 'urls' | 'mode'>): readonly [Address, ...Address[]] {
  const defaultPort = mode === 'sentinel' ? defaultPorts.sentinel : defaultPorts.server;
  const [first, ...others] = urls.map((written) => {
    const { hostname, port, pathname } = new URL(written);
    return {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? defaultPort : Number(port),
      database: Number(pathname.slice(1)),
    };
  });
  if (first === undefined) throw new TypeError('state.valkey.urls is empty');
  return [first, ...others];
}
