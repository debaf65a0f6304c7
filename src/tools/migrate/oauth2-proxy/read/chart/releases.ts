/** Objects that have a chart installed: what they say as values, in the order in which one replaces the other. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { ClusterObject } from '../cluster/cluster-objects.ts';
import type { Objects } from '../cluster/objects.ts';
import type { Gathered } from '../collected.ts';
import { readDocuments } from '../documents.ts';
import { child, elements, fields, isEmpty, place, type Spot, scalarText } from '../location.ts';
import { settingAt } from './set-values.ts';

/** A chart that an object has installed. */
export interface Release {
  readonly object: ClusterObject;
  /** Further objects that say something of it. */
  readonly more?: readonly ClusterObject[];
  /** The source of it, of which the object may have several. */
  readonly source: Spot;
  /** Where what it installs is. */
  readonly namespace: string | undefined;
  /** The name of the chart and where it comes from, as far as that is said. */
  readonly chart: string;
  /** Its values, from the weakest to the strongest. */
  readonly layers: readonly Spot[];
}

/** What is said where a part of a release is not read. */
type Unread = (spot: Spot, name: string, text: string) => void;

interface Reader {
  readonly object: ClusterObject;
  readonly objects: Objects;
  readonly gathered: Gathered;
  readonly unread: Unread;
}

/** The charts that the objects have installed: by Flux, Argo CD, or what K3s and RKE2 bring along. */
export function releasesIn(objects: Objects, gathered: Gathered): readonly Release[] {
  return objects.all.flatMap((object) => {
    const unread: Unread = (spot, name, text) => {
      if (isEmpty(spot)) return;
      gathered.findings.push({
        setting: `${object.kind}/${object.name}:${name}`,
        source: place(spot),
        verdict: 'refused',
        text: `it is not read: ${text}`,
      });
    };
    const reader = { object, objects, gathered, unread };
    switch (`${object.kind} ${object.apiVersion.split('/')[0] ?? ''}`) {
      case 'HelmRelease helm.toolkit.fluxcd.io':
      case 'HelmRelease helm.fluxcd.io':
        return [fluxRelease(reader)];
      case 'Application argoproj.io':
        return argoReleases(child(object.spot, 'spec'), reader);
      case 'ApplicationSet argoproj.io':
        unread(child(object.spot, 'spec', 'templatePatch'), 'templatePatch', 'it changes what is installed');
        return argoReleases(child(object.spot, 'spec', 'template', 'spec'), reader);
      case 'HelmChart helm.cattle.io':
        return [k3sRelease(reader)];
      default:
        return [];
    }
  });
}

const rendered = 'give what `helm template` or `helm get values` prints';

function fluxRelease(reader: Reader): Release {
  const { object, unread } = reader;
  const spec = child(object.spot, 'spec');
  const chart = child(spec, 'chart', 'spec');
  unread(child(spec, 'postRenderers'), 'postRenderers', 'it changes what the chart makes');
  unread(child(spec, 'valueFileSecrets'), 'valueFileSecrets', `it names values; ${rendered}`);
  for (const list of ['valuesFiles', 'valuesFile'])
    unread(child(chart, list), list, 'it names files of the chart, which are not there; give their values');
  const referred = elements(child(spec, 'valuesFrom')).flatMap((entry) => fluxValues(entry, reader));
  return {
    object,
    source: spec,
    namespace: scalarText(child(spec, 'targetNamespace')) ?? object.namespace,
    chart: [child(chart, 'chart'), child(chart, 'sourceRef', 'name'), child(spec, 'chartRef', 'name')]
      .map((spot) => scalarText(spot) ?? '')
      .join(' '),
    layers: [...referred, ...inline(child(spec, 'values'))],
  };
}

/** Values in a ConfigMap or Secret: a file of them, or one value whose place is said. */
function fluxValues(entry: Spot, { object, objects, gathered, unread }: Reader): readonly Spot[] {
  const [kind, name] = [scalarText(child(entry, 'kind')), scalarText(child(entry, 'name'))];
  const key = scalarText(child(entry, 'valuesKey')) ?? 'values.yaml';
  if ((kind !== 'ConfigMap' && kind !== 'Secret') || name === undefined) {
    unread(entry, 'valuesFrom', 'it names no ConfigMap or Secret');
    return [];
  }
  const holder = objects.named({ kind, name, namespace: object.namespace });
  const [held] = holder === undefined ? [] : objects.take(holder, key);
  if (held === undefined) {
    const option = object.namespace === undefined ? '' : `--namespace ${object.namespace} `;
    const command = `kubectl ${option}get ${kind.toLowerCase()} ${name} --output yaml`;
    unread(
      entry,
      'valuesFrom',
      `its values are the key ${key} of the ${kind} ${name}, which is not among the files; give that as well (\`${command}\`)`,
    );
    return [];
  }
  const source = `${held.source} ${held.key}`;
  const target = scalarText(child(entry, 'targetPath'));
  if (target === undefined) return documentOf(held.text, source, gathered);
  const set = settingAt(target, held.text, false, () => source);
  if (set === undefined)
    unread(child(entry, 'targetPath'), 'targetPath', `it names a place in a list; ${rendered}`);
  return set === undefined ? [] : [set];
}

