/** `oidc-authz check-config`: every problem of a configuration, or the configuration as it would be used. */
import { stringify } from 'yaml';
import { writtenConfig } from '../config/describe.ts';
import { type ConfigSources, loadConfig } from '../config/load.ts';
import { ConfigError, formatProblems } from '../config/problems.ts';
import { fileProblems } from './files.ts';

/** What a command prints, and the exit code that it ends with. */
export interface CommandResult {
  readonly output: string;
  readonly exitCode: number;
}

/** Checks a configuration: exit code 0 with the resolved configuration as YAML, or 2 with its problems. */
export async function checkConfig(sources: ConfigSources): Promise<CommandResult> {
  try {
    const config = await loadConfig(sources);
    const problems = await fileProblems(config, sources.readFile);
    if (problems.length > 0) throw new ConfigError(problems);
    return { output: stringify(writtenConfig(config)), exitCode: 0 };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { output: `${formatProblems(error.problems)}\n`, exitCode: 2 };
  }
}
