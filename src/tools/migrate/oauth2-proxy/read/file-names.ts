/** Which of the files that were given a path means: it is the path on another machine, or in a container. */

/** The name of a file without its folders. */
export function baseName(path: string): string {
  return path.split('/').at(-1) ?? '';
}

/** Whether a file has the name that a path in a container ends with; its folders are others there. */
export function isNamedBy(path: string, name: string): boolean {
  return baseName(name) !== '' && baseName(path) === baseName(name);
}

/** How well a path on the machine of docker compose and the name of a given file fit: the more, the better; 0 if not at all. */
export function matchQuality(path: string, name: string): 0 | 1 | 2 | 3 {
  const [wanted, given] = [partsOf(path), partsOf(name)];
  if (wanted.length === 0 || given.length === 0) return 0;
  if (wanted.join('/') === given.join('/')) return 3;
  if (endsWith(given, wanted)) return 2;
  return endsWith(wanted, given) ? 1 : 0;
}

function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
}

function endsWith(long: readonly string[], short: readonly string[]): boolean {
  return long.length > short.length && long.slice(-short.length).join('/') === short.join('/');
}
