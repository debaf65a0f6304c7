/** The files that a container sees, and which ConfigMap or Secret each of them comes from. */

import { child, elements, scalarText, type YamlNode } from '../yaml-node.ts';
import type { Objects, Reference } from './objects.ts';

/** A file in a container: what is in it, or what would have to be given to see that. */
export type MountedFile =
  | { readonly text: string; readonly name: string }
  | {
      readonly lacks: string;
      /** Whether it is a file of the machine, and none of those that were given. */
      readonly isFile?: boolean;
    };

/** Looks for the file at a path; undefined where nothing is known of it. */
export type FileAt = (path: string) => MountedFile | undefined;

/** What a part of a volume comes from. */
export interface VolumeSource extends Reference {
  /** The path of each key, where they are not all there under their own names. */
  readonly items: ReadonlyMap<string, string> | undefined;
}

/** Looks into the volumes of a pod as one of its containers mounts them. */
export function mountedFiles(
  mountList: YamlNode,
  volumeList: YamlNode,
  namespace: string | undefined,
  objects: Objects,
): FileAt {
  const mounts = elements(mountList)
    .map((mount) => ({
      volume: scalarText(child(mount, 'name')) ?? '',
      path: (scalarText(child(mount, 'mountPath')) ?? '').replace(/\/+$/, ''),
      isKnown: child(mount, 'subPathExpr').value === undefined,
      below: (scalarText(child(mount, 'subPath')) ?? '').replace(/^\/+|\/+$/g, ''),
    }))
    .toSorted((a, b) => b.path.length - a.path.length);
  return (given) => {
    const path = given.replaceAll(/\/{2,}/g, '/');
    const mount = mounts.find((one) => path === one.path || path.startsWith(`${one.path}/`));
    if (mount === undefined) return undefined;
    const rest = path.slice(mount.path.length + 1);
    const inner = [mount.below, rest].filter((part) => part !== '').join('/');
    const volume = elements(volumeList).find((one) => scalarText(child(one, 'name')) === mount.volume);
    if (volume === undefined || !mount.isKnown) return { lacks: `the volume ${mount.volume}` };
    return (
      inSources(volumeSources(volume, namespace), inner, objects) ?? {
        lacks: `a file of the volume ${mount.volume}`,
      }
    );
  };
}

/** One key of an object as a file. */
export function mountedKey(reference: Reference, key: string, objects: Objects): MountedFile {
  const object = objects.named(reference);
  if (object === undefined) return { lacks: `the ${reference.kind} ${reference.name}` };
  const [objectText] = objects.readTexts(object, key);
  if (objectText !== undefined)
    return { text: objectText.text, name: `${objectText.source} ${objectText.key}` };
  return { lacks: `the key ${key} of the ${reference.kind} ${reference.name}` };
}

function inSources(
  sources: readonly VolumeSource[],
  path: string,
  objects: Objects,
): MountedFile | undefined {
  // Of a path that several have, the last one counts, which may be in one that is not there to be looked at.
  for (const source of sources.toReversed()) {
    const key = source.items === undefined ? path : source.items.get(path);
    if (key === undefined) continue;
    const object = objects.named(source);
    if (object === undefined) return { lacks: `the ${source.kind} ${source.name}` };
    const [objectText] = objects.readTexts(object, key);
    if (objectText !== undefined)
      return { text: objectText.text, name: `${objectText.source} ${objectText.key}` };
  }
  return undefined;
}

/** The ConfigMaps and Secrets that a volume is made of. */
export function volumeSources(volume: YamlNode, namespace: string | undefined): readonly VolumeSource[] {
  const projected = elements(child(volume, 'projected', 'sources'));
  return [volume, ...projected].flatMap((node) =>
    (['ConfigMap', 'Secret'] as const).flatMap((kind) => {
      const body = child(node, kind === 'Secret' ? 'secret' : 'configMap');
      const name = scalarText(child(body, 'secretName')) ?? scalarText(child(body, 'name'));
      if (name === undefined) return [];
      const items = elements(child(body, 'items')).map(
        (item) => [scalarText(child(item, 'path')) ?? '', scalarText(child(item, 'key')) ?? ''] as const,
      );
      return [{ kind, name, namespace, items: items.length === 0 ? undefined : new Map(items) }];
    }),
  );
}
