/** Settings that several handlers share: where the token is, what scopes it needs, how they are compared, and what nobody knows. */
import type { HandlerContext } from './handler-context.ts';

interface TokenFrom {
  readonly header?: string | null | undefined;
  readonly query_parameter?: string | null | undefined;
  readonly cookie?: string | null | undefined;
}

/** Judges `token_from`; false where the token cannot be read, and nobody gave that up. */
export function readTokenSource(
  from: TokenFrom | null | undefined,
  { report, source }: HandlerContext,
): boolean {
  const { header, query_parameter: query, cookie } = from ?? {};
  const isElsewhere =
    typeof query === 'string' ||
    typeof cookie === 'string' ||
    (header ?? 'authorization').toLowerCase() !== 'authorization';
  if (!isElsewhere) return true;
  return report.refuse(
    'token_from',
    source('token_from'),
    'the token is read from elsewhere, and here from `authorization: Bearer` alone',
  );
}

/** The scopes, kept; undefined where one of them is no scope. */
export function scopesOf(
  setting: string,
  scopes: readonly string[],
  { report, source }: HandlerContext,
  ...path: readonly PropertyKey[]
): readonly string[] | undefined {
  const at = source(...(path.length === 0 ? [setting] : path));
  const distinct = [...new Set(scopes)];
  if (!distinct.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))) {
    report.refuse(
      setting,
      at,
      'a scope has no space, quote or backslash, and is not empty (RFC 6749 section 3.3)',
    );
    return undefined;
  }
  if (distinct.length > 0)
    report.add('kept', setting, at, `the scopes ${distinct.join(', ')}, compared as they are written`);
  return distinct;
}

/** Tells of a strategy by which a scope stands for others; here, as with `exact`, none does. */
export function reportScopeStrategy(
  strategy: string | null | undefined,
  { report, source }: HandlerContext,
): void {
  if ((strategy ?? 'exact') === 'exact') return;
  report.add(
    'changed',
    'scope_strategy',
    source('scope_strategy'),
    'scopes are compared as they are written; a wildcard in a token stands for nothing else',
  );
}

/** Refuses what may guard something in a way that nobody knows. */
export function unknownSettings(names: readonly string[], { report, source }: HandlerContext): void {
  for (const name of names)
    report.refuse(name, source(name), 'v1beta1 knows no such setting, so nobody can say what it guards');
}
