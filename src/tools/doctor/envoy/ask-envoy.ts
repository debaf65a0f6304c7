/** Asks the admin port of an Envoy for everything that the rules read. */
import type { Config } from '../../../config/declare/options.ts';
import { parseJson } from '../../../runtime/parse-json.ts';
import { singleProblem } from '../../single-problem.ts';
import { type Ask, isTooLarge } from '../ask.ts';
import { readConfigDump } from './config-dump.ts';
import { authzFilters, type EnvoyInput } from './input.ts';
import { listAt, numberAt, textAt, valueAt } from './message.ts';

/** The limits of one request to an Envoy. A dump of a large mesh has tens of megabytes. */
export const envoyLimits = { timeout: 20_000, maxBodyBytes: 64 * 1024 * 1024 };

/** Who asks, and what for. */
export interface EnvoyQuestion {
  readonly url: string;
  readonly ask: Ask;
  readonly config: Config | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The answers, and sentences about those that are missing. */
export interface EnvoyAnswers {
  readonly input: EnvoyInput;
  readonly notes: readonly string[];
}

/**
 * Asks an Envoy. The configuration is requested in parts: a whole dump of a large mesh exceeds any limit.
 *
 * @throws ConfigError if it does not answer, or if the answer is not Envoy's
 */
export async function askEnvoy({ url, ask, config, now }: EnvoyQuestion): Promise<EnvoyAnswers> {
  const notes: string[] = [];
  const get = async (path: string): Promise<unknown> => {
    try {
      const { status, body } = await ask(path);
      // Envoy answers 404 if it has no resource of that kind.
      return status === 200 ? parseJson(body) : undefined;
    } catch (error) {
      if (isTooLarge(error)) notes.push(`Not read: ${path}: the response is larger than 64 MiB.`);
      else if (error instanceof SyntaxError) notes.push(`Not read: ${path}: the response is not JSON.`);
      else throw error;
      return undefined;
    }
  };
  const version = textAt(await get('/server_info'), 'version');
  if (version === '')
    throw singleProblem(
      'flag --envoy',
      'the response to /server_info is not one of Envoy; name the admin port, which is 9901 in many configurations and 15000 in a sidecar of Istio',
    );
  const dump = (resource: string, names?: readonly string[]) =>
    get(`/config_dump?resource=${resource}${names === undefined ? '' : `&name_regex=${exactly(names)}`}`);
  const all = async (resources: readonly string[], names?: readonly string[]) => {
    const dumps: unknown[] = [];
    for (const resource of resources) dumps.push(await dump(resource, names));
    return dumps;
  };
  const listeners = await all(['static_listeners', 'dynamic_listeners', 'ecds_filters']);
  const routes = await all(['static_route_configs', 'dynamic_route_configs']);
  const clusters = clusterNames(listeners);
  const clusterDumps =
    clusters.length === 0 ? [] : await all(['static_clusters', 'dynamic_active_clusters'], clusters);
  const envoy = readConfigDump([...listeners, ...routes, ...clusterDumps]);
  const filters = authzFilters(envoy);
  notes.unshift(
    `Envoy ${version.split('/')[1] ?? version} at ${url} has ${counted(envoy.chains.length, 'HTTP connection manager')} and ${counted(filters.length, 'ext_authz filter')}.`,
  );
  return {
    notes,
    input: {
      url,
      config,
      envoy,
      filters,
      version,
      clusterStatuses:
        clusters.length === 0 ? undefined : await get(`/clusters?format=json&filter=${exactly(clusters)}`),
      certificates: await get('/certs'),
      counters: countersOf(await get('/stats?format=json&filter=ext_authz')),
      now: now(),
    },
  };
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function clusterNames(listeners: readonly unknown[]): readonly string[] {
  const names = authzFilters(readConfigDump(listeners)).map(({ cluster }) => cluster);
  return [...new Set(names)].filter((name) => name !== '');
}

/** A regular expression for exactly these names, for a query. */
function exactly(names: readonly string[]): string {
  const escaped = names.map((name) => name.replaceAll(/[^A-Za-z0-9_]/g, '\\$&'));
  return encodeURIComponent(`^(${escaped.join('|')})$`);
}

function countersOf(stats: unknown): ReadonlyMap<string, number> {
  return new Map(
    listAt(stats, 'stats')
      .filter((one) => valueAt(one, 'value') !== undefined)
      .map((one) => [textAt(one, 'name'), numberAt(one, 'value') ?? 0]),
  );
}