function argoReleases(spec: Spot, reader: Reader): readonly Release[] {
  const { object, unread } = reader;
  const single = child(spec, 'source');
  const sources = [...(isMapping(single.value) ? [single] : []), ...elements(child(spec, 'sources'))];
  const releases = sources.flatMap((source): Release[] => {
    for (const name of ['kustomize', 'plugin', 'directory'])
      unread(child(source, name), name, 'it makes the manifests; give these');
    // A source that others take their files from has nothing installed itself.
    const isReference =
      !isEmpty(child(source, 'ref')) && ['chart', 'path'].every((name) => isEmpty(child(source, name)));
    if (isReference) return [];
    return [
      {
        object,
        source,
        namespace: scalarText(child(spec, 'destination', 'namespace')),
        // A folder of manifests may have the name of what is in it.
        chart: ['chart', ...(isEmpty(child(source, 'chart')) ? [] : ['repoURL'])]
          .map((name) => scalarText(child(source, name)) ?? '')
          .join(' '),
        layers: argoValues(child(source, 'helm'), reader),
      },
    ];
  });
  return releases;
}

/** What an application says of a chart: how it is installed, and what is read or told. */
const helmNames = [
  ...['apiVersions', 'fileParameters', 'ignoreMissingValueFiles', 'kubeVersion', 'namespace', 'parameters'],
  ...['passCredentials', 'releaseName', 'skipCrds', 'skipSchemaValidation', 'skipTests', 'valueFiles'],
  ...['values', 'valuesObject', 'version'],
];

/** Parameters win over the object of values, which wins over their text, which wins over files. */
function argoValues(helm: Spot, { gathered, unread }: Reader): readonly Spot[] {
  unread(child(helm, 'valueFiles'), 'valueFiles', 'it names files that are not there; give their values');
  unread(child(helm, 'fileParameters'), 'fileParameters', 'it names files that are not there');
  for (const [name, spot] of fields(helm))
    if (!helmNames.includes(name)) unread(spot, name, 'nothing is known of it here');
  const object = child(helm, 'valuesObject');
  const text = child(helm, 'values');
  const parameters = elements(child(helm, 'parameters')).flatMap((parameter) => {
    const name = scalarText(child(parameter, 'name')) ?? '';
    const value = scalarText(child(parameter, 'value')) ?? '';
    const isText = child(parameter, 'forceString').value === true;
    const set = settingAt(name, value, isText, () => place(parameter));
    if (set === undefined) unread(parameter, 'parameters', `it names a place in a list; ${rendered}`);
    return set === undefined ? [] : [set];
  });
  const isUnused = !isEmpty(object) && !isEmpty(text);
  if (isUnused)
    gathered.findings.push({
      setting: 'helm.values',
      source: place(text),
      verdict: 'meaningless',
      text: 'Argo CD does not use it beside `valuesObject`',
    });
  return [...(isEmpty(object) ? inlineText(text, 'helm.values', gathered) : inline(object)), ...parameters];
}

function k3sRelease(reader: Reader): Release {
  const { object, objects, gathered, unread } = reader;
  const { name, namespace } = object;
  const spec = child(object.spot, 'spec');
  const more = objects.all.filter(
    (one) =>
      one.kind === 'HelmChartConfig' &&
      one.name === name &&
      (one.namespace === undefined || namespace === undefined || one.namespace === namespace),
  );
  const own = [object, ...more];
  for (const one of own)
    for (const list of ['valuesSecrets', 'valuesFrom', 'chartContent'])
      unread(child(one.spot, 'spec', list), list, `it holds or names values; ${rendered}`);
  const sets = own.flatMap((one) =>
    fields(child(one.spot, 'spec', 'set')).flatMap(([path, spot]) => {
      const set = settingAt(path, scalarText(spot) ?? '', false, () => place(spot));
      if (set === undefined) unread(spot, 'set', `it names a place in a list; ${rendered}`);
      return set === undefined ? [] : [set];
    }),
  );
  return {
    object,
    more,
    source: spec,
    namespace: scalarText(child(spec, 'targetNamespace')) ?? namespace,
    chart: [child(spec, 'chart'), child(spec, 'repo')].map((spot) => scalarText(spot) ?? '').join(' '),
    layers: [
      ...own.flatMap((one) => [
        ...inline(child(one.spot, 'spec', 'values')),
        ...inlineText(child(one.spot, 'spec', 'valuesContent'), 'valuesContent', gathered),
      ]),
      ...sets,
    ],
  };
}

/** Values that are a part of the object, as a document of their own. */
function inline(spot: Spot): readonly Spot[] {
  return isMapping(spot.value) ? [documentAt(spot)] : [];
}

function documentAt(spot: Spot): Spot {
  return { value: spot.value, path: [], placeOf: (path) => spot.placeOf([...spot.path, ...path]) };
}

function inlineText(spot: Spot, label: string, gathered: Gathered): readonly Spot[] {
  return typeof spot.value === 'string' ? documentOf(spot.value, `${place(spot)} ${label}`, gathered) : [];
}

/** The first document of a text of values; what is no mapping is a problem. */
function documentOf(text: string, name: string, { problems }: Gathered): readonly Spot[] {
  const [document, ...more] = readDocuments(text, name);
  for (const one of more)
    problems.push({ path: '', source: place(one), message: 'a second document; values are one' });
  if (document === undefined) return [];
  if (isMapping(document.value)) return [document];
  problems.push({ path: '', source: name, message: 'expected names with values' });
  return [];
}
