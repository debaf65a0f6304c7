/** Matches the files that a docker compose service names with the input files. */

import type { NamedText } from '../../../named-text.ts';
import type { FileAt } from '../cluster/mounts.ts';
import { matchQuality } from '../file-names.ts';
import { child, elements, locationOf, scalarText, type YamlNode } from '../yaml-node.ts';

/**
 * Makes a finder of input files by path. Each file serves one path; if two files match equally well, neither is used.
 */
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
  // Good matches are assigned first.
  for (const path of paths) find(path, 2);
  return (path) => find(path, 1);
}

type FileFinder = (path: string) => NamedText | undefined;

/** The volumes of a service, the longest target path first. */
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

/** The files of `configs` and `secrets` of a service. */
function configsAndSecrets(
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
    ...configsAndSecrets(service, document).map(({ node }) => scalarText(child(node, 'file')) ?? ''),
  ];
}

/** Makes a finder for the files that a service mounts: input files, or content of the compose file. */
export function filesOf(service: YamlNode, document: YamlNode, findFile: FileFinder): FileAt {
  const [mounts, objectText] = [volumesOf(service), configsAndSecrets(service, document)];
  return (path) => {
    const own = objectText.find(({ target }) => target === path);
    if (own !== undefined) {
      const content = child(own.node, 'content');
      if (typeof content.value === 'string') return { text: content.value, name: locationOf(content) };
      const file = findFile(scalarText(child(own.node, 'file')) ?? '');
      return file ?? { lacks: scalarText(child(own.node, 'file')) ?? 'its content', isFile: true };
    }
    const mount = mounts.find(({ target }) => path === target || path.startsWith(`${target}/`));
    if (mount === undefined) return undefined;
    const source = `${mount.source}${path.slice(mount.target.length)}`;
    return findFile(source) ?? { lacks: source, isFile: true };
  };
}
