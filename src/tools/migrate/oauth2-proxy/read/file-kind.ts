/** What a file is, told by its content rather than by its name. */
import { ConfigError } from '../../../../config/validate/problems.ts';
import { isMapping } from '../../../../config/values/mapping.ts';
import { isAlphaName } from './alpha/alpha-fields.ts';
import { isChartValue } from './chart/chart-values.ts';
import { chartsIn } from './chart/charts.ts';
import { withoutHeading } from './chart/helm-values.ts';
import { type ClusterObject, isClusterObject, objectsIn } from './cluster/cluster-objects.ts';
import { isCompose } from './compose/compose.ts';
import { readDocuments } from './documents.ts';
import { isEmailFile } from './emails.ts';
import { isVariableFile } from './environment.ts';
import { fields, type Spot } from './location.ts';
import { isToml } from './toml.ts';

/** A file that was given. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** What a part of a file is, with what was read of it to tell. */
export type FilePart =
  | { readonly kind: 'variables' | 'toml' | 'emails' | 'alpha' }
  | { readonly kind: 'objects'; readonly objects: readonly ClusterObject[] }
  | { readonly kind: 'values'; readonly values: Spot; readonly isComputed: boolean }
  | { readonly kind: 'compose'; readonly document: Spot }
  /** Names with values of which nothing tells what they are. */
  | { readonly kind: 'unknown'; readonly document: Spot; readonly isComputed: boolean };

/** What is understood, for a file that is none of it. */
export const understood =
  'the values of its Helm chart, Kubernetes manifests, its configuration file (TOML), its alpha configuration (YAML), ' +
  'variables (`OAUTH2_PROXY_SCOPE=openid`) or addresses that may sign in';

/**
 * Tells what a file is: one thing, or each of its documents one.
 *
 * @throws ConfigError if that cannot be told, or it is YAML with mistakes
 */
export function fileParts({ name, text: whole }: NamedText): readonly FilePart[] {
  const { text, isComputed } = withoutHeading(whole.replace(/^\uFEFF/, ''));
  if (text.trim() === '') throw problem(name, 'there is nothing in it');
  if (isVariableFile(text) || /(^|\/)[^/]*\.env$/.test(name)) return [{ kind: 'variables' }];
  const other = ofOtherKind(name, text);
  if (other !== undefined) throw problem(name, other);
  if (isToml(text)) return [{ kind: 'toml' }];
  if (isEmailFile(text)) return [{ kind: 'emails' }];
  const documents = documentsOf(text, name);
  if (documents === undefined) return [{ kind: 'alpha' }];
  return documents.map((document) => partOf(document, isComputed));
}

/** How to give what starts oauth2-proxy and is not read; undefined for anything else. */
function ofOtherKind(name: string, text: string): string | undefined {
  const how =
    'give the flags of oauth2-proxy behind `--`, its variables in a file of lines such as `OAUTH2_PROXY_SCOPE=openid`, and its configuration file as it is';
  if (/^\[(Unit|Service|Container)\]\s*$/m.test(text) && /^(Exec\w*|Environment\w*|Image)\s*=/m.test(text))
    return `it is a unit of systemd, which is not read; ${how}`;
  const isScript =
    /^#!.*\b(ba|da|z|k|a)?sh\b/.test(text) ||
    /\.(ba|z|k)?sh$/.test(name) ||
    /^\s*(exec\s+)?\S*oauth2[-_]proxy\s+(--|\\|"?\$)/m.test(text);
  return isScript ? `it is a shell script, which is not read; ${how}` : undefined;
}

function partOf(document: Spot, isComputed: boolean): FilePart {
  if (isClusterObject(document)) return { kind: 'objects', objects: objectsIn(document) };
  if (isCompose(document)) return { kind: 'compose', document };
  if (chartsIn(document).length > 0) return { kind: 'values', values: document, isComputed };
  const names = fields(document).map(([field]) => field);
  if (names.length > 0 && names.every(isAlphaName)) return { kind: 'alpha' };
  return { kind: 'unknown', document, isComputed };
}

/** The documents of YAML; undefined where it is none before the variables of an alpha configuration are replaced. */
function documentsOf(text: string, name: string): readonly Spot[] | undefined {
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
    throw problem(name, `it cannot be told what it is; what is understood: ${understood}`);
  }
  throw problem(name, `it is nothing of oauth2-proxy's that is known here: ${understood}`);
}

function problem(source: string, message: string): ConfigError {
  return new ConfigError([{ path: '', source, message }]);
}
