/** Finds the objects that install a chart, and their values in the order of precedence. */
import { isMapping } from '../../../../../config/values/mapping.ts';
import type { ClusterObject } from '../cluster/cluster-objects.ts';
import type { Objects } from '../cluster/objects.ts';
import type { Collected } from '../collected.ts';
import { readDocuments } from '../documents.ts';
import { child, elements, fields, isEmpty, locationOf, scalarText, type YamlNode } from '../yaml-node.ts';
import { settingAt } from './set-values.ts';

/** A chart that an object installs. */
export interface Release {
  readonly object: ClusterObject;
  /** Further objects with values for it. */
  readonly more?: readonly ClusterObject[];
  /** The source of the chart; an object may have several. */
  readonly source: YamlNode;
  /** The namespace of the installed objects. */
  readonly namespace: string | undefined;
  /** The name of the chart and its repository, as far as the object contains them. */
  readonly chart: string;
  /** The values, from the weakest to the strongest. */
  readonly layers: readonly YamlNode[];
}

/** Reports a part of a release that is not read. */
type Unread = (node: YamlNode, name: string, text: string) => void;

interface Reader {
  readonly object: ClusterObject;
  readonly objects: Objects;
  readonly collected: Collected;
  readonly unread: Unread;
}

/** The charts that objects of Flux, Argo CD, K3s and RKE2 install. */
export function releasesIn(objects: Objects, collected: Collected): readonly Release[] {
  return objects.all.flatMap((object) => {
    const unread: Unread = (node, name, text) => {
      if (isEmpty(node)) return;
      collected.findings.push({
        setting: `${object.kind}/${object.name}:${name}`,
        source: locationOf(node),
        verdict: 'refused',
        text: `it is not read: ${text}`,
      });
    };
    const reader = { object, objects, collected, unread };
    switch (`${object.kind} ${object.apiVersion.split('/')[0] ?? ''}`) {
      case 'HelmRelease helm.toolkit.fluxcd.io':
      case 'HelmRelease helm.fluxcd.io':
        return [fluxRelease(reader)];
      case 'Application argoproj.io':
        return argoReleases(child(object.node, 'spec'), reader);
      case 'ApplicationSet argoproj.io':
        unread(child(object.node, 'spec', 'templatePatch'), 'templatePatch', 'it changes what is installed');
        return argoReleases(child(object.node, 'spec', 'template', 'spec'), reader);
      case 'HelmChart helm.cattle.io':
        return [k3sRelease(reader)];
      default:
        return [];
    }
  });
}

const rendered = 'pass the output of `helm template` or `helm get values`';

function fluxRelease(reader: Reader): Release {
  const { object, unread } = reader;
  const spec = child(object.node, 'spec');
  const chart = child(spec, 'chart', 'spec');
  unread(child(spec, 'postRenderers'), 'postRenderers', 'it changes the manifests of the chart');
  unread(child(spec, 'valueFileSecrets'), 'valueFileSecrets', `it names values; ${rendered}`);
  for (const list of ['valuesFiles', 'valuesFile'])
    unread(
      child(chart, list),
      list,
      'it names files of the chart, which are not among the input files; pass their values',
    );
  const referred = elements(child(spec, 'valuesFrom')).flatMap((entry) => fluxValues(entry, reader));
  return {
    object,
    source: spec,
    namespace: scalarText(child(spec, 'targetNamespace')) ?? object.namespace,
    chart: [child(chart, 'chart'), child(chart, 'sourceRef', 'name'), child(spec, 'chartRef', 'name')]
      .map((node) => scalarText(node) ?? '')
      .join(' '),
    layers: [...referred, ...inline(child(spec, 'values'))],
  };
}

/** Reads values from a ConfigMap or Secret: a values file, or one value with its path. */
function fluxValues(entry: YamlNode, { object, objects, collected, unread }: Reader): readonly YamlNode[] {
  const [kind, name] = [scalarText(child(entry, 'kind')), scalarText(child(entry, 'name'))];
  const key = scalarText(child(entry, 'valuesKey')) ?? 'values.yaml';
  if ((kind !== 'ConfigMap' && kind !== 'Secret') || name === undefined) {
    unread(entry, 'valuesFrom', 'it names neither a ConfigMap nor a Secret');
    return [];
  }
  const holder = objects.named({ kind, name, namespace: object.namespace });
  const [objectText] = holder === undefined ? [] : objects.readTexts(holder, key);
  if (objectText === undefined) {
    const option = object.namespace === undefined ? '' : `--namespace ${object.namespace} `;
    const command = `kubectl ${option}get ${kind.toLowerCase()} ${name} --output yaml`;
    unread(
      entry,
      'valuesFrom',
      `its values are the key ${key} of the ${kind} ${name}, which is not among the files; pass that as well (\`${command}\`)`,
    );
    return [];
  }
  const source = `${objectText.source} ${objectText.key}`;
  const target = scalarText(child(entry, 'targetPath'));
  if (target === undefined) return documentOf(objectText.text, source, collected);
  const set = settingAt(target, objectText.text, false, () => source);
  if (set === undefined)
    unread(child(entry, 'targetPath'), 'targetPath', `it names an element of a list; ${rendered}`);
  return set === undefined ? [] : [set];
}

