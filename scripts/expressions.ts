/** Generates the list of functions and macros in docs/expressions.md. */
import { functionCosts } from '../src/config/expression/cost/functions.ts';
import { macros } from '../src/config/expression/explain-error.ts';
import { withMarkedPart } from './marked-part.ts';

/** Returns the page with a new list. */
export function expressionsMarkdown(): string {
  return withMarkedPart('docs/expressions.md', 'functions', functionList());
}

function functionList(): string {
  const keys = [...functionCosts.keys()];
  const called = keys.filter((key) => !key.startsWith('.')).map((key) => written(key));
  const methods = keys.filter((key) => key.startsWith('.')).map((key) => written(key));
  const isOfTime = (method: string) => method.startsWith('.get');
  const list = (names: readonly string[]) => [...new Set(names)].map(code).join(', ');
  return [
    '| kind | available in an expression |',
    '| --- | --- |',
    '| operators | `==` `!=` `<` `<=` `>` `>=` `in` `&&` `\\|\\|` `!` `? :` `+` `-` `*` `/` `%`, `claims.a`, `claims["a"]`, `[1, 2]`, `{"a": 1}` |',
    `| macros | ${Object.values(macros).map(code).join(', ')} |`,
    `| functions | ${list(called)} |`,
    `| methods | ${list(methods.filter((method) => !isOfTime(method)))} |`,
    `| methods of a time | ${list(methods.filter(isOfTime))} |`,
  ].join('\n');
}

/** Formats `.split/2` as `.split(a, b)`. */
function written(key: string): string {
  const [name = '', count] = key.split('/');
  return `${name}(${['a', 'b', 'c'].slice(0, Number(count)).join(', ')})`;
}

function code(text: string): string {
  return `\`${text}\``;
}
