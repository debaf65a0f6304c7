/** Everything that an installation of oauth2-proxy was told, from all the places where it can be told. */
import { ConfigError, type Problem } from '../../../../config/validate/problems.ts';
import type { Finding } from '../../finding.ts';
import { besideAlpha, type Layers, merge } from '../merge/precedence.ts';
import { alphaDocument } from './alpha/alpha-text.ts';
import { type Alpha, readAlpha } from './alpha/read-alpha.ts';
import { readCharts } from './chart/read-charts.ts';
import type { MountedFile } from './cluster/mounts.ts';
import { createObjects, type Objects } from './cluster/objects.ts';
import { readWorkloads } from './cluster/workloads.ts';
import { type Gathered, nothingGathered } from './collected.ts';
import { readCommandLine } from './command-line.ts';
import { readCompose } from './compose/compose.ts';
import { readEmails } from './emails.ts';
import { readVariableFile, settingsOfVariables } from './environment.ts';
import type { NamedText } from './file-kind.ts';
import { isNamedBy } from './file-names.ts';
import { resolveNamedFiles } from './named-files.ts';
import type { Given } from './setting.ts';
import { type SortedFiles, sortFiles } from './sort-files.ts';
import { readAlone } from './standalone-objects.ts';
import { assumedVariable } from './unknown-values.ts';
import { place } from './yaml-node.ts';

/** Where it was told. */
export interface Oauth2ProxySources {
  readonly files: readonly NamedText[];
  /** The flags of oauth2-proxy as they stood behind `--`. */
  readonly commandLine: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** All variables of the shell, for where a file refers to one; absent: none. */
  readonly shell?: Readonly<Record<string, string | undefined>>;
  /** Reads a file that a flag behind `--` names; throws what the file system says. */
  readonly readFile?: (path: string) => string;
}

/**
 * Reads it all. A flag wins over a variable, which wins over the configuration file; beside these there may be an alpha
 * configuration. What is in the files and is not read is a finding, which refuses it.
 *
 * @returns also the problems: with any, nothing can come of it
 */
export function readOauth2Proxy(sources: Oauth2ProxySources): Given {
  const gathered = nothingGathered();
  const sorted = sortFiles(sources.files, gathered);
  const objects = createObjects(sorted.objects);
  const used = readInstallations(sources, sorted, objects, gathered);
  const words = sources.commandLine.map((text) => ({ text, place: undefined }));
  readCommandLine(words, gathered);
  resolveNamedFiles(sorted, sources.readFile, gathered);
  readEnvironment(sources.environment, sorted, used, gathered);

  const alpha = readAlphas(sources, sorted, gathered);
  const { keys, flags, missing, findings, problems } = gathered;
  let layers: Layers = { keys, flags, variables: settingsOfVariables(gathered.variables, gathered) };
  if (alpha !== undefined) {
    const beside = besideAlpha(layers, alpha.sightings);
    problems.push(...beside.problems);
    findings.push(...beside.findings, ...alpha.findings);
    layers = { ...beside.layers, flags: [...beside.layers.flags, ...alpha.sightings] };
  }
  const merged = merge(layers);
  problems.push(...merged.problems);
  const authenticatedEmails = emailsOf(merged.settings, sorted, gathered);
  takeMounted(layers, gathered);
  const isMissing = { keys: gathered.keyFiles.length === 0, alpha: alpha === undefined };
  return {
    settings: merged.settings,
    injectedHeaders: alpha?.headers,
    findings: [
      ...missing.filter(({ kind }) => isMissing[kind]).map(({ finding }) => finding),
      ...findings,
      ...merged.findings,
      ...objects.untold(),
    ],
    authenticatedEmails,
    installation: gathered.installation,
    problems,
  };
}

/**
 * Reads the workload, the values or the compose file that describe the installation: there can be one.
 *
 * @returns the variables of the shell that it takes
 */
function readInstallations(
  { environment, shell = {} }: Oauth2ProxySources,
  sorted: SortedFiles,
  objects: Objects,
  gathered: Gathered,
): ReadonlySet<string> {
  const { variables: variableFiles, compose } = sorted;
  const used = new Set<string>();
  const read = nothingGathered();
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
    ...readWorkloads(objects, gathered),
    ...readCharts(sorted, objects, gathered),
    ...compose.flatMap((document) => readCompose(document, context, gathered)),
  ];
  // A service of docker compose says itself which of the files it takes, and nothing else takes any.
  if (found.length === 0 && compose.length === 0) {
    gathered.variables.push(...read.variables);
    gathered.problems.push(...read.problems);
  } else if (compose.length === 0)
    for (const { name } of variableFiles) gathered.findings.push(besideInstallation(name));
  sorted.isInstalled = found.length > 0;
  for (const source of found.slice(1)) {
    const message = `a second installation of oauth2-proxy beside the one at ${found[0]}; give the files of one at a time`;
    gathered.problems.push({ path: '', source, message });
  }
  if (found.length === 0) readAlone(objects, sorted, gathered);
  return used;
}

