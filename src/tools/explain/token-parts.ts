/** The token of a request to explain, and its claims. */
import type { ExplainRequest } from '../../model/explanation.ts';
import { parseJson } from '../../runtime/parse-json.ts';
import { headerLinesOf } from './request-lines.ts';

/** The token of a request; undefined without one. */
export function tokenOf(request: ExplainRequest): string | undefined {
  const line = headerLinesOf(request).find(([name]) => name.toLowerCase() === 'authorization');
  return line?.[1].trim().replace(/^\S+ +/, '');
}

/** The claims of a token, whether it is valid or not; undefined if it has none. */
export function claimsOf(token: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The texts of a request that no output may have: credentials, and the signatures of tokens. */
export function secretsOf(request: ExplainRequest): readonly string[] {
  const values = headerLinesOf(request).flatMap(([name, value]) =>
    ['authorization', 'dpop', 'cookie', 'proxy-authorization'].includes(name.toLowerCase())
      ? [value, ...value.split(/[\s,]+/)]
      : [],
  );
  const signatures = values.flatMap((value) => value.split('.').slice(2));
  // A short word is not a credential, and it is part of many texts.
  return [...values, ...signatures]
    .filter((value) => value.length >= 8)
    .toSorted((a, b) => b.length - a.length);
}
