/** The files that a service of docker compose names, and which of the given ones they are. */

import type { NamedText } from '../../../named-text.ts';
import type { FileAt } from '../cluster/mounts.ts';
import { matchQuality } from '../file-names.ts';
import { child, elements, locationOf, scalarText, type YamlNode } from '../yaml-node.ts';

/** Finds the file that was given for a path; each serves one path only, and of two that fit as well none does. */
export function createFileFinder(files: readonly NamedText[], paths: readonly string[]): FileFinder {
  const owners = new Map<NamedText, string>();
  const find = (path: string, least: number) => {
    const fits = files
      .filter((file) => [undefined, path].includes(owners.get(file)))
      .map((file) => ({ file, how: matchQuality(path, file.name) }));
    const best = Math.max(least, ...fits.map(({ how }) => how));
    const [found, ...more] = fits.filter(({ how }) => how === best);
    if (found === undefined || more.length > 0) return undefined;
    owners.set(found.file, path);
    return found.file;
  };
  // What fits well is not taken for something else.
  for (const path of paths) find(path, 2);
  return (path) => find(path, 1);
}

type FileFinder = (path: string) => NamedText | undefined;

/** The volumes of a service, the longest path in it first. */
function volumesOf(service: YamlNode): readonly { readonly source: string; readonly target: string }[] {
  return elements(child(service, 'volumes'))
    .map((entry) => {
      const text = scalarText(entry);
      const [source = '', target = ''] =
        text === undefined
          ? [scalarText(child(entry, 'source')), scalarText(child(entry, 'target'))]
          : text.split(':');
      return { source, target: target.replace(/\/+$/, '') };
    })
    .toSorted((a, b) => b.target.length - a.target.length);
}

/** The files of `configs` and `secrets` that a service has. */
function heldBy(
  service: YamlNode,
  document: YamlNode,
): readonly { readonly node: YamlNode; readonly target: string }[] {
  return (['configs', 'secrets'] as const).flatMap((list) =>
    elements(child(service, list)).map((entry) => {
      const source = scalarText(entry) ?? scalarText(child(entry, 'source')) ?? '';
      const folder = list === 'secrets' ? '/run/secrets/' : '/';
      const target = scalarText(child(entry, 'target')) ?? `${folder}${source}`;
      return { node: child(document, list, source), target };
    }),
  );
}

/** The paths of all files that a service names. */
export function sourcesOf(service: YamlNode, document: YamlNode): readonly string[] {
  return [
    ...volumesOf(service).map(({ source }) => source),
    ...heldBy(service, document).map(({ node }) => scalarText(child(node, 'file')) ?? ''),
  ];
}

/** The files that a service mounts: given ones, or what the compose file itself holds. */
export function filesOf(service: YamlNode, document: YamlNode, given: FileFinder): FileAt {
  const [mounts, objectText] = [volumesOf(service), heldBy(service, document)];
  return (path) => {
    const own = objectText.find(({ target }) => target === path);
    if (own !== undefined) {
      const content = child(own.node, 'content');
      if (typeof content.value === 'string') return { text: content.value, name: locationOf(content) };
      const file = given(scalarText(child(own.node, 'file')) ?? '');
      return file ?? { lacks: scalarText(child(own.node, 'file')) ?? 'its content', isFile: true };
    }
    const mount = mounts.find(({ target }) => path === target || path.startsWith(`${target}/`));
    if (mount === undefined) return undefined;
    const source = `${mount.source}${path.slice(mount.target.length)}`;
    return given(source) ?? { lacks: source, isFile: true };
  };
}
