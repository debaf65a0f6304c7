/** The CycloneDX bill of materials of the bundle. */
import { execFileSync } from 'node:child_process';
import type { BundledPackage } from './bundled-packages.ts';

interface Bom {
  readonly metadata: { readonly component: { readonly 'bom-ref': string } };
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly name: string;
    readonly version: string;
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * Writes the bill of materials of these packages, as JSON. npm creates it for all packages of package-lock.json, and this function
 * removes the others, and what differs from one run to the next.
 *
 * @param root the folder of package-lock.json
 */
export function billOfMaterials(root: string, packages: readonly BundledPackage[]): string {
  const whole = JSON.parse(
    execFileSync(
      'npm',
      ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'],
      { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 * 1024 * 1024 },
    ),
  ) as Bom & Record<string, unknown>;
  const wanted = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  const components = whole.components
    .filter(({ name, version }) => wanted.has(`${name}@${version}`))
    .map((component) => ({ ...component, scope: 'required', properties: [] }));
  const product = { ...whole.metadata.component, name: 'oidc-authz' };
  const refs = new Set([product['bom-ref'], ...components.map((one) => one['bom-ref'])]);
  const dependencies = whole.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  const { serialNumber: _, ...rest } = whole;
  const metadata = { lifecycles: [{ phase: 'build' }], component: product };
  return `${JSON.stringify({ ...rest, metadata, components, dependencies }, null, 2)}\n`;
}
