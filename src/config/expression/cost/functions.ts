/** The cost of each function, and the size of its result. A function that is not listed is rejected. */
import { type Amount, constant, type Loop, largest, plus, smaller, times } from './amounts.ts';
import { type Shape, scalar } from './shapes.ts';

/** Facts about a call, in addition to the sizes of its operands. */
interface CallFacts {
  readonly loop: Loop | undefined;
  /** The values of operands that are literals. */
  readonly literals: readonly unknown[];
  readonly types: readonly string[];
}

/** The steps in addition to those of any call, and the result; or the reason to reject the call. */
type FunctionCost = (
  operands: readonly Shape[],
  facts: CallFacts,
) => { readonly cost: Amount; readonly shape: Shape } | string;

/** The size of a formatted number or time. */
const short = constant(30);

/** Maximum length of a search text with linear cost; with a longer one, the cost can be the product of both lengths. */
const maxNeedle = 200;
const maxDuration = 32;

const fixed =
  (steps: number): FunctionCost =>
  () => ({ cost: constant(steps), shape: scalar });

/** Steps per character of the first operand. */
const linear =
  (steps: number): FunctionCost =>
  ([text = scalar]) => ({ cost: times(text.weight, steps), shape: scalar });

/** Steps per character, and a text as result, at most `growth` times as long. */
const rewriting =
  (steps: number, growth: number): FunctionCost =>
  ([text = scalar]) => ({
    cost: times(text.weight, steps),
    shape: { weight: plus(times(text.weight, growth), short), members: constant(0) },
  });

const comparing: FunctionCost = ([text = scalar, other = scalar], { loop }) => ({
  cost: times(smaller(text.weight, other.weight, loop), 0.05),
  shape: scalar,
});

/** The cost per character in the worst case, in which all characters except the last one match. */
const searching =
  (steps: number, perNeedle: number, split: boolean): FunctionCost =>
  ([text = scalar, needle = scalar], { loop }) => {
    const length = largest(needle.weight, loop);
    const cost = plus(
      times(text.weight, length <= maxNeedle ? steps + perNeedle * length : length * 5),
      times(needle.weight, 0.05),
    );
    const shape = { weight: times(text.weight, 2), members: text.weight };
    return split ? { cost: plus(cost, constant(30)), shape } : { cost, shape: scalar };
  };

const joining: FunctionCost = ([list = scalar, separator = scalar], { loop }) => {
  const between = times(list.members, largest(separator.weight, loop));
  const weight = plus(list.weight, between);
  return { cost: plus(times(list.members, 2), times(weight, 0.2)), shape: { weight, members: constant(0) } };
};

const reading: FunctionCost = (operands, { literals }) => {
  const text = literals[0];
  if (typeof text !== 'string' || text.length > maxDuration)
    return `duration() needs a literal such as "24h" of at most ${maxDuration} characters, because a longer text can cost too much`;
  return fixed(300)(operands, { loop: undefined, literals, types: [] });
};

const same: FunctionCost = ([value = scalar]) => ({ cost: constant(0), shape: value });
const pickedText: FunctionCost = ([text = scalar]) => ({
  cost: times(text.weight, 0.01),
  shape: { weight: text.weight, members: constant(0) },
});

const size: FunctionCost = ([value = scalar], { types: [type] }) => {
  if (type === 'list' || type === 'bytes') return { cost: constant(0), shape: scalar };
  return { cost: type === 'map' ? times(value.members, 5) : value.weight, shape: scalar };
};

const zoned = 15_000;
const parts = [
  'Date',
  'DayOfMonth',
  'DayOfWeek',
  'DayOfYear',
  'FullYear',
  'Hours',
  'Milliseconds',
  'Minutes',
  'Month',
  'Seconds',
];

/** Costs by name and number of arguments; a leading dot marks a method. */
export const functionCosts: ReadonlyMap<string, FunctionCost> = new Map<string, FunctionCost>([
  ['dyn/1', same],
  ['type/1', fixed(20)],
  ['bool/1', fixed(10)],
  ['size/1', size],
  ['.size/0', size],
  ['bytes/1', rewriting(0.4, 3)],
  ['string/1', rewriting(0.3, 1)],
  ['double/1', linear(0.5)],
  ['int/1', linear(0.5)],
  ['uint/1', linear(0.5)],
  ['.startsWith/1', comparing],
  ['.endsWith/1', comparing],
  ['.contains/1', searching(0.7, 0.005, false)],
  ['.indexOf/1', searching(0.7, 0.005, false)],
  ['.indexOf/2', searching(0.7, 0.005, false)],
  ['.lastIndexOf/1', searching(0.3, 0.08, false)],
  ['.lastIndexOf/2', searching(0.3, 0.08, false)],
  ['.split/1', searching(1.4, 0.005, true)],
  ['.split/2', searching(3, 0.005, true)],
  ['.join/0', joining],
  ['.join/1', joining],
  ['.lowerAscii/0', rewriting(2, 3)],
  ['.upperAscii/0', rewriting(2, 3)],
  ['.trim/0', rewriting(0.5, 1)],
  ['.substring/1', pickedText],
  ['.substring/2', pickedText],
  ['.hex/0', rewriting(0.4, 2)],
  ['.string/0', rewriting(0.4, 1)],
  ['.base64/0', rewriting(0.4, 2)],
  ['.at/1', fixed(0)],
  ['timestamp/1', fixed(50)],
  ['duration/1', reading],
  ...parts.flatMap((part): [string, FunctionCost][] => [
    [`.get${part}/0`, fixed(part === 'DayOfYear' ? 60 : 10)],
    [`.get${part}/1`, fixed(zoned)],
  ]),
]);
