/**
 * Bounds the cost of an expression when the configuration is read, without running it. The size and the cost of each part are
 * bounds for the worst token and the worst request. A part without a bound is rejected.
 */

import { CostError, isNode, type Node, typeOf } from '../nodes.ts';
import { type Amount, constant, type Loop, larger, largest, plus, times, totalOf } from './amounts.ts';
import { functionCosts } from './functions.ts';
import { operationOf } from './operators.ts';
import { combined, mapShape, member, type Shape, scalar, shapeOfLiteral } from './shapes.ts';

/** Maximum sizes of the inputs. */
export interface InputSizes {
  /** The claims, in bytes of JSON. */
  readonly claims: number;
  /** The readable parts of a request, in bytes. */
  readonly request: number;
  /** The expression, in characters: an error message quotes it. */
  readonly text: number;
}

/** A bound in steps of about 10 ns, and the most expensive part. */
export interface Bound {
  readonly steps: number;
  readonly mostExpensive: Node;
  /** A macro inside another macro, if any. */
  readonly nested: Node | undefined;
}

/** Macros that iterate over a list. */
const macros = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
const maxMacros = 6;

/** Steps for each operator with its types, call, visited member, and failed evaluation. */
const step = {
  read: 1.5,
  access: 6,
  logic: 2,
  operator: 8,
  call: 8,
  visit: 6,
  macro: 40,
  member: 2.5,
  entry: 5,
  named: 0.2,
} as const;
const failure = { each: 500, perCharacter: 0.3, most: 32 } as const;
/** Steps of all comparisons of lists and maps together. */
const deepComparisons = 18_000;

/** The variables at a part of the expression, and the loop that contains it. */
interface Scope {
  readonly variables: ReadonlyMap<string, Shape>;
  readonly loop: Loop | undefined;
}

interface Result {
  readonly cost: Amount;
  readonly shape: Shape;
}

const noResult: Result = { cost: constant(0), shape: scalar };

/**
 * Bounds the cost of an expression.
 *
 * @param maxVisits maximum members that a macro visits
 * @throws CostError if a part has no bound
 */
