/** Finds the first rule that matches a request: by host, then along the segments of the path. */

import type { Config } from '../../config/declare/options.ts';
import { mayReadRequestMember } from '../../config/expression/request-members.ts';
import { hostCovers } from '../../config/rules/patterns.ts';
import type { RuleConfig } from '../../config/rules/rule-options.ts';
import { readHost } from '../../config/values/hosts.ts';
import { createIsWithin } from '../../config/values/networks.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { ClientAddress } from './client-address.ts';
import { createFindRule, type FoundRule, type PathTrees, treesOf } from './find-rule.ts';
import { otherSpellings, readPath } from './path.ts';
import { asksForOther, type Preflight, readPreflight } from './preflight.ts';

/** Returns the index of the rule that decides; `none`; or which part of the request is ambiguous. */
export type SelectRule = (request: CheckRequest) => FoundRule | 'host_ambiguous';

/** The options that decide which paths and hosts a rule matches. */
export type MatchOptions = Pick<Config, 'paths' | 'hosts' | 'noRuleMatches' | 'mode'>;

const strictest: MatchOptions = {
  paths: { ignoreCase: false, ignoreTrailingSlash: false },
  hosts: { ports: 'exact' },
  noRuleMatches: 'deny',
  mode: 'enforce',
};
const noPath: readonly string[] = [''];

/** Creates the selection among rules. */
export function createSelectRule(
  rules: readonly RuleConfig[],
  clientAddress: ClientAddress,
  options: MatchOptions = strictest,
): SelectRule {
  const matchesPaths = rules.some(
    ({ match, require }) => match.paths !== undefined || require?.expression !== undefined,
  );
  const matchesHosts = rules.some(
    ({ match, require }) => match.hosts !== undefined || mayReadRequestMember(require?.expression, 'host'),
  );
  const patterns = [...new Set(rules.flatMap(({ match }) => match.hosts ?? []))];
  const forHost = (host: string | undefined) =>
    treesOf(rules, options.paths, ({ match }) =>
      match.hosts === undefined
        ? true
        : host !== undefined && match.hosts.some((pattern) => hostCovers(pattern, host)),
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
      const wildcard = byHost.get(`*${host.slice(dot)}`);
      if (wildcard !== undefined) return wildcard;
    }
    return anyHost;
  };
  const matchesPreflights = rules.some(
    ({ allowPreflight, match }) => allowPreflight || match.methods?.includes('OPTIONS'),
  );
  const isForMethod = (
    rule: RuleConfig,
    allowed: ReadonlySet<string> | undefined,
    request: CheckRequest,
    preflight: Preflight | undefined,
  ): boolean => {
    if (allowed === undefined) return true;
    if (!allowed.has(request.method)) return rule.allowPreflight && allowed.has(preflight?.method ?? '');
    return rule.allow !== 'anonymous' || !asksForOther(preflight, allowed);
  };
  /** Whether a rule that requires a token lists `OPTIONS`, but not the method of the preflight. It then denies the preflight. */
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
    const preflight = matchesPreflights ? readPreflight(request) : undefined;
    let guard: number | undefined;
    for (const index of found) {
      if (!matches(index, request, preflight)) continue;
      if (isGuard(index, preflight)) guard ??= index;
      // After a guard, only a rule with methods can allow the request: a header of the client must not select a rule without methods.
      else if (guard === undefined || methods[index] !== undefined) return index;
    }
    return guard ?? 'none';
  };

  const find = createFindRule(rules, options, choose);

  return (request) => {
    const segments = matchesPaths ? readPath(request.path) : noPath;
    if (segments === undefined) return 'path_ambiguous';
    const path = { segments, spellings: matchesPaths ? otherSpellings(request.path, segments) : undefined };
    if (!matchesHosts) return find(anyHost, request, path);
    const host = readHost(request.host);
    if (host === undefined) return 'host_ambiguous';
    const { name, port } = host;
    if (port === undefined || options.hosts.ports === 'ignore') return find(treesFor(name), request, path);
    const found = find(treesFor(`${name}:${port}`), request, path);
    // A rule with hosts that matches a host with a port lists this port.
    if (typeof found === 'number' && rules[found]?.match.hosts !== undefined) return found;
    return found === find(treesFor(name), request, path) ? found : 'host_ambiguous';
  };
}
