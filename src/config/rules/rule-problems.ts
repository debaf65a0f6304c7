/** Problems of rules: conflicts between rules, and references to other options. */

import type { Config } from '../declare/options.ts';
import { compileExpression } from '../expression/lazy-expression.ts';
import { loginProblems, loginProblemsOfRule } from '../login/login-problems.ts';
import { compatHeader, maxRemovalBytes, otherSpellings } from '../values/header-names.ts';
import { addressProblems } from './address-problems.ts';
import { hasPort, hostCovers, pathCovers, pathCoversAlike, pathCoversTolerantly } from './patterns.ts';
import type { RuleConfig } from './rule-options.ts';

/** A problem and its path in the configuration. */
export interface RuleProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Whether it is a conflict with another rule. */
  readonly involvesOtherRule?: boolean;
  /** Other options that the problem depends on. */
  readonly options?: readonly string[];
}

/** Finds the problems of rules and policies that the schema accepts. */
export function ruleProblems(config: Config): readonly RuleProblem[] {
  const { rules = [], policies = [] } = config;
  const ofRules = [
    ...listProblems(rules, ['rules'], config),
    ...policies.flatMap((policy, index) => listProblems(policy.rules, ['policies', index, 'rules'], config)),
    ...policyProblems(config),
    ...compatProblems(config),
    ...loginProblems(config),
  ];
  const removals = removedHeaders(config).flatMap((header) => [header, ...otherSpellings(header)]);
  const bytes = removals.join(',').length;
  if ((rules.length === 0 && policies.length === 0) || bytes <= maxRemovalBytes) return ofRules;
  const message = `the headers of all rules have ${removals.length} spellings with - and _, and a response must list all of them: ${bytes} bytes; the limit is ${maxRemovalBytes} bytes; use fewer headers, or fewer hyphens in their names`;
  return [...ofRules, { path: ['rules'], message }];
}

/** Every header that a client must not supply to the upstream: headers that any rule sets, and headers that rules read from the mesh. */
function forwardedHeaders(config: Config): readonly string[] {
  const { outputClaimToHeaders, outputTokenToHeader } = config;
  const all = rulesOf(config);
  const claimed = [...outputClaimToHeaders, ...all.flatMap((rule) => rule.outputClaimToHeaders ?? [])];
  const parameters = all.flatMap((rule) => rule.require?.scopesFromHeader ?? []);
  const names = [...claimed.map(({ header }) => header), ...parameters];
  return [...new Set(outputTokenToHeader === '' ? names : [...names, outputTokenToHeader])];
}

/** Every header that is removed unless it is set, regardless of the transport. */
export function removedHeaders(config: Config): readonly string[] {
  const headers = forwardedHeaders(config);
  return config.compat === 'oauth2-proxy' ? [...headers, compatHeader] : headers;
}

/** All rules, including those of policies. */
export function rulesOf({ rules = [], policies = [] }: Config): readonly RuleConfig[] {
  return [...rules, ...policies.flatMap((policy) => policy.rules)];
}

function listProblems(
  rules: readonly RuleConfig[],
  at: readonly (string | number)[],
  config: Config,
): RuleProblem[] {
  return rules.flatMap((rule, index) =>
    [
      ...ownProblems(rule, config),
      ...addressProblems(rule, config),
      ...portProblems(rule, config),
      ...loginProblemsOfRule(rule, config),
      ...problemsWithEarlierRules(rule, rules.slice(0, index), config),
    ].map((problem) => ({ ...problem, path: [...at, index, ...problem.path] })),
  );
}

/** Finds a configured header with the name of the header that oauth2-proxy always sets. */
function compatProblems(config: Config): RuleProblem[] {
  const isTaken = forwardedHeaders(config).some((header) => header.replaceAll('_', '-') === compatHeader);
  return config.compat === 'oauth2-proxy' && isTaken
    ? [
        {
          path: ['compat'],
          message: `compat: oauth2-proxy sets ${compatHeader} itself; rename the configured header of this name`,
        },
      ]
    : [];
}

