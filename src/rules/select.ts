/** Finds the first rule that matches a request: by host, then along the segments of the path. */
import type { CheckRequest } from '../check/types.ts';
import { createIsWithin } from '../config/networks.ts';
import { hostCovers, readPathPattern, type SegmentPattern } from '../config/patterns.ts';
import type { RuleConfig } from '../config/rule-options.ts';
import type { ClientAddress } from './client-address.ts';
import { normalHost, readPath } from './path.ts';
import { asksForOther, type Preflight, readPreflight } from './preflight.ts';

/** Finds the index of the rule that decides, `none`, or `ambiguous` where rules look at paths and the path is unclear. */
export type SelectRule = (request: CheckRequest) => number | 'none' | 'ambiguous';

/** The rules of some hosts, by their paths. */
interface PathNode {
  readonly literals: Map<string, PathNode>;
  one: PathNode | undefined;
  /** Rules whose pattern ends here, and those that take all that is left; in order. */
  readonly ends: number[];
  readonly rests: number[];
}

/** The longest name that a host can have (RFC 1035 section 2.3.4): with a longer one, each of its dots would cost its whole length. */
const maxHostLength = 253;

/** Makes the selection of some rules. */
export function createSelectRule(rules: readonly RuleConfig[], clientAddress: ClientAddress): SelectRule {
  const looksAtPaths = rules.some(
    ({ match, require }) => match.paths !== undefined || require?.expression !== undefined,
  );
  const patterns = [...new Set(rules.flatMap(({ match }) => match.hosts ?? []))];
  const treeOf = (host: string | undefined) => {
    const root = createNode();
    for (const [index, { match }] of rules.entries()) {
      const isMeant =
        match.hosts === undefined ||
        (host !== undefined && match.hosts.some((wide) => hostCovers(wide, host)));
      if (isMeant) for (const path of match.paths ?? ['/*']) insert(root, readPathPattern(path), index);
    }
    return root;
  };
  const byHost = new Map(patterns.map((pattern) => [pattern, treeOf(pattern)]));
  const anyHost = treeOf(undefined);
  const methods = rules.map(({ match }) =>
    match.methods === undefined ? undefined : new Set(match.methods),
  );

  const headers = rules.map(({ match }) => Object.entries(match.headers));
  const addresses = rules.map(({ match }) =>
    match.addresses === undefined ? undefined : createIsWithin(match.addresses),
  );

  const treeFor = (host: string): PathNode => {
    if (host.length > maxHostLength) return anyHost;
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

  return (request) => {
    const path = looksAtPaths ? readPath(request.path) : [''];
    if (path === undefined) return 'ambiguous';
    const found: number[] = [];
    collect(treeFor(normalHost(request.host)), path, 0, found);
    if (found.length > 1) found.sort((a, b) => a - b);
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
}

function createNode(): PathNode {
  return { literals: new Map(), one: undefined, ends: [], rests: [] };
}

function insert(root: PathNode, pattern: readonly SegmentPattern[], index: number): void {
  let node = root;
  for (const segment of pattern) {
    if (segment === 'rest') {
      node.rests.push(index);
      return;
    }
    if (segment === 'one') {
      node.one ??= createNode();
      node = node.one;
    } else node = node.literals.getOrInsertComputed(segment.literal, createNode);
  }
  node.ends.push(index);
}

function collect(node: PathNode, path: readonly string[], at: number, found: number[]): void {
  const segment = path[at];
  if (segment === undefined) {
    found.push(...node.ends);
    return;
  }
  found.push(...node.rests);
  const literal = node.literals.get(segment);
  if (literal !== undefined) collect(literal, path, at + 1, found);
  // `{*}` is a segment, and an empty one is none.
  if (node.one !== undefined && segment !== '') collect(node.one, path, at + 1, found);
}
