/** Checks the rules of a configuration that has other problems, so that one run reports all problems. */
import type * as z from 'zod';
import { type Config, configSchema } from '../declare/options.ts';
import { type RuleProblem, ruleProblems, rulesAndPoliciesProblem } from '../rules/rule-problems.ts';
import { zodOf } from '../schema/to-zod.ts';
import { isMapping, type Mapping } from '../values/mapping.ts';
import { nameIssuers } from './issuer-names.ts';

/** How often the copy is repaired before the check gives up: one repair can reveal the next problem. */
const maxRounds = 4;

/** How an invalid rule is repaired: `trim` removes its invalid parts; `replace` replaces it by a rule that hides no other rule. */
type RepairMode = 'trim' | 'replace';

/** A repaired copy of a configuration. */
interface RepairedConfig {
  readonly config: Config;
  /** The invalid options, and the invalid rules, such as `rules/0`. */
  readonly invalidParts: ReadonlySet<string>;
}

/**
 * Finds the problems of rules in an invalid configuration. It checks a repaired copy and leaves out the problems that the
 * repair itself causes.
 */
export function ruleProblemsOfInvalidConfig(
  raw: Mapping,
  issues: readonly z.core.$ZodIssue[],
): readonly RuleProblem[] {
  const [trimmed, replaced] = [repairConfig(raw, issues, 'trim'), repairConfig(raw, issues, 'replace')];
  const ofInvalidRules =
    trimmed === undefined
      ? []
      : ruleProblems(trimmed.config).filter(
          (problem) =>
            problem.involvesOtherRule !== true &&
            isWithin(problem.path, trimmed.invalidParts) &&
            !isCausedBy(problem, trimmed.invalidParts),
        );
  const ofValidRules =
    replaced === undefined
      ? []
      : ruleProblems(replaced.config).filter(
          (problem) =>
            !isWithin(problem.path, replaced.invalidParts) && !isCausedBy(problem, replaced.invalidParts),
        );
  const both = rulesAndPoliciesProblem(raw.rules, raw.policies);
  const isReported = ofValidRules.some(({ message }) => message === both?.message);
  return [...ofValidRules, ...ofInvalidRules, ...(both === undefined || isReported ? [] : [both])];
}

function repairConfig(
  raw: Mapping,
  issues: readonly z.core.$ZodIssue[],
  how: RepairMode,
): RepairedConfig | undefined {
  const invalidParts = new Set<string>();
  const copy = structuredClone(raw);
  let found = issues;
  for (let round = 0; round < maxRounds; round++) {
    for (const issue of found) repairIssue(copy, issue, how, invalidParts);
    const parsed = zodOf(configSchema).safeParse(copy);
    if (parsed.success)
      return { config: { ...parsed.data, issuers: nameIssuers(parsed.data.issuers) }, invalidParts };
    found = parsed.error.issues;
  }
  return undefined;
}

function repairIssue(
  raw: Mapping,
  issue: z.core.$ZodIssue,
  how: RepairMode,
  invalidParts: Set<string>,
): void {
  const path = issue.path.map(String);
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
  const rule = ruleOf(path);
  if (rule !== undefined) invalidParts.add(rule.join('/'));
  if (rule !== undefined && (how === 'replace' || path.length === rule.length) && keys.length === 0)
    set(raw, rule, placeholderRule(rule));
  else if (keys.length > 0) for (const key of keys) remove(raw, [...path, key]);
  else if (path[0] === 'issuers') {
    invalidParts.add('issuers');
    raw.issuers = [{ issuer: 'https://issuer.invalid', anyAudience: true }];
  } else if (rule === undefined && path[0] === 'policies' && path.length > 1) {
    invalidParts.add('policies');
    repairPolicy(raw, path);
  } else if (path[0] === 'login' || path[0] === 'sessions') {
    // Neither section can be without its required options, nor without the other one.
    for (const name of ['login', 'sessions']) {
      invalidParts.add(name);
      remove(raw, [name]);
    }
  } else {
    const start = rule?.length ?? 0;
    const index = path.findIndex((part, place) => place >= start && /^\d+$/.test(part));
    if (rule === undefined) invalidParts.add(path[0] ?? '');
    const place = index < 0 ? path : path.slice(0, index);
    const instead = rule?.length === place.length - 1 ? defaultActions[place.at(-1) ?? ''] : undefined;
    if (instead === undefined) remove(raw, place);
    else set(raw, place, instead);
  }
}

/** A rule must keep one of these. */
const defaultActions: Readonly<Record<string, unknown>> = { allow: 'anonymous', deny: true, require: {} };

/** The path of the rule that a path leads into. */
function ruleOf(path: readonly string[]): readonly string[] | undefined {
  const length = path[0] === 'rules' ? 2 : path[0] === 'policies' && path[2] === 'rules' ? 4 : Infinity;
  return path.length >= length ? path.slice(0, length) : undefined;
}

function repairPolicy(raw: Mapping, [, index = '', field = '']: readonly string[]): void {
  const name = `with-problems-${index}`;
  const placeholder: Mapping = { name, pathPrefix: `/${name}`, rules: [placeholderRule([index])] };
  if (field === '') set(raw, ['policies', index], placeholder);
  else if (Object.hasOwn(placeholder, field)) set(raw, ['policies', index, field], placeholder[field]);
  else remove(raw, ['policies', index, field]);
}

function placeholderRule(path: readonly string[]): Mapping {
  const name = `with-problems-${path.join('-')}`;
  return { name, match: { hosts: [`${name}.invalid`] }, deny: true };
}

function isWithin(path: RuleProblem['path'], invalidParts: ReadonlySet<string>): boolean {
  const rule = ruleOf(path.map(String));
  return rule !== undefined && invalidParts.has(rule.join('/'));
}

/** Whether a problem may exist only because an option was repaired. */
function isCausedBy({ path, options = [] }: RuleProblem, invalidParts: ReadonlySet<string>): boolean {
  if (options.some((option) => invalidParts.has(option))) return true;
  const inRule = path.slice(ruleOf(path.map(String))?.length ?? 0).join('/');
  const needs: [string, RegExp][] = [
    ['issuers', /^require\/issuers/],
    ['trustedHeaders', /^match\/(headers|addresses)/],
    ['clientAddress', /^match\/addresses/],
    ['hosts', /^match\/hosts/],
    ['login', /^(require\/)?login/],
  ];
  const isOfPolicy = path[0] === 'grpcPolicy' || (path[0] === 'policies' && path.length === 3);
  return (
    (path[0] !== 'policies' && invalidParts.has(String(path[0]))) ||
    (isOfPolicy && invalidParts.has('policies')) ||
    needs.some(([option, place]) => invalidParts.has(option) && place.test(inRule))
  );
}

function set(parent: unknown, [head = '', ...rest]: readonly string[], value: unknown): void {
  if (!isMapping(parent) && !Array.isArray(parent)) return;
  const members = parent as Mapping;
  if (rest.length === 0) members[head] = value;
  else set(members[head], rest, value);
}

function remove(parent: unknown, [head = '', ...rest]: readonly string[]): void {
  if (!isMapping(parent) && !Array.isArray(parent)) return;
  const members = parent as Mapping;
  if (rest.length > 0) remove(members[head], rest);
  else delete members[head];
}
