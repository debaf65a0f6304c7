/**
 * Expressions of rules, in the Common Expression Language: compiled and type-checked when the configuration is read, bounded in
 * what they can cost.
 */
import { Environment } from '@marcbachmann/cel-js';

/** What an expression sees. */
export interface ExpressionContext {
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
export type Expression = (context: ExpressionContext) => boolean;

/** Nodes of an expression, and how deep they may be nested; macros that go through a list, which may not be nested at all. */
const limits = {
  maxAstNodes: 200,
  maxDepth: 24,
  maxListElements: 100,
  maxMapEntries: 32,
  maxCallArguments: 8,
};
const maxMacros = 6;
const macros = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/**
 * Compiles an expression.
 *
 * @throws Error that says what is wrong, and where
 */
export function compileExpression(text: string): Expression {
  const environment = new Environment({ limits })
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
  const { valid, type, error } = environment.check(text);
  if (!valid) throw new Error(error?.message ?? 'the expression cannot be read');
  if (type !== 'bool' && type !== 'dyn')
    throw new Error(`expected an expression that is true or false, not ${type}`);
  const parsed = environment.parse(text);
  const problem = costProblem(parsed.ast);
  if (problem !== undefined) throw new Error(problem);
  return (context) => {
    const result: unknown = parsed(context);
    if (typeof result !== 'boolean') throw new TypeError('the expression is neither true nor false');
    return result;
  };
}

/** Says what makes an expression cost more than its length and the length of a token. */
function costProblem(ast: unknown): string | undefined {
  let count = 0;
  const walk = (node: unknown, isWithin: boolean): string | undefined => {
    if (Array.isArray(node)) return first(node, (one) => walk(one, isWithin));
    if (typeof node !== 'object' || node === null || !('op' in node) || !('args' in node)) return undefined;
    const { op, args } = node;
    const [name] = Array.isArray(args) && (op === 'rcall' || op === 'call') ? (args as unknown[]) : [];
    if (name === 'matches')
      return 'matches() runs a regular expression, whose cost has no bound; compare texts, or use startsWith, endsWith and contains';
    if (typeof name !== 'string' || !macros.has(name)) return walk(args, isWithin);
    if (isWithin)
      return `${name}() within another one goes through a list for each member of a list, whose cost has no bound`;
    if (++count > maxMacros) return `there are more than ${maxMacros} that go through a list`;
    const [, receiver, own] = args as unknown[];
    return walk(receiver, isWithin) ?? walk(own, true);
  };
  return walk(ast, false);
}

function first<T>(list: readonly T[], find: (one: T) => string | undefined): string | undefined {
  for (const one of list) {
    const found = find(one);
    if (found !== undefined) return found;
  }
  return undefined;
}