/** The addresses of the file that is named; one that nothing names does not count. */
function emailsOf(
  settings: Given['settings'],
  { emails }: SortedFiles,
  gathered: Gathered,
): readonly string[] | undefined {
  const flag = 'authenticated-emails-file';
  const path = settings.get(flag)?.value ?? '';
  const isNamed = typeof path === 'string' && path !== '';
  const mounted = isNamed ? mountedAt(path, gathered) : undefined;
  const isElsewhere = mounted !== undefined && ('text' in mounted || mounted.isFile === true);
  const given = emails.find(
    ({ name, names = [name] }) => isNamed && !isElsewhere && names.some((one) => isNamedBy(path, one)),
  );
  const file = mounted !== undefined && 'text' in mounted ? mounted : given;
  if (file !== undefined) readEmails(file, gathered);
  else if (mounted !== undefined && 'lacks' in mounted)
    gathered.findings.push({
      setting: flag,
      source: settings.get(flag)?.source ?? '',
      verdict: 'refused',
      text: `${path} is in ${mounted.lacks}, which is not among the files; give that as well`,
    });
  for (const { name } of emails)
    if (name !== file?.name)
      gathered.findings.push({
        setting: name,
        source: name,
        verdict: 'refused',
        text: `it is not read: nothing that oauth2-proxy is told names it by \`--${flag}\``,
      });
  const found = gathered.emails;
  return found.length > 0 ? [...new Set(found)] : undefined;
}

/** The variables of the shell count where nothing that was given runs oauth2-proxy: what does has its own. */
function readEnvironment(
  environment: Oauth2ProxySources['environment'],
  { isInstalled }: SortedFiles,
  used: ReadonlySet<string>,
  { variables, findings }: Gathered,
): void {
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    const source = `environment ${name}`;
    if (isInstalled && !used.has(name)) findings.push({ ...besideInstallation(name), source });
    else if (!isInstalled) variables.push({ name, value, source });
  }
}

function besideInstallation(name: string): Finding {
  const text =
    'it is not read: what runs oauth2-proxy does not take its variables from there; leave it out, or give what it says as a flag behind `--`';
  return { setting: name, source: name, verdict: 'refused', text };
}

function mountedAt(path: string, { mounts }: Gathered): MountedFile | undefined {
  return mounts.map((fileAt) => fileAt(path)).find((file) => file !== undefined);
}

/** Files that other settings name, such as those of keys: they are given by their paths here, too. */
function takeMounted({ keys, variables, flags }: Layers, gathered: Gathered): void {
  for (const { flag, value } of [...keys, ...variables, ...flags])
    for (const path of typeof value === 'object' ? value : [String(value)]) {
      if (!path.startsWith('/') || flag === 'authenticated-emails-file') continue;
      const file = mountedAt(path, gathered);
      if (file !== undefined && 'text' in file)
        gathered.findings.push({
          setting: flag,
          source: file.name,
          verdict: 'changed',
          text: `${path} is this file; where the configuration names it, mount it in the same place`,
        });
    }
}

/** The alpha configuration, of which there can be one. */
function readAlphas(
  { shell = {} }: Oauth2ProxySources,
  { isInstalled, variables: files }: SortedFiles,
  { alpha: alphas, variables, findings, problems }: Gathered,
): Alpha | undefined {
  if (alphas.length === 0) return undefined;
  const owners = [...new Set(alphas.map(({ owner }) => owner))];
  for (const owner of owners.slice(1)) {
    const message = `a second alpha configuration beside that of ${owners[0]}; oauth2-proxy takes one`;
    problems.push({ path: '', source: owner, message });
  }
  const variableOf = (name: string) =>
    variables.findLast((variable) => variable.name === name)?.value ??
    (isInstalled ? undefined : shell[name]);
  // The variables of an installation are all there, and so are those of a file of them.
  const areKnown = isInstalled || files.length > 0;
  const read = alphas.flatMap((alpha) => {
    const source = 'spot' in alpha ? place(alpha.spot) : alpha.name;
    const assumed = new Set<string>();
    const document = orProblems(() => alphaDocument(alpha, variableOf, (name) => assumed.add(name)), {
      problems,
    });
    if (!areKnown) findings.push(...[...assumed].map((name) => assumedVariable(name, source)));
    return document === undefined ? [] : [readAlpha(document)];
  });
  problems.push(...read.flatMap((one) => one.problems));
  return {
    sightings: read.flatMap((one) => one.sightings),
    headers: read.flatMap((one) => one.headers),
    findings: read.flatMap((one) => one.findings),
    problems: [],
  };
}

/** Runs a reader; what it throws are problems. */
function orProblems<T>(read: () => T, { problems }: { readonly problems: Problem[] }): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
