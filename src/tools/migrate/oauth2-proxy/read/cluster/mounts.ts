/** The files that a container mounts, and the ConfigMap or Secret that each comes from. */

import { child, elements, scalarText, type YamlNode } from '../yaml-node.ts';
import type { Objects, Reference } from './objects.ts';

/** A mounted file: its content, or the name of the missing input. */
export type MountedFile =
  | { readonly text: string; readonly name: string }
  | {
      readonly lacks: string;
      /** Whether it is a file on the host that is not among the input files. */
      readonly isFile?: boolean;
    };

/** Finds the file at a path; undefined if no mount covers the path. */
export type FileAt = (path: string) => MountedFile | undefined;

/** The ConfigMap or Secret behind a part of a volume. */
export interface VolumeSource extends Reference {
  /** The key for each path; undefined if every key is a file with its own name. */
  readonly items: ReadonlyMap<string, string> | undefined;
}

/** Makes a finder for the files that a container mounts from the volumes of its pod. */
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
  return (rawPath) => {
    const path = rawPath.replaceAll(/\/{2,}/g, '/');
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

/** Reads one key of an object as a file. */
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
  // If several sources have the path, the last one wins, even if it is not among the files.
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

/** The ConfigMaps and Secrets of a volume. */
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
