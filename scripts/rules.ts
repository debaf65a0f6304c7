/** docs/rules.md: what people wrote, with the functions and macros of expressions that the code holds. */
import { functionCosts } from '../src/config/expression/cost/functions.ts';
import { macros } from '../src/config/expression/explain-problem.ts';
import { withMarkedPart } from './marked-part.ts';

/** The page, with its list of functions anew. */
export function rulesMarkdown(): string {
  return withMarkedPart('docs/rules.md', 'functions', functionList());
}

function functionList(): string {
  const keys = [...functionCosts.keys()];
  const called = keys.filter((key) => !key.startsWith('.')).map((key) => written(key));
  const ofValues = keys.filter((key) => key.startsWith('.')).map((key) => written(key));
  return [
    '| | an expression can use |',
    '| --- | --- |',
    '| operators | `==` `!=` `<` `<=` `>` `>=` `in` `&&` `\\|\\|` `!` `? :` `+` `-` `*` `/` `%`, `claims.a`, `claims["a"]`, `[1, 2]`, `{"a": 1}` |',
    `| macros | ${Object.values(macros).map(code).join(', ')} |`,
    `| functions | ${[...new Set(called)].map(code).join(', ')} |`,
    `| functions of a value | ${[...new Set(ofValues)].map(code).join(', ')} |`,
  ].join('\n');
}

/** `.split/2` as `.split(a, b)`. */
function written(key: string): string {
  const [name = '', count] = key.split('/');
  return `${name}(${['a', 'b', 'c'].slice(0, Number(count)).join(', ')})`;
}

function code(text: string): string {
  return `\`${text}\``;
}
