/** Reads everything that describes an installation of oauth2-proxy: files, variables and flags. */
import type { Finding } from '../../finding.ts';
import type { NamedText } from '../../named-text.ts';
import type { Alpha } from './alpha/alpha-configuration.ts';
import { readAlphas } from './alpha/read-alphas.ts';
import { readCharts } from './chart/read-charts.ts';
import { createObjects, type Objects } from './cluster/objects.ts';
import { readWorkloads } from './cluster/workloads.ts';
import { type Collected, emptyCollection, type FoundSetting } from './collected.ts';
import { readCommandLine } from './command-line.ts';
import { readCompose } from './compose/compose.ts';
import { readVariableFile, settingsOfVariables } from './environment.ts';
import { resolveNamedFiles } from './named-files.ts';
import { type SortedFiles, sortFiles } from './sort-files.ts';
import { readStandaloneObjects } from './standalone-objects.ts';

/** The inputs of a migration. */
export interface Oauth2ProxySources {
  readonly files: readonly NamedText[];
  /** The flags of oauth2-proxy that follow `--`. */
  readonly commandLine: readonly string[];
  /** The variables of the shell whose names begin with `OAUTH2_PROXY_`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** All variables of the shell, for files that refer to one; default: none. */
  readonly shell?: Readonly<Record<string, string | undefined>>;
  /** Reads a file that a flag after `--` names; throws the error of the file system. */
  readonly readFile?: (path: string) => string;
}

/** The content of all sources, before it is decided which source wins. */
export interface ReadSources {
  readonly collected: Collected;
  readonly files: SortedFiles;
  readonly objects: Objects;
  /** The settings that environment variables make. */
  readonly variables: readonly FoundSetting[];
  readonly alpha: Alpha | undefined;
}

/** Reads all sources. Content that no reader takes becomes a refused finding. */
export function readSources(sources: Oauth2ProxySources): ReadSources {
  const collected = emptyCollection();
  const files = sortFiles(sources.files, collected);
  const objects = createObjects(files.objects);
  const used = readInstallation(sources, files, objects, collected);
  const words = sources.commandLine.map((text) => ({ text, location: undefined }));
  readCommandLine(words, collected);
  resolveNamedFiles(files, sources.readFile, collected);
  readEnvironment(sources.environment, files, used, collected);
  const alpha = readAlphas(sources.shell ?? {}, files, collected);
  const variables = settingsOfVariables(collected.variables, collected);
  return { collected, files, objects, variables, alpha };
}

/**
 * Reads the workload, the values or the compose file that runs oauth2-proxy; a second one is a problem.
 *
 * @returns the names of the shell variables that it refers to
 */
function readInstallation(
  { environment, shell = {} }: Oauth2ProxySources,
  sorted: SortedFiles,
  objects: Objects,
  collected: Collected,
): ReadonlySet<string> {
  const { variables: variableFiles, compose } = sorted;
  const used = new Set<string>();
  const read = emptyCollection();
  for (const { name, text } of variableFiles) readVariableFile(text, name, read);
  const context = {
    files: sorted.files,
    variableFiles,
    variableOf: (name: string) => {
      const value = environment[name] ?? shell[name];
      if (value !== undefined) used.add(name);
      return value;
    },
  };
  const found = [
    ...readWorkloads(objects, collected),
    ...readCharts(sorted, objects, collected),
    ...compose.flatMap((document) => readCompose(document, context, collected)),
  ];
  // A service of docker compose names its variable files; a workload or a chart never uses one.
  if (found.length === 0 && compose.length === 0) {
    collected.variables.push(...read.variables);
    collected.problems.push(...read.problems);
  } else if (compose.length === 0)
    for (const { name } of variableFiles) collected.findings.push(unusedVariables(name));
  sorted.isInstalled = found.length > 0;
  for (const source of found.slice(1)) {
    const message = `second installation of oauth2-proxy; the first is at ${found[0]}; pass the files of one installation at a time`;
    collected.problems.push({ path: '', source, message });
  }
  if (found.length === 0) readStandaloneObjects(objects, sorted, collected);
  return used;
}

/** Adds the variables of the shell, unless a workload, values or a compose file bring their own. */
function readEnvironment(
  environment: Oauth2ProxySources['environment'],
  { isInstalled }: SortedFiles,
  used: ReadonlySet<string>,
  { variables, findings }: Collected,
): void {
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    const source = `environment ${name}`;
    if (isInstalled && !used.has(name)) findings.push({ ...unusedVariables(name), source });
    else if (!isInstalled) variables.push({ name, value, source });
  }
}

function unusedVariables(name: string): Finding {
  const text =
    'it is not read: the installation in the files does not take its variables from there; leave it out, or pass its settings as flags after `--`';
  return { setting: name, source: name, verdict: 'refused', text };
}
