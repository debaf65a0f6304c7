/** The objects of Kubernetes manifests: what ConfigMaps and Secrets hold, for whoever refers to it. */

import { Buffer } from 'node:buffer';
import { isMapping } from '../../../../../config/values/mapping.ts';
import { child, elements, fields, place, type Spot, scalarText } from '../location.ts';

/** An object of a manifest. */
export interface ClusterObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly spot: Spot;
}

/** One text of a ConfigMap or Secret. */
export interface HeldText {
  readonly key: string;
  readonly text: string;
  /** Where it stands. */
  readonly source: string;
  readonly holder: 'ConfigMap' | 'Secret';
}

/** The objects of a document, which may be a list of them. */
export function objectsIn(document: Spot, ofList = ''): ClusterObject[] {
  const kind = scalarText(child(document, 'kind')) ?? ofList;
  const items = child(document, 'items');
  // What the API server lists itself has its kind only once.
  if (/List$/.test(kind) && Array.isArray(items.value))
    return elements(items).flatMap((item) => objectsIn(item, kind.slice(0, -'List'.length)));
  const objects = child(document, 'objects');
  if (kind === 'Template' && Array.isArray(objects.value))
    return [...elements(objects).flatMap((object) => objectsIn(object)), objectAt(document, kind)];
  return [objectAt(document, kind)];
}

function objectAt(document: Spot, kind: string): ClusterObject {
  const metadata = child(document, 'metadata');
  return {
    kind,
    apiVersion: scalarText(child(document, 'apiVersion')) ?? '',
    name: scalarText(child(metadata, 'name')) ?? '',
    namespace: scalarText(child(metadata, 'namespace')),
    spot: document,
  };
}

/** Whether a document is an object of Kubernetes. */
export function isClusterObject({ value }: Spot): boolean {
  return isMapping(value) && typeof value.kind === 'string' && 'apiVersion' in value;
}

/** What a ConfigMap or Secret holds; empty for other objects. */
export function heldTexts({ kind, name, spot }: ClusterObject): HeldText[] {
  if (kind !== 'ConfigMap' && kind !== 'Secret') return [];
  const read = (below: string, decode: (text: string) => string) =>
    fields(child(spot, below)).flatMap(([key, entry]) => {
      const text = scalarText(entry);
      const source = `${place(entry)} ${kind} ${name}`;
      return text === undefined ? [] : [{ key, text: decode(text), source, holder: kind } as const];
    });
  // What is no Base64 is a placeholder, which says more as it stands.
  const decoded = (text: string) =>
    /^[A-Za-z0-9+/=\s]*$/.test(text) ? Buffer.from(text, 'base64').toString('utf8') : text;
  const plain = (text: string) => text;
  const all =
    kind === 'Secret'
      ? [...read('data', decoded), ...read('stringData', plain)]
      : [...read('data', plain), ...read('binaryData', decoded)];
  // Of a key in both, the second counts.
  return all.filter(({ key }, index) => all.findLastIndex((other) => other.key === key) === index);
}
