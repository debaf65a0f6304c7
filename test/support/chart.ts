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

/** A Kubernetes object, with the fields that tests use. */
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
  // biome-ignore lint/suspicious/noExplicitAny: the other fields depend on the kind
  readonly [part: string]: any;
}

/** The values of the smallest installation. */
export const minimalValues = {
  image: { repository: 'registry.example.com/oidc-authz' },
  config: { issuers: [{ issuer: 'https://tenant.example.com', audiences: ['orders-api'] }] },
};

/** Writes values to a file. A string is written unchanged, as YAML. */
export function valuesFile(values: object | string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-values-')), 'values.yaml');
  // JSON keeps strings such as `08` or `no` strings, whatever YAML version helm uses.
  writeFileSync(file, typeof values === 'string' ? values : JSON.stringify(values));
  return file;
}

/** Renders the chart. Throws the output of helm if it fails. */
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

/** The only manifest of a kind whose name matches. Throws if there is none, or more than one. */
export function one(manifests: readonly Manifest[], kind: string, name = /(?:)/): Manifest {
  const [found, ...more] = manifests.filter(
    (manifest) => manifest.kind === kind && name.test(manifest.metadata.name),
  );
  if (found === undefined || more.length > 0)
    throw new Error(`expected one ${kind} ${name}, found ${found === undefined ? 0 : more.length + 1}`);
  return found;
}
