/** The cost of operators with two operands. */

import { CostError, isNumber, mayBeCollection, type Node, typeOf } from '../nodes.ts';
import { type Amount, constant, type Loop, plus, smaller, times } from './amounts.ts';
import { joined, type Shape, scalar } from './shapes.ts';

/** Steps per member of a searched list. */
const searched = 0.4;

/** Steps per character of joined texts. The engine copies them on first use, which is counted there. */
const joinedText = 0.002;

/** The cost and the result of an operator. */
interface Operation {
  /** Steps in addition to those of any operator. */
  readonly cost: Amount;
  readonly shape: Shape;
  /** Whether it may compare lists or maps. */
  readonly isDeep: boolean;
}

/**
 * Returns the cost and the result of an operator.
 *
 * @throws CostError if the cost is unknown
 */
export function operationOf(
  node: Node,
  operands: readonly Node[],
  shapes: readonly Shape[],
  loop: Loop | undefined,
): Operation {
  const [left, right] = operands;
  const [a = scalar, b = scalar] = shapes;
  const types = operands.map(typeOf);
  const least = smaller(a.weight, b.weight, loop);
  const plain = (cost: Amount) => ({ cost, shape: scalar, isDeep: false });
  switch (node.op) {
    case '+':
      if (isNumber(node)) return plain(constant(0));
      return {
        cost: times(plus(a.weight, b.weight), types.includes('string') ? joinedText : 0.4),
        shape: joined(a, b),
        isDeep: false,
      };
    case '==':
    case '!=':
      return {
        cost: times(least, types.includes('bytes') ? 0.2 : 0.03),
        shape: scalar,
        isDeep: mayBeCollection(left) && mayBeCollection(right),
      };
    case 'in': {
      const isMap = right?.checkedType?.kind === 'map';
      const ofList = plus(times(b.members, searched), times(b.weight, 0.03));
      return { cost: isMap ? times(a.weight, 0.2) : ofList, shape: scalar, isDeep: mayBeCollection(left) };
    }
    case '<':
    case '<=':
    case '>':
    case '>=':
      return plain(plus(times(least, 0.1), times(plus(a.weight, b.weight), 0.03)));
    case '-':
    case '*':
    case '/':
    case '%':
      return plain(constant(0));
    default:
      throw new CostError(`${node.op} is not allowed, because its cost is unknown`, node);
  }
}
