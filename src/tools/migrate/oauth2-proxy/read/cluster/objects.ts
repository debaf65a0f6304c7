/** The objects of all manifests. It records which of them are read or reported; the others become findings. */
import type { Finding } from '../../../finding.ts';
import { child, elements, locationOf, scalarText } from '../yaml-node.ts';
import { type ClusterObject, type ObjectText, objectTexts } from './cluster-objects.ts';
import { generatedSecrets, isHarmlessKind, whyHarmless } from './object-kinds.ts';

/** A reference to a ConfigMap or Secret. */
export interface Reference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  /** The namespace of the object that refers to it; undefined if that has none. */
  readonly namespace: string | undefined;
}

/** The objects of all files. */
export interface Objects {
  readonly all: readonly ClusterObject[];
  /** Finds the ConfigMap or Secret of a reference; the last one of several. */
  readonly named: (reference: Reference) => ClusterObject | undefined;
  /** Returns the texts of an object, or only that of a key, and records them as read. */
  readonly readTexts: (object: ClusterObject, key?: string) => readonly ObjectText[];
  /** Records that a finding covers an object. */
  readonly markReported: (object: ClusterObject) => void;
  /** Records who uses an object that oauth2-proxy does not use. */
  readonly markUsedBy: (object: ClusterObject, owner: string) => void;
  /** The findings for objects that were neither read nor reported. */
  readonly unreported: () => readonly Finding[];
}

/** Makes the index of the objects. */
export function createObjects(all: readonly ClusterObject[]): Objects {
  const reported = new Set<ClusterObject>();
  const readKeys = new Map<ClusterObject, Set<string>>();
  const owners = new Map<ClusterObject, string>();

  const named = ({ kind, name, namespace }: Reference) => {
    const sameName = all.filter((object) => object.kind === kind && object.name === name);
    const here = sameName.filter(
      (object) => object.namespace === namespace || object.namespace === undefined || namespace === undefined,
    );
    return here.at(-1);
  };
  const readTexts = (object: ClusterObject, key?: string) => {
    const texts = objectTexts(object).filter((text) => key === undefined || text.key === key);
    const keys = readKeys.get(object) ?? new Set();
    for (const text of texts) keys.add(text.key);
    readKeys.set(object, keys);
    return texts;
  };
  /** Explains why an object needs no refused finding: the Secrets that it creates are among the files. */
  const whyGenerated = (object: ClusterObject): string | undefined => {
    const { namespace } = object;
    const secrets = generatedSecrets(object);
    const areInFiles = secrets.every((name) => named({ kind: 'Secret', name, namespace }) !== undefined);
    if (secrets.length === 0 || !areInFiles) return undefined;
    return `it makes ${secrets.map((name) => `Secret/${name}`).join(', ')}, which is among the files and read there`;
  };
  const unreportedIn = (object: ClusterObject): readonly Finding[] => {
    const setting = `${object.kind || 'object'}/${object.name}`;
    const source = locationOf(object.node);
    const keys = readKeys.get(object);
    if (keys !== undefined)
      return objectTexts(object)
        .filter(({ key }) => !keys.has(key))
        .map((text) => unusedKey(setting, text));
    const owner = owners.get(object);
    if (owner !== undefined)
      return [{ setting, source, verdict: 'meaningless', text: `only ${owner} uses it` }];
    const harmless = whyHarmless(object) ?? whyGenerated(object);
    return [
      harmless === undefined
        ? { setting, source, verdict: 'refused', text: whyUnread(object) }
        : { setting, source, verdict: 'meaningless', text: harmless },
    ];
  };
  return {
    all,
    named,
    readTexts,
    markReported: (object) => void reported.add(object),
    markUsedBy: (object, owner) => void owners.set(object, owner),
    unreported: () => all.filter((object) => !reported.has(object)).flatMap(unreportedIn),
  };
}

/** Keys that contain secrets for logins. */
const loginKeys = ['client-secret', 'cookie-secret', 'redis-password'];

function unusedKey(setting: string, { key, source }: ObjectText): Finding {
  return loginKeys.includes(key)
    ? {
        setting: `${setting}:${key}`,
        source,
        verdict: 'meaningless',
        text: 'the converted configuration has no login',
      }
    : {
        setting: `${setting}:${key}`,
        source,
        verdict: 'refused',
        text: 'it is not read: no setting of oauth2-proxy names it',
      };
}

function whyUnread(object: ClusterObject): string {
  const { kind, node, namespace } = object;
  const secrets = generatedSecrets(object);
  if (secrets.length > 0) {
    const option = namespace === undefined ? '' : `--namespace ${namespace} `;
    return `it is not read: it does not contain the values; pass the Secret that it makes as well (\`kubectl ${option}get secret ${secrets.join(' ')} --output yaml\`)`;
  }
  if (kind === 'ConfigMap' || kind === 'Secret')
    return 'it is not read: oauth2-proxy does not mount it, or no setting names a file of it';
  if (kind === 'Kustomization')
    return 'it is not read: it only describes how manifests are made; pass the output of `kubectl kustomize`';
  if (kind === 'Template')
    return 'it is not read: its parameters are not filled in; pass the output of `oc process`';
  const containers = elements(child(node, 'spec', 'template', 'spec', 'containers'));
  if (containers.length > 0) {
    const names = containers.map((container) => scalarText(child(container, 'name')) ?? '(no name)');
    return `it is not read: none of its containers runs oauth2-proxy (${names.join(', ')})`;
  }
  return isHarmlessKind(kind)
    ? 'it is not read: its annotations or its source ranges restrict access'
    : 'it is not read: its effect on access is unknown, and it stays in the cluster unchanged';
}
