/** Explains the errors of an expression to people who rarely write one. */
import { functionCosts } from './cost/functions.ts';

/** An error of the library. Its code is stable; its text is for compiler authors. */
interface CelError {
  readonly code: string;
  readonly summary: string;
  readonly node?: { readonly pos?: number };
  readonly range?: { readonly start: number };
}

/** An example of each macro that an expression can use. */
export const macros: Readonly<Record<string, string>> = {
  has: 'has(claims.email)',
  all: 'claims.groups.all(g, g.startsWith("team-"))',
  exists: 'claims.groups.exists(g, g == "admin")',
  exists_one: 'claims.groups.exists_one(g, g.startsWith("tenant-"))',
  filter: 'claims.groups.filter(g, g.startsWith("team-"))',
  map: 'claims.groups.map(g, g.lowerAscii())',
};

/** The variables of an expression and their known members. */
const contextMembers: Readonly<Record<string, readonly string[]>> = {
  claims: [],
  token: ['issuer', 'audiences', 'scopes', 'expiry'],
  request: ['method', 'host', 'path', 'segments', 'query', 'headers', 'time'],
  source: ['address', 'principal'],
};

/** Explains an error and shows its place; undefined for an error that is not from the library. */
export function explainExpressionError(error: unknown, text: string): string | undefined {
  if (!isCelError(error)) return undefined;
  const position = error.node?.pos ?? error.range?.start;
  const message = explain(error);
  return position === undefined ? message : `${message}\n\n${excerptAt(text, position)}`;
}

/** Returns the line at a position, with a mark below the character. */
export function excerptAt(text: string, position: number): string {
  const before = text.slice(0, position).split('\n');
  const line = text.split('\n')[before.length - 1] ?? '';
  const column = before.at(-1)?.length ?? 0;
  return `> ${String(before.length).padStart(4)} | ${line}\n${' '.repeat(9 + column)}^`;
}

/** The name of a type in messages. */
export function typeName(type: string): string {
  const name = type.replace(/<.*$/, '').replace(/^google\.protobuf\./, '');
  return typeNames[name] ?? name;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  int: 'a whole number',
  uint: 'an unsigned whole number',
  double: 'a decimal number',
  bool: 'true or false',
  bytes: 'bytes',
  null: 'null',
  null_type: 'null',
  list: 'a list',
  map: 'a map',
  dyn: 'a value of unknown type',
  optional: 'an optional value',
  Timestamp: 'a time',
  Duration: 'a duration',
};

const tokens: Readonly<Record<string, string>> = {
  LPAREN: '(',
  RPAREN: ')',
  LBRACKET: '[',
  RBRACKET: ']',
  LBRACE: '{',
  RBRACE: '}',
  DOT: '.',
  COMMA: ',',
  COLON: ':',
  QUESTION: '?',
  IDENTIFIER: 'a name',
  STRING: 'a string',
  NUMBER: 'a number',
  EQ: '==',
  NE: '!=',
  LT: '<',
  LE: '<=',
  GT: '>',
  GE: '>=',
  AND: '&&',
  OR: '||',
  NOT: '!',
  PLUS: '+',
  MINUS: '-',
  MULTIPLY: '*',
  DIVIDE: '/',
  MODULO: '%',
  IN: 'in',
};

const limits: Readonly<Record<string, string>> = {
  maxAstNodes: 'parts',
  maxDepth: 'nested levels',
  maxListElements: 'members in a list',
  maxMapEntries: 'entries in a map',
  maxCallArguments: 'arguments of a call',
};

type Explain = (found: readonly string[]) => string;
type Entry = readonly [pattern: RegExp, explain: Explain];

function sameKind(what: string): Entry {
  return [
    /type '(.*)' but found '(.*)'/,
    ([one = '', other = '']) =>
      `all ${what} must have the same type, got ${typeName(one)} and ${typeName(other)}`,
  ];
}

