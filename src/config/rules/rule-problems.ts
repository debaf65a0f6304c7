/** What is wrong with rules beside each other, and with what they speak of. */

import type { Config } from '../declare/options.ts';
import { compileExpression } from '../expression/lazy-expression.ts';
import { compatHeader, maxRemovalBytes, otherSpellings } from '../values/header-names.ts';
import { hasPort, hostCovers, pathCovers, pathCoversAlike, pathCoversTolerantly } from './patterns.ts';
import type { RuleConfig } from './rule-options.ts';

/** A problem, and where it is below `rules`. */
export interface RuleProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Whether it is about a rule beside another one. */
  readonly isOfTwo?: boolean;
  /** The option that it is about as well. */
  readonly option?: string;
}

/** Finds the problems of rules and policies that are each right by themselves. */
export function ruleProblems(config: Config): readonly RuleProblem[] {
  const { rules = [], policies = [] } = config;
  const ofRules = [
    ...listProblems(rules, ['rules'], config),
    ...policies.flatMap((policy, index) => listProblems(policy.rules, ['policies', index, 'rules'], config)),
    ...policyProblems(config),
    ...compatProblems(config),
  ];
  const removals = removedHeaders(config).flatMap((header) => [header, ...otherSpellings(header)]);
  const bytes = removals.join(',').length;
  if ((rules.length === 0 && policies.length === 0) || bytes <= maxRemovalBytes) return ofRules;
  const message = `the headers of all rules have ${removals.length} spellings that must be removed, ${bytes} bytes; at most ${maxRemovalBytes} fit`;
  return [...ofRules, { path: ['rules'], message }];
}

/** Every header that a client must not supply to the upstream: those that any rule sets, and those that rules take from the mesh. */
function forwardedHeaders(config: Config): readonly string[] {
  const { outputClaimToHeaders, outputTokenToHeader } = config;
  const all = rulesOf(config);
  const claimed = [...outputClaimToHeaders, ...all.flatMap((rule) => rule.outputClaimToHeaders ?? [])];
  const parameters = all.flatMap((rule) => rule.require?.scopesFromHeader ?? []);
  const names = [...claimed.map(({ header }) => header), ...parameters];
  return [...new Set(outputTokenToHeader === '' ? names : [...names, outputTokenToHeader])];
}

/** Every header that is removed where it is not set: those, and the one that answers of oauth2-proxy have, whatever the transport. */
export function removedHeaders(config: Config): readonly string[] {
  const headers = forwardedHeaders(config);
  return config.compat === 'oauth2-proxy' ? [...headers, compatHeader] : headers;
}

/** Whether anything passes that would be refused, for it is only tried. */
export function isTried(config: Config): boolean {
  const { policies = [], mode, shadow } = config;
  // Where another authorizer decides, nothing passes that it refuses.
  if (shadow.authorizer !== '') return false;
  const modes = [
    ...(policies.length > 0 ? [] : [mode]),
    ...policies.map((policy) => policy.mode ?? mode),
    ...rulesOf(config).map((rule) => rule.mode),
  ];
  return modes.includes('shadow');
}

/** All rules, those of policies among them. */
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
      ...besideOthers(rule, rules.slice(0, index), config),
    ].map((problem) => ({ ...problem, path: [...at, index, ...problem.path] })),
  );
}

/** The header that answers of oauth2-proxy always have. */
function compatProblems(config: Config): RuleProblem[] {
  const isTaken = forwardedHeaders(config).some((header) => header.replaceAll('_', '-') === compatHeader);
  return config.compat === 'oauth2-proxy' && isTaken
    ? [{ path: ['compat'], message: `oauth2-proxy sets ${compatHeader} itself; name another header` }]
    : [];
}

/** Rules beside policies, whatever they are. */
export function bothProblem(rules: unknown, policies: unknown): RuleProblem | undefined {
  const areThere = rules !== undefined && Array.isArray(policies) && policies.length > 0;
  return areThere
    ? { path: ['rules'], message: 'policies have rules of their own; keep one of the two' }
    : undefined;
}

