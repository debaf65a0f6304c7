/** What is wrong with an expression, in words for people who write one now and then. */
import { functionCosts } from './cost/functions.ts';

/** An error as the library throws it: its code is stable, its words are those of a compiler. */
interface CelError {
  readonly code: string;
  readonly summary: string;
  readonly node?: { readonly pos?: number };
  readonly range?: { readonly start: number };
}

/** The macros of expressions, which go through a list, and the question whether there is a member. */
export const macros: Readonly<Record<string, string>> = {
  has: 'has(claims.email)',
  all: 'claims.groups.all(g, g.startsWith("team-"))',
  exists: 'claims.groups.exists(g, g == "admin")',
  exists_one: 'claims.groups.exists_one(g, g.startsWith("tenant-"))',
  filter: 'claims.groups.filter(g, g.startsWith("team-"))',
  map: 'claims.groups.map(g, g.lowerAscii())',
};

/** What an expression sees, and the members of it that are known. */
const seen: Readonly<Record<string, readonly string[]>> = {
  claims: [],
  token: ['issuer', 'audiences', 'scopes', 'expiry'],
  request: ['method', 'host', 'path', 'segments', 'query', 'headers', 'time'],
  source: ['address', 'principal'],
};

/** Says what is wrong, and shows where; undefined for an error that is none of the library's. */
export function expressionWords(error: unknown, text: string): string | undefined {
  if (!isCelError(error)) return undefined;
  const position = error.node?.pos ?? error.range?.start;
  const words = wordsOf(error);
  return position === undefined ? words : `${words}\n\n${quoted(text, position)}`;
}

/** The line of a place, and a mark below it. */
export function quoted(text: string, position: number): string {
  const before = text.slice(0, position).split('\n');
  const line = text.split('\n')[before.length - 1] ?? '';
  const column = before.at(-1)?.length ?? 0;
  return `> ${String(before.length).padStart(4)} | ${line}\n${' '.repeat(9 + column)}^`;
}

/** What a type is called. */
export function typeWords(type: string): string {
  const name = type.replace(/<.*$/, '').replace(/^google\.protobuf\./, '');
  return typeNames[name] ?? name;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  uint: 'a whole number with u',
  double: 'a number with a fraction',
  bool: 'true or false',
  bytes: 'bytes',
  null: 'null',
  null_type: 'null',
  list: 'a list',
  map: 'names with values',
  dyn: 'a value of the token',
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
  STRING: 'a text',
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
  maxDepth: 'levels',
  maxListElements: 'members in a list',
  maxMapEntries: 'entries in a map',
  maxCallArguments: 'values in a call',
};

type Words = (found: readonly string[]) => string;
type Entry = readonly [pattern: RegExp, words: Words];

function alike(what: string): Entry {
  return [
    /type '(.*)' but found '(.*)'/,
    ([one = '', other = '']) =>
      `all ${what} must be of one kind, not ${typeWords(one)} and ${typeWords(other)}`,
  ];
}

