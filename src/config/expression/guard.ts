/**
 * Limits that an evaluation must keep and that the cost bound does not cover: visited members, ignored failures, and compared
 * members of lists and maps. An evaluation beyond a limit fails.
 */
import { mayBeCollection, type Node } from './nodes.ts';

/** The evaluator of the library, as far as it is used here. */
interface Evaluator {
  readonly registry: { readonly getListType: (member: unknown) => unknown };
  readonly debugType: (value: unknown) => { readonly kind: string };
  debugTypeDeep: (value: unknown) => unknown;
}

type Evaluate = (evaluator: Evaluator, node: unknown, context: unknown) => unknown;
type Handle = (left: unknown, right: unknown, node: unknown, evaluator: Evaluator) => unknown;

/** A node with the evaluation of the library. */
interface Evaluated extends Node {
  evaluate: Evaluate;
  handle?: Handle;
  readonly meta: {
    readonly evaluate: Evaluate;
    readonly alternate?: Evaluated;
    readonly macro?: { readonly evaluate: Evaluate };
  };
}

/** A macro, expanded by the library. */
interface Comprehension {
  readonly kind?: 'quantifier';
  readonly init: { readonly args: unknown };
  readonly iterable: Evaluated;
  readonly step: Evaluated;
}

/** Limits of one evaluation. */
export interface GuardLimits {
  /** Maximum members that a macro visits in each run. */
  readonly maxVisits: number;
}

/** Maximum number of failures that an evaluation continues after. Each costs as much as a hundred members. */
const maxFailures = 32;
/** Maximum members of lists and maps that are compared. */
const maxCompared = 2_000;
/** Maximum depth of a list type: the library caches every type that it meets. */
const maxTypeDepth = 2;

class LimitExceeded extends Error {}

/** Runs an evaluation within the limits. */
export type Guarded = (evaluate: () => unknown) => unknown;

/**
 * Guards an expression. It changes the nodes, so evaluate the expression only through the result.
 *
 * @throws TypeError if the library expands a macro in an unknown way
 */
