/**
 * A model of Kyma: v1beta1 decides by the gateway and Oathkeeper, v2 by its list of rules. It follows the behavior of
 * the module.
 */
import { readPathPattern } from '../../../../src/config/rules/patterns.ts';
import { readPath } from '../../../../src/tools/migrate/apirule/translate/paths.ts';

/** A rule of v1beta1 in the model: the paths and the access. */
export interface ModelRule {
  readonly path: string;
  readonly methods: readonly string[];
  readonly handler: 'allow' | 'no_auth' | 'noop' | 'unauthorized' | 'jwt';
  readonly scopes: readonly string[];
}

/** A request with the scopes of its token; undefined without a token. */
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
 * Whether v1beta1 with Oathkeeper can allow a request: the gateway's first route for the path decides. If several rules
 * match, Oathkeeper denies; the model allows if one of them does, which is the intention of the author.
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
 * Whether a request that v1beta1 does not route may be allowed with the token of a guarded rule. The pattern of that
 * rule may be wider than its expression.
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

/** The result in v2: open, ask the authorizer, or deny without a rule. */
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

/** The gateway has one route for each expression; only no_auth limits its methods. */
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
