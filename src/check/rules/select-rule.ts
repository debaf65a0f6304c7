/** Finds the first rule that matches a request: by host, then along the segments of the path. */

import type { Config } from '../../config/declare/options.ts';
import { mayReadRequestMember } from '../../config/expression/request-members.ts';
import { hostCovers } from '../../config/rules/patterns.ts';
import type { RuleConfig } from '../../config/rules/rule-options.ts';
import { readHost } from '../../config/values/hosts.ts';
import { createIsWithin } from '../../config/values/networks.ts';
import type { CheckRequest } from '../../model/decision.ts';
import type { ClientAddress } from './client-address.ts';
import { createFindRule, type FoundRule, type PathTrees, treesOf } from './find-rule.ts';
import { otherSpellings, readPath } from './path.ts';
import { asksForOther, type Preflight, readPreflight } from './preflight.ts';

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
    ({ match, require }) => match.hosts !== undefined || mayReadRequestMember(require?.expression, 'host'),
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
  const looksAtPreflights = rules.some(
    ({ allowPreflight, match }) => allowPreflight || match.methods?.includes('OPTIONS'),
  );
  const isForMethod = (
    rule: RuleConfig,
    wanted: ReadonlySet<string> | undefined,
    request: CheckRequest,
    preflight: Preflight | undefined,
  ): boolean => {
    if (wanted === undefined) return true;
    if (!wanted.has(request.method)) return rule.allowPreflight && wanted.has(preflight?.method ?? '');
    return rule.allow !== 'anonymous' || !asksForOther(preflight, wanted);
  };
  /** Whether a rule that asks for a token lists `OPTIONS`, but not what a pre-flight request asks for: then it lets nobody pass. */
  const isGuard = (index: number, preflight: Preflight | undefined): boolean =>
    preflight !== undefined &&
    rules[index]?.require !== undefined &&
    (methods[index]?.has('OPTIONS') ?? false) &&
    asksForOther(preflight, methods[index]);
  const matches = (index: number, request: CheckRequest, preflight: Preflight | undefined): boolean => {
    const rule = rules[index];
    if (rule === undefined || !isForMethod(rule, methods[index], request, preflight)) return false;
    const isWithin = addresses[index];
    if (isWithin !== undefined && !isWithin(clientAddress(request) ?? '')) return false;
    return (headers[index] ?? []).every(([name, value]) => {
      const lines = request.header(name);
      return value === true ? lines.length > 0 : lines.length === 1 && lines[0] === value;
    });
  };

  const choose = (found: readonly number[], request: CheckRequest): number | 'none' => {
    const preflight = looksAtPreflights ? readPreflight(request) : undefined;
    let guard: number | undefined;
    for (const index of found) {
      if (!matches(index, request, preflight)) continue;
      if (isGuard(index, preflight)) guard ??= index;
      // Past a guard, only a rule that names the method may let it pass: a header must not lead to a rule for everything.
      else if (guard === undefined || methods[index] !== undefined) return index;
    }
    return guard ?? 'none';
  };

  const find = createFindRule(rules, comparison, choose);

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
