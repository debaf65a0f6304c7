/** The files that were given, sorted by what they are. */
import { ConfigError } from '../../../../config/validate/problems.ts';
import { isMapping } from '../../../../config/values/mapping.ts';
import { isAlphaName } from './alpha/alpha-fields.ts';
import type { ClusterObject } from './cluster/cluster-objects.ts';
import type { Gathered } from './collected.ts';
import { fileParts, type NamedText, understood } from './file-kind.ts';
import { fields, isEmpty, place, type Spot } from './location.ts';

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
  /** Files of addresses; one out of an object has other names that a path may end with. */
  readonly emails: (NamedText & { readonly names?: readonly string[] })[];
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
  const withValues = new Set<NamedText>();
  for (const { file, part } of parts) {
    if (part.kind === 'objects') sorted.objects.push(...part.objects);
    else if (part.kind === 'compose') sorted.compose.push(part.document);
    else if (
      part.kind === 'values' ||
      (part.kind === 'unknown' && hasValues && isMapping(part.document.value))
    ) {
      const { isComputed } = part;
      const spot = part.kind === 'values' ? part.values : part.document;
      if (withValues.has(file)) nameSecond(spot, file, gathered);
      else sorted.values.push({ spot, isComputed });
      withValues.add(file);
    } else if (part.kind !== 'unknown') sorted[part.kind].push(file);
    else if (fields(part.document).some(([name]) => isAlphaName(name))) sorted.alpha.push(file);
    else nameUnknown(part.document, file, parts.length > 1, gathered);
  }
  return sorted;
}

function nameSecond(document: Spot, { name }: NamedText, { findings }: Gathered): void {
  const text = 'it is not read: Helm takes the first document of a file of values';
  findings.push({ setting: name, source: place(document), verdict: 'refused', text });
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
