/**
 * What an evaluation may do at most, beside what is known before: members that are visited, failures that are passed over, and members
 * of lists and maps that are compared with each other. An evaluation that exceeds it fails as a whole.
 */
import { mayBeDeep, type Node } from './nodes.ts';

/** What the library evaluates with, as far as it is used here. */
interface Evaluator {
  readonly registry: { readonly getListType: (member: unknown) => unknown };
  readonly debugType: (value: unknown) => { readonly kind: string };
  debugTypeDeep: (value: unknown) => unknown;
}

type Evaluate = (evaluator: Evaluator, node: unknown, context: unknown) => unknown;
type Handle = (left: unknown, right: unknown, node: unknown, evaluator: Evaluator) => unknown;

/** A node as the library evaluates it. */
interface Evaluated extends Node {
  evaluate: Evaluate;
  handle?: Handle;
  readonly meta: {
    readonly evaluate: Evaluate;
    readonly alternate?: Evaluated;
    readonly macro?: { readonly evaluate: Evaluate };
  };
}

/** A macro as the library expands it. */
interface Comprehension {
  readonly kind?: 'quantifier';
  readonly init: { readonly args: unknown };
  readonly iterable: Evaluated;
  readonly step: Evaluated;
}

/** What one evaluation may do. */
export interface GuardLimits {
  /** Members that are visited by a macro, each time that it runs. */
  readonly maxVisits: number;
}

/** Failures that an evaluation passes over: each costs what a hundred members cost. */
const maxFailures = 32;
/** Members of lists and maps that are compared with those of others. */
const maxCompared = 2_000;
/** How deep the type of a list is told: the library remembers every type that it meets. */
const maxTypeDepth = 2;

class Exceeded extends Error {}

/** Runs an evaluation within limits. */
export type Guarded = (evaluate: () => unknown) => unknown;

/**
 * Puts an expression under guard. Its nodes are changed: from then on it is evaluated by what is returned alone.
 *
 * @throws TypeError where the library does not expand a macro as it is expected
 */
export function guard(root: Node, { maxVisits }: GuardLimits): Guarded {
  let exceeded: Exceeded | undefined;
  let failures = 0;
  let lastFailure: unknown;
  let compared = 0;

  const exceed = (what: string): Exceeded => {
    exceeded ??= new Exceeded(`the expression ${what}`);
    return exceeded;
  };
  const failed = (failure: unknown) => {
    if (failure === lastFailure) return;
    lastFailure = failure;
    if (++failures > maxFailures) exceed(`fails for more than ${maxFailures} members`);
  };
  const spend = (members: number) => {
    compared += members;
    if (compared > maxCompared) throw exceed(`compares more than ${maxCompared} members of lists and maps`);
  };

  /** Counts what comparing two values may look at; what is no list or map costs nothing here. */
  const weigh = (left: unknown, right: unknown): void => {
    if (left === right || !isDeep(left) || !isDeep(right) || ArrayBuffer.isView(left)) return;
    if (Array.isArray(left) || Array.isArray(right)) {
      spend(1);
      if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return;
      spend(left.length);
      for (const [index, member] of left.entries()) weigh(member, right[index]);
      return;
    }
    const names = Object.keys(left);
    spend(1 + names.length + Object.keys(right).length);
    for (const name of names) if (Object.hasOwn(right, name)) weigh(left[name], right[name]);
  };
  const weighMembers = (value: unknown, list: unknown): void => {
    if (!isDeep(value)) return;
    if (!Array.isArray(list)) throw noName();
    for (const member of list) {
      spend(1);
      weigh(value, member);
    }
  };

  const watch = (node: Evaluated, isWithin: boolean): void => {
    const { handle, op } = node;
    if (handle !== undefined && (op === '==' || op === '!=' || op === 'in') && comparesDeep(node)) {
      const count = op === 'in' ? weighMembers : weigh;
      node.handle = (left, right, ast, evaluator) => {
        if (isDeep(left)) count(left, right);
        return handle(left, right, ast, evaluator);
      };
    }
    // The library would write a list out as text, each time, to look for a member of that name.
    if (handle !== undefined && op === '[]')
      node.handle = (left, right, ast, evaluator) => {
        if (isDeep(right)) throw noName();
        return handle(left, right, ast, evaluator);
      };
    if (op === 'map') for (const [name] of node.args as [Evaluated, Evaluated][]) watchName(name);
    // Outside of macros, there are no more failures than parts.
    if (isWithin && (op === '||' || op === '&&')) {
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
    if (alternate?.op === 'comprehension') watchMacro(alternate);
    else if (op === 'rcall' && macroNames.has(String((node.args as unknown[])[0])))
      throw new TypeError('a macro is not expanded as it is expected');
  };

  const watchName = (node: Evaluated): void => {
    const inner = evaluationOf(node);
    node.evaluate = (evaluator, _, context) => {
      const name = inner(evaluator, node, context);
      if (isDeep(name)) throw noName();
      return name;
    };
  };

  const watchMacro = (macro: Evaluated): void => {
    const { kind, init, step, iterable } = macro.args as Comprehension;
    const listed = evaluationOf(iterable);
    iterable.evaluate = (evaluator, _, context) => {
      const list = listed(evaluator, iterable, context);
      // Of a map, all names are listed, however few are visited.
      if (isDeep(list) && !Array.isArray(list)) spend(Object.keys(list).length);
      return list;
    };
    let visits = 0;
    const run = evaluationOf(macro);
    macro.evaluate = (evaluator, _, context) => {
      visits = 0;
      return run(evaluator, macro, context);
    };
    // A quantifier passes over failures until it knows: this ends it.
    const end = () => {
      if (kind === 'quantifier') return init.args === false;
      throw exceed('ends');
    };
    const visit = evaluationOf(step);
    step.evaluate = (evaluator, _, context) => {
      if (++visits > maxVisits) exceed(`goes through more than ${maxVisits} members`);
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

  const watchAll = (node: Evaluated, isWithin: boolean): void => {
    const [, receiver, own] =
      node.op === 'rcall' && node.meta.alternate !== undefined
        ? (node.args as [string, Evaluated, Evaluated[]])
        : [];
    if (receiver === undefined) for (const one of nodesIn(node.args)) watchAll(one, isWithin);
    else {
      watchAll(receiver, isWithin);
      for (const one of own ?? []) watchAll(one, true);
    }
    watch(node, isWithin);
  };
  watchAll(root as Evaluated, false);
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

function noName(): TypeError {
  return new TypeError('a list or a map is not the name of a member');
}

/** How a node is evaluated so far. */
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

/** Whether lists or maps may be compared: of the members of the right side, where it is looked in. */
function comparesDeep({ op, args }: Node): boolean {
  const [left, right] = args as [Node, Node];
  return mayBeDeep(left) && (op === 'in' || mayBeDeep(right));
}

/** The type of a value; of a list, with that of its first member. The library would go on to any depth, and remember each type. */
function typeWithin(evaluator: Evaluator, value: unknown, depth: number): unknown {
  const type = evaluator.debugType(value);
  if (type.kind !== 'list' || depth === 0 || !Array.isArray(value) || value[0] === undefined) return type;
  return evaluator.registry.getListType(typeWithin(evaluator, value[0], depth - 1));
}

function isDeep(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
