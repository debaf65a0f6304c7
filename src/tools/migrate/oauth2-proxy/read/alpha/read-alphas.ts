/** Reads the alpha configuration of an installation, which may consist of several parts. */
import { ConfigError, type Problem } from '../../../../../config/validate/problems.ts';
import type { Collected } from '../collected.ts';
import type { SortedFiles } from '../sort-files.ts';
import { assumedVariableFinding } from '../unknown-values.ts';
import { locationOf } from '../yaml-node.ts';
import type { Alpha } from './alpha-configuration.ts';
import { alphaDocument } from './alpha-text.ts';
import { readAlpha } from './read-alpha.ts';

/**
 * Reads the alpha configuration with its variables replaced; undefined if there is none. A second one is a problem.
 *
 * @param shell all variables of the shell
 */
export function readAlphas(
  shell: Readonly<Record<string, string | undefined>>,
  { isInstalled, variables: files }: SortedFiles,
  { alpha: alphas, variables, findings, problems }: Collected,
): Alpha | undefined {
  if (alphas.length === 0) return undefined;
  const owners = [...new Set(alphas.map(({ owner }) => owner))];
  for (const owner of owners.slice(1)) {
    const message = `second alpha configuration; the first is that of ${owners[0]}; oauth2-proxy reads one`;
    problems.push({ path: '', source: owner, message });
  }
  const variableOf = (name: string) =>
    variables.findLast((variable) => variable.name === name)?.value ??
    (isInstalled ? undefined : shell[name]);
  // An installation lists all its variables, and so does a variable file.
  const areKnown = isInstalled || files.length > 0;
  const read = alphas.flatMap((alpha) => {
    const source = 'node' in alpha ? locationOf(alpha.node) : alpha.name;
    const assumed = new Set<string>();
    const document = orProblems(
      () => alphaDocument(alpha, variableOf, (name) => assumed.add(name)),
      problems,
    );
    if (!areKnown) findings.push(...[...assumed].map((name) => assumedVariableFinding(name, source)));
    return document === undefined ? [] : [readAlpha(document)];
  });
  problems.push(...read.flatMap((one) => one.problems));
  return {
    foundSettings: read.flatMap((one) => one.foundSettings),
    headers: read.flatMap((one) => one.headers),
    findings: read.flatMap((one) => one.findings),
    problems: [],
  };
}

/** Runs a reader and adds the problems of its `ConfigError`. */
function orProblems<T>(read: () => T, problems: Problem[]): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
