/** Finds the first rule that matches a request: by host, then along the segments of the path. */
import type { CheckRequest } from '../check/types.ts';
import { expressionReads } from '../config/expression-reads.ts';
import { readHost } from '../config/hosts.ts';
import { createIsWithin } from '../config/networks.ts';
import type { Config } from '../config/options.ts';
import { hostCovers } from '../config/patterns.ts';
import type { RuleConfig } from '../config/rule-options.ts';
import type { ClientAddress } from './client-address.ts';
import { createFindRule, type FoundRule, type PathTrees, treesOf } from './find.ts';
import { otherSpellings, readPath } from './path.ts';

/** Finds the index of the rule that decides, or `none`; or says what of the request has two readings, where rules look at it. */
export type SelectRule = (request: CheckRequest) => FoundRule | 'host_ambiguous';

/** What says how paths and hosts are compared. */
export type Comparison = Pick<Config, 'paths' | 'hosts' | 'noRuleMatches' | 'mode'>;

const strictest: Comparison = {
  paths: { ignoreCase: false, ignoreTrailingSlash: false },
  hosts: { ports: 'exact' },
  noRuleMatches: 'deny',
  mode: 'enforce',
};
const noPath: readonly string[] = [''];

/** Makes the selection of some rules. */
export function createSelectRule(
  rules: readonly RuleConfig[],
  clientAddress: ClientAddress,
  comparison: Comparison = strictest,
): SelectRule {
  const looksAtPaths = rules.some(
    ({ match, require }) => match.paths !== undefined || require?.expression !== undefined,
  );
  const looksAtHosts = rules.some(
    ({ match, require }) => match.hosts !== undefined || expressionReads(require?.expression, 'host'),
  );
  const patterns = [...new Set(rules.flatMap(({ match }) => match.hosts ?? []))];
  const forHost = (host: string | undefined) =>
    treesOf(rules, comparison.paths, ({ match }) =>
      match.hosts === undefined
        ? true
        : host !== undefined && match.hosts.some((wide) => hostCovers(wide, host)),
    );
  const byHost = new Map(patterns.map((pattern) => [pattern, forHost(pattern)]));
  const anyHost = forHost(undefined);
  const methods = rules.map(({ match }) =>
    match.methods === undefined ? undefined : new Set(match.methods),
  );

  const headers = rules.map(({ match }) => Object.entries(match.headers));
  const addresses = rules.map(({ match }) =>
    match.addresses === undefined ? undefined : createIsWithin(match.addresses),
  );

  const treesFor = (host: string): PathTrees => {
    const exact = byHost.get(host);
    if (exact !== undefined) return exact;
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const wide = byHost.get(`*${host.slice(dot)}`);
      if (wide !== undefined) return wide;
    }
    return anyHost;
  };
  const matches = (index: number, request: CheckRequest): boolean => {
    const rule = rules[index];
    if (rule === undefined) return false;
    const wanted = methods[index];
    if (
      wanted !== undefined &&
      !wanted.has(request.method) &&
      !(rule.allowPreflight && wanted.has(preflightMethod(request) ?? ''))
    )
      return false;
    const isWithin = addresses[index];
    if (isWithin !== undefined && !isWithin(clientAddress(request) ?? '')) return false;
    return (headers[index] ?? []).every(([name, value]) => {
      const lines = request.header(name);
      return value === true ? lines.length > 0 : lines.length === 1 && lines[0] === value;
    });
  };

  const find = createFindRule(rules, comparison, matches);

  return (request) => {
    const segments = looksAtPaths ? readPath(request.path) : noPath;
    if (segments === undefined) return 'path_ambiguous';
    const path = { segments, spellings: looksAtPaths ? otherSpellings(request.path, segments) : undefined };
    if (!looksAtHosts) return find(anyHost, request, path);
    const host = readHost(request.host);
    if (host === undefined) return 'host_ambiguous';
    const { name, port } = host;
    if (port === undefined || comparison.hosts.ports === 'ignore') return find(treesFor(name), request, path);
    const found = find(treesFor(`${name}:${port}`), request, path);
    // A rule for hosts that was found with a port names it.
    if (typeof found === 'number' && rules[found]?.match.hosts !== undefined) return found;
    return found === find(treesFor(name), request, path) ? found : 'host_ambiguous';
  };
}

/** The method that a pre-flight request asks for (Fetch standard, CORS-preflight), or undefined if it is none. */
export function preflightMethod(request: CheckRequest): string | undefined {
  if (request.method !== 'OPTIONS' || request.header('origin').length !== 1) return undefined;
  const [method, ...others] = request.header('access-control-request-method');
  return others.length === 0 ? method : undefined;
}
