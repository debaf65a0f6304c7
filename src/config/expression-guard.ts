/**
 * What an evaluation may do at most, beside what is known before: members that are visited, failures that are passed over, and members
 * of lists and maps that are compared with each other. An evaluation that exceeds it fails as a whole.
 */
import type { Node } from './expression-cost.ts';

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
    if (!isDeep(value) || !Array.isArray(list)) return;
    for (const member of list) {
      spend(1);
      weigh(value, member);
    }
  };

  const watch = (node: Evaluated): void => {
    const { handle } = node;
    if (handle !== undefined && (node.op === '==' || node.op === '!=' || node.op === 'in')) {
      const count = node.op === 'in' ? weighMembers : weigh;
      node.handle = (left, right, ast, evaluator) => {
        if (isDeep(left)) count(left, right);
        return handle(left, right, ast, evaluator);
      };
    }
    if (node.op === '||' || node.op === '&&') {
      const [left] = node.args as [Evaluated];
      around(left, (evaluate) => {
        try {
          return evaluate();
        } catch (failure) {
          failed(failure);
          throw failure;
        }
      });
    }
    const { alternate } = node.meta;
    if (alternate?.op === 'comprehension') watchMacro(alternate);
    else if (node.op === 'rcall' && macroNames.has(String((node.args as unknown[])[0])))
      throw new TypeError('a macro is not expanded as it is expected');
  };

  const watchMacro = (macro: Evaluated): void => {
    const { kind, init, step } = macro.args as Comprehension;
    let visits = 0;
    around(macro, (evaluate) => {
      const before = visits;
      visits = 0;
      try {
        return evaluate();
      } finally {
        visits = before;
      }
    });
    // A quantifier passes over failures until it knows: this ends it.
    const end = () => {
      if (kind === 'quantifier') return init.args === false;
      throw exceed('ends');
    };
    around(step, (evaluate) => {
      if (++visits > maxVisits) exceed(`goes through more than ${maxVisits} members`);
      if (exceeded !== undefined) return end();
      try {
        return evaluate();
      } catch (failure) {
        failed(failure);
        if (exceeded !== undefined) return end();
        throw failure;
      }
    });
  };

  for (const node of nodesOf(root as Evaluated)) watch(node);
  around(root as Evaluated, (evaluate, evaluator) => {
    evaluator.debugTypeDeep = (value) => typeWithin(evaluator, value, maxTypeDepth);
    return evaluate();
  });

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

/** Has a node evaluated by what stands around it. */
function around(node: Evaluated, run: (evaluate: () => unknown, evaluator: Evaluator) => unknown): void {
  const own = Object.hasOwn(node, 'evaluate') ? node.evaluate : undefined;
  const inner: Evaluate = (evaluator, _, context) => {
    if (own !== undefined) return own(evaluator, node, context);
    const { alternate, macro, evaluate } = node.meta;
    if (alternate !== undefined) return alternate.evaluate(evaluator, alternate, context);
    return macro !== undefined
      ? macro.evaluate(evaluator, macro, context)
      : evaluate(evaluator, node, context);
  };
  node.evaluate = (evaluator, _, context) => run(() => inner(evaluator, node, context), evaluator);
}

function nodesOf(node: Evaluated): Evaluated[] {
  const within = [node.args]
    .flat(3)
    .filter((one): one is Evaluated => typeof one === 'object' && one !== null && 'meta' in one);
  return [node, ...within.flatMap(nodesOf)];
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
