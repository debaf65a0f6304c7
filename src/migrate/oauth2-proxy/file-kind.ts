/** What a file is, told by its content rather than by its name. */
import { ConfigError } from '../../config/problems.ts';
import { isAlphaName } from './alpha-fields.ts';
import { isAlphaDocument } from './alpha-text.ts';
import { isChartValue } from './chart-values.ts';
import { type ClusterObject, isClusterObject, objectsIn } from './cluster.ts';
import { readDocuments } from './documents.ts';
import { isEmailFile } from './emails.ts';
import { isVariableFile } from './environment.ts';
import { chartValues, withoutHeading } from './helm-values.ts';
import type { Spot } from './spot.ts';
import { isToml } from './toml.ts';

/** A file that was given. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** What a file is, with what was read of it to tell. */
export type FileKind =
  | { readonly kind: 'variables' | 'toml' | 'emails' | 'alpha' }
  | { readonly kind: 'manifests'; readonly objects: readonly ClusterObject[] }
  | { readonly kind: 'values'; readonly values: Spot; readonly isComputed: boolean };

const understood =
  'the values of its Helm chart, Kubernetes manifests, its configuration file (TOML), its alpha configuration (YAML), ' +
  'variables (`OAUTH2_PROXY_SCOPE=openid`) or addresses that may sign in';

/**
 * Tells what a file is.
 *
 * @throws ConfigError if that cannot be told, or it is YAML with mistakes
 */
export function fileKind({ name, text: whole }: NamedText): FileKind {
  const { text, isComputed } = withoutHeading(whole.replace(/^\uFEFF/, ''));
  if (text.trim() === '') throw problem(name, 'there is nothing in it');
  if (isVariableFile(text) || /(^|\/)[^/]*\.env$/.test(name)) return { kind: 'variables' };
  if (isToml(text)) return { kind: 'toml' };
  if (isEmailFile(text)) return { kind: 'emails' };
  // Before its variables are replaced, an alpha configuration need not be YAML.
  const names = [...text.matchAll(/^["']?([\w-]+)["']?:(?=\s|$)/gm)].map(([, found = '']) => found);
  const isPlainly =
    names.some(isAlphaName) && !names.some((found) => isChartValue(found) || found === 'kind');
  if (isPlainly) return { kind: 'alpha' };

  const documents = documentsOf(text, name);
  const objects = documents.filter(isClusterObject).flatMap(objectsIn);
  if (objects.length > 0) return { kind: 'manifests', objects };
  const [document] = documents;
  const values = document === undefined ? undefined : chartValues(document);
  if (values !== undefined) return { kind: 'values', values, isComputed };
  if (document !== undefined && isAlphaDocument(document)) return { kind: 'alpha' };
  throw problem(name, `it is nothing of oauth2-proxy's that is known here: ${understood}`);
}

function documentsOf(text: string, name: string): Spot[] {
  try {
    return readDocuments(text, name);
  } catch (error) {
    if (!(error instanceof ConfigError) || /\.(ya?ml|json)$/.test(name)) throw error;
    throw problem(name, `it cannot be told what it is; what is understood: ${understood}`);
  }
}

function problem(source: string, message: string): ConfigError {
  return new ConfigError([{ path: '', source, message }]);
}
