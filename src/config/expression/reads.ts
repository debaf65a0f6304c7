/** What of a request an expression looks at. */

/**
 * Whether an expression may read a member of `request`. It may where it has the name of the member anywhere, or hands the whole
 * request on; that it does is never missed.
 */
export function expressionReads(
  expression: string | undefined,
  member: 'host' | 'path' | 'segments',
): boolean {
  if (expression === undefined) return false;
  return new RegExp(`\\b${member}\\b`).test(expression) || /\brequest\b(?!\s*\.\s*[a-z])/.test(expression);
}
