/** What others say of manifests: the API server's own validation, and the checks that platform teams run. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type FoundProgram, ownGoProgram } from './programs.ts';

const run = promisify(execFile);
const ownDefinitions = fileURLToPath(new URL('crds', import.meta.url));

/** Where the definitions of others are: modules of Go, and a path in each. */
const modules = [
  ['istio.io/api@v1.30.8', 'kubernetes/customresourcedefinitions.gen.yaml'],
  ['github.com/prometheus-operator/prometheus-operator@v0.85.0', 'example/prometheus-operator-crd'],
  ['sigs.k8s.io/gateway-api@v1.5.1', 'config/crd/standard'],
  ['k8s.io/autoscaler/vertical-pod-autoscaler@v1.4.1', 'deploy/vpa-v1-crd-gen.yaml'],
  [
    'github.com/envoyproxy/gateway@v1.9.1',
    'charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_securitypolicies.yaml',
  ],
] as const;

/** Builds the validator out of the API server's own packages; gives its path. */
export function findManifestValidator(): Promise<FoundProgram> {
  return ownGoProgram('manifest-validator');
}

/** Builds what reads quantities as an API server does; gives its path. */
export function findQuantityReader(): Promise<FoundProgram> {
  return ownGoProgram('quantity');
}

/**
 * Reads quantities as an API server does.
 *
 * @param yaml a list of them
 * @returns each as a whole number, rounded up; undefined for what is none
 */
export async function readQuantities(program: string, yaml: string): Promise<(bigint | undefined)[]> {
  const { code, output, errors } = await feed(program, [], yaml);
  if (code !== 0) throw new Error(errors);
  return lines(output).map((line) => (line.startsWith('invalid') ? undefined : BigInt(line)));
}

/** Gets the definitions of Istio, Prometheus' operator, the Gateway API, Envoy Gateway and the VPA; gives their paths and ours. */
export async function fetchDefinitions(): Promise<readonly string[]> {
  const paths = await Promise.all(
    modules.map(async ([module, path]) => {
      const { stdout } = await run('go', ['mod', 'download', '-json', module], {
        cwd: tmpdir(),
        timeout: 300_000,
      });
      return join(JSON.parse(stdout).Dir, path);
    }),
  );
  return [...paths, ownDefinitions].filter((path) => existsSync(path));
}

/** Says what an API server, and Pod Security "restricted", have against manifests; nothing if all is well. */
export async function apiServerProblems(
  program: string,
  definitions: readonly string[],
  manifests: string,
): Promise<readonly string[]> {
  const { code, output, errors } = await feed(program, definitions, manifests);
  if (code > 1) throw new Error(errors);
  return lines(output);
}

/** Says what the schemas of Kubernetes have against manifests of its own kinds (kubernetes-validate). */
export async function builtInProblems(program: string, manifests: string): Promise<readonly string[]> {
  const { code, output, errors } = await feed(program, ['--strict', '-k', '1.37.0', '-'], manifests);
  return code === 0 ? [] : lines(output + errors);
}

/** Says what kube-score calls critical. */
export async function scoreProblems(program: string, manifests: string): Promise<readonly string[]> {
  const { output } = await feed(program, ['score', '--output-format', 'ci', '-'], manifests);
  return lines(output).filter((line) => line.startsWith('[CRITICAL]'));
}

/** Says which checks of checkov failed; `skipped` are those that are not asked. */
export async function checkovProblems(
  program: string,
  framework: 'kubernetes' | 'dockerfile',
  file: string,
  skipped: readonly string[] = [],
): Promise<readonly string[]> {
  const args = [
    '--skip-download',
    '--quiet',
    '--compact',
    '--framework',
    framework,
    '--output',
    'json',
    '--file',
    file,
  ];
  const skip = skipped.length > 0 ? ['--skip-check', skipped.join(',')] : [];
  const { output } = await feed(program, [...args, ...skip], '');
  const report = JSON.parse(output);
  if (report.summary === undefined && report.passed === undefined) throw new Error(output);
  const failed: { check_id: string; check_name: string; resource: string }[] =
    report.results?.failed_checks ?? [];
  return failed.map((one) => `${one.check_id} ${one.resource}: ${one.check_name}`);
}

/** Writes a text to a file of its own. */
export function temporaryFile(name: string, text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-manifests-')), name);
  writeFileSync(file, text);
  return file;
}

function feed(
  program: string,
  args: readonly string[],
  input: string,
): Promise<{ code: number; output: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, output, errors }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
