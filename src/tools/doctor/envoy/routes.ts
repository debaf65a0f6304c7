/** The routes of an Envoy: where they lead, and whether a filter is enabled for them. */
import { isMapping } from '../../../config/values/mapping.ts';
import type { HttpFilter } from './config-dump.ts';
import { listAt, messageAt, textAt, typeOf, valueAt } from './message.ts';

/** A route of a RouteConfiguration. */
export interface Route {
  /** For example `route orders of virtual host shop`. */
  readonly place: string;
  /** Whether it forwards requests; a redirect or a direct response does not reach a workload. */
  readonly isForwarding: boolean;
  /** The clusters that it names. */
  readonly clusters: readonly string[];
  /** Its settings for filters, the most specific first. */
  readonly overrides: readonly unknown[];
}

/** Lists the routes of a RouteConfiguration. */
export function routesOf(routeConfig: unknown): readonly Route[] {
  return listAt(routeConfig, 'virtual_hosts').flatMap((host) =>
    listAt(host, 'routes').map((route, index): Route => {
      const weighted = listAt(route, 'route', 'weighted_clusters', 'clusters');
      const name = textAt(route, 'name') || String(index);
      return {
        place: `route ${name} of virtual host ${textAt(host, 'name')}`,
        isForwarding: isMapping(valueAt(route, 'route')),
        clusters: [textAt(route, 'route', 'cluster'), ...weighted.map((one) => textAt(one, 'name'))].filter(
          (cluster) => cluster !== '',
        ),
        overrides: [...weighted, route, host, routeConfig].map((level) =>
          messageAt(level, 'typed_per_filter_config'),
        ),
      };
    }),
  );
}

/** Whether a filter runs for the requests of a route. The most specific setting decides. */
export function runsOn(route: Route, filter: HttpFilter): boolean {
  for (const override of route.overrides) {
    const setting = valueAt(override, filter.name);
    if (!isMapping(setting)) continue;
    if (valueAt(setting, 'disabled') === true) return false;
    const inner = typeOf(setting) === 'FilterConfig' ? valueAt(setting, 'config') : setting;
    return valueAt(inner, 'disabled') !== true;
  }
  return !filter.isDisabled;
}
