/** Finds the parts of a request that an expression may read. */

/**
 * Whether an expression may read a member of `request`: it contains the name of the member, or uses the whole request.
 * It may report a member that is never read; it never misses one that is.
 */
export function mayReadRequestMember(
  expression: string | undefined,
  member: 'host' | 'path' | 'segments',
): boolean {
  if (expression === undefined) return false;
  return new RegExp(`\\b${member}\\b`).test(expression) || /\brequest\b(?!\s*\.\s*[a-z])/.test(expression);
}
