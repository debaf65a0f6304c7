/**
 * Expressions of rules, in the Common Expression Language: compiled and type-checked when the configuration is read, bounded in
 * what they can cost.
 */
import { Environment } from '@marcbachmann/cel-js';
import { type Bound, boundOf } from './cost/cost.ts';
import { expressionWords, quoted, typeWords } from './explain-problem.ts';
import { guard } from './guard.ts';
import { type HeaderReads, headerReads } from './header-reads.ts';
import { type Node, Unbounded } from './nodes.ts';

/** What an expression sees. */
export interface ExpressionContext {
  /** The target of the request as it came: what it is read from is bounded by it. */
  readonly target: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly token: {
    readonly issuer: string;
    readonly audiences: readonly string[];
    readonly scopes: readonly string[];
    /** Seconds since the epoch. */
    readonly expiry: bigint;
  };
  readonly request: {
    readonly method: string;
    readonly host: string;
    readonly path: string;
    readonly segments: readonly string[];
    readonly query: Readonly<Record<string, string>>;
    readonly headers: Readonly<Record<string, string>>;
    readonly time: Date;
  };
  /** The proxy's own peer, as far as the proxy tells; else empty. */
  readonly source: { readonly address: string; readonly principal: string };
}

/** Evaluates an expression; throws where it cannot be evaluated, as where a claim that it names is absent. */
export interface Expression {
  (context: ExpressionContext): boolean;
  /** Whether it may read `request.host`. Its budget is for two evaluations then: with the port of the host, and without. */
  readonly readsHost: boolean;
  /** Which of `request.headers` it reads. */
  readonly headers: HeaderReads;
}

/** Characters of an expression; its nodes, and how deep they may be nested. */
const maxText = 8_192;
const limits = {
  maxAstNodes: 200,
  maxDepth: 24,
  maxListElements: 100,
  maxMapEntries: 32,
  maxCallArguments: 8,
};

/** What an evaluation may cost: 1.2 ms by the steps, of which a step is 10 ns, so that 0.8 ms are left for what they do not know. */
const maxSteps = 120_000;
/** Members that a macro visits at most: as many as the steps allow. With fewer, ordinary tokens would fail. */
const visitLimits = [
  32_768, 24_576, 16_384, 12_288, 8_192, 7_168, 6_144, 5_120, 4_096, 3_584, 3_072, 2_560, 2_048, 1_536, 1_024,
  768, 512, 384, 256,
];

/** What an expression sees of a request: the target, and the trusted headers together, in characters; parameters of the query. */
const maxRequestText = 16_384;
const maxParameters = 1_000;
const stepsOfQuery = 30_000;

/** The longest token where nobody says: the default of `limits.maxTokenSize`. */
const defaultTokenSize = 16_384;

/**
 * Compiles an expression.
 *
 * @param maxTokenSize `limits.maxTokenSize`, in bytes: what an expression can cost depends on it
 * @throws Error that says what is wrong, and where
 */
export function compileExpression(text: string, maxTokenSize = defaultTokenSize): Expression {
  if (text.length > maxText)
    throw new Error(`the expression is longer than ${maxText} characters; use several rules`);
  const parsed = inPlainWords(text, () => createEnvironment().parse(text));
  const { valid, type = '', error } = parsed.check();
  if (!valid) throw new Error(expressionWords(error, text) ?? 'the expression cannot be understood');
  if (type !== 'bool' && type !== 'dyn')
    throw new Error(`expected an expression that is true or false, not ${typeWords(type)}`);
  // What the library's own types do not say: an operator, its operands, and where they stand.
  const root = parsed.ast as unknown as Node;
  const looks = looksAt(root);
  const stepsOfEach = looks.host ? maxSteps / 2 : maxSteps;
  const budget = looks.query ? stepsOfEach - stepsOfQuery : stepsOfEach;
  const maxVisits = visitsWithin(root, text, maxTokenSize, budget);
  const guarded = guard(root, { maxVisits });

  const evaluate = (context: ExpressionContext) => {
    if (looks.request) checkSize(context, looks);
    const result = guarded(() => parsed(context) as unknown);
    if (typeof result !== 'boolean') throw new TypeError('the expression is neither true nor false');
    return result;
  };
  return Object.assign(evaluate, { readsHost: looks.host, headers: headerReads(root) });
}

