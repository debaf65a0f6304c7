/** Matches paths on another machine or in a container with the names of input files. */

/** The file name without its folders. */
export function baseName(path: string): string {
  return path.split('/').at(-1) ?? '';
}

/** Whether a path in a container ends with the name of a file; the folders differ there. */
export function isNamedBy(path: string, name: string): boolean {
  return baseName(name) !== '' && baseName(path) === baseName(name);
}

/** How well a path in a docker compose file matches the name of an input file; higher is better; 0 means no match. */
export function matchQuality(path: string, name: string): 0 | 1 | 2 | 3 {
  const [wanted, actual] = [partsOf(path), partsOf(name)];
  if (wanted.length === 0 || actual.length === 0) return 0;
  if (wanted.join('/') === actual.join('/')) return 3;
  if (endsWith(actual, wanted)) return 2;
  return endsWith(wanted, actual) ? 1 : 0;
}

function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
}

function endsWith(long: readonly string[], short: readonly string[]): boolean {
  return long.length > short.length && long.slice(-short.length).join('/') === short.join('/');
}