/** Finds `rules` next to `policies`, regardless of their values. */
export function rulesAndPoliciesProblem(rules: unknown, policies: unknown): RuleProblem | undefined {
  const areThere = rules !== undefined && Array.isArray(policies) && policies.length > 0;
  return areThere
    ? {
        path: ['rules'],
        message: '`policies` is set too, and policies have their own rules; keep one of the two',
      }
    : undefined;
}

function policyProblems({ rules, policies = [], grpcPolicy, http, shadow }: Config): RuleProblem[] {
  const both = rulesAndPoliciesProblem(rules, policies);
  const problems: RuleProblem[] = both === undefined ? [] : [both];
  if (shadow.authorizer !== '' && policies.length > 0)
    problems.push({
      path: ['shadow', 'authorizer'],
      message:
        'cannot be used with `policies`: the incumbent does not know the path prefixes of policies; remove one of the two',
    });
  if (http.pathPrefix !== '' && policies.length > 0)
    problems.push({
      path: ['http', 'pathPrefix'],
      message: 'cannot be used with `policies`, which have their own pathPrefix; remove it',
    });
  if (grpcPolicy !== undefined && !policies.some(({ name }) => name === grpcPolicy))
    problems.push({ path: ['grpcPolicy'], message: 'must be the name of a policy in `policies`' });
  for (const [index, { name, pathPrefix }] of policies.entries()) {
    const earlier = policies.slice(0, index);
    if (earlier.some((other) => other.name === name))
      problems.push({
        path: ['policies', index, 'name'],
        message: 'must be unique; an earlier policy has this name; use another name',
      });
    const within = earlier.find(
      (other) =>
        `${pathPrefix}/`.startsWith(`${other.pathPrefix}/`) ||
        `${other.pathPrefix}/`.startsWith(`${pathPrefix}/`),
    );
    if (within !== undefined)
      problems.push({
        path: ['policies', index, 'pathPrefix'],
        message: `overlaps with ${within.pathPrefix} of the policy ${within.name}, so a client could choose its policy; use prefixes that do not contain each other`,
      });
  }
  return problems;
}

function ownProblems(rule: RuleConfig, { issuers, trustedHeaders, limits }: Config): RuleProblem[] {
  const issuerNames = issuers.map(({ name }) => name);
  const problems: RuleProblem[] = [];
  const actions = (['allow', 'deny', 'require'] as const).filter((name) => rule[name] !== undefined);
  if (actions.length !== 1)
    problems.push({
      path: actions[1] === undefined ? [] : [actions[1]],
      message:
        actions.length === 0
          ? 'must have one of allow, deny and require; `require: {}` accepts every valid token'
          : `${actions[0]} is set too; keep one of them`,
    });
  for (const [index, name] of (rule.require?.issuers ?? []).entries())
    if (!issuerNames.includes(name))
      problems.push({
        path: ['require', 'issuers', index],
        message: `must be the name of an issuer; configured: ${issuerNames.join(', ')}`,
      });
  if (rule.require?.expression !== undefined)
    for (const problem of expressionProblems(rule.require.expression, limits.maxTokenSize, trustedHeaders))
      problems.push({ path: ['require', 'expression'], ...problem });
  const { scopes = [], anyScopes = [] } = rule.require ?? {};
  const redundant = anyScopes.find((scope) => scopes.includes(scope));
  if (redundant !== undefined)
    problems.push({
      path: ['require', 'anyScopes'],
      message: `has no effect, because scopes already requires ${redundant}; remove one of the two`,
    });
  for (const name of Object.keys(rule.match.headers))
    if (!trustedHeaders.includes(name))
      problems.push({
        path: ['match', 'headers', name],
        message:
          'a client can forge this header; add it to trustedHeaders if the mesh overwrites it for every request',
      });
  return problems;
}

function expressionProblems(
  text: string,
  maxTokenSize: number,
  trustedHeaders: readonly string[],
): readonly Omit<RuleProblem, 'path'>[] {
  const options = ['trustedHeaders'];
  try {
    const { names, others } = compileExpression(text, maxTokenSize).headers;
    const untrusted = names.filter((name) => !trustedHeaders.includes(name));
    const readsNoHeaders = others && trustedHeaders.length === 0;
    return [
      ...(readsNoHeaders ? [{ message: noHeaders, options }] : []),
      ...untrusted.map((name) => ({ message: untrustedHeaderProblem(name), options })),
    ];
  } catch (error) {
    return [{ message: error instanceof Error ? error.message : String(error) }];
  }
}

