/** Sorts the input files by their kind. */
import { ConfigError } from '../../../../config/validate/problems.ts';
import { isMapping } from '../../../../config/values/mapping.ts';
import type { NamedText } from '../../named-text.ts';
import { isAlphaName } from './alpha/alpha-fields.ts';
import type { ClusterObject } from './cluster/cluster-objects.ts';
import type { Collected } from './collected.ts';
import { fileParts, supportedFiles } from './file-kind.ts';
import { fields, isEmpty, locationOf, type YamlNode } from './yaml-node.ts';

/** The input files by kind, each list in the order of the command line. */
export interface SortedFiles {
  readonly files: readonly NamedText[];
  readonly objects: readonly ClusterObject[];
  /** The values of a chart, from the weakest to the strongest. */
  readonly values: readonly { readonly node: YamlNode; readonly isComputed: boolean }[];
  readonly compose: readonly YamlNode[];
  readonly variables: readonly NamedText[];
  /** Configuration files of oauth2-proxy. */
  readonly toml: NamedText[];
  readonly alpha: NamedText[];
  /** Files of email addresses. A file from an object has further names that a path may end with. */
  readonly emails: (NamedText & { readonly names?: readonly string[] })[];
  /** Whether a workload, values or a compose file run oauth2-proxy, so other files count only if these name them. */
  isInstalled: boolean;
}

/** Sorts the files. A file of unknown kind is a problem; an unknown document in a known file is a refused finding. */
export function sortFiles(files: readonly NamedText[], collected: Collected): SortedFiles {
  const sorted = {
    files,
    objects: [] as ClusterObject[],
    values: [] as { node: YamlNode; isComputed: boolean }[],
    compose: [] as YamlNode[],
    variables: [] as NamedText[],
    toml: [] as NamedText[],
    alpha: [] as NamedText[],
    emails: [] as NamedText[],
    isInstalled: false,
  };
  const parts = files.flatMap((file) => {
    try {
      return fileParts(file).map((part) => ({ file, part }));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      collected.problems.push(...error.problems);
      return [];
    }
  });
  const hasValues = parts.some(({ part }) => part.kind === 'values');
  const withValues = new Set<NamedText>();
  for (const { file, part } of parts) {
    if (part.kind === 'objects') sorted.objects.push(...part.objects);
    else if (part.kind === 'compose') sorted.compose.push(part.document);
    else if (
      part.kind === 'values' ||
      (part.kind === 'unknown' && hasValues && isMapping(part.document.value))
    ) {
      const { isComputed } = part;
      const node = part.kind === 'values' ? part.values : part.document;
      if (withValues.has(file)) reportSecondDocument(node, file, collected);
      else sorted.values.push({ node, isComputed });
      withValues.add(file);
    } else if (part.kind !== 'unknown') sorted[part.kind].push(file);
    else if (fields(part.document).some(([name]) => isAlphaName(name))) sorted.alpha.push(file);
    else reportUnknownFields(part.document, file, parts.length > 1, collected);
  }
  return sorted;
}

function reportSecondDocument(document: YamlNode, { name }: NamedText, { findings }: Collected): void {
  const text = 'it is not read: Helm uses only the first document of a values file';
  findings.push({ setting: name, source: locationOf(document), verdict: 'refused', text });
}

function reportUnknownFields(
  document: YamlNode,
  { name }: NamedText,
  hasOthers: boolean,
  collected: Collected,
): void {
  if (isEmpty(document) && hasOthers) return;
  const message = `not a document of oauth2-proxy; expected ${supportedFiles}`;
  if (!hasOthers) collected.problems.push({ path: '', source: name, message });
  else
    collected.findings.push({
      setting: name,
      source: locationOf(document),
      verdict: 'refused',
      text: `it is not read: ${message}`,
    });
}
