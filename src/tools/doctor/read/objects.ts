/** Finds Kubernetes objects in documents, also in lists of kubectl. */
import { isMapping, type Mapping } from '../../../config/values/mapping.ts';
import { valueAt } from '../../../config/values/value-at.ts';
import type { Place } from '../finding.ts';
import type { ParsedDocument } from './documents.ts';

/** A path of a value, for example `['spec', 'rules', 0]`. */
export type Path = readonly (string | number)[];

/** A Kubernetes object, or a file without a kind that configures a mesh. */
export interface KubeObject {
  /** The group of its API, without the version; empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** For a file without a kind: empty. */
  readonly kind: string;
  readonly name: string;
  /** `default` if the manifest names none, as for kubectl. */
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly content: Mapping;
  readonly get: (...path: Path) => unknown;
  /** The mappings of a list; empty if it is absent. */
  readonly list: (...path: Path) => readonly Mapping[];
  /** The texts of a list; empty if it is absent. */
  readonly texts: (...path: Path) => readonly string[];
  /** The text at a path; empty if it is absent. */
  readonly text: (...path: Path) => string;
  readonly at: (...path: Path) => Place;
  /** The line on which a multi-line text begins. */
  readonly textLine: (...path: Path) => number;
}

/** Labels or annotations. */
export type Labels = Readonly<Record<string, string>>;

/** A list can contain lists. */
const mostNestedLists = 5;

/** Finds the objects of a document. */
export function objectsOf(document: ParsedDocument, file: string): readonly KubeObject[] {
  return isMapping(document.value) ? objectsIn(document.value, [], document, file, 0) : [];
}

function objectsIn(
  value: Mapping,
  above: Path,
  document: ParsedDocument,
  file: string,
  depth: number,
): readonly KubeObject[] {
  const { kind, items } = value;
  const isList = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items);
  if (!isList) return [kubeObject(value, above, document, file)];
  if (depth === mostNestedLists) return [];
  return (items as unknown[]).flatMap((item, index) =>
    isMapping(item) ? objectsIn(item, [...above, 'items', index], document, file, depth + 1) : [],
  );
}

function kubeObject(content: Mapping, above: Path, document: ParsedDocument, file: string): KubeObject {
  const text = (...path: Path) => textOf(valueAt(content, path));
  const apiVersion = text('apiVersion');
  const kind = text('kind');
  const name = text('metadata', 'name') || text('metadata', 'generateName');
  const namespace = text('metadata', 'namespace');
  const object = kind === '' ? '' : `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
  const get = (...path: Path) => valueAt(content, path);
  return {
    group: apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : '',
    version: apiVersion.slice(apiVersion.lastIndexOf('/') + 1),
    kind,
    name,
    namespace: namespace || 'default',
    labels: labelsOf(valueAt(content, ['metadata', 'labels'])),
    annotations: labelsOf(valueAt(content, ['metadata', 'annotations'])),
    content,
    get,
    list: (...path) => mappingsOf(get(...path)),
    texts: (...path) => textsOf(get(...path)),
    text,
    at: (...path) => ({
      file,
      line: document.line([...above, ...path]),
      object,
      path: pathText(path),
    }),
    textLine: (...path) => document.textLine([...above, ...path]),
  };
}

/** The mappings of a list; empty if the value is not a list. */
export function mappingsOf(value: unknown): readonly Mapping[] {
  return Array.isArray(value) ? value.map((item) => (isMapping(item) ? item : {})) : [];
}

/** The texts of a list; empty if the value is not a list. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** The value as text; empty if it is neither a text nor a number. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Labels or annotations; values that are not texts count as their text. */
export function labelsOf(value: unknown): Labels {
  return isMapping(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, String(member)]))
    : {};
}

/** Writes a path as in `spec.rules[0].extAuth`. */
export function pathText(path: Path): string {
  return path
    .map((part) =>
      typeof part === 'number' ? `[${part}]` : /^[\w-]+$/.test(part) ? `.${part}` : `["${part}"]`,
    )
    .join('')
    .replace(/^\./, '');
}