export function guard(root: Node, { maxVisits }: GuardLimits): Guarded {
  let exceeded: LimitExceeded | undefined;
  let failures = 0;
  let lastFailure: unknown;
  let compared = 0;

  const exceed = (what: string): LimitExceeded => {
    exceeded ??= new LimitExceeded(`the expression ${what}`);
    return exceeded;
  };
  const failed = (failure: unknown) => {
    if (failure === lastFailure) return;
    lastFailure = failure;
    if (++failures > maxFailures) exceed(`fails for more than ${maxFailures} members`);
  };
  const addComparisons = (members: number) => {
    compared += members;
    if (compared > maxCompared) throw exceed(`compares more than ${maxCompared} members of lists and maps`);
  };

  /** Counts the members that a comparison may visit; scalar values cost nothing. */
  const countComparisons = (left: unknown, right: unknown): void => {
    if (left === right || !isCollection(left) || !isCollection(right) || ArrayBuffer.isView(left)) return;
    if (Array.isArray(left) || Array.isArray(right)) {
      addComparisons(1);
      if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return;
      addComparisons(left.length);
      for (const [index, member] of left.entries()) countComparisons(member, right[index]);
      return;
    }
    const names = Object.keys(left);
    addComparisons(1 + names.length + Object.keys(right).length);
    for (const name of names) if (Object.hasOwn(right, name)) countComparisons(left[name], right[name]);
  };
  const countMemberComparisons = (value: unknown, list: unknown): void => {
    if (!isCollection(value)) return;
    if (!Array.isArray(list)) throw invalidKey();
    for (const member of list) {
      addComparisons(1);
      countComparisons(value, member);
    }
  };

  const instrument = (node: Evaluated, isInMacro: boolean): void => {
    const { handle, op } = node;
    if (handle !== undefined && (op === '==' || op === '!=' || op === 'in') && mayCompareCollections(node)) {
      const count = op === 'in' ? countMemberComparisons : countComparisons;
      node.handle = (left, right, ast, evaluator) => {
        if (isCollection(left)) count(left, right);
        return handle(left, right, ast, evaluator);
      };
    }
    // The library would convert a list to text each time to look up a member of that name.
    if (handle !== undefined && op === '[]')
      node.handle = (left, right, ast, evaluator) => {
        if (isCollection(right)) throw invalidKey();
        return handle(left, right, ast, evaluator);
      };
    if (op === 'map') for (const [name] of node.args as [Evaluated, Evaluated][]) instrumentKey(name);
    // Outside macros, the number of parts limits the failures.
    if (isInMacro && (op === '||' || op === '&&')) {
      const [left] = node.args as [Evaluated];
      const inner = evaluationOf(left);
      left.evaluate = (evaluator, _, context) => {
        try {
          return inner(evaluator, left, context);
        } catch (failure) {
          failed(failure);
          throw failure;
        }
      };
    }
    const { alternate } = node.meta;
    if (alternate?.op === 'comprehension') instrumentMacro(alternate);
    else if (op === 'rcall' && macroNames.has(String((node.args as unknown[])[0])))
      throw new TypeError('unknown expansion of a macro');
  };

  const instrumentKey = (node: Evaluated): void => {
    const inner = evaluationOf(node);
    node.evaluate = (evaluator, _, context) => {
      const name = inner(evaluator, node, context);
      if (isCollection(name)) throw invalidKey();
      return name;
    };
  };

  const instrumentMacro = (macro: Evaluated): void => {
    const { kind, init, step, iterable } = macro.args as Comprehension;
    const listed = evaluationOf(iterable);
    iterable.evaluate = (evaluator, _, context) => {
      const list = listed(evaluator, iterable, context);
      // For a map the library lists all names first, even if it visits few.
      if (isCollection(list) && !Array.isArray(list)) addComparisons(Object.keys(list).length);
      return list;
    };
    let visits = 0;
    const run = evaluationOf(macro);
    macro.evaluate = (evaluator, _, context) => {
      visits = 0;
      return run(evaluator, macro, context);
    };
    // A quantifier (all, exists) continues after a failure until its result is known. This result stops it.
    const end = () => {
      if (kind === 'quantifier') return init.args === false;
      throw exceed('ends');
    };
    const visit = evaluationOf(step);
    step.evaluate = (evaluator, _, context) => {
      if (++visits > maxVisits) exceed(`visits more than ${maxVisits} members`);
      if (exceeded !== undefined) return end();
      try {
        return visit(evaluator, step, context);
      } catch (failure) {
        failed(failure);
        if (exceeded !== undefined) return end();
        throw failure;
      }
    };
  };

  const instrumentAll = (node: Evaluated, isInMacro: boolean): void => {
    const [, receiver, own] =
      node.op === 'rcall' && node.meta.alternate !== undefined
        ? (node.args as [string, Evaluated, Evaluated[]])
        : [];
    if (receiver === undefined) for (const one of nodesIn(node.args)) instrumentAll(one, isInMacro);
    else {
      instrumentAll(receiver, isInMacro);
      for (const one of own ?? []) instrumentAll(one, true);
    }
    instrument(node, isInMacro);
  };
  instrumentAll(root as Evaluated, false);
  const whole = root as Evaluated;
  const evaluateAll = evaluationOf(whole);
  whole.evaluate = (evaluator, _, context) => {
    evaluator.debugTypeDeep = (value) => typeWithin(evaluator, value, maxTypeDepth);
    return evaluateAll(evaluator, whole, context);
  };

  return (evaluate) => {
    exceeded = undefined;
    lastFailure = undefined;
    failures = compared = 0;
    const result = evaluate();
    if (exceeded !== undefined) throw exceeded;
    return result;
  };
}

const macroNames = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

function invalidKey(): TypeError {
  return new TypeError('a list or a map cannot be the name of a member');
}

/** Returns the current evaluation of a node. */
function evaluationOf(node: Evaluated): Evaluate {
  if (Object.hasOwn(node, 'evaluate')) return node.evaluate;
  const { alternate, macro, evaluate } = node.meta;
  if (alternate !== undefined)
    return (evaluator, _, context) => alternate.evaluate(evaluator, alternate, context);
  if (macro !== undefined) return (evaluator, _, context) => macro.evaluate(evaluator, macro, context);
  return evaluate;
}

function nodesIn(args: unknown): Evaluated[] {
  return [args]
    .flat(3)
    .filter((one): one is Evaluated => typeof one === 'object' && one !== null && 'meta' in one);
}

/** Whether a comparison may involve lists or maps; for `in`, members of the right side. */
function mayCompareCollections({ op, args }: Node): boolean {
  const [left, right] = args as [Node, Node];
  return mayBeCollection(left) && (op === 'in' || mayBeCollection(right));
}

/** The type of a value; for a list, with the type of its first member. The library would descend to any depth and cache each type. */
function typeWithin(evaluator: Evaluator, value: unknown, depth: number): unknown {
  const type = evaluator.debugType(value);
  if (type.kind !== 'list' || depth === 0 || !Array.isArray(value) || value[0] === undefined) return type;
  return evaluator.registry.getListType(typeWithin(evaluator, value[0], depth - 1));
}

function isCollection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
