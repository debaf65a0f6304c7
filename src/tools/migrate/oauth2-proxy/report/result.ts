/** The result of a migration: standard output, the report, and the exit code. */
import {
  ConfigError,
  formatProblems,
  type Problem,
  suggestion,
} from '../../../../config/validate/problems.ts';
import type { Finding } from '../../finding.ts';
import { findingLines, notAccepted, reportText } from '../../report.ts';
import { flagVerdicts } from '../flags/verdicts.ts';
import type { Installation } from '../merge/installation.ts';
import type { InstallationNames } from '../read/cluster/installation-names.ts';
import { notSet } from '../translate/findings.ts';
import type { Incomplete, Translation } from '../translate/translate.ts';
import { configText, planText, valuesText } from './plan.ts';

/** The output: the configuration, the values of the chart, or a plan of the switch-over. */
export type MigrationOutput = 'config' | 'values' | 'plan';

/** How a migration is reported. */
export interface ReportOptions {
  readonly output: MigrationOutput;
  /** Names of refused settings that the operator gives up. */
  readonly accept: readonly string[];
}

/** The output of the command and its exit code. */
export interface MigrationResult {
  /** For standard output; empty if a setting is refused and not accepted. */
  readonly output: string;
  /** For standard error. */
  readonly report: string;
  readonly exitCode: number;
}

const writers: Readonly<
  Record<
    MigrationOutput,
    (translation: Translation, accept: readonly string[], names: InstallationNames | undefined) => string
  >
> = {
  config: configText,
  values: valuesText,
  plan: planText,
};

/**
 * Makes the result of a migration. Exit code 3: a setting is refused and not accepted; nothing is printed, since the
 * configuration would guard less. Exit code 2: an input cannot be read or no configuration is possible.
 *
 * @throws ConfigError if `accept` names an unknown setting
 */
export function migrationResult(
  installation: Installation,
  translation: Translation | Incomplete,
  { output, accept }: ReportOptions,
): MigrationResult {
  const { findings } = translation;
  const problems = acceptProblems(accept, findings);
  if (problems.length > 0) throw new ConfigError(problems);
  const isRefused = notAccepted(findings, accept).length > 0;
  const wrong = [...installation.problems];
  if (wrong.length === 0 && 'problems' in translation) wrong.push(...translation.problems);
  if (wrong.length === 0 && !isRefused && 'lacking' in translation) wrong.push(...translation.lacking);
  if (wrong.length > 0) {
    // A setting that seems absent may be in an input that cannot be read.
    const certain = findings.filter(({ source }) => source !== notSet);
    const lines = certain.length === 0 ? [] : findingLines(certain, accept);
    const text = [...lines, formatProblems(wrong, 'the input'), ''].join('\n');
    return { output: '', report: text, exitCode: 2 };
  }
  const report = reportText(findings, accept);
  if (isRefused || 'lacking' in translation) return { output: '', report, exitCode: 3 };
  return { output: writers[output](translation, accept, installation.names), report, exitCode: 0 };
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
