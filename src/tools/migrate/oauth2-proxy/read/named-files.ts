/** Finds the configuration files that flags name: mounted, among the input files, or on this machine. */

import type { Collected, NamedFile } from './collected.ts';
import { isNamedBy } from './file-names.ts';
import type { SortedFiles } from './sort-files.ts';
import { readToml } from './toml.ts';

type ReadFile = ((path: string) => string) | undefined;

/** Reads the configuration file and the alpha configuration that flags name. Files that no flag names are refused. */
export function resolveNamedFiles(sorted: SortedFiles, readFile: ReadFile, collected: Collected): void {
  for (const flag of ['config', 'alpha-config'] as const) {
    const all = collected.namedFiles.filter((named) => named.flag === flag);
    const named = all.at(-1);
    for (const { source } of all.slice(0, -1))
      collected.findings.push({
        setting: flag,
        source,
        verdict: 'meaningless',
        text: `${named?.source} overrides it`,
      });
    resolve(flag, named, sorted, readFile, collected);
  }
  for (const source of collected.keyFiles.slice(1)) {
    const message = `second configuration file; the first is ${collected.keyFiles[0]}; oauth2-proxy reads one`;
    collected.problems.push({ path: '', source, message });
  }
}

function resolve(
  flag: NamedFile['flag'],
  named: NamedFile | undefined,
  { toml, alpha, isInstalled }: SortedFiles,
  readFile: ReadFile,
  collected: Collected,
): void {
  const inputs = flag === 'config' ? toml : alpha;
  const kind = flag === 'config' ? 'keys' : 'alpha';
  const read = (file: { readonly text: string; readonly name: string }) => {
    if (flag === 'config') readToml(file, collected);
    else collected.alpha.push({ ...file, owner: file.name });
  };
  const mounted =
    named === undefined
      ? undefined
      : collected.mounts.map((fileAt) => fileAt(named.path)).find((file) => file !== undefined);
  const isMissing = collected.missing.some((one) => one.kind === kind);
  if (mounted !== undefined && 'text' in mounted) {
    read(mounted);
    // A compose file mounts input files.
    const others = inputs.filter(({ name }) => name !== mounted.name);
    refuseOthers(others, flag, collected);
    return;
  }
  const matching = inputs.filter(({ name }) => {
    if (!isInstalled) return true;
    if (named === undefined) return isMissing;
    return mounted?.isFile !== true && (named.isFromArguments || isNamedBy(named.path, name));
  });
  const [first, ...more] = matching;
  if (first !== undefined) {
    read(first);
    const others = inputs.filter((file) => !matching.includes(file));
    refuseOthers(others, flag, collected);
    for (const { name } of more) {
      const what = flag === 'config' ? 'configuration file' : 'alpha configuration';
      const message = `second ${what}; the first is ${first?.name}; oauth2-proxy reads one`;
      collected.problems.push({ path: '', source: name, message });
    }
  } else {
    refuseOthers(inputs, flag, collected);
    if (named === undefined || isMissing) return;
    const text =
      named.isFromArguments && readFile !== undefined ? readOrNothing(named.path, readFile) : undefined;
    if (text !== undefined) read({ text, name: named.path });
    else {
      const where = mounted === undefined ? '' : ` (it is in ${mounted.lacks})`;
      const message = `it names ${named.path}, which is not among the files${where}; pass it as well`;
      collected.problems.push({ path: `--${flag}`, source: named.source, message });
    }
  }
}

function refuseOthers(
  files: readonly { readonly name: string }[],
  flag: string,
  { findings }: Collected,
): void {
  for (const { name } of files)
    findings.push({
      setting: name,
      source: name,
      verdict: 'refused',
      text: `it is not read: oauth2-proxy does not name it with \`--${flag}\``,
    });
}

function readOrNothing(path: string, readFile: (path: string) => string): string | undefined {
  try {
    return readFile(path);
  } catch {
    return undefined;
  }
}
