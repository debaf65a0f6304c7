/** Checks a configuration, or the configuration in values of the chart, with the files that it names. */

import type { Config } from '../../config/declare/options.ts';
import { parseConfigFile } from '../../config/load/file.ts';
import { type ConfigSources, configFileOf, loadConfig } from '../../config/load/load.ts';
import { ConfigError, type Problem } from '../../config/validate/problems.ts';
import { fileProblems, filesOf, type NamesFiles } from '../../service/referenced-files.ts';
import { readInputFile } from '../input-file.ts';
import { readChartValues } from './chart-values.ts';

/** The result of a check. */
export interface CheckedConfig {
  /** How the file was read, if it is not a plain configuration. */
  readonly notes: readonly string[];
  /** The configuration and its sources, or every problem. */
  readonly result: UsableConfig | { readonly problems: readonly Problem[] };
}

/** A configuration without problems. */
export interface UsableConfig {
  readonly config: Config;
  /** The sources after the chart's values were resolved. */
  readonly sources: ConfigSources;
}

/**
 * Checks the configuration of some sources.
 *
 * @param readsFiles whether to read the files that the configuration names. Files of a chart's pod are never read
 * @param isOptional whether a file may be missing, by the path of its option. With other problems, every file counts
 */
export async function checkConfig(
  sources: ConfigSources,
  readsFiles: boolean,
  isOptional: (option: string) => boolean = () => false,
): Promise<CheckedConfig> {
  const notes: string[] = [];
  try {
    const chart = await chartSources(sources);
    notes.push(...(chart?.notes ?? []));
    const used = chart?.sources ?? sources;
    const allFileProblems = (config: NamesFiles, others: readonly Problem[]) =>
      problemsOfFiles(config, others, sources, { isChart: chart !== undefined, readsFiles });
    const config = await loadConfig({
      ...used,
      findMoreProblems: async (document) => {
        const { namesFiles, tlsProblems } = await import('./files-in-invalid-config.ts');
        return allFileProblems(namesFiles(document), await tlsProblems(document, sources.readFile));
      },
    });
    const files = filesOf(config);
    if (chart !== undefined && files.length > 0)
      notes.push(`not read: files in the pod: ${files.join(', ')}`);
    const found = await allFileProblems(config, []);
    const problems = found.filter(({ path }) => !isOptional(path));
    return { notes, result: problems.length > 0 ? { problems } : { config, sources: used } };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { notes, result: { problems: error.problems } };
  }
}

/** The problems of the files that a configuration names, and of the key sets that it contains. */
async function problemsOfFiles(
  config: NamesFiles,
  others: readonly Problem[],
  { readFile }: ConfigSources,
  { isChart, readsFiles }: { readonly isChart: boolean; readonly readsFiles: boolean },
): Promise<readonly Problem[]> {
  if (!isChart && readsFiles) return [...(await fileProblems(config, readFile)), ...others];
  const problems = await fileProblems(isChart ? config : withoutFiles(config), readFile);
  const files = filesOf(config);
  return problems.filter(({ source }) => !files.includes(source));
}

/** The configuration without the options that name files. */
function withoutFiles(config: NamesFiles): NamesFiles {
  return {
    ...config,
    issuers: config.issuers.map(
      ({ jwksFile: _, publicKeyFiles: __, caFile: ___, login: ____, ...issuer }) => issuer,
    ),
    http: { tls: undefined },
    grpc: { tls: undefined },
    admin: { tls: undefined },
    denyList: {},
    login: undefined,
    sessions: undefined,
    state: undefined,
  };
}

/**
 * The same sources with the configuration that the chart makes of its values.
 *
 * @returns undefined if the file does not hold values of the chart
 * @throws ConfigError if the file belongs to oauth2-proxy
 */
async function chartSources(
  sources: ConfigSources,
): Promise<{ readonly sources: ConfigSources; readonly notes: readonly string[] } | undefined> {
  const path = configFileOf(sources);
  if (path === undefined) return undefined;
  const text = readInputFile(path, sources.readFile);
  const { oauth2ProxyFileProblem } = await import('./oauth2-proxy-file.ts');
  const foreign = oauth2ProxyFileProblem(text, path);
  if (foreign !== undefined) throw new ConfigError([foreign]);
  const chart = readChartValues(parseConfigFile(text, path));
  if (chart === undefined) return undefined;
  const { file, environment, notes } = chart;
  const flags = [{ name: '--config', value: path }, ...sources.flags];
  return { sources: { ...sources, flags, environment, unwrap: () => file }, notes };
}
