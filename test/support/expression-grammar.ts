/** Creates random expressions with every operator, function and macro of the library. */

/** Returns an integer from 0 to below a limit. */
export type Random = (bound: number) => number;

/** The type of an expression; `any` is a claim of unknown type. */
type Sort = 'bool' | 'text' | 'list' | 'number' | 'map' | 'bytes' | 'time' | 'any';

/** An expression with replaceable parts. */
export interface Tree {
  readonly sort: Sort;
  /** The text, with `$` for each part. */
  readonly text: string;
  readonly parts: readonly Tree[];
  /** The variables of macros that can be used here. */
  readonly variables: readonly string[];
}

/** `#` is the variable of a macro, which later parts can use. */
const forms: Readonly<Record<Sort, readonly (readonly [text: string, ...parts: Sort[]])[]>> = {
  bool: [
    ['($ == $)', 'any', 'any'],
    ['($ != $)', 'any', 'any'],
    ['($ == $)', 'list', 'list'],
    ['($ == $)', 'map', 'any'],
    ['($ != $)', 'text', 'text'],
    ['($ == $)', 'bytes', 'bytes'],
    ['($ in $)', 'any', 'any'],
    ['($ in $)', 'text', 'list'],
    ['($ in $)', 'any', 'list'],
    ['($ in $)', 'text', 'map'],
    ['($ < $)', 'any', 'text'],
    ['($ >= $)', 'number', 'number'],
    ['($ <= $)', 'any', 'any'],
    ['($ < $)', 'time', 'time'],
    ['($ && $)', 'bool', 'bool'],
    ['($ || $)', 'bool', 'bool'],
    ['!$', 'bool'],
    ['($ ? $ : $)', 'bool', 'bool', 'bool'],
    ['$.all(#, $)', 'list', 'bool'],
    ['$.exists(#, $)', 'list', 'bool'],
    ['$.exists_one(#, $)', 'list', 'bool'],
    ['$.exists(#, $)', 'any', 'bool'],
    ['$.all(#, $)', 'any', 'bool'],
    ['$.contains($)', 'text', 'text'],
    ['$.startsWith($)', 'text', 'text'],
    ['$.endsWith($)', 'text', 'text'],
    ['$.contains($)', 'any', 'any'],
    ['$.matches($)', 'text', 'text'],
    ['bool($)', 'any'],
    ['(type($) == type($))', 'any', 'any'],
    ['(size($) == 3)', 'any'],
    ['has(claims.a)'],
    ['true'],
  ],
  text: [
    ['($ + $)', 'text', 'text'],
    ['($ + $)', 'any', 'text'],
    ['string($)', 'any'],
    ['$.lowerAscii()', 'text'],
    ['$.upperAscii()', 'text'],
    ['$.trim()', 'text'],
    ['$.substring($)', 'text', 'number'],
    ['$.substring(1, $)', 'text', 'number'],
    ['$.join()', 'list'],
    ['$.join($)', 'list', 'text'],
    ['$.hex()', 'bytes'],
    ['$.base64()', 'bytes'],
    ['$.string()', 'bytes'],
    ['($ ? $ : $)', 'bool', 'text', 'text'],
    ['"a"'],
    ['""'],
    ['"aab"'],
    ['request.path'],
    ['request.headers["x"]'],
    ['request.host'],
    ['token.issuer'],
  ],
  list: [
    ['($ + $)', 'list', 'list'],
    ['($ + $)', 'any', 'any'],
    ['$.map(#, $)', 'list', 'any'],
    ['$.map(#, $)', 'any', 'any'],
    ['$.map(#, $, $)', 'any', 'bool', 'any'],
    ['$.filter(#, $)', 'any', 'bool'],
    ['$.split($)', 'text', 'text'],
    ['$.split($, $)', 'text', 'text', 'number'],
    ['$.split("")', 'any'],
    ['[$]', 'any'],
    ['[$, $]', 'any', 'any'],
    ['["a", "b", "c"]'],
    ['[[1], [2]]'],
    ['[]'],
    ['request.segments'],
    ['token.scopes'],
    ['dyn($)', 'any'],
    ['($ ? $ : $)', 'bool', 'list', 'list'],
  ],
  number: [
    ['size($)', 'any'],
    ['size($)', 'text'],
    ['$.size()', 'list'],
    ['($ + $)', 'number', 'number'],
    ['($ * $)', 'number', 'number'],
    ['($ - $)', 'number', 'number'],
    ['($ % $)', 'number', 'number'],
    ['($ / $)', 'number', 'number'],
    ['-$', 'number'],
    ['int($)', 'any'],
    ['$.indexOf($)', 'text', 'text'],
    ['$.lastIndexOf($)', 'text', 'text'],
    ['$.lastIndexOf($, $)', 'any', 'any', 'number'],
    ['$.indexOf($, $)', 'any', 'any', 'number'],
    ['$.getHours()', 'time'],
    ['$.getDayOfYear()', 'time'],
    ['$.getHours("Europe/Berlin")', 'time'],
    ['$.getDayOfWeek($)', 'time', 'text'],
    ['$.at($)', 'bytes', 'number'],
    ['1'],
    ['5000'],
    ['token.expiry'],
  ],
  map: [
    ['{"a": $}', 'any'],
    ['{$: $}', 'text', 'any'],
    ['{}'],
    ['request.query'],
    ['request.headers'],
    ['claims'],
    ['$.json()', 'bytes'],
  ],
  bytes: [['bytes($)', 'any'], ['($ + $)', 'bytes', 'bytes'], ['b"ab"']],
  time: [
    ['timestamp($)', 'any'],
    ['request.time'],
    ['($ + duration("1h"))', 'time'],
    ['($ - duration("90s"))', 'time'],
  ],
  any: [
    ['claims.a'],
    ['claims.a'],
    ['claims.b'],
    ['claims.b'],
    ['claims.c'],
    ['claims.a[$]', 'number'],
    ['claims[$]', 'text'],
    ['$[$]', 'any', 'text'],
    ['$.a', 'any'],
    ['$', 'text'],
    ['$', 'list'],
    ['$', 'number'],
    ['$', 'map'],
    ['$', 'bool'],
    ['double($)', 'any'],
    ['uint($)', 'any'],
    ['cel.bind(#, $, $)', 'any', 'any'],
    ['duration($)', 'text'],
    ['null'],
    ['1.5'],
  ],
};