const noHeaders =
  'request.headers contains only the headers of trustedHeaders, which is empty; add the headers that the expression reads';

function untrustedHeaderProblem(name: string): string {
  return name === name.toLowerCase()
    ? `request.headers does not contain ${name}, which a client can forge; add it to trustedHeaders if the mesh overwrites it for every request`
    : `names in request.headers are in lower case; write ${name.toLowerCase()}, not ${name}`;
}

/** Finds ports in rules while ports are ignored. */
function portProblems({ match }: RuleConfig, { hosts }: Config): RuleProblem[] {
  if (hosts.ports === 'exact') return [];
  return (match.hosts ?? []).flatMap((host, index) =>
    hasPort(host)
      ? [
          {
            path: ['match', 'hosts', index],
            message: 'must not have a port, because hosts.ports is `ignore`; remove the port',
          },
        ]
      : [],
  );
}

function problemsWithEarlierRules(
  rule: RuleConfig,
  earlier: readonly RuleConfig[],
  config: Config,
): RuleProblem[] {
  if (earlier.some(({ name }) => name === rule.name))
    return [
      {
        path: ['name'],
        message: 'must be unique; an earlier rule has this name; use another name',
        involvesOtherRule: true,
      },
    ];
  const hidingRule = earlier.find((other) => covers(other, rule, config));
  return hidingRule === undefined
    ? []
    : [
        {
          path: [],
          message: `never decides, because the earlier rule ${hidingRule.name} matches the same requests; move this rule before it, or remove it`,
          involvesOtherRule: true,
        },
      ];
}

/** Whether an earlier rule decides every request that a later one matches. */
function covers(earlier: RuleConfig, later: RuleConfig, config: Config): boolean {
  const [{ match: wide }, { match: narrow, allowPreflight }] = [earlier, later];
  const within = (
    outer: readonly string[] | undefined,
    inner: readonly string[] | undefined,
    isWithin: (a: string, b: string) => boolean,
  ) => outer === undefined || (inner?.every((one) => outer.some((other) => isWithin(other, one))) ?? false);
  // An earlier rule that allows, or has shadow mode, matches exactly; a later one may match more spellings of the path.
  const canDifferByPath =
    (earlier.allow !== undefined || mayBeShadow([earlier], config)) && later.allow === undefined;
  const isPathWithin = (a: string, b: string) =>
    canDifferByPath
      ? pathCoversAlike(a, b, config.paths)
      : pathCovers(a, b) ||
        (onlyRestricts(earlier, later, config) && pathCoversTolerantly(a, b, config.paths));
  return (
    within(wide.hosts, narrow.hosts, hostCovers) &&
    within(wide.paths, narrow.paths ?? ['/*'], isPathWithin) &&
    within(wide.methods, narrow.methods, (a, b) => a === b) &&
    within(wide.addresses, narrow.addresses, (a, b) => a === b) &&
    !(allowPreflight && wide.methods !== undefined && !wide.methods.includes('OPTIONS')) &&
    // For preflight requests, an anonymous rule matches only those for its own methods.
    !(earlier.allow === 'anonymous' && later.allow !== 'anonymous' && narrow.methods?.includes('OPTIONS')) &&
    Object.entries(wide.headers).every(([name, value]) => narrow.headers[name] === value)
  );
}

/** Whether the tolerance of `paths` also applies to a rule: it only restricts the rules after it. */
function onlyRestricts(earlier: RuleConfig, later: RuleConfig, config: Config): boolean {
  return earlier.allow === undefined && later.deny !== true && !mayBeShadow([earlier, later], config);
}

function mayBeShadow(rules: readonly RuleConfig[], { mode, policies = [] }: Config): boolean {
  return [mode, ...[...policies, ...rules].map((one) => one.mode)].includes('shadow');
}
