/** Everything that an installation of oauth2-proxy was told, from all the places where it can be told. */
import { ConfigError, type Problem } from '../../config/problems.ts';
import type { Finding } from '../finding.ts';
import { readAlone } from './alone.ts';
import { type Alpha, readAlpha } from './alpha.ts';
import { alphaDocument } from './alpha-text.ts';
import { readCommandLine } from './command-line.ts';
import { readCompose } from './compose.ts';
import { readEmails } from './emails.ts';
import { readVariableFile, settingsOfVariables } from './environment.ts';
import type { NamedText } from './file-kind.ts';
import { type Gathered, nothingGathered } from './gathered.ts';
import type { Given } from './given.ts';
import { besideAlpha, type Layers, merge } from './merge.ts';
import type { MountedFile } from './mounts.ts';
import { resolveNamedFiles } from './named-files.ts';
import { createObjects, type Objects } from './objects.ts';
import { readCharts } from './read-charts.ts';
import { type SortedFiles, sortFiles } from './sort-files.ts';
import { readWorkloads } from './workloads.ts';

/** Where it was told. */
export interface Oauth2ProxySources {
  readonly files: readonly NamedText[];
  /** The flags of oauth2-proxy as they stood behind `--`. */
  readonly commandLine: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
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
  readInstallations(sources, sorted, objects, gathered);
  const words = sources.commandLine.map((text) => ({ text, place: undefined }));
  readCommandLine(words, gathered);
  resolveNamedFiles(sorted, sources.readFile, gathered);
  for (const [name, value] of Object.entries(sources.environment)) {
    if (value !== undefined) gathered.variables.push({ name, value, source: `environment ${name}` });
  }

  const alpha = readAlphas(gathered);
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

/** Reads the workload, the values or the compose file that describe the installation: there can be one. */
function readInstallations(
  { environment }: Oauth2ProxySources,
  sorted: SortedFiles,
  objects: Objects,
  gathered: Gathered,
): void {
  const { variables: variableFiles, compose } = sorted;
  const read = nothingGathered();
  for (const { name, text } of variableFiles) readVariableFile(text, name, read);
  // A service of docker compose says itself which of them it takes.
  if (compose.length === 0) {
    gathered.variables.push(...read.variables);
    gathered.problems.push(...read.problems);
  }
  const ofFiles = new Map(read.variables.map(({ name, value }) => [name, value]));
  const context = {
    files: sorted.files,
    variableFiles,
    variableOf: (name: string) => environment[name] ?? ofFiles.get(name),
  };
  const found = [
    ...readWorkloads(objects, gathered),
    ...readCharts(sorted, objects, gathered),
    ...compose.flatMap((document) => readCompose(document, context, gathered)),
  ];
  sorted.isInstalled = found.length > 0;
  for (const source of found.slice(1)) {
    const message = `a second installation of oauth2-proxy beside the one at ${found[0]}; give the files of one at a time`;
    gathered.problems.push({ path: '', source, message });
  }
  if (found.length === 0) readAlone(objects, sorted, gathered);
}

/** The addresses of the file that is named, or that is given by itself. */
function emailsOf(
  settings: Given['settings'],
  { emails, isInstalled }: SortedFiles,
  gathered: Gathered,
): readonly string[] | undefined {
  const path = settings.get('authenticated-emails-file')?.value ?? '';
  const isNamed = typeof path === 'string' && path !== '';
  const mounted = isNamed ? mountedAt(path, gathered) : undefined;
  if (gathered.emails.length === 0 && mounted !== undefined && 'text' in mounted)
    readEmails(mounted.text, gathered);
  else if (isNamed || !isInstalled) for (const { text } of emails) readEmails(text, gathered);
  else for (const { name } of emails) gathered.findings.push(unnamed(name, 'authenticated-emails-file'));
  const found = gathered.emails;
  if (found.length === 0 && mounted !== undefined && 'lacks' in mounted)
    gathered.findings.push({
      setting: 'authenticated-emails-file',
      source: settings.get('authenticated-emails-file')?.source ?? '',
      verdict: 'refused',
      text: `${path} is in ${mounted.lacks}, which is not among the files; give that as well`,
    });
  return found.length > 0 ? [...new Set(found)] : undefined;
}

/** What a file is named by that nothing refers to. */
function unnamed(source: string, flag: string): Finding {
  const text = `it is not read: what runs oauth2-proxy has no \`--${flag}\``;
  return { setting: source, source, verdict: 'refused', text };
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
function readAlphas({ alpha: alphas, variables, problems }: Gathered): Alpha | undefined {
  if (alphas.length === 0) return undefined;
  const owners = [...new Set(alphas.map(({ owner }) => owner))];
  for (const owner of owners.slice(1)) {
    const message = `a second alpha configuration beside that of ${owners[0]}; oauth2-proxy takes one`;
    problems.push({ path: '', source: owner, message });
  }
  const variableOf = (name: string) => variables.findLast((variable) => variable.name === name)?.value;
  const read = alphas.flatMap((alpha) => {
    const document = orProblems(() => alphaDocument(alpha, variableOf), { problems });
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
