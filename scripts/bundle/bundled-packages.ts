/** The packages whose code is in the bundle. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package in the bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** Its SPDX expression. */
  readonly licence: string;
  readonly author: string;
  /** The texts of its licenses and notices; empty if the package contains none. */
  readonly texts: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
}

/** The folder of the package of a module, also below another package. */
const packageFolder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** The helpers that the bundler adds have no file. */
const helper = '\0';

const licenceFile = /^(?:licen[cs]e|copying|copyright|notice)/i;

/** The packages of these modules, sorted by name and version. The bundler is one of them, because it adds helpers. */
export function bundledPackages(root: string, modules: readonly string[]): readonly BundledPackage[] {
  const folders = modules.flatMap((module) =>
    module.startsWith(helper) ? ['node_modules/rolldown'] : (packageFolder.exec(module)?.[1] ?? []),
  );
  return [...new Set(folders)]
    .map((folder) => readPackage(join(root, folder)))
    .sort((a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en'));
}

function readPackage(folder: string): BundledPackage {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const { name, version, license = 'unknown', author = '' } = manifest;
  const texts = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && licenceFile.test(entry.name))
    .map((entry) => entry.name)
    .toSorted()
    .map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim());
  return {
    name,
    version,
    licence: license,
    author: typeof author === 'string' ? author : author.name,
    texts,
  };
}

/** Writes the licenses and notices of these packages as one text. */
export function licencesText(packages: readonly BundledPackage[]): string {
  const parts = packages.map(({ name, version, licence, author, texts }) => {
    const none = `This package contains no license text. Its package.json names the license ${licence} and the author ${author}.`;
    return `${name} ${version} (${licence})\n\n${(texts.length > 0 ? texts : [none]).join('\n\n')}\n`;
  });
  const line = `\n${'-'.repeat(80)}\n\n`;
  return `oidc-authz contains code of these packages. Each has its own license.\n${line}${parts.join(line)}`;
}
