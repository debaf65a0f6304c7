/** Expressions of paths, paths, and what matches what: for comparing patterns with the expression that they are made of. */
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

/** Whatever can be put together of pieces; not all of it is an expression. */
export const expressions = fc.array(pieces, { maxLength: 7 }).map((parts) => parts.join(''));

const segments = fc.constantFrom('a', 'b', 'aa', 'ab', 'ba', 'a.b', 'é', '100%', 'a b', 'A');

/** Paths that can be read without doubt. */
export const paths = fc
  .tuple(fc.array(segments, { maxLength: 4 }), fc.boolean())
  .map(([parts, isOpen]) => `/${parts.join('/')}${isOpen && parts.length > 0 ? '/' : ''}`);

/** An expression in JavaScript, where `[]/]` would be another set; undefined where it is none. */
export function asJavaScript(expression: string): RegExp | undefined {
  try {
    return new RegExp(expression.replaceAll('[]/]', '[\\]/]'), 's');
  } catch {
    return undefined;
  }
}

/** Whether a path is one of some patterns. */
export function matches(patterns: readonly string[], path: string): boolean {
  return patterns.some((one) => asRegExp(one).test(path));
}

/** A pattern as an expression of its own. */
function asRegExp(pattern: string): RegExp {
  const parts = (pattern === '/*' ? '/{**}' : pattern)
    .slice(1)
    .split('/')
    .map((part) => (part === '{*}' ? '[^/]+' : part === '{**}' ? '.*' : part.replaceAll(/[^\w]/g, '\\$&')));
  return new RegExp(`^/${parts.join('/')}$`);
}
