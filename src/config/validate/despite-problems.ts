/** What is wrong with rules where other options are wrong too, so that all problems are told at once. */
import type * as z from 'zod';
import { type Config, options } from '../declare/options.ts';
import { bothProblem, type RuleProblem, ruleProblems } from '../rules/rule-problems.ts';
import { isTree, type Tree } from '../values/raw-values.ts';
import { named } from './issuer-names.ts';

/** How often what is wrong is taken out before this gives up: without it, something else can be seen to be wrong. */
const maxRounds = 4;

/** What becomes of a rule that is wrong: it loses what is wrong in it, or it is replaced by one that hides no other. */
type Mend = 'lessened' | 'replaced';

/** A configuration without what was wrong with it. */
interface Mended {
  readonly config: Config;
  /** Options that were wrong, and rules, as `rules/0`. */
  readonly broken: ReadonlySet<string>;
}

/**
 * Finds the problems of rules in a configuration that cannot be used as it stands. What is wrong is taken out of it; what is then
 * said only because of that is left out.
 */
export function ruleProblemsDespite(tree: Tree, issues: readonly z.core.$ZodIssue[]): readonly RuleProblem[] {
  const [lessened, replaced] = [mend(tree, issues, 'lessened'), mend(tree, issues, 'replaced')];
  const ofBroken =
    lessened === undefined
      ? []
      : ruleProblems(lessened.config).filter(
          (problem) =>
            problem.isOfTwo !== true &&
            isWithin(problem.path, lessened.broken) &&
            !isBecauseOf(problem, lessened.broken),
        );
  const ofOthers =
    replaced === undefined
      ? []
      : ruleProblems(replaced.config).filter(
          (problem) => !isWithin(problem.path, replaced.broken) && !isBecauseOf(problem, replaced.broken),
        );
  const both = bothProblem(tree.rules, tree.policies);
  const isTold = ofOthers.some(({ message }) => message === both?.message);
  return [...ofOthers, ...ofBroken, ...(both === undefined || isTold ? [] : [both])];
}

function mend(tree: Tree, issues: readonly z.core.$ZodIssue[], how: Mend): Mended | undefined {
  const broken = new Set<string>();
  const copy = structuredClone(tree);
  let found = issues;
  for (let round = 0; round < maxRounds; round++) {
    for (const issue of found) takeOut(copy, issue, how, broken);
    const parsed = options.safeParse(copy);
    if (parsed.success) return { config: { ...parsed.data, issuers: named(parsed.data.issuers) }, broken };
    found = parsed.error.issues;
  }
  return undefined;
}

function takeOut(tree: Tree, issue: z.core.$ZodIssue, how: Mend, broken: Set<string>): void {
  const path = issue.path.map(String);
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
  const rule = ruleOf(path);
  if (rule !== undefined) broken.add(rule.join('/'));
  if (rule !== undefined && (how === 'replaced' || path.length === rule.length) && keys.length === 0)
    set(tree, rule, harmlessRule(rule));
  else if (keys.length > 0) for (const key of keys) remove(tree, [...path, key]);
  else if (path[0] === 'issuers') {
    broken.add('issuers');
    tree.issuers = [{ issuer: 'https://issuer.invalid', anyAudience: true }];
  } else if (rule === undefined && path[0] === 'policies' && path.length > 1) {
    broken.add('policies');
    mendPolicy(tree, path);
  } else {
    const start = rule?.length ?? 0;
    const index = path.findIndex((part, place) => place >= start && /^\d+$/.test(part));
    if (rule === undefined) broken.add(path[0] ?? '');
    const place = index < 0 ? path : path.slice(0, index);
    const instead = rule?.length === place.length - 1 ? said[place.at(-1) ?? ''] : undefined;
    if (instead === undefined) remove(tree, place);
    else set(tree, place, instead);
  }
}

/** What a rule says of the requests that it is for: it must say something still. */
const said: Readonly<Record<string, unknown>> = { allow: 'anonymous', deny: true, require: {} };

/** The rule that a path leads into. */
function ruleOf(path: readonly string[]): readonly string[] | undefined {
  const length = path[0] === 'rules' ? 2 : path[0] === 'policies' && path[2] === 'rules' ? 4 : Infinity;
  return path.length >= length ? path.slice(0, length) : undefined;
}

function mendPolicy(tree: Tree, [, index = '', field = '']: readonly string[]): void {
  const name = `with-problems-${index}`;
  const harmless: Tree = { name, pathPrefix: `/${name}`, rules: [harmlessRule([index])] };
  if (field === '') set(tree, ['policies', index], harmless);
  else if (Object.hasOwn(harmless, field)) set(tree, ['policies', index, field], harmless[field]);
  else remove(tree, ['policies', index, field]);
}

function harmlessRule(path: readonly string[]): Tree {
  const name = `with-problems-${path.join('-')}`;
  return { name, match: { hosts: [`${name}.invalid`] }, deny: true };
}

function isWithin(path: RuleProblem['path'], broken: ReadonlySet<string>): boolean {
  const rule = ruleOf(path.map(String));
  return rule !== undefined && broken.has(rule.join('/'));
}

/** Whether something may be said of a place only because an option is not as it was written. */
function isBecauseOf({ path, option = '' }: RuleProblem, broken: ReadonlySet<string>): boolean {
  if (broken.has(option)) return true;
  const inRule = path.slice(ruleOf(path.map(String))?.length ?? 0).join('/');
  const needs: [string, RegExp][] = [
    ['issuers', /^require\/issuers/],
    ['trustedHeaders', /^match\/(headers|addresses)/],
    ['clientAddress', /^match\/addresses/],
    ['hosts', /^match\/hosts/],
  ];
  const isOfPolicy = path[0] === 'grpcPolicy' || (path[0] === 'policies' && path.length === 3);
  return (
    (path[0] !== 'policies' && broken.has(String(path[0]))) ||
    (isOfPolicy && broken.has('policies')) ||
    needs.some(([option, place]) => broken.has(option) && place.test(inRule))
  );
}

function set(tree: unknown, [head = '', ...rest]: readonly string[], value: unknown): void {
  if (!isTree(tree) && !Array.isArray(tree)) return;
  const members = tree as Tree;
  if (rest.length === 0) members[head] = value;
  else set(members[head], rest, value);
}

function remove(tree: unknown, [head = '', ...rest]: readonly string[]): void {
  if (!isTree(tree) && !Array.isArray(tree)) return;
  const members = tree as Tree;
  if (rest.length > 0) remove(members[head], rest);
  else delete members[head];
}