/** For each code: what to take out of the words of the library, and what to make of it. */
const dictionary: Readonly<Record<string, Entry>> = {
  unexpected_token: [
    /: (\w+)/,
    ([token = '']) =>
      token === 'EOF' ? 'the expression ends too early' : `${tokens[token] ?? token} cannot stand here`,
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
        ? 'a single = cannot stand here; write == to compare'
        : `${JSON.stringify(character)} cannot stand here`,
  ],
  unterminated_string: [/./, () => 'the quote that ends this text is missing'],
  unterminated_triple_quoted_string: [/./, () => 'the three quotes that end this text are missing'],
  newline_in_string: [/./, () => 'a text ends on the line on which it begins; write \\n for a line break'],
  reserved_identifier: [/: (.*)$/, ([word = '']) => `${word} is a word that cannot be a name`],
  limit_exceeded: [
    /Exceeded (\w+) \((\d+)\)/,
    ([limit = '', most = '']) =>
      `the expression has more than ${most} ${limits[limit] ?? limit}; use several rules`,
  ],
  unknown_variable: [
    /: (.*)$/,
    ([name = '']) =>
      `${name} is not known; an expression sees ${Object.keys(seen).join(', ')}, and a text stands in quotes`,
  ],
  no_such_key: [
    /: (.*)$/,
    ([name = '']) => {
      const members = Object.entries(seen).filter(([, known]) => known.length > 0);
      const all = members.map(([of, known]) => `${of} has ${known.join(', ')}`).join('; ');
      return `there is no ${name} here; ${all}`;
    },
  ],
  no_such_overload: [
    /overload: (?:([!-])(\S+)|(\S+(?: \S+>)?) (\S+) (.+))$/,
    ([sign, operand = '', left = '', operator = '', right = '']) =>
      sign === undefined
        ? `${operator} does not go with ${typeWords(left)} and ${typeWords(right)}`
        : `${sign} does not go with ${typeWords(operand)}`,
  ],
  no_matching_overload: [
    /'(?:(.*)\.)?([A-Za-z0-9_]+)\((.*)\)'$/,
    ([receiver, name = '', listed = '']) => {
      const given = listed.split(/, (?![^<]*>)/).filter((type) => type !== '');
      const isKnown = [...functionCosts.keys()].some((key) => key.replace(/^\.|\/\d+$/g, '') === name);
      if (!isKnown) return `${name}() is not one of the functions that an expression can use`;
      const of = receiver === undefined ? '' : ` of ${typeWords(receiver)}`;
      if (given.length === 0) return `${name}()${of} needs a value`;
      return `${name}()${of} does not take ${given.map(typeWords).join(' and ')}`;
    },
  ],
  invalid_logical_operand: [
    /got '(.*)'/,
    ([type = '']) => `&& and || need true or false on both sides, not ${typeWords(type)}`,
  ],
  invalid_condition_type: [
    /got '(.*)'/,
    ([type = '']) => `expected true or false here, not ${typeWords(type)}`,
  ],
  incompatible_ternary_branches: [
    /got '(.*)' and '(.*)'/,
    ([one = '', other = '']) =>
      `both values of a choice (? :) must be of one kind, not ${typeWords(one)} and ${typeWords(other)}`,
  ],
  heterogeneous_list_element: alike('members of a list'),
  heterogeneous_map_key: alike('names of a map'),
  heterogeneous_map_value: alike('values of a map'),
  cannot_index_type: [/type '(.*)'/, ([type = '']) => `${typeWords(type)} has no members`],
  invalid_index_type: [
    /./,
    () => 'this cannot name a member: a list is asked by a whole number, all else by a text',
  ],
  invalid_comprehension_range: [
    /type '(.*?)'/,
    ([type = '']) => `only a list or names with values can be gone through, not ${typeWords(type)}`,
  ],
  invalid_macro_argument: [
    /^(\w+)/,
    ([name = '']) =>
      name === 'has'
        ? `has() asks for a member, as in ${macros.has}`
        : `${name}() begins with a name for each member, as in ${macros[name] ?? macros.exists}`,
  ],
};

function wordsOf({ code, summary }: CelError): string {
  const number = /^Invalid (?:hex )?(?:number|integer|exponent)(?:: (.*))?$/.exec(summary);
  if (number !== null) return `${number[1] ?? 'this'} is not a number`;
  const escaped = /^(?:Invalid|Unsupported).*escape.*?: (.*)$/i.exec(summary);
  if (escaped !== null) return `${escaped[1]} means nothing in a text; write \\\\ for a backslash`;
  const [pattern, words] = dictionary[code] ?? [];
  const found = pattern?.exec(summary);
  return words === undefined || found === null || found === undefined
    ? 'this part of the expression cannot be understood'
    : words(found.slice(1));
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