function argoReleases(spec: YamlNode, reader: Reader): readonly Release[] {
  const { object, unread } = reader;
  const single = child(spec, 'source');
  const sources = [...(isMapping(single.value) ? [single] : []), ...elements(child(spec, 'sources'))];
  const releases = sources.flatMap((source): Release[] => {
    for (const name of ['kustomize', 'plugin', 'directory'])
      unread(child(source, name), name, 'it makes the manifests; pass these');
    // A source that only provides files for other sources installs nothing.
    const refersToWorkload =
      !isEmpty(child(source, 'ref')) && ['chart', 'path'].every((name) => isEmpty(child(source, name)));
    if (refersToWorkload) return [];
    return [
      {
        object,
        source,
        namespace: scalarText(child(spec, 'destination', 'namespace')),
        // A folder of manifests may have any name.
        chart: ['chart', ...(isEmpty(child(source, 'chart')) ? [] : ['repoURL'])]
          .map((name) => scalarText(child(source, name)) ?? '')
          .join(' '),
        layers: argoValues(child(source, 'helm'), reader),
      },
    ];
  });
  return releases;
}

/** The fields of an application for Helm that are read or that do not affect access. */
const helmNames = [
  ...['apiVersions', 'fileParameters', 'ignoreMissingValueFiles', 'kubeVersion', 'namespace', 'parameters'],
  ...['passCredentials', 'releaseName', 'skipCrds', 'skipSchemaValidation', 'skipTests', 'valueFiles'],
  ...['values', 'valuesObject', 'version'],
];

/** Parameters win over `valuesObject`, which wins over `values`, which wins over files. */
function argoValues(helm: YamlNode, { collected, unread }: Reader): readonly YamlNode[] {
  unread(
    child(helm, 'valueFiles'),
    'valueFiles',
    'it names files that are not among the input files; pass their values',
  );
  unread(
    child(helm, 'fileParameters'),
    'fileParameters',
    'it names files that are not among the input files',
  );
  for (const [name, node] of fields(helm))
    if (!helmNames.includes(name)) unread(node, name, 'the field is unknown');
  const object = child(helm, 'valuesObject');
  const text = child(helm, 'values');
  const parameters = elements(child(helm, 'parameters')).flatMap((parameter) => {
    const name = scalarText(child(parameter, 'name')) ?? '';
    const value = scalarText(child(parameter, 'value')) ?? '';
    const isText = child(parameter, 'forceString').value === true;
    const set = settingAt(name, value, isText, () => locationOf(parameter));
    if (set === undefined) unread(parameter, 'parameters', `it names an element of a list; ${rendered}`);
    return set === undefined ? [] : [set];
  });
  const isUnused = !isEmpty(object) && !isEmpty(text);
  if (isUnused)
    collected.findings.push({
      setting: 'helm.values',
      source: locationOf(text),
      verdict: 'meaningless',
      text: 'Argo CD ignores it with `valuesObject`',
    });
  return [...(isEmpty(object) ? inlineText(text, 'helm.values', collected) : inline(object)), ...parameters];
}

function k3sRelease(reader: Reader): Release {
  const { object, objects, collected, unread } = reader;
  const { name, namespace } = object;
  const spec = child(object.node, 'spec');
  const more = objects.all.filter(
    (one) =>
      one.kind === 'HelmChartConfig' &&
      one.name === name &&
      (one.namespace === undefined || namespace === undefined || one.namespace === namespace),
  );
  const own = [object, ...more];
  for (const one of own)
    for (const list of ['valuesSecrets', 'valuesFrom', 'chartContent'])
      unread(child(one.node, 'spec', list), list, `it contains or names values; ${rendered}`);
  const sets = own.flatMap((one) =>
    fields(child(one.node, 'spec', 'set')).flatMap(([path, node]) => {
      const set = settingAt(path, scalarText(node) ?? '', false, () => locationOf(node));
      if (set === undefined) unread(node, 'set', `it names an element of a list; ${rendered}`);
      return set === undefined ? [] : [set];
    }),
  );
  return {
    object,
    more,
    source: spec,
    namespace: scalarText(child(spec, 'targetNamespace')) ?? namespace,
    chart: [child(spec, 'chart'), child(spec, 'repo')].map((node) => scalarText(node) ?? '').join(' '),
    layers: [
      ...own.flatMap((one) => [
        ...inline(child(one.node, 'spec', 'values')),
        ...inlineText(child(one.node, 'spec', 'valuesContent'), 'valuesContent', collected),
      ]),
      ...sets,
    ],
  };
}

/** Values that are a part of the object, as a document. */
function inline(node: YamlNode): readonly YamlNode[] {
  return isMapping(node.value) ? [documentAt(node)] : [];
}

function documentAt(node: YamlNode): YamlNode {
  return { value: node.value, path: [], locate: (path) => node.locate([...node.path, ...path]) };
}

function inlineText(node: YamlNode, label: string, collected: Collected): readonly YamlNode[] {
  return typeof node.value === 'string'
    ? documentOf(node.value, `${locationOf(node)} ${label}`, collected)
    : [];
}

/** The first document of a values text. A value that is not a mapping is a problem. */
function documentOf(text: string, name: string, { problems }: Collected): readonly YamlNode[] {
  const [document, ...more] = readDocuments(text, name);
  for (const one of more)
    problems.push({ path: '', source: locationOf(one), message: 'second document; values are one document' });
  if (document === undefined) return [];
  if (isMapping(document.value)) return [document];
  problems.push({ path: '', source: name, message: 'expected a mapping' });
  return [];
}
