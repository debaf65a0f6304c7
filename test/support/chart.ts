/** Renders the chart with a real helm. */
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { helm } from '../../tools/helm.ts';

/** The folder of the chart. */
export const chartFolder = fileURLToPath(new URL('../../charts/oidc-authz', import.meta.url));

/** A values file for each mode, by name. */
export const modes = readdirSync(join(chartFolder, 'ci')).map((name) => ({
  mode: name.replace('-values.yaml', ''),
  file: join(chartFolder, 'ci', name),
}));

/** A Kubernetes object, with the fields that tests read. */
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
  // biome-ignore lint/suspicious/noExplicitAny: every kind has different fields
  readonly [part: string]: any;
}

/** The values of the smallest installation. */
export const minimalValues = {
  image: { repository: 'registry.example.com/oidc-authz' },
  config: { issuers: [{ issuer: 'https://tenant.example.com', audiences: ['orders-api'] }] },
};

/** Writes values, or a YAML text, to a file. */
export function valuesFile(values: object | string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-values-')), 'values.yaml');
  // JSON, so that helm does not convert a text such as 08 or no.
  writeFileSync(file, typeof values === 'string' ? values : JSON.stringify(values));
  return file;
}

/** Renders the chart. Throws helm's message if it fails. */
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

/** The only manifest of a kind, or the one with a name. */
export function one(manifests: readonly Manifest[], kind: string, name = /(?:)/): Manifest {
  const [found, ...more] = manifests.filter(
    (manifest) => manifest.kind === kind && name.test(manifest.metadata.name),
  );
  if (found === undefined || more.length > 0) throw new Error(`${kind} ${name}: ${more.length + 1} or none`);
  return found;
}
