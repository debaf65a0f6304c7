/** Everything that an installation of oauth2-proxy was told, from all the places where it can be told. */
import { ConfigError } from '../../config/problems.ts';
import { type Alpha, readAlpha } from './alpha.ts';
import { alphaDocument } from './alpha-text.ts';
import { readCommandLine } from './command-line.ts';
import { readEmails } from './emails.ts';
import { readVariableFile, settingsOfVariables } from './environment.ts';
import { type FileKind, fileKind, type NamedText } from './file-kind.ts';
import { type Gathered, type NamedFile, nothingGathered } from './gathered.ts';
import type { Given } from './given.ts';
import { readHelmValues } from './helm-values.ts';
import { readManifests } from './manifests.ts';
import { besideAlpha, type Layers, merge } from './merge.ts';
import { readToml } from './toml.ts';

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
 * configuration.
 *
 * @throws ConfigError with every problem that was found
 */
export function readOauth2Proxy(sources: Oauth2ProxySources): Given {
  const gathered = nothingGathered();
  readFiles(sources.files, gathered);
  const words = sources.commandLine.map((text) => ({ text, place: undefined }));
  readCommandLine(words, gathered);
  for (const file of gathered.namedFiles) readNamedFile(file, sources, gathered);
  for (const [name, value] of Object.entries(sources.environment)) {
    if (value !== undefined) gathered.variables.push({ name, value, source: `environment ${name}` });
  }

  const alpha = readAlphas(gathered);
  const { keys, flags, missing, findings, problems, emails } = gathered;
  let layers: Layers = { keys, flags, variables: settingsOfVariables(gathered.variables, gathered) };
  if (alpha !== undefined) {
    const beside = besideAlpha(layers);
    problems.push(...beside.problems);
    findings.push(...beside.findings, ...alpha.findings);
    layers = { ...beside.layers, flags: [...beside.layers.flags, ...alpha.sightings] };
  }
  const merged = merge(layers);
  problems.push(...merged.problems);
  if (problems.length > 0) throw new ConfigError(problems);
  const isMissing = { keys: gathered.keyFiles.length === 0, alpha: alpha === undefined };
  return {
    settings: merged.settings,
    injectedHeaders: alpha?.headers,
    findings: [
      ...missing.filter(({ kind }) => isMissing[kind]).map(({ finding }) => finding),
      ...findings,
      ...merged.findings,
    ],
    authenticatedEmails: emails.length > 0 ? [...new Set(emails)] : undefined,
  };
}

function readFiles(files: readonly NamedText[], gathered: Gathered): void {
  const kinds = files.flatMap((file) => {
    const kind = orProblems(() => fileKind(file), gathered);
    return kind === undefined ? [] : [{ file, kind }];
  });
  const objects = kinds.flatMap(({ kind }) => (kind.kind === 'manifests' ? kind.objects : []));
  readManifests(objects, gathered);
  for (const { file, kind } of kinds) {
    if (kind.kind === 'values') readHelmValues(kind.values, kind.isComputed, objects, gathered);
    else readPlainFile(file, kind, gathered);
  }
}

function readPlainFile({ name, text }: NamedText, { kind }: FileKind, gathered: Gathered): void {
  if (kind === 'variables') readVariableFile(text, name, gathered);
  else if (kind === 'toml') readToml({ text, name }, gathered);
  else if (kind === 'emails') readEmails(text, gathered);
  else if (kind === 'alpha') gathered.alpha.push({ text, name, owner: name });
}

/** A file that a flag names: given as well, to be read from this machine, or missing. */
function readNamedFile(named: NamedFile, { readFile }: Oauth2ProxySources, gathered: Gathered): void {
  const { flag, path, source } = named;
  const there = flag === 'config' ? gathered.keyFiles : gathered.alpha;
  if (
    there.length > 0 ||
    gathered.missing.some(({ kind }) => kind === (flag === 'config' ? 'keys' : 'alpha'))
  )
    return;
  const text = named.isOwn && readFile !== undefined ? readOrNothing(path, readFile) : undefined;
  if (text === undefined) {
    const message = `it names ${path}, which is not among the files; give that as well`;
    gathered.problems.push({ path: `--${flag}`, source, message });
  } else if (flag === 'config') readToml({ text, name: path }, gathered);
  else gathered.alpha.push({ text, name: path, owner: path });
}

function readOrNothing(path: string, readFile: (path: string) => string): string | undefined {
  try {
    return readFile(path);
  } catch {
    return undefined;
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

function orProblems<T>(read: () => T, { problems }: Pick<Gathered, 'problems'>): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