function policyProblems({ rules, policies = [], grpcPolicy, http, shadow }: Config): RuleProblem[] {
  const both = bothProblem(rules, policies);
  const problems: RuleProblem[] = both === undefined ? [] : [both];
  if (shadow.authorizer !== '' && policies.length > 0)
    problems.push({
      path: ['shadow', 'authorizer'],
      message:
        'the other authorizer would be asked for paths with the prefixes of policies, which it does not know',
    });
  if (http.pathPrefix !== '' && policies.length > 0)
    problems.push({
      path: ['http', 'pathPrefix'],
      message: 'each policy has its own pathPrefix; keep those',
    });
  if (grpcPolicy !== undefined && !policies.some(({ name }) => name === grpcPolicy))
    problems.push({ path: ['grpcPolicy'], message: 'there is no policy of this name' });
  for (const [index, { name, pathPrefix }] of policies.entries()) {
    const earlier = policies.slice(0, index);
    if (earlier.some((other) => other.name === name))
      problems.push({ path: ['policies', index, 'name'], message: 'another policy above has this name' });
    const within = earlier.find(
      (other) =>
        `${pathPrefix}/`.startsWith(`${other.pathPrefix}/`) ||
        `${other.pathPrefix}/`.startsWith(`${pathPrefix}/`),
    );
    if (within !== undefined)
      problems.push({
        path: ['policies', index, 'pathPrefix'],
        message: `${within.pathPrefix} of ${within.name} and this one begin alike, so a client could choose between them`,
      });
  }
  return problems;
}

/** An address is worth what is known of those who tell it. */
function addressProblems({ match }: RuleConfig, { clientAddress, trustedHeaders }: Config): RuleProblem[] {
  if (match.addresses === undefined) return [];
  const { header, trustedProxies } = clientAddress;
  if (header !== 'x-forwarded-for')
    return trustedHeaders.includes(header)
      ? []
      : [
          {
            path: ['match', 'addresses'],
            message: `a client can send ${header}, which clientAddress.header names; list it in trustedHeaders if the mesh overwrites it for every request`,
          },
        ];
  return trustedProxies.length > 0
    ? []
    : [
        {
          path: ['match', 'addresses'],
          message:
            'a client can send x-forwarded-for; say in clientAddress.trustedProxies which proxies stand in front',
        },
      ];
}

function ownProblems(rule: RuleConfig, { issuers, trustedHeaders, limits }: Config): RuleProblem[] {
  const issuerNames = issuers.map(({ name }) => name);
  const problems: RuleProblem[] = [];
  const said = (['allow', 'deny', 'require'] as const).filter((name) => rule[name] !== undefined);
  if (said.length !== 1)
    problems.push({
      path: said[1] === undefined ? [] : [said[1]],
      message:
        said.length === 0
          ? 'expected one of allow, deny and require; `require: {}` asks for a good token'
          : `${said[0]} is said already; keep one of them`,
    });
  for (const [index, name] of (rule.require?.issuers ?? []).entries())
    if (!issuerNames.includes(name))
      problems.push({
        path: ['require', 'issuers', index],
        message: `there is no issuer of this name; there are ${issuerNames.join(', ')}`,
      });
  if (rule.require?.expression !== undefined)
    for (const problem of expressionProblems(rule.require.expression, limits.maxTokenSize, trustedHeaders))
      problems.push({ path: ['require', 'expression'], ...problem });
  const { scopes = [], anyScopes = [] } = rule.require ?? {};
  const idle = anyScopes.find((scope) => scopes.includes(scope));
  if (idle !== undefined)
    problems.push({
      path: ['require', 'anyScopes'],
      message: `${idle} is in scopes already, so anyScopes asks for nothing`,
    });
  for (const name of Object.keys(rule.match.headers))
    if (!trustedHeaders.includes(name))
      problems.push({
        path: ['match', 'headers', name],
        message:
          'a client can send this header; list it in trustedHeaders if the mesh overwrites it for every request',
      });
  return problems;
}

