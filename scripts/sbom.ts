/**
 * `npm run sbom`: prints a CycloneDX bill of materials of the runtime packages. npm creates it for all packages, and this script
 * removes the others. With `--omit=dev`, npm also omits packages that both need.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runtimePackages } from './packages.ts';

interface Bom {
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly name: string;
    readonly version: string;
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const text = execFileSync(
  'npm',
  ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'],
  {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  },
);
const whole = JSON.parse(text.toString()) as Bom & {
  metadata: { component: { name: string; 'bom-ref': string } };
};
const wanted = new Set(runtimePackages().map(({ name, version }) => `${name}@${version}`));
const components = whole.components.filter(({ name, version }) => wanted.has(`${name}@${version}`));
const refs = new Set([whole.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])]);
const dependencies = whole.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
const metadata = { ...whole.metadata, component: { ...whole.metadata.component, name: 'oidc-authz' } };
process.stdout.write(`${JSON.stringify({ ...whole, metadata, components, dependencies }, null, 2)}\n`);
