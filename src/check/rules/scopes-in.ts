/** Reads the scopes that the mesh requires in a header. */

/** The scopes in a header; undefined unless it has exactly one line with at least one scope. */
export function scopesIn(lines: readonly string[]): readonly string[] | undefined {
  const [line, ...others] = lines;
  const scopes = new Set((line ?? '').split(/[ ,]+/));
  scopes.delete('');
  return others.length > 0 || scopes.size === 0 ? undefined : [...scopes];
}
