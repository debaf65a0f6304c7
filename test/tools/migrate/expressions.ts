/** Generators of path expressions and paths, to compare patterns with the expression they come from. */
import fc from 'fast-check';

const pieces = fc.constantFrom(
  ...[
    '^',
    '$',
    '/',
    'a',
    'b',
    '.',
    '\\.',
    '.*',
    '.+',
    '.?',
    '[^/]',
    '[^/]+',
    '[^/]*',
    '[ab]',
    '[a-b]+',
    '[^a]',
  ],
  ...[
    '\\w',
    '\\W*',
    '\\d+',
    '(a|/b)',
    '(/a)?',
    '(a|)+',
    '(/[^/]+)*',
    '(?:b|/)',
    '|',
    '/?',
    '/+',
    'a{2}',
    '[]/]',
  ],
);

/** Any combination of pieces; not all are valid expressions. */
export const expressions = fc.array(pieces, { maxLength: 7 }).map((parts) => parts.join(''));

const segments = fc.constantFrom('a', 'b', 'aa', 'ab', 'ba', 'a.b', 'é', '100%', 'a b', 'A');

/** Unambiguous paths. */
export const paths = fc
  .tuple(fc.array(segments, { maxLength: 4 }), fc.boolean())
  .map(([parts, isOpen]) => `/${parts.join('/')}${isOpen && parts.length > 0 ? '/' : ''}`);

/** An expression in JavaScript, where `[]/]` is another set; undefined if it is not valid. */
export function asJavaScript(expression: string): RegExp | undefined {
  try {
    return new RegExp(expression.replaceAll('[]/]', '[\\]/]'), 's');
  } catch {
    return undefined;
  }
}

/** Whether a path matches one of the patterns. */
export function matches(patterns: readonly string[], path: string): boolean {
  return patterns.some((one) => asRegExp(one).test(path));
}

/** A pattern as a regular expression. */
function asRegExp(pattern: string): RegExp {
  const parts = (pattern === '/*' ? '/{**}' : pattern)
    .slice(1)
    .split('/')
    .map((part) => (part === '{*}' ? '[^/]+' : part === '{**}' ? '.*' : part.replaceAll(/[^\w]/g, '\\$&')));
  return new RegExp(`^/${parts.join('/')}$`);
}
