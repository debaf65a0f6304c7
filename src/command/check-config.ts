/** `oidc-authz check-config`: every problem of a configuration, or the configuration as it would be used. */
import { stringify } from 'yaml';
import { writtenConfig } from '../config/describe.ts';
import { type ConfigSources, loadConfig } from '../config/load.ts';
import type { Config } from '../config/options.ts';
import { ConfigError, formatProblems } from '../config/problems.ts';
import { isTried, rulesOf } from '../config/rule-problems.ts';
import { systemClock } from '../time/clock.ts';
import { fileProblems } from './files.ts';
import { readGivenFile } from './read-file.ts';

/** What a command prints, and the exit code that it ends with. */
export interface CommandResult {
  readonly output: string;
  readonly exitCode: number;
}

/**
 * Checks a configuration: exit code 0 with the resolved configuration as YAML, or 2 with its problems.
 *
 * @param tests a file with a table of requests, which is run against the rules instead; exit code 1 where one fails
 * @param isWithFiles whether the files that the configuration names are read, which may not be there yet
 */
export async function checkConfig(
  sources: ConfigSources,
  tests?: string,
  isWithFiles = true,
): Promise<CommandResult> {
  try {
    const config = await loadConfig(sources);
    const problems = await fileProblems(isWithFiles ? config : namingNoFiles(config), sources.readFile);
    if (problems.length > 0) throw new ConfigError(problems);
    if (tests !== undefined) {
      const { runRuleTests } = await import('./rule-tests.ts');
      const { output, failed } = await runRuleTests(
        config,
        readGivenFile(tests, sources.readFile),
        tests,
        systemClock,
      );
      return { output, exitCode: failed === 0 ? 0 : 1 };
    }
    return { output: warningsOf(config) + stringify(writtenConfig(config)), exitCode: 0 };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { output: `${formatProblems(error.problems)}\n`, exitCode: 2 };
  }
}

function namingNoFiles(config: Config): Config {
  return {
    ...config,
    issuers: config.issuers.map(({ jwksFile: _, publicKeyFiles: __, caFile: ___, ...issuer }) => issuer),
    http: { ...config.http, tls: undefined },
    grpc: { ...config.grpc, tls: undefined },
    admin: { ...config.admin, tls: undefined },
    denyList: {},
  };
}

/** What is allowed and hardly ever meant, as comments above the configuration. */
function warningsOf(config: Config): string {
  const isShared = config.issuers.some(({ audiences }) => (audiences?.length ?? 0) > 1);
  const careless = rulesOf(config).filter(
    ({ require }) => require !== undefined && require.audiences === undefined,
  );
  const tried = isTried(config)
    ? ['mode: shadow lets pass what would be refused; it is only for workloads that are open today']
    : [];
  const shared = careless.map(
    ({ name }) => `the rule ${name} names no audiences, so a token for any of its issuer's is good for it`,
  );
  return [...tried, ...(isShared ? shared : [])].map((warning) => `# warning: ${warning}\n`).join('');
}
