/** The files that were given, sorted by what they are. */
import { ConfigError } from '../../config/problems.ts';
import { isAlphaName } from './alpha-fields.ts';
import type { ClusterObject } from './cluster.ts';
import { fileParts, type NamedText, understood } from './file-kind.ts';
import type { Gathered } from './gathered.ts';
import { fields, isEmpty, place, type Spot } from './spot.ts';

/** Files by what they are, each kind in the order in which it was given. */
export interface SortedFiles {
  readonly files: readonly NamedText[];
  readonly objects: readonly ClusterObject[];
  /** Values of a chart, from the weakest to the strongest. */
  readonly values: readonly { readonly spot: Spot; readonly isComputed: boolean }[];
  readonly compose: readonly Spot[];
  readonly variables: readonly NamedText[];
  /** Configuration files that stand for themselves. */
  readonly toml: NamedText[];
  readonly alpha: NamedText[];
  readonly emails: NamedText[];
  /** Whether a workload, values or a compose file say what runs, so that a file counts only if they name it. */
  isInstalled: boolean;
}

/** Sorts files. What is none of it is a problem, or a finding where a file has something else, too. */
export function sortFiles(files: readonly NamedText[], gathered: Gathered): SortedFiles {
  const sorted = {
    files,
    objects: [] as ClusterObject[],
    values: [] as { spot: Spot; isComputed: boolean }[],
    compose: [] as Spot[],
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
      gathered.problems.push(...error.problems);
      return [];
    }
  });
  const hasValues = parts.some(({ part }) => part.kind === 'values');
  for (const { file, part } of parts) {
    if (part.kind === 'objects') sorted.objects.push(...part.objects);
    else if (part.kind === 'compose') sorted.compose.push(part.document);
    else if (part.kind === 'values') sorted.values.push({ spot: part.values, isComputed: part.isComputed });
    else if (part.kind !== 'unknown') sorted[part.kind].push(file);
    else if (hasValues) sorted.values.push({ spot: part.document, isComputed: part.isComputed });
    else if (fields(part.document).some(([name]) => isAlphaName(name))) sorted.alpha.push(file);
    else nameUnknown(part.document, file, parts.length > 1, gathered);
  }
  return sorted;
}

function nameUnknown(document: Spot, { name }: NamedText, hasOthers: boolean, gathered: Gathered): void {
  if (isEmpty(document) && hasOthers) return;
  const message = `it is nothing of oauth2-proxy's that is known here: ${understood}`;
  if (!hasOthers) gathered.problems.push({ path: '', source: name, message });
  else
    gathered.findings.push({
      setting: name,
      source: place(document),
      verdict: 'refused',
      text: `it is not read: ${message}`,
    });
}
