/** Reads the listeners, routes and clusters of an Envoy's config dump. It ignores everything that it does not know. */
import { isMapping } from '../../../config/values/mapping.ts';
import { listAt, messageAt, textAt, typeOf, valueAt } from './message.ts';

/** The parts of an Envoy's configuration that a check depends on. */
export interface EnvoyConfig {
  readonly chains: readonly HttpChain[];
  /** The clusters by name. */
  readonly clusters: ReadonlyMap<string, unknown>;
  /** Updates that Envoy rejected; it still uses the earlier configuration. */
  readonly rejected: readonly { readonly name: string; readonly details: string }[];
}

/** An HTTP connection manager with its filters and routes. */
export interface HttpChain {
  /** For example `listener ingress` or `listener virtualInbound, filter chain 0.0.0.0_8080`. */
  readonly place: string;
  /** The listener's `traffic_direction`, which Istio sets: `INBOUND`, `OUTBOUND` or empty. */
  readonly direction: string;
  /** The HttpConnectionManager. */
  readonly manager: unknown;
  readonly filters: readonly HttpFilter[];
  /** The RouteConfiguration; undefined if the dump does not have it. */
  readonly routes: unknown;
}

/** A filter of a connection manager. */
export interface HttpFilter {
  readonly name: string;
  /** The type without its package, such as `ExtAuthz`. */
  readonly type: string;
  readonly config: unknown;
  /** Whether only routes that enable it use it. */
  readonly isDisabled: boolean;
}

/** The resources of a config dump that are read, for `/config_dump?resource=`. */
const dumpedResources = [
  'static_listeners',
  'dynamic_listeners',
  'static_route_configs',
  'dynamic_route_configs',
  'static_clusters',
  'dynamic_active_clusters',
  'ecds_filters',
] as const;

/** Reads config dumps: a whole one, or one of each resource. */
export function readConfigDump(dumps: readonly unknown[]): EnvoyConfig {
  const entries = dumps
    .flatMap((dump) => listAt(dump, 'configs'))
    .flatMap((config) => [config, ...dumpedResources.flatMap((resource) => listAt(config, resource))]);
  const resources = (name: string) =>
    entries
      .map((entry) => valueAt(entry, name) ?? valueAt(entry, 'active_state', name))
      .filter((resource) => isMapping(resource));
  const byName = (name: string) =>
    new Map(resources(name).map((resource) => [textAt(resource, 'name'), resource] as const));
  const [routes, filters] = [byName('route_config'), byName('ecds_filter')];
  return {
    chains: resources('listener').flatMap((listener) => chainsOf(listener, routes, filters)),
    clusters: byName('cluster'),
    rejected: entries
      .filter((entry) => isMapping(valueAt(entry, 'error_state')))
      .map((entry) => ({
        name: nameOf(entry),
        details: textAt(entry, 'error_state', 'details'),
      })),
  };
}

function nameOf(entry: unknown): string {
  const named = [entry, ...['cluster', 'route_config'].map((kind) => valueAt(entry, kind))];
  return named.map((one) => textAt(one, 'name')).find((name) => name !== '') ?? 'a resource without a name';
}

function chainsOf(
  listener: unknown,
  routes: ReadonlyMap<string, unknown>,
  discovered: ReadonlyMap<string, unknown>,
): readonly HttpChain[] {
  const fallback = valueAt(listener, 'default_filter_chain');
  const chains = [
    ...listAt(listener, 'filter_chains'),
    ...(isMapping(fallback) ? [{ ...fallback, name: textAt(fallback, 'name') || 'default' }] : []),
  ];
  return chains.flatMap((chain, index) => {
    const position = chains.length > 1 ? String(index) : '';
    const name = textAt(chain, 'name') || position;
    return listAt(chain, 'filters')
      .map((filter) => messageAt(filter, 'typed_config'))
      .filter((config) => typeOf(config) === 'HttpConnectionManager')
      .map((manager): HttpChain => {
        const inline = valueAt(manager, 'route_config');
        return {
          place: `listener ${textAt(listener, 'name') || 'without a name'}${name === '' ? '' : `, filter chain ${name}`}`,
          direction: textAt(listener, 'traffic_direction'),
          manager,
          filters: listAt(manager, 'http_filters').map((filter) => filterOf(filter, discovered)),
          routes: isMapping(inline) ? inline : routes.get(textAt(manager, 'rds', 'route_config_name')),
        };
      });
  });
}

function filterOf(filter: unknown, discovered: ReadonlyMap<string, unknown>): HttpFilter {
  const name = textAt(filter, 'name');
  const isDiscovered = isMapping(valueAt(filter, 'config_discovery'));
  const config = valueAt(isDiscovered ? discovered.get(name) : filter, 'typed_config');
  // A matcher decides which requests use the filter inside.
  const inner =
    typeOf(config) === 'ExtensionWithMatcher' ? valueAt(config, 'extension_config', 'typed_config') : config;
  return { name, type: typeOf(inner), config: inner, isDisabled: valueAt(filter, 'disabled') === true };
}
