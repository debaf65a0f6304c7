/** The objects of Kubernetes manifests, and the texts of ConfigMaps and Secrets. */

import { Buffer } from 'node:buffer';
import { isMapping } from '../../../../../config/values/mapping.ts';
import { child, elements, fields, locationOf, scalarText, type YamlNode } from '../yaml-node.ts';

/** An object of a manifest. */
export interface ClusterObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly node: YamlNode;
}

/** One text of a ConfigMap or Secret. */
export interface ObjectText {
  readonly key: string;
  readonly text: string;
  /** Its location in a file. */
  readonly source: string;
  readonly holder: 'ConfigMap' | 'Secret';
}

/** The objects of a document, which may be a list. */
export function objectsIn(document: YamlNode, ofList = ''): ClusterObject[] {
  const kind = scalarText(child(document, 'kind')) ?? ofList;
  const items = child(document, 'items');
  // In a list from the API server, the entries have no kind.
  if (/List$/.test(kind) && Array.isArray(items.value))
    return elements(items).flatMap((item) => objectsIn(item, kind.slice(0, -'List'.length)));
  const objects = child(document, 'objects');
  if (kind === 'Template' && Array.isArray(objects.value))
    return [...elements(objects).flatMap((object) => objectsIn(object)), objectAt(document, kind)];
  return [objectAt(document, kind)];
}

function objectAt(document: YamlNode, kind: string): ClusterObject {
  const metadata = child(document, 'metadata');
  return {
    kind,
    apiVersion: scalarText(child(document, 'apiVersion')) ?? '',
    name: scalarText(child(metadata, 'name')) ?? '',
    namespace: scalarText(child(metadata, 'namespace')),
    node: document,
  };
}

/** Whether a document is a Kubernetes object. */
export function isClusterObject({ value }: YamlNode): boolean {
  return isMapping(value) && typeof value.kind === 'string' && 'apiVersion' in value;
}

/** The texts of a ConfigMap or Secret; empty for other objects. */
export function objectTexts({ kind, name, node }: ClusterObject): ObjectText[] {
  if (kind !== 'ConfigMap' && kind !== 'Secret') return [];
  const read = (below: string, decode: (text: string) => string) =>
    fields(child(node, below)).flatMap(([key, entry]) => {
      const text = scalarText(entry);
      const source = `${locationOf(entry)} ${kind} ${name}`;
      return text === undefined ? [] : [{ key, text: decode(text), source, holder: kind } as const];
    });
  // Text that is not Base64 is a placeholder and stays as it is.
  const decoded = (text: string) =>
    /^[A-Za-z0-9+/=\s]*$/.test(text) ? Buffer.from(text, 'base64').toString('utf8') : text;
  const plain = (text: string) => text;
  const all =
    kind === 'Secret'
      ? [...read('data', decoded), ...read('stringData', plain)]
      : [...read('data', plain), ...read('binaryData', decoded)];
  // If both maps have a key, the second one wins.
  return all.filter(({ key }, index) => all.findLastIndex((other) => other.key === key) === index);
}
