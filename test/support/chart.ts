/** The chart, rendered by a real helm. */
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { helm } from '../../tools/helm.ts';

/** The folder of the chart. */
export const chartFolder = fileURLToPath(new URL('../../charts/oidc-authz', import.meta.url));

/** A values file for each mode, by its name. */
export const modes = readdirSync(join(chartFolder, 'ci')).map((name) => ({
  mode: name.replace('-values.yaml', ''),
  file: join(chartFolder, 'ci', name),
}));

/** An object of Kubernetes, as far as tests look into it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: every kind has a shape of its own
  readonly [part: string]: any;
}

/** The values of the smallest installation. */
export const leastValues = {
  image: { repository: 'registry.example.com/oidc-authz' },
  config: { issuers: [{ issuer: 'https://tenant.example.com', audiences: ['orders-api'] }] },
};

/** Writes values to a file, or a text in YAML as it is. */
export function valuesFile(values: object | string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-values-')), 'values.yaml');
  // A text such as 08 or no stays one, however helm reads YAML.
  writeFileSync(file, typeof values === 'string' ? values : JSON.stringify(values));
  return file;
}

/** Renders the chart; throws what helm says if it refuses. */
export async function render(
  program: string,
  valuesFiles: readonly string[],
  flags: readonly string[] = [],
): Promise<readonly Manifest[]> {
  const values = valuesFiles.flatMap((file) => ['--values', file]);
  const command = ['template', 'oidc-authz', chartFolder, '--namespace', 'oidc-authz', ...values, ...flags];
  const { ok, output } = await helm(program, command);
  if (!ok) throw new Error(output);
  return parseAllDocuments(output)
    .map((document) => document.toJSON() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** The one manifest of a kind, by its name where there are several. */
export function one(manifests: readonly Manifest[], kind: string, name = /(?:)/): Manifest {
  const [found, ...more] = manifests.filter(
    (manifest) => manifest.kind === kind && name.test(manifest.metadata.name),
  );
  if (found === undefined || more.length > 0) throw new Error(`${kind} ${name}: ${more.length + 1} or none`);
  return found;
}
