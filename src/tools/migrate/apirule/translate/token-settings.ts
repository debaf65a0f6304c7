/** Translates settings that several handlers have: the token source, scopes, and unknown names. */
import type { HandlerContext } from './handler-context.ts';

interface TokenFrom {
  readonly header?: string | null | undefined;
  readonly query_parameter?: string | null | undefined;
  readonly cookie?: string | null | undefined;
}

/** Judges `token_from`; false if the token is elsewhere and that is not accepted. */
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
    'v1beta1 reads the token from elsewhere, and oidc-authz only from `authorization: Bearer`',
  );
}

/** The scopes; undefined if one is not valid. */
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
      'a scope must not be empty and must not contain a space, quote or backslash (RFC 6749 section 3.3)',
    );
    return undefined;
  }
  if (distinct.length > 0)
    report.add('kept', setting, at, `the scopes ${distinct.join(', ')}, compared exactly`);
  return distinct;
}

/** Reports a strategy by which one scope implies others; oidc-authz compares scopes exactly. */
export function reportScopeStrategy(
  strategy: string | null | undefined,
  { report, source }: HandlerContext,
): void {
  if ((strategy ?? 'exact') === 'exact') return;
  report.add(
    'changed',
    'scope_strategy',
    source('scope_strategy'),
    'scopes are compared exactly; a wildcard in a token implies no other scope',
  );
}

/** Refuses unknown names, which may be meant to restrict access. */
export function unknownSettings(names: readonly string[], { report, source }: HandlerContext): void {
  for (const name of names)
    report.refuse(name, source(name), 'v1beta1 has no such setting, so its effect on access is unknown');
}