/** For each error code: a pattern for the text of the library, and the message. */
const explanations: Readonly<Record<string, Entry>> = {
  unexpected_token: [
    /: (\w+)/,
    ([token = '']) =>
      token === 'EOF' ? 'the expression ends too early' : `${tokens[token] ?? token} is not allowed here`,
  ],
  expected_token: [
    /Expected (\w+), got (\w+)/,
    ([wanted = '', token = '']) => {
      const missing = tokens[wanted] ?? wanted;
      return token === 'EOF'
        ? `the expression ends too early: ${missing} is missing`
        : `${missing} is missing before ${tokens[token] ?? token}`;
    },
  ],
  unexpected_character: [
    /: '?(.*?)'?$/su,
    ([character = '']) =>
      character === '='
        ? '= is not allowed here; write == to compare'
        : `${JSON.stringify(character)} is not allowed here`,
  ],
  unterminated_string: [/./, () => 'the closing quote of this string is missing'],
  unterminated_triple_quoted_string: [/./, () => 'the three closing quotes of this string are missing'],
  newline_in_string: [/./, () => 'a string must end on its line; write \\n for a line break'],
  reserved_identifier: [/: (.*)$/, ([word = '']) => `${word} is a reserved word; use another name`],
  limit_exceeded: [
    /Exceeded (\w+) \((\d+)\)/,
    ([limit = '', most = '']) =>
      `the expression has more than ${most} ${limits[limit] ?? limit}; use several rules`,
  ],
  unknown_variable: [
    /: (.*)$/,
    ([name = '']) =>
      `unknown variable ${name}; the variables are ${Object.keys(contextMembers).join(', ')}; a string needs quotes`,
  ],
  no_such_key: [
    /: (.*)$/,
    ([name = '']) => {
      const members = Object.entries(contextMembers).filter(([, known]) => known.length > 0);
      const all = members.map(([of, known]) => `${of} has ${known.join(', ')}`).join('; ');
      return `unknown member ${name}; ${all}`;
    },
  ],
  no_such_overload: [
    /overload: (?:([!-])(\S+)|(\S+(?: \S+>)?) (\S+) (.+))$/,
    ([sign, operand = '', left = '', operator = '', right = '']) =>
      sign === undefined
        ? `${operator} cannot combine ${typeName(left)} and ${typeName(right)}`
        : `${sign} cannot be used with ${typeName(operand)}`,
  ],
  no_matching_overload: [
    /'(?:(.*)\.)?([A-Za-z0-9_]+)\((.*)\)'$/,
    ([receiver, name = '', listed = '']) => {
      const types = listed.split(/, (?![^<]*>)/).filter((type) => type !== '');
      const isKnown = [...functionCosts.keys()].some((key) => key.replace(/^\.|\/\d+$/g, '') === name);
      if (!isKnown) return `unknown function ${name}(); docs/expressions.md lists the functions`;
      const of = receiver === undefined ? '' : ` of ${typeName(receiver)}`;
      if (types.length === 0) return `${name}()${of} needs an argument`;
      return `${name}()${of} does not accept ${types.map(typeName).join(' and ')}`;
    },
  ],
  invalid_logical_operand: [
    /got '(.*)'/,
    ([type = '']) => `&& and || need true or false on both sides, got ${typeName(type)}`,
  ],
  invalid_condition_type: [/got '(.*)'/, ([type = '']) => `must be true or false, got ${typeName(type)}`],
  incompatible_ternary_branches: [
    /got '(.*)' and '(.*)'/,
    ([one = '', other = '']) =>
      `both results of ? : must have the same type, got ${typeName(one)} and ${typeName(other)}`,
  ],
  heterogeneous_list_element: sameKind('members of a list'),
  heterogeneous_map_key: sameKind('names of a map'),
  heterogeneous_map_value: sameKind('values of a map'),
  cannot_index_type: [/type '(.*)'/, ([type = '']) => `${typeName(type)} has no members`],
  invalid_index_type: [/./, () => 'invalid index: use a whole number for a list, and a string for a map'],
  invalid_comprehension_range: [
    /type '(.*?)'/,
    ([type = '']) => `this needs a list or a map, got ${typeName(type)}`,
  ],
  invalid_macro_argument: [
    /^(\w+)/,
    ([name = '']) =>
      name === 'has'
        ? `has() needs a member, as in ${macros.has}`
        : `the first argument of ${name}() must be a name for the member, as in ${macros[name] ?? macros.exists}`,
  ],
};

function explain({ code, summary }: CelError): string {
  const number = /^Invalid (?:hex )?(?:number|integer|exponent)(?:: (.*))?$/.exec(summary);
  if (number !== null) return `${number[1] ?? 'this'} is not a number`;
  const escaped = /^(?:Invalid|Unsupported).*escape.*?: (.*)$/i.exec(summary);
  if (escaped !== null) return `invalid escape ${escaped[1]} in a string; write \\\\ for a backslash`;
  const [pattern, explainMatch] = explanations[code] ?? [];
  const found = pattern?.exec(summary);
  return explainMatch === undefined || found === null || found === undefined
    ? 'this part of the expression is invalid'
    : explainMatch(found.slice(1));
}

function isCelError(error: unknown): error is CelError {
  return (
    error instanceof Error &&
    'code' in error &&
    'summary' in error &&
    typeof error.code === 'string' &&
    typeof error.summary === 'string'
  );
}
