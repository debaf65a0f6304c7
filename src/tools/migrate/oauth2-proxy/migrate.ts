/** `oidc-authz migrate oauth2-proxy`: what an installation was told, as a configuration of ours. */
import { ConfigError, formatProblems, type Problem, suggestion } from '../../../config/validate/problems.ts';
import type { Finding } from '../finding.ts';
import { findingLines, notAccepted, reportText } from '../report.ts';
import { flagVerdicts } from './flags/verdicts.ts';
import type { Installation } from './read/cluster/installation.ts';
import type { Given } from './read/settings.ts';
import { configText, planText, valuesText } from './report/plan.ts';
import { notGiven } from './translate/by-kind.ts';
import { type Translation, translate } from './translate/translate.ts';

/** What can be printed: the configuration, the values of the chart, or a plan of the switch-over. */
export type MigrationOutput = 'config' | 'values' | 'plan';

/** What is to be migrated, and how. */
export interface Migration {
  readonly given: Given;
  readonly output: MigrationOutput;
  /** Names of refused settings that may be lost. */
  readonly accept: readonly string[];
  /** Whether answers are to be as oauth2-proxy writes them; else they are our own. */
  readonly compat?: boolean;
}

/** What the command prints, and the exit code that it ends with. */
export interface MigrationResult {
  /** For standard output; empty where something is refused that was not accepted. */
  readonly output: string;
  /** For standard error. */
  readonly report: string;
  readonly exitCode: number;
}

const writers: Readonly<
  Record<
    MigrationOutput,
    (translation: Translation, accept: readonly string[], installation: Installation | undefined) => string
  >
> = {
  config: configText,
  values: valuesText,
  plan: planText,
};

/**
 * Migrates an installation. Exit code 3 where a setting is refused that was not accepted by name: then nothing is
 * printed, as a configuration that guards less must get nowhere by accident. Exit code 2, with the report all the same, where
 * something cannot be read, or no configuration can come of it.
 *
 * @throws ConfigError where a name to accept is none
 */
export function migrateOauth2Proxy({ given, output, accept, compat = false }: Migration): MigrationResult {
  const translation = translate(given, compat);
  const { findings } = translation;
  const problems = acceptProblems(accept, findings);
  if (problems.length > 0) throw new ConfigError(problems);
  const isRefused = notAccepted(findings, accept).length > 0;
  const wrong = [...given.problems];
  if (wrong.length === 0 && 'problems' in translation) wrong.push(...translation.problems);
  if (wrong.length === 0 && !isRefused && 'lacking' in translation) wrong.push(...translation.lacking);
  if (wrong.length > 0) {
    // What was not given may be in what cannot be read.
    const told = findings.filter(({ source }) => source !== notGiven);
    const lines = told.length === 0 ? [] : findingLines(told, accept);
    const text = [...lines, formatProblems(wrong, 'the input'), ''].join('\n');
    return { output: '', report: text, exitCode: 2 };
  }
  const report = reportText(findings, accept);
  if (isRefused || 'lacking' in translation) return { output: '', report, exitCode: 3 };
  return { output: writers[output](translation, accept, given.installation), report, exitCode: 0 };
}

function acceptProblems(accept: readonly string[], findings: readonly Finding[]): readonly Problem[] {
  const refused = findings.filter(({ verdict }) => verdict === 'refused').map(({ setting }) => setting);
  const known = new Set([...findings.map(({ setting }) => setting), ...flagVerdicts.map(({ flag }) => flag)]);
  return accept
    .filter((name) => !known.has(name))
    .map((name) => ({
      path: '',
      source: '--accept',
      message: `there is no setting ${JSON.stringify(name)}${suggestion(name, [...refused, ...known])}`,
    }));
}
