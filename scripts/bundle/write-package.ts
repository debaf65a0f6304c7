/** Writes the folder that `npm pack` packs. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of the package in addition to the build. */
const others = ['protos', 'schema', 'LICENSE', 'README.md'];

/**
 * Copies a build and what belongs to it, with a package.json of its own: the bundle contains the packages, so it names none.
 *
 * @param root the folder of the repository's package.json
 * @param built the folder that has the build in `dist/`
 * @param target the folder to write into
 */
export function writePackage(root: string, built: string, target: string): void {
  mkdirSync(target, { recursive: true });
  cpSync(join(built, 'dist'), join(target, 'dist'), { recursive: true });
  for (const name of others) cpSync(join(root, name), join(target, name), { recursive: true });
  const { name, version, description, license, type, bin } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const manifest = { name, version, description, license, type, bin, engines: { node: '>=26' } };
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