export function boundOf(root: Node, sizes: InputSizes, maxVisits: number): Bound {
  const ofClaims = { weight: constant(sizes.claims), members: constant(sizes.claims / 2) };
  const ofRequest = { weight: constant(sizes.request), members: constant(sizes.request / 2) };
  const variables = new Map([
    ['claims', ofClaims],
    ['token', ofClaims],
    ['request', ofRequest],
    ['source', ofRequest],
  ]);
  let mostExpensive = { node: root, steps: 0 };
  let macroCount = 0;
  let comparesDeep = false;
  let failures = 1;
  let nested: Node | undefined;

  /** Adds the cost of a node itself to the cost of its operands. Records the most expensive node for the message. */
  const record = (node: Node, own: Amount, of: readonly Result[], shape: Shape, { loop }: Scope): Result => {
    const steps = loop === undefined ? own.fixed : totalOf(own, loop) * loop.outside;
    if (steps > mostExpensive.steps) mostExpensive = { node, steps };
    return { cost: of.reduce((total, { cost }) => plus(total, cost), own), shape };
  };

  const visit = (node: Node, scope: Scope): Result => {
    if (node.op === 'call') return visitCall(node, [], (node.args as [string, Node[]])[1], scope);
    if (node.op === 'rcall') {
      const [, receiver, own] = node.args as [string, Node, Node[]];
      return visitCall(node, [receiver], own, scope);
    }
    if (node.op === 'value') return { cost: constant(step.read), shape: shapeOfLiteral(node.args) };
    if (node.op === 'id')
      return { cost: constant(step.read), shape: scope.variables.get(String(node.args)) ?? scalar };
    const nodes = [node.args].flat(3).filter(isNode);
    const results = nodes.map((one) => visit(one, scope));
    const [a = noResult, b = noResult, c = noResult] = results;
    switch (node.op) {
      case '.':
        return record(node, constant(step.access), results, a.shape, scope);
      case '[]':
        return record(node, plus(constant(step.access), times(b.shape.weight, 0.2)), results, a.shape, scope);
      case '&&':
      case '||':
        failures++;
        return record(node, constant(step.logic), results, scalar, scope);
      case '!_':
      case '-_':
        return record(node, constant(step.logic), results, scalar, scope);
      case '?:': {
        const either = { cost: larger(b.cost, c.cost), shape: scalar };
        const shape = {
          weight: larger(b.shape.weight, c.shape.weight),
          members: larger(b.shape.members, c.shape.members),
        };
        return record(node, constant(step.logic), [a, either], shape, scope);
      }
      case 'list':
        return record(node, constant(step.member * (nodes.length + 1)), results, combined(results), scope);
      case 'map': {
        const shape = combined(results);
        const own = plus(constant(step.entry * (nodes.length + 1)), times(shape.weight, step.named));
        return record(node, own, results, shape, scope);
      }
      default: {
        const shapes = results.map(({ shape }) => shape);
        const { cost, shape, isDeep } = operationOf(node, nodes, shapes, scope.loop);
        comparesDeep ||= isDeep;
        return record(node, plus(constant(step.operator), cost), results, shape, scope);
      }
    }
  };

  const visitCall = (node: Node, receiver: readonly Node[], own: readonly Node[], scope: Scope): Result => {
    const name = String((node.args as unknown[])[0]);
    const [list] = receiver;
    if (name === 'has' && list === undefined) return record(node, costOfHas(own), [], scalar, scope);
    if (list !== undefined && macros.has(name)) return visitMacro(node, name, list, own, scope);
    const cost = functionCosts.get(`${list === undefined ? '' : '.'}${name}/${own.length}`);
    if (cost === undefined)
      throw new CostError(
        name === 'matches'
          ? 'matches() is not allowed, because the cost of a regular expression has no bound; use ==, startsWith, endsWith or contains'
          : `${name}() is not allowed, because its cost is unknown; docs/expressions.md lists the functions`,
        node,
      );
    const operands = [...receiver, ...own];
    const results = operands.map((one) => visit(one, scope));
    const found = cost(
      results.map(({ shape }) => shape),
      {
        loop: scope.loop,
        literals: operands.map((one) => (one.op === 'value' ? one.args : undefined)),
        types: operands.map(typeOf),
      },
    );
    if (typeof found === 'string') throw new CostError(found, node);
    return record(node, plus(constant(step.call), found.cost), results, found.shape, scope);
  };

  const visitMacro = (
    node: Node,
    name: string,
    receiver: Node,
    own: readonly Node[],
    outer: Scope,
  ): Result => {
    if (++macroCount > maxMacros)
      throw new CostError(
        `must have at most ${maxMacros} macros that iterate over a list; use several rules`,
        node,
      );
    const list = visit(receiver, outer);
    failures = Math.max(failures, failure.most);
    // In a nested loop, a member counts with its maximum size.
    const flat = (amount: Amount) => largest(amount, outer.loop);
    const outside = outer.loop === undefined ? 1 : outer.loop.visits * outer.loop.outside;
    const visits = Math.min(flat(list.shape.members), maxVisits);
    const loop: Loop = { weight: flat(list.shape.weight), visits, outside };
    const [variable, ...bodies] = own;
    const seen = new Map(
      [...outer.variables].map(([id, shape]) => [id, mapShape(shape, (amount) => constant(flat(amount)))]),
    );
    if (variable?.op === 'id') seen.set(String(variable.args), member);
    const results = bodies.map((body) => visit(body, { variables: seen, loop }));
    const each = results.reduce((total, { cost }) => plus(total, cost), constant(step.visit));
    const steps = totalOf(each, loop);
    // The names of a map are listed first and counted like compared members.
    comparesDeep ||= typeOf(receiver) !== 'list';
    if (outer.loop !== undefined) nested ??= node;
    const made = results.at(-1)?.shape ?? scalar;
    const weight = name === 'map' ? totalOf(made.weight, loop) + visits : loop.weight;
    const shape =
      name === 'map' || name === 'filter' ? { weight: constant(weight), members: constant(visits) } : scalar;
    return { cost: plus(list.cost, constant(step.macro + steps)), shape };
  };

  const { cost } = visit(root, { variables, loop: undefined });
  const failureCost = failures * (failure.each + failure.perCharacter * sizes.text);
  return {
    steps: cost.fixed + failureCost + (comparesDeep ? deepComparisons : 0),
    mostExpensive: mostExpensive.node,
    nested,
  };
}

function costOfHas([path]: readonly Node[]): Amount {
  let depth = 0;
  for (let at = path; at?.op === '.'; at = (at.args as Node[])[0]) depth++;
  return constant(step.call + step.access * depth);
}
