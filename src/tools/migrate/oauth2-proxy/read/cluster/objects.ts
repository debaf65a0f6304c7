/** The objects of all manifests, and which of them were read or told about: what nobody took is named in the end. */
import type { Finding } from '../../../finding.ts';
import { child, elements, locationOf, scalarText } from '../yaml-node.ts';
import { type ClusterObject, type ObjectText, objectTexts } from './cluster-objects.ts';
import { generatedSecrets, isHarmlessKind, whyHarmless } from './object-kinds.ts';

/** What a ConfigMap or Secret is asked for by. */
export interface Reference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  /** That of whoever refers to it; undefined where that says none. */
  readonly namespace: string | undefined;
}

/** The objects of all files. */
export interface Objects {
  readonly all: readonly ClusterObject[];
  /** The ConfigMap or Secret that a reference names; of several, the last one that was given. */
  readonly named: (reference: Reference) => ClusterObject | undefined;
  /** The texts of an object, each of which counts as read from now on; with a key, only that. */
  readonly readTexts: (object: ClusterObject, key?: string) => readonly ObjectText[];
  /** Says that something tells of an object, so that it is not named again. */
  readonly markReported: (object: ClusterObject) => void;
  /** Says whose an object is that oauth2-proxy does not use. */
  readonly markUsedBy: (object: ClusterObject, owner: string) => void;
  /** A finding for everything that was neither read nor told. */
  readonly unreported: () => readonly Finding[];
}

/** Takes stock of objects. */
export function createObjects(all: readonly ClusterObject[]): Objects {
  const told = new Set<ClusterObject>();
  const taken = new Map<ClusterObject, Set<string>>();
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
    const keys = taken.get(object) ?? new Set();
    for (const text of texts) keys.add(text.key);
    taken.set(object, keys);
    return texts;
  };
  /** Whose values another object makes, which is looked at itself. */
  const whyGenerated = (object: ClusterObject): string | undefined => {
    const { namespace } = object;
    const secrets = generatedSecrets(object);
    const areThere = secrets.every((name) => named({ kind: 'Secret', name, namespace }) !== undefined);
    if (secrets.length === 0 || !areThere) return undefined;
    return `it makes ${secrets.map((name) => `Secret/${name}`).join(', ')}, which is among the files and looked at itself`;
  };
  const unreportedIn = (object: ClusterObject): readonly Finding[] => {
    const setting = `${object.kind || 'object'}/${object.name}`;
    const source = locationOf(object.node);
    const keys = taken.get(object);
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
    markReported: (object) => void told.add(object),
    markUsedBy: (object, owner) => void owners.set(object, owner),
    unreported: () => all.filter((object) => !told.has(object)).flatMap(unreportedIn),
  };
}

/** Keys that hold secrets of logins, whatever refers to them. */
const loginKeys = ['client-secret', 'cookie-secret', 'redis-password'];

function unusedKey(setting: string, { key, source }: ObjectText): Finding {
  return loginKeys.includes(key)
    ? { setting: `${setting}:${key}`, source, verdict: 'meaningless', text: 'nobody logs in here' }
    : {
        setting: `${setting}:${key}`,
        source,
        verdict: 'refused',
        text: 'it is not read: nothing that oauth2-proxy is told names it',
      };
}

function whyUnread(object: ClusterObject): string {
  const { kind, node, namespace } = object;
  const secrets = generatedSecrets(object);
  if (secrets.length > 0) {
    const option = namespace === undefined ? '' : `--namespace ${namespace} `;
    return `it is not read: the values are not in it; give the Secret that it makes as well (\`kubectl ${option}get secret ${secrets.join(' ')} --output yaml\`)`;
  }
  if (kind === 'ConfigMap' || kind === 'Secret')
    return 'it is not read: what runs oauth2-proxy does not mount it, or names no file of it';
  if (kind === 'Kustomization')
    return 'it is not read: it says how manifests are made; give what `kubectl kustomize` prints';
  if (kind === 'Template')
    return 'it is not read: its parameters are not put into its objects here; give what `oc process` prints';
  const containers = elements(child(node, 'spec', 'template', 'spec', 'containers'));
  if (containers.length > 0) {
    const names = containers.map((container) => scalarText(child(container, 'name')) ?? 'one without a name');
    return `it is not read: no container of it runs oauth2-proxy (${names.join(', ')})`;
  }
  return isHarmlessKind(kind)
    ? 'it is not read: it asks for a guard of its own, by its annotations or by saying from where it may be called'
    : 'it is not read: nothing here knows what it asks for, and it stays in the cluster as it is';
}