function inPlainWords<T>(text: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(expressionWords(error, text) ?? 'the expression cannot be understood', { cause: error });
  }
}

function createEnvironment(): Environment {
  return new Environment({ limits })
    .registerVariable('claims', 'map')
    .registerVariable({ name: 'source', schema: { address: 'string', principal: 'string' } })
    .registerVariable({
      name: 'token',
      schema: { issuer: 'string', audiences: 'list<string>', scopes: 'list<string>', expiry: 'int' },
    })
    .registerVariable({
      name: 'request',
      schema: {
        method: 'string',
        host: 'string',
        path: 'string',
        segments: 'list<string>',
        query: 'map<string, string>',
        headers: 'map<string, string>',
        time: 'google.protobuf.Timestamp',
      },
    });
}

/** The most members that a macro can visit within a budget. */
function visitsWithin(root: Node, text: string, maxTokenSize: number, budget: number): number {
  // A token is its claims in base64url, and more.
  const sizes = { claims: Math.ceil((maxTokenSize * 3) / 4), request: maxRequestText, text: text.length };
  try {
    let bound = boundOf(root, sizes, 0);
    for (const visits of visitLimits) {
      bound = boundOf(root, sizes, visits);
      if (bound.steps <= budget) return visits;
    }
    throw new Unbounded(tooDear(bound, text, budget), bound.nested ?? bound.dearest);
  } catch (problem) {
    if (problem instanceof Unbounded)
      throw new Error(`${problem.message}\n\n${quoted(text, placeOf(problem.node, text))}`);
    throw problem;
  }
}

function tooDear({ steps, dearest, nested }: Bound, text: string, budget: number): string {
  const cost = `with the largest token and request this can cost about ${milliseconds(steps)}, and at most ${milliseconds(budget)} is allowed`;
  if (nested !== undefined)
    return `one that goes through a list, within another one, does so for each member of a list: ${cost}. Look for texts that you write out, as in claims.roles.exists(r, r in ["a", "b"])`;
  const part = JSON.stringify(text.slice(dearest.start, dearest.end));
  return `${cost}; most of it is ${part}. Look for texts that you write out, as in "admin" in claims.groups or claims.roles.exists(r, r in ["a", "b"]), use fewer parts, or lower limits.maxTokenSize`;
}

function milliseconds(steps: number): string {
  return `${Number((steps / 100_000).toPrecision(2))} ms`;
}

/** Where the name of a function or an operator stands. */
function placeOf({ op, args, pos }: Node, text: string): number {
  if (op !== 'rcall') return pos;
  const [name, receiver] = args as [string, Node];
  return text.indexOf(name, receiver.end);
}

interface Looks {
  readonly request: boolean;
  readonly host: boolean;
  readonly query: boolean;
  readonly headers: boolean;
}

/** Which parts of a request an expression looks at; all, where it takes the request as a whole. */
function looksAt(root: Node): Looks {
  const parts = new Set<string>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    if (typeof value !== 'object' || value === null || !('op' in value) || !('args' in value)) return;
    const { op, args } = value as Node;
    const [of, part] = Array.isArray(args) ? (args as unknown[]) : [];
    if (op === '.' && isRequest(of)) parts.add(String(part));
    else if (isRequest(value)) parts.add('all');
    else walk(args);
  };
  walk(root);
  const all = parts.has('all');
  return {
    request: parts.size > 0,
    host: all || parts.has('host'),
    query: all || parts.has('query'),
    headers: all || parts.has('headers'),
  };
}

function isRequest(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'op' in value &&
    'args' in value &&
    value.op === 'id' &&
    (value.args === 'request' || value.args === 'source')
  );
}

function checkSize({ target, request, source }: ExpressionContext, { query, headers }: Looks): void {
  const others = [request.method, request.host, source.address, source.principal];
  const ofHeaders = headers ? Object.values(request.headers) : [];
  const isLong = [target.length, lengthOf(others), lengthOf(ofHeaders)].some(
    (length) => length > maxRequestText,
  );
  if (isLong)
    throw new RangeError(
      `the request is longer than the ${maxRequestText} characters that an expression may look at`,
    );
  if (query && target.split('&', maxParameters + 1).length > maxParameters)
    throw new RangeError(
      `the query has more than the ${maxParameters} parameters that an expression may look at`,
    );
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + text.length, 0);
}
