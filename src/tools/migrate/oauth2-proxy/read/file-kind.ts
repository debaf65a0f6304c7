/** Detects the kind of a file by its content, not by its name. */
import { ConfigError } from '../../../../config/validate/problems.ts';
import { isMapping } from '../../../../config/values/mapping.ts';
import type { NamedText } from '../../named-text.ts';
import { isAlphaName } from './alpha/alpha-fields.ts';
import { isChartValue } from './chart/chart-value-names.ts';
import { chartsIn } from './chart/find-charts.ts';
import { withoutHeading } from './chart/helm-values.ts';
import { type ClusterObject, isClusterObject, objectsIn } from './cluster/cluster-objects.ts';
import { isCompose } from './compose/compose.ts';
import { readDocuments } from './documents.ts';
import { isEmailFile } from './emails.ts';
import { isVariableFile } from './environment.ts';
import { isToml } from './toml.ts';
import { fields, type YamlNode } from './yaml-node.ts';

/** One part of a file, with its kind and its parsed content. */
export type FilePart =
  | { readonly kind: 'variables' | 'toml' | 'emails' | 'alpha' }
  | { readonly kind: 'objects'; readonly objects: readonly ClusterObject[] }
  | { readonly kind: 'values'; readonly values: YamlNode; readonly isComputed: boolean }
  | { readonly kind: 'compose'; readonly document: YamlNode }
  /** A mapping of unknown kind. */
  | { readonly kind: 'unknown'; readonly document: YamlNode; readonly isComputed: boolean };

/** The kinds of files that the migration reads, for messages. */
export const supportedFiles =
  'the values of its Helm chart, Kubernetes manifests, its configuration file (TOML), its alpha configuration (YAML), ' +
  'variables (`OAUTH2_PROXY_SCOPE=openid`) or addresses that may sign in';

/**
 * Detects the kind of a file, or of each of its documents.
 *
 * @throws ConfigError if the kind is unknown or the YAML is invalid
 */
export function fileParts({ name, text: whole }: NamedText): readonly FilePart[] {
  const { text, isComputed } = withoutHeading(whole.replace(/^\uFEFF/, ''));
  if (text.trim() === '') throw problem(name, 'the file is empty');
  if (isVariableFile(text) || /(^|\/)[^/]*\.env$/.test(name)) return [{ kind: 'variables' }];
  const other = unsupportedFormat(name, text);
  if (other !== undefined) throw problem(name, other);
  if (isToml(text)) return [{ kind: 'toml' }];
  if (isEmailFile(text)) return [{ kind: 'emails' }];
  const documents = documentsOf(text, name);
  if (documents === undefined) return [{ kind: 'alpha' }];
  return documents.map((document) => partOf(document, isComputed));
}

/** Explains what to pass instead of a file that starts oauth2-proxy and cannot be read; undefined for other files. */
function unsupportedFormat(name: string, text: string): string | undefined {
  const how =
    'pass the flags of oauth2-proxy after `--`, its variables as a file with lines such as `OAUTH2_PROXY_SCOPE=openid`, and its configuration file unchanged';
  if (/^\[(Unit|Service|Container)\]\s*$/m.test(text) && /^(Exec\w*|Environment\w*|Image)\s*=/m.test(text))
    return `a systemd unit cannot be read; ${how}`;
  const isScript =
    /^#!.*\b(ba|da|z|k|a)?sh\b/.test(text) ||
    /\.(ba|z|k)?sh$/.test(name) ||
    /^\s*(exec\s+)?\S*oauth2[-_]proxy\s+(--|\\|"?\$)/m.test(text);
  return isScript ? `a shell script cannot be read; ${how}` : undefined;
}

function partOf(document: YamlNode, isComputed: boolean): FilePart {
  if (isClusterObject(document)) return { kind: 'objects', objects: objectsIn(document) };
  if (isCompose(document)) return { kind: 'compose', document };
  if (chartsIn(document).length > 0) return { kind: 'values', values: document, isComputed };
  const names = fields(document).map(([field]) => field);
  if (names.length > 0 && names.every(isAlphaName)) return { kind: 'alpha' };
  return { kind: 'unknown', document, isComputed };
}

/**
 * The YAML documents; undefined for an alpha configuration that is valid YAML only after its variables are replaced.
 */
function documentsOf(text: string, name: string): readonly YamlNode[] | undefined {
  try {
    const documents = readDocuments(text, name);
    if (documents.some(({ value }) => isMapping(value))) return documents;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const names = [...text.matchAll(/^["']?([\w-]+)["']?:(?=\s|$)/gm)].map(([, found = '']) => found);
    const isAlpha =
      names.some(isAlphaName) && !names.some((found) => isChartValue(found) || found === 'kind');
    if (isAlpha) return undefined;
    if (/\.(ya?ml|json)$/.test(name)) throw error;
    throw problem(name, `unknown kind of file; expected ${supportedFiles}`);
  }
  throw problem(name, `not a file of oauth2-proxy; expected ${supportedFiles}`);
}

function problem(source: string, message: string): ConfigError {
  return new ConfigError([{ path: '', source, message }]);
}
