/**
 * Finds APIRules in YAML files, including those that the API server returns as v2 with the v1beta1 original in an
 * annotation.
 */
import { parseYaml } from '../../../../config/load/file.ts';
import { ConfigError, type Problem } from '../../../../config/validate/problems.ts';
import { isMapping, type Mapping } from '../../../../config/values/mapping.ts';
import type { Finding } from '../../finding.ts';
import type { NamedText } from '../../named-text.ts';

/** An APIRule that is not validated yet. */
export interface FoundApiRule {
  readonly metadata: unknown;
  readonly spec: unknown;
  /** The location of a value in the APIRule. */
  readonly place: (path: readonly PropertyKey[]) => string;
}

/** The content of the files. */
export interface Found {
  readonly apiRules: readonly FoundApiRule[];
  readonly problems: readonly Problem[];
  readonly findings: readonly Finding[];
}

const group = 'gateway.kyma-project.io';
/** The annotation in which the API server stores an original that v2 cannot express. */
const specAnnotation = `${group}/v1beta1-spec`;

/** Finds the APIRules in the files. */
export function findApiRules(files: readonly NamedText[]): Found {
  const [apiRules, problems, findings]: [FoundApiRule[], Problem[], Finding[]] = [[], [], []];
  const visit = (value: unknown, place: (path: readonly PropertyKey[]) => string) => {
    if (value === null || value === undefined) return;
    if (!isMapping(value)) {
      problems.push({
        path: '',
        source: place([]),
        message: 'expected a manifest, with apiVersion and kind',
      });
      return;
    }
    if (isListOf(value)) {
      for (const [index, item] of value.items.entries())
        visit(item, (path) => place(['items', index, ...path]));
      return;
    }
    const found = apiRuleIn(value, place);
    if ('setting' in found) findings.push(found);
    else if ('message' in found) problems.push(found);
    else apiRules.push(found);
  };
  for (const file of files)
    for (const text of documentsOf(file.text))
      try {
        const { value, place } = parseYaml(text, file.name);
        visit(value, place);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        problems.push(...error.problems);
      }
  const places = files.map(({ name }) => name).join(', ');
  if (apiRules.length === 0 && problems.length === 0)
    problems.push({ path: '', source: places, message: 'there is no APIRule in v1beta1' });
  return { apiRules, problems, findings };
}

function apiRuleIn(
  manifest: Mapping,
  place: (path: readonly PropertyKey[]) => string,
): FoundApiRule | Problem | Finding {
  const { apiVersion, kind, metadata, spec } = manifest;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    const message =
      'rules' in manifest
        ? 'this is only the spec; pass the whole APIRule, with apiVersion, kind and metadata'
        : 'expected a manifest, with apiVersion and kind';
    return { path: '', source: place([]), message };
  }
  const meaningless = (text: string): Finding => ({
    setting: kind,
    source: place(['kind']),
    verdict: 'meaningless',
    text,
  });
  if (kind !== 'APIRule' || !apiVersion.startsWith(`${group}/`)) {
    const other = guardOf(kind, manifest);
    return other === undefined
      ? meaningless('only APIRules are migrated')
      : { source: place(['kind']), ...other };
  }
  if (apiVersion === `${group}/v1beta1`) return { metadata, spec, place };
  if (apiVersion === `${group}/v1alpha1`) return { metadata, spec: ofV1Alpha1(spec), place };
  const annotations = isMapping(metadata) && isMapping(metadata.annotations) ? metadata.annotations : {};
  const storedSpec = annotations[specAnnotation];
  const version = apiVersion.slice(group.length + 1);
  if (annotations[`${group}/original-version`] !== 'v1beta1' || typeof storedSpec !== 'string')
    return /^v2/.test(version)
      ? meaningless(`it is ${version} already`)
      : {
          ...meaningless(`it is not read: version ${version} is unknown`),
          verdict: 'refused',
        };
  const at = place(['metadata', 'annotations', specAnnotation]);
  try {
    return {
      metadata,
      spec: JSON.parse(storedSpec),
      place: (path) => (path[0] === 'spec' ? at : place(path)),
    };
  } catch {
    return { path: specAnnotation, source: at, message: 'expected JSON' };
  }
}

/** Kinds other than APIRule that may restrict access. */
const guards = [
  ...['AuthorizationPolicy', 'RequestAuthentication', 'PeerAuthentication', 'EnvoyFilter', 'WasmPlugin'],
  ...['NetworkPolicy', 'Rule', 'SecurityPolicy', 'VirtualService'],
];

/** The finding for an object that restricts access in addition to APIRules; undefined for other kinds. */
function guardOf(kind: string, { metadata }: Mapping): Omit<Finding, 'source'> | undefined {
  if (!guards.includes(kind)) return undefined;
  const { name, labels, ownerReferences } = isMapping(metadata) ? metadata : {};
  const owners: readonly unknown[] = Array.isArray(ownerReferences) ? ownerReferences : [];
  const isMade =
    owners.some((owner) => isMapping(owner) && owner.kind === 'APIRule') ||
    (isMapping(labels) &&
      Object.keys(labels).some((label) => /^apirule\.gateway\.kyma-project\.io\//.test(label)));
  const setting = `${kind}/${typeof name === 'string' ? name : ''}`;
  return isMade
    ? { setting, verdict: 'meaningless', text: 'an APIRule owns it, and the migrated APIRule gets a new one' }
    : {
        setting,
        verdict: 'refused',
        text: 'it is not read: its effect on access is unknown, and it stays in the cluster unchanged',
      };
}

/** Converts a v1alpha1 spec, which has the host in the Service, to v1beta1. */
function ofV1Alpha1(spec: unknown): unknown {
  if (!isMapping(spec) || !isMapping(spec.service)) return spec;
  const { host, ...service } = spec.service;
  return { host, ...spec, service };
}

/** The documents of a text, with their original line numbers. */
function documentsOf(text: string): string[] {
  const documents: string[][] = [[]];
  for (const [index, line] of text.split('\n').entries()) {
    const begins = /^---(?=\s|$)/.test(line);
    const ends = /^\.\.\.(?=\s|$)/.test(line);
    if (begins || ends) documents.push(Array.from({ length: index }, () => ''));
    documents.at(-1)?.push(begins ? `   ${line.slice(3)}` : ends ? '' : line);
  }
  return documents.map((lines) => lines.join('\n')).filter((document) => document.trim() !== '');
}

function isListOf(value: Mapping): value is Mapping & { readonly items: readonly unknown[] } {
  return typeof value.kind === 'string' && value.kind.endsWith('List') && Array.isArray(value.items);
}
