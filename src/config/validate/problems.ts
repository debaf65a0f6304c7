/** What can be wrong with a configuration, and how it is told. */

/** One problem: where it is, where the value came from, and what was expected. */
export interface Problem {
  /** The option as a file names it, e.g. `issuers[0].audiences`; empty for the configuration as a whole. */
  readonly path: string;
  /** Where the value was given, e.g. `config.yaml:3:5`, `environment OIDC_AUTHZ_HTTP_PORT`, `flag --http-port`. */
  readonly source: string;
  readonly message: string;
}

/** A configuration that cannot be used, with every problem that was found. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  /** @param found the problems; two checks may tell the same of a value */
  constructor(found: readonly Problem[]) {
    const problems = [...new Map(found.map((problem) => [formatProblems([problem]), problem])).values()];
    super(formatProblems(problems));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** All problems as lines for a person, of the configuration or of something else. */
export function formatProblems(problems: readonly Problem[], of = 'the configuration'): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const lines = problems.map(({ path, source, message }) => {
    const place = [path, source === '' ? '' : `(${source})`].filter((part) => part !== '').join(' ');
    return `  - ${place === '' ? '' : `${place}: `}${message}`;
  });
  return [`${of} has ${count}:`, ...lines].join('\n');
}

/**
 * The name that was probably meant.
 *
 * @returns the nearest candidate, or undefined if none is near
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const normal = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const distances = candidates.map((candidate) => ({
    candidate,
    distance: editDistance(normal(name), normal(candidate)),
  }));
  const best = distances.sort((a, b) => a.distance - b.distance)[0];
  const tolerated = name.length <= 3 ? 1 : Math.max(2, Math.floor(name.length / 4));
  return best !== undefined && best.distance <= tolerated ? best.candidate : undefined;
}

/** ` (did you mean port?)`, or nothing. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const meant = nearest(name, candidates);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

/** How many letters have to be changed, added or dropped (Levenshtein). */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, letter] of [...from].entries()) {
    const current = [row + 1];
    for (let column = 0; column < to.length; column++) {
      const replaced = (above[column] ?? 0) + (letter === to[column] ? 0 : 1);
      current.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    above = current;
  }
  return above.at(-1) ?? 0;
}
