/** How Kyma takes APIRules: v1beta1 by the gateway and Oathkeeper, v2 by its list of rules. Written from what the module does, for comparison. */
import { readPathPattern } from '../../../../src/config/rules/patterns.ts';
import { readPath } from '../../../../src/tools/migrate/apirule/translate/paths.ts';

/** A rule of v1beta1 that a model understands: who may, and where. */
export interface ModelRule {
  readonly path: string;
  readonly methods: readonly string[];
  readonly handler: 'allow' | 'no_auth' | 'noop' | 'unauthorized' | 'jwt';
  readonly scopes: readonly string[];
}

/** A request with the scopes of its token; without any, there is no token. */
export interface ModelRequest {
  readonly method: string;
  readonly path: string;
  readonly scopes: readonly string[] | undefined;
}

/** A rule of APIRule v2. */
export interface ModelRuleV2 {
  readonly path: string;
  readonly methods: readonly string[];
  readonly noAuth?: boolean;
}

/**
 * Whether v1beta1 could let a request in, with Oathkeeper: the gateway's first route for the path decides who is asked.
 * Where several rules match, Oathkeeper refuses; here any of them is enough, since it is what their author meant.
 */
export function mayPassV1(rules: readonly ModelRule[], request: ModelRequest): boolean {
  const route = routeV1(rules, request);
  if (route === undefined) return false;
  if (isDirect(route)) return true;
  return rules
    .filter((rule) => !isDirect(rule) && matches(rule, request.path) && rule.methods.includes(request.method))
    .some(({ handler, scopes }) =>
      handler === 'jwt'
        ? request.scopes !== undefined && scopes.every((scope) => request.scopes?.includes(scope))
        : handler === 'noop',
    );
}

/**
 * Whether a request that v1beta1 did not know may pass, since a guarded rule had no route of its own there, or has a
 * pattern now that is wider than its expression: then with the token that this rule wants.
 */
export function mayPassWidened(rules: readonly ModelRule[], { method, path, scopes }: ModelRequest): boolean {
  const isTaken =
    routeV1(rules, { method, path, scopes }) !== undefined &&
    rules.some((rule) => !isDirect(rule) && matches(rule, path) && rule.methods.includes(method));
  if (isTaken || scopes === undefined) return false;
  return rules.some(
    (rule) =>
      rule.handler === 'jwt' &&
      rule.methods.includes(method) &&
      readPath(rule.path, false).around.some((pattern) => matchesPattern(pattern, path)) &&
      rule.scopes.every((scope) => scopes.includes(scope)),
  );
}

/** What v2 does with a request: open, asks the authorizer, or refuses what no rule has. */
export function routeV2(
  rules: readonly ModelRuleV2[],
  { method, path }: ModelRequest,
): 'open' | 'asked' | 'refused' {
  const found = rules.find(
    (rule, index) =>
      rule.methods.includes(method) &&
      matchesPattern(rule.path, path) &&
      !rules
        .slice(0, index)
        .some(
          (earlier) =>
            earlier.methods.some((one) => rule.methods.includes(one)) && matchesPattern(earlier.path, path),
        ),
  );
  if (found === undefined) return 'refused';
  return found.noAuth === true ? 'open' : 'asked';
}

/** The gateway has one route for each expression; only no_auth keeps it to some methods. */
function routeV1(rules: readonly ModelRule[], { method, path }: ModelRequest): ModelRule | undefined {
  return rules
    .filter((rule, index) => rules.findIndex((one) => one.path === rule.path) === index)
    .find((rule) => matches(rule, path) && (rule.handler !== 'no_auth' || rule.methods.includes(method)));
}

function isDirect({ handler }: ModelRule): boolean {
  return handler === 'allow' || handler === 'no_auth';
}

function matches({ path }: ModelRule, of: string): boolean {
  return new RegExp(`^(?:${path})$`).test(of);
}

function matchesPattern(pattern: string, path: string): boolean {
  const segments = path.slice(1).split('/');
  for (const [index, part] of readPathPattern(pattern).entries()) {
    if (part === 'rest') return index < segments.length;
    const segment = segments[index];
    if (segment === undefined) return false;
    if (part === 'one' ? segment === '' : part.literal !== segment) return false;
  }
  return readPathPattern(pattern).length === segments.length;
}
