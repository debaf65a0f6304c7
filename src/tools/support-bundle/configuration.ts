/** The configuration in a bundle: resolved and masked, or its problems. */
import type { Config } from '../../config/declare/options.ts';
import { withDerivedDefaults, writtenConfig } from '../../config/describe/describe.ts';
import { type ConfigSources, configFileOf } from '../../config/load/load.ts';
import type { Problem } from '../../config/validate/problems.ts';
import { readProblem } from '../../runtime/files/read-problem.ts';
import { configHash } from '../../service/config-hash.ts';
import { checkConfig } from '../check-config/check-config.ts';
import { configWarnings } from '../check-config/print-config.ts';
import { type CertificateExpiry, certificateExpiries } from './certificates.ts';
import { maskConfig, maskMessage } from './mask.ts';
import type { Part } from './part.ts';

/** A configuration. */
export interface ConfigurationPart {
  readonly file: string | undefined;
  readonly notes: readonly string[];
  readonly problems: readonly Problem[];
  /** Compare it with the hash of a running service. */
  readonly hash?: string;
  /** Every option with its value; masked. */
  readonly options?: unknown;
  readonly certificates?: readonly CertificateExpiry[];
}

/** Collects the configuration that flags, the environment or a file set. */
export async function configurationPart(sources: ConfigSources): Promise<Part<ConfigurationPart>> {
  const file = configFileOf(sources);
  const isSet = ({ OIDC_AUTHZ_ISSUER: issuer }: ConfigSources['environment']) => issuer !== undefined;
  if (file === undefined && !isSet(sources.environment) && sources.flags.length === 0)
    return { unavailable: 'no configuration is named; write FILE or --config FILE' };
  const problem = file === undefined ? undefined : unreadable(file, sources);
  if (problem !== undefined) return { unavailable: `cannot read ${file}: ${problem}` };
  const { notes, result } = await checkConfig(sources, true);
  if ('problems' in result) {
    const problems = result.problems.map((one) => ({ ...one, message: maskMessage(one.path, one.message) }));
    return { file, notes, problems };
  }
  return {
    file,
    notes: [...notes, ...configWarnings(result.config)],
    problems: [],
    ...validPart(result.config, sources),
  };
}

function unreadable(file: string, { readFile }: ConfigSources): string | undefined {
  try {
    readFile(file);
    return undefined;
  } catch (error) {
    return readProblem(error);
  }
}

function validPart(config: Config, { readFile }: ConfigSources) {
  return {
    hash: configHash(config),
    options: maskConfig(writtenConfig(withDerivedDefaults(config))),
    certificates: certificateExpiries(config, readFile),
  };
}
