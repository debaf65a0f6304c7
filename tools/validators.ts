/** Validators of manifests: the API server's own code, and the tools that platform teams use. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type FoundProgram, ownGoProgram } from './programs.ts';

const run = promisify(execFile);
const ownDefinitions = fileURLToPath(new URL('crds', import.meta.url));

/** The Go modules with the resource definitions, and a path in each. */
const modules = [
  ['istio.io/api@v1.30.8', 'kubernetes/customresourcedefinitions.gen.yaml'],
  ['github.com/prometheus-operator/prometheus-operator@v0.85.0', 'example/prometheus-operator-crd'],
  ['sigs.k8s.io/gateway-api@v1.5.1', 'config/crd/CHANNEL'],
  ['k8s.io/autoscaler/vertical-pod-autoscaler@v1.4.1', 'deploy/vpa-v1-crd-gen.yaml'],
  [
    'github.com/envoyproxy/gateway@v1.9.1',
    'charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_securitypolicies.yaml',
  ],
] as const;

/** Definitions that no manifest of the chart or of `deploy/` needs. */
const moreModules = [['github.com/projectcontour/contour@v1.33.8', 'examples/contour/01-crds.yaml']] as const;

/** Builds the validator from the API server's packages and returns its path. */
export function findManifestValidator(): Promise<FoundProgram> {
  return ownGoProgram('manifest-validator');
}

/** Builds the reader of quantities and returns its path. */
export function findQuantityReader(): Promise<FoundProgram> {
  return ownGoProgram('quantity');
}

/**
 * Reads quantities as an API server does.
 *
 * @param yaml a list of quantities
 * @returns each as a whole number, rounded up; undefined if it is invalid
 */
export async function readQuantities(program: string, yaml: string): Promise<(bigint | undefined)[]> {
  const { code, output, errors } = await feed(program, [], yaml);
  if (code !== 0) throw new Error(errors);
  return lines(output).map((line) => (line.startsWith('invalid') ? undefined : BigInt(line)));
}

/**
 * Fetches the definitions of Istio, the Prometheus operator, the Gateway API, Envoy Gateway and the VPA.
 *
 * @param channel the channel of the Gateway API; with `experimental`, also the definitions of Contour
 * @returns all paths
 */
export async function fetchDefinitions(
  channel: 'standard' | 'experimental' = 'standard',
): Promise<readonly string[]> {
  const paths = await Promise.all(
    [...modules, ...(channel === 'experimental' ? moreModules : [])].map(async ([module, path]) => {
      const { stdout } = await run('go', ['mod', 'download', '-json', module], {
        cwd: tmpdir(),
        timeout: 300_000,
      });
      return join(JSON.parse(stdout).Dir, path.replace('CHANNEL', channel));
    }),
  );
  return [...paths, ownDefinitions].filter((path) => existsSync(path));
}

/** Validates manifests as an API server with Pod Security "restricted" does. @returns the problems; empty if there are none */
export async function apiServerProblems(
  program: string,
  definitions: readonly string[],
  manifests: string,
): Promise<readonly string[]> {
  const { code, output, errors } = await feed(program, definitions, manifests);
  if (code > 1) throw new Error(errors);
  return lines(output);
}

/** Validates manifests of built-in kinds with kubernetes-validate. @returns the problems */
export async function builtInProblems(program: string, manifests: string): Promise<readonly string[]> {
  const { code, output, errors } = await feed(program, ['--strict', '-k', '1.37.0', '-'], manifests);
  return code === 0 ? [] : lines(output + errors);
}

/** Runs kube-score. @returns the critical findings */
export async function scoreProblems(program: string, manifests: string): Promise<readonly string[]> {
  const { output } = await feed(program, ['score', '--output-format', 'ci', '-'], manifests);
  return lines(output).filter((line) => line.startsWith('[CRITICAL]'));
}

/** Runs checkov. @returns the failed checks, without `skipped` ones */
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

/** Writes a text to a new file. */
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