function expressionProblems(
  text: string,
  maxTokenSize: number,
  trustedHeaders: readonly string[],
): readonly Omit<RuleProblem, 'path'>[] {
  const option = 'trustedHeaders';
  try {
    const { names, others } = compileExpression(text, maxTokenSize).headers;
    const unseen = names.filter((name) => !trustedHeaders.includes(name));
    const isBlind = others && trustedHeaders.length === 0;
    return [
      ...(isBlind ? [{ message: noHeaders, option }] : []),
      ...unseen.map((name) => ({ message: unseenProblem(name), option })),
    ];
  } catch (error) {
    return [{ message: error instanceof Error ? error.message : String(error) }];
  }
}

const noHeaders =
  'request.headers has the headers of trustedHeaders alone, and there is none; list those that are meant';

function unseenProblem(name: string): string {
  return name === name.toLowerCase()
    ? `request.headers never has ${name}, which a client can send; list it in trustedHeaders if the mesh overwrites it for every request`
    : `request.headers has names in lower case alone; write ${name.toLowerCase()}, not ${name}`;
}

/** A port that is ignored is one that no rule can name. */
function portProblems({ match }: RuleConfig, { hosts }: Config): RuleProblem[] {
  if (hosts.ports === 'exact') return [];
  return (match.hosts ?? []).flatMap((host, index) =>
    hasPort(host)
      ? [
          {
            path: ['match', 'hosts', index],
            message: 'hosts.ports is ignore, so no host is compared with its port; leave out the port here',
          },
        ]
      : [],
  );
}

function besideOthers(rule: RuleConfig, earlier: readonly RuleConfig[], config: Config): RuleProblem[] {
  if (earlier.some(({ name }) => name === rule.name))
    return [{ path: ['name'], message: 'another rule above has this name', isOfTwo: true }];
  const hiding = earlier.find((other) => covers(other, rule, config));
  return hiding === undefined
    ? []
    : [
        {
          path: [],
          message: `the rule ${hiding.name} above matches everything that this one does, so this one never decides`,
          isOfTwo: true,
        },
      ];
}

/** Whether a rule decides whatever another one behind it matches. */
function covers(earlier: RuleConfig, later: RuleConfig, config: Config): boolean {
  const [{ match: wide }, { match: narrow, allowPreflight }] = [earlier, later];
  const within = (
    outer: readonly string[] | undefined,
    inner: readonly string[] | undefined,
    isWithin: (a: string, b: string) => boolean,
  ) => outer === undefined || (inner?.every((one) => outer.some((other) => isWithin(other, one))) ?? false);
  // What opens takes nothing away where its path differs, and what comes behind it may.
  const isBeside =
    (earlier.allow !== undefined || mayBeTried([earlier], config)) && later.allow === undefined;
  const isPathWithin = (a: string, b: string) =>
    isBeside
      ? pathCoversAlike(a, b, config.paths)
      : pathCovers(a, b) || (takesAway(earlier, later, config) && pathCoversTolerantly(a, b, config.paths));
  return (
    within(wide.hosts, narrow.hosts, hostCovers) &&
    within(wide.paths, narrow.paths ?? ['/*'], isPathWithin) &&
    within(wide.methods, narrow.methods, (a, b) => a === b) &&
    within(wide.addresses, narrow.addresses, (a, b) => a === b) &&
    !(allowPreflight && wide.methods !== undefined && !wide.methods.includes('OPTIONS')) &&
    // Of pre-flight requests, a rule that lets anybody pass has those for its methods alone.
    !(earlier.allow === 'anonymous' && later.allow !== 'anonymous' && narrow.methods?.includes('OPTIONS')) &&
    Object.entries(wide.headers).every(([name, value]) => narrow.headers[name] === value)
  );
}

/** Whether a rule also decides where its path differs in what `paths` ignores: it only takes away from what comes behind it. */
function takesAway(earlier: RuleConfig, later: RuleConfig, config: Config): boolean {
  return earlier.allow === undefined && later.deny !== true && !mayBeTried([earlier, later], config);
}

function mayBeTried(rules: readonly RuleConfig[], { mode, policies = [] }: Config): boolean {
  return [mode, ...[...policies, ...rules].map((one) => one.mode)].includes('shadow');
}
