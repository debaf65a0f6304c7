/** Problems of a configuration and how they are printed. */

/** One problem: the option, the source of its value, and a message. */
export interface Problem {
  /** The option in the notation of a file, for example `issuers[0].audiences`; empty for the whole configuration. */
  readonly path: string;
  /** The source of the value, for example `config.yaml:3:5`, `environment OIDC_AUTHZ_HTTP_PORT`, `flag --http-port`. */
  readonly source: string;
  readonly message: string;
}

/** An invalid configuration, with every problem. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  /** @param found the problems; duplicates are removed */
  constructor(found: readonly Problem[]) {
    const problems = [...new Map(found.map((problem) => [formatProblems([problem]), problem])).values()];
    super(formatProblems(problems));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Formats problems as text for a person. */
export function formatProblems(problems: readonly Problem[], of = 'the configuration'): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const lines = problems.map(({ path, source, message }) => {
    const place = [path, source === '' ? '' : `(${source})`].filter((part) => part !== '').join(' ');
    return `  - ${place === '' ? '' : `${place}: `}${message}`;
  });
  return [`${of} has ${count}:`, ...lines].join('\n');
}

/**
 * Finds the name that was probably meant.
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

/** Returns `; did you mean port?`, or an empty string. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const meant = nearest(name, candidates);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

/** The Levenshtein distance. */
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
