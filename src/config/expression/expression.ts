/**
 * Expressions of rules in the Common Expression Language. They are compiled and type-checked when the configuration is read,
 * and their cost is bounded.
 */
import { Environment } from '@marcbachmann/cel-js';
import { type ClaimReads, claimReads } from './claim-reads.ts';
import { type Bound, boundOf } from './cost/cost.ts';
import { excerptAt, explainExpressionError, typeName } from './explain-error.ts';
import { guard } from './guard.ts';
import { type HeaderReads, headerReads } from './header-reads.ts';
import { CostError, type Node } from './nodes.ts';

/** The values that an expression can read. */
export interface ExpressionContext {
  /** The target of the request as received; it limits the size of the values that are parsed from it. */
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
  /** The proxy's own peer, if the proxy reports it, otherwise empty. */
  readonly source: { readonly address: string; readonly principal: string };
}

/** Evaluates an expression. Throws if it cannot be evaluated, for example if it reads an absent claim. */
export interface Expression {
  (context: ExpressionContext): boolean;
  /** Whether it may read `request.host`. It is then evaluated twice, with and without the port, each time with half of the budget. */
  readonly readsHost: boolean;
  /** The headers that it reads. */
  readonly headers: HeaderReads;
  /** The claims that it reads. */
  readonly claims: ClaimReads;
}

/** Maximum characters of an expression; limits of its syntax tree. */
const maxText = 8_192;
const limits = {
  maxAstNodes: 200,
  maxDepth: 24,
  maxListElements: 100,
  maxMapEntries: 32,
  maxCallArguments: 8,
};

/** Maximum steps of an evaluation. A step is 10 ns, so this is 1.2 ms; 0.8 ms are left for work that the steps do not count. */
const maxSteps = 120_000;
/** Possible limits for the members that a macro visits. The largest one within the budget is used. A lower limit would fail for ordinary tokens. */
const visitLimits = [
  32_768, 24_576, 16_384, 12_288, 8_192, 7_168, 6_144, 5_120, 4_096, 3_584, 3_072, 2_560, 2_048, 1_536, 1_024,
  768, 512, 384, 256,
];

/** Maximum characters of the request that an expression can read (the target; all trusted headers), and of query parameters. */
const maxRequestText = 16_384;
const maxParameters = 1_000;
const stepsOfQuery = 30_000;

/** The token size without a configured limit: the default of `limits.maxTokenSize`. */
const defaultTokenSize = 16_384;

/**
 * Compiles an expression.
 *
 * @param maxTokenSize `limits.maxTokenSize`, in bytes; the cost of an expression depends on it
 * @throws Error that explains the problem and its place
 */
export function compileExpression(text: string, maxTokenSize = defaultTokenSize): Expression {
  if (text.length > maxText) throw new Error(`must have at most ${maxText} characters; use several rules`);
  const parsed = explainErrors(text, () => createEnvironment().parse(text));
  const { valid, type = '', error } = parsed.check();
  if (!valid) throw new Error(explainExpressionError(error, text) ?? 'the expression is invalid');
  if (type !== 'bool' && type !== 'dyn')
    throw new Error(`the result must be true or false, got ${typeName(type)}`);
  // The types of the library leave out the operator, its operands and their positions.
  const root = parsed.ast as unknown as Node;
  const reads = partsRead(root);
  const stepsOfEach = reads.host ? maxSteps / 2 : maxSteps;
  const budget = reads.query ? stepsOfEach - stepsOfQuery : stepsOfEach;
  const maxVisits = visitsWithin(root, text, maxTokenSize, budget);
  const guarded = guard(root, { maxVisits });

  const evaluate = (context: ExpressionContext) => {
    if (reads.request) checkSize(context, reads);
    const result = guarded(() => parsed(context) as unknown);
    if (typeof result !== 'boolean') throw new TypeError('the expression is neither true nor false');
    return result;
  };
  return Object.assign(evaluate, {
    readsHost: reads.host,
    headers: headerReads(root),
    claims: claimReads(root),
  });
}

function explainErrors<T>(text: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(explainExpressionError(error, text) ?? 'the expression is invalid', {
      cause: error,
    });
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

/** Returns how many members a macro may visit within a budget. */
function visitsWithin(root: Node, text: string, maxTokenSize: number, budget: number): number {
  // A token contains its claims in base64url, which is 4/3 of their size.
  const sizes = { claims: Math.ceil((maxTokenSize * 3) / 4), request: maxRequestText, text: text.length };
  try {
    let bound = boundOf(root, sizes, 0);
    for (const visits of visitLimits) {
      bound = boundOf(root, sizes, visits);
      if (bound.steps <= budget) return visits;
    }
    throw new CostError(costProblem(bound, text, budget), bound.nested ?? bound.mostExpensive);
  } catch (problem) {
    if (problem instanceof CostError)
      throw new Error(`${problem.message}\n\n${excerptAt(text, placeOf(problem.node, text))}`);
    throw problem;
  }
}

function costProblem({ steps, mostExpensive, nested }: Bound, text: string, budget: number): string {
  const cost = `with the largest token and request this can take about ${milliseconds(steps)}; the limit is ${milliseconds(budget)}`;
  if (nested !== undefined)
    return `a list in a list: the inner macro runs for each member of the outer list, and ${cost}. Search for literals instead, as in claims.roles.exists(r, r in ["a", "b"])`;
  const part = JSON.stringify(text.slice(mostExpensive.start, mostExpensive.end));
  return `${cost}; the most expensive part is ${part}. Search for literals, as in "admin" in claims.groups or claims.roles.exists(r, r in ["a", "b"]), use fewer parts, or lower limits.maxTokenSize`;
}

function milliseconds(steps: number): string {
  return `${Number((steps / 100_000).toPrecision(2))} ms`;
}

/** The position of the name of a function or an operator. */
function placeOf({ op, args, pos }: Node, text: string): number {
  if (op !== 'rcall') return pos;
  const [name, receiver] = args as [string, Node];
  return text.indexOf(name, receiver.end);
}

interface ReadParts {
  readonly request: boolean;
  readonly host: boolean;
  readonly query: boolean;
  readonly headers: boolean;
}

/** Returns the parts of a request that an expression reads; all parts if it uses `request` as a whole. */
function partsRead(root: Node): ReadParts {
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

function checkSize({ target, request, source }: ExpressionContext, { query, headers }: ReadParts): void {
  const others = [request.method, request.host, source.address, source.principal];
  const ofHeaders = headers ? Object.values(request.headers) : [];
  const isLong = [target.length, lengthOf(others), lengthOf(ofHeaders)].some(
    (length) => length > maxRequestText,
  );
  if (isLong)
    throw new RangeError(
      `the request has more than the ${maxRequestText} characters that an expression can read`,
    );
  if (query && target.split('&', maxParameters + 1).length > maxParameters)
    throw new RangeError(
      `the query has more than the ${maxParameters} parameters that an expression can read`,
    );
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + text.length, 0);
}
