/** What the operators of two operands can cost. */

import { isNumber, mayBeDeep, type Node, typeOf, Unbounded } from '../nodes.ts';
import { type Amount, atMost, constant, type Loop, plus, times } from './amounts.ts';
import { joined, type Shape, scalar } from './shapes.ts';

/** Steps for each member of a list that is searched. */
const searched = 0.4;

/** Steps for each character of texts that are joined: the engine copies them where something looks at them, which is paid there. */
const joinedText = 0.002;

/** What an operator does. */
interface Operation {
  /** Steps beside those of any operator. */
  readonly cost: Amount;
  readonly shape: Shape;
  /** Whether it may compare lists or maps. */
  readonly isDeep: boolean;
}

/**
 * The cost and the result of an operator.
 *
 * @throws Unbounded where it is not known
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
  const smaller = atMost(a.weight, b.weight, loop);
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
        cost: times(smaller, types.includes('bytes') ? 0.2 : 0.03),
        shape: scalar,
        isDeep: mayBeDeep(left) && mayBeDeep(right),
      };
    case 'in': {
      const isMap = right?.checkedType?.kind === 'map';
      const ofList = plus(times(b.members, searched), times(b.weight, 0.03));
      return { cost: isMap ? times(a.weight, 0.2) : ofList, shape: scalar, isDeep: mayBeDeep(left) };
    }
    case '<':
    case '<=':
    case '>':
    case '>=':
      return plain(plus(times(smaller, 0.1), times(plus(a.weight, b.weight), 0.03)));
    case '-':
    case '*':
    case '/':
    case '%':
      return plain(constant(0));
    default:
      throw new Unbounded(`${node.op} is not one of the operators whose cost is known`, node);
  }
}
