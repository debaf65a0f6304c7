/** The input of the rules about a running Envoy. */
import type { Config } from '../../../config/declare/options.ts';
import type { Place } from '../finding.ts';
import type { EnvoyConfig, HttpChain, HttpFilter } from './config-dump.ts';
import { durationAt, textAt, typeOf, valueAt } from './message.ts';

/** The answers of an Envoy's admin port, and the configuration of the service. */
export interface EnvoyInput {
  /** The URL of the admin port. */
  readonly url: string;
  /** The configuration of the service; undefined if there is none to compare with. */
  readonly config: Config | undefined;
  readonly envoy: EnvoyConfig;
  /** The ext_authz filters of all chains. */
  readonly filters: readonly AuthzFilter[];
  /** `version` of `/server_info`, such as `<commit>/1.37.0/Clean/RELEASE/BoringSSL`. */
  readonly version: string;
  /** The answer of `/clusters?format=json`. */
  readonly clusterStatuses: unknown;
  /** The answer of `/certs`. */
  readonly certificates: unknown;
  /** The counters of ext_authz by name. */
  readonly counters: ReadonlyMap<string, number>;
  /** The time of the answers, in milliseconds since the epoch. */
  readonly now: number;
}

/** An ext_authz filter. */
export interface AuthzFilter {
  readonly chain: HttpChain;
  /** Its position in `chain.filters`. */
  readonly index: number;
  readonly filter: HttpFilter;
  /** The ExtAuthz message. */
  readonly config: unknown;
  readonly transport: 'http' | 'grpc';
  /** The cluster of the authorizer; empty with `google_grpc`. */
  readonly cluster: string;
  /** In milliseconds; undefined if the dump does not say. */
  readonly timeout: number | undefined;
}

/** Finds the ext_authz filters of a configuration. */
export function authzFilters(envoy: EnvoyConfig): readonly AuthzFilter[] {
  return envoy.chains.flatMap((chain) =>
    chain.filters.flatMap((filter, index) => {
      if (typeOf(filter.config) !== 'ExtAuthz') return [];
      const { config } = filter;
      const http = valueAt(config, 'http_service', 'server_uri');
      const isHttp = http !== undefined;
      return [
        {
          chain,
          index,
          filter,
          config,
          transport: isHttp ? 'http' : 'grpc',
          cluster: isHttp
            ? textAt(http, 'cluster')
            : textAt(config, 'grpc_service', 'envoy_grpc', 'cluster_name'),
          timeout: isHttp ? durationAt(http, 'timeout') : durationAt(config, 'grpc_service', 'timeout'),
        } as const,
      ];
    }),
  );
}

/** The place of a field of an ext_authz filter. */
export function filterPlace(
  { url }: Pick<EnvoyInput, 'url'>,
  { chain, filter }: AuthzFilter,
  path: string,
): Place {
  return { file: url, object: `${chain.place}, filter ${filter.name}`, path };
}

/** The place of a field of a connection manager. */
export function chainPlace({ url }: Pick<EnvoyInput, 'url'>, { place }: HttpChain, path: string): Place {
  return { file: url, object: place, path };
}

/** The chains that send checks, each once. */
export function checkedChains({ filters }: Pick<EnvoyInput, 'filters'>): readonly HttpChain[] {
  return [...new Set(filters.map(({ chain }) => chain))];
}