/** Creates an expression. */
export function makeTree(random: Random, sort: Sort, depth: number, variables: readonly string[] = []): Tree {
  if (sort === 'any' && variables.length > 0 && random(3) === 0)
    return { sort, text: variables[random(variables.length)] ?? '', parts: [], variables };
  const all = forms[sort];
  const leaves = all.filter(([, ...parts]) => parts.length === 0);
  const choice = depth <= 0 && leaves.length > 0 ? leaves : all;
  const [text, ...sorts] = choice[random(choice.length)] ?? ['true'];
  const own = text.includes('#') ? `v${variables.length}` : undefined;
  const parts = sorts.map((one, index) =>
    makeTree(random, one, depth - 1, own !== undefined && index > 0 ? [...variables, own] : variables),
  );
  return { sort, text: text.replace('#', own ?? ''), parts, variables };
}

/** The text of an expression. */
export function textOf({ text, parts }: Tree): string {
  let index = 0;
  return text.replaceAll('$', () => {
    const part = parts[index++];
    return part === undefined ? '' : textOf(part);
  });
}

/** Replaces one part with another one of its type. */
export function mutated(tree: Tree, random: Random, depth: number): Tree {
  if (tree.parts.length === 0 || random(4) === 0) {
    const other = makeTree(random, tree.sort, depth, tree.variables);
    // In half of the cases, the new part contains the old one.
    const place = other.parts.findIndex(
      ({ sort, variables }) => sort === tree.sort && variables.length === tree.variables.length,
    );
    return place < 0 || random(2) === 0 ? other : { ...other, parts: other.parts.with(place, tree) };
  }
  const place = random(tree.parts.length);
  const part = tree.parts[place];
  return part === undefined
    ? tree
    : { ...tree, parts: tree.parts.with(place, mutated(part, random, depth - 1)) };
}

/** A random number generator with a seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}
