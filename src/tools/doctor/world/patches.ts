/** JSON patches (RFC 6902) of the Kyma Istio resource, as files. */
import { isMapping, type Mapping } from '../../../config/values/mapping.ts';
import type { Place } from '../finding.ts';
import type { ParsedDocument } from '../read/documents.ts';
import { type KubeObject, objectsOf, pathText, textOf } from '../read/objects.ts';

/** One operation of a patch. */
export interface JsonPatch {
  readonly operation: string;
  readonly path: string;
  readonly place: Place;
  /** The object that the operation alone would write: the value at its path. */
  readonly value: KubeObject;
}

const mostOperations = 1_000;

/** The operations of a document that is a JSON patch; empty for another document. */
export function patchesOf(document: ParsedDocument, file: string): readonly JsonPatch[] {
  if (!Array.isArray(document.value)) return [];
  return document.value.slice(0, mostOperations).flatMap((item: unknown, index) => {
    if (!isMapping(item) || typeof item.op !== 'string' || typeof item.path !== 'string') return [];
    const [object] = objectsOf({ ...document, value: written(item.path, item.value) }, file);
    if (object === undefined) return [];
    const place = { file, line: document.line([index]), object: '', path: pathText([index]) };
    const value: KubeObject = { ...object, at: () => ({ ...place, path: `${place.path}.value` }) };
    return [{ operation: item.op, path: item.path, place, value }];
  });
}

/** Places a value at a JSON pointer: `/spec/config/authorizers/-` becomes nested mappings and a list of one. */
function written(pointer: string, value: unknown): Mapping {
  const parts = pointer.split('/').slice(1, 20);
  const nested = parts.reduceRight<unknown>(
    (inner, part) => (part === '-' || /^\d+$/.test(part) ? [inner] : { [part]: inner }),
    value,
  );
  return isMapping(nested) && textOf(nested.kind) === '' ? nested : {};
}
