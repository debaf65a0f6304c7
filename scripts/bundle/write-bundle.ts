/** Writes the bundle and what belongs to it. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials } from './bill-of-materials.ts';
import { type Bundle, bundle } from './bundle.ts';
import { bundledPackages, licencesText } from './bundled-packages.ts';

/**
 * Builds the program and replaces `dist/` and `source-maps/`.
 *
 * @param root the folder of package.json
 * @param target the folder to write into
 */
export async function writeBundle(root: string, target: string): Promise<Bundle> {
  const built = await bundle(root);
  const { files, maps, modules } = built;
  const packages = bundledPackages(root, modules);
  const more = [
    { name: 'licenses.txt', text: licencesText(packages) },
    { name: 'oidc-authz.cdx.json', text: billOfMaterials(root, packages) },
  ];
  for (const [folder, contents] of [
    [join(target, 'dist'), [...files, ...more]],
    [join(target, 'source-maps'), maps],
  ] as const) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const { name, text } of contents) writeFileSync(join(folder, name), text);
  }
  return built;
}
