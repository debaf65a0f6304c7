/** A cluster without nodes, with the CRDs of all resources in the manifests, and commands to use it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { type Cluster, startCluster } from '../../tools/cluster.ts';
import { type Controllers, startControllers } from '../../tools/controllers.ts';
import { findHelm, findKubectl } from '../../tools/helm.ts';
import { findEtcd, findKubeApiserver } from '../../tools/kube-apiserver.ts';
import { fetchDefinitions } from '../../tools/validators.ts';
import type { Manifest } from './chart.ts';

/** The result of a command. */
export interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** A running cluster. */
export interface TestCluster {
  readonly controllers: Controllers;
  /** Runs kubectl. Returns its output, or throws its error. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  /** Runs helm in the same way. */
  readonly helm: (args: readonly string[]) => Promise<string>;
  /** Runs a shell command with kubectl and helm in the path. Returns its result. */
  readonly shell: (line: string, options?: { cwd?: string; env?: NodeJS.ProcessEnv }) => Promise<Ended>;
  /** Reads an object. */
  readonly get: (kind: string, name: string, namespace?: string) => Promise<Manifest>;
  readonly stop: () => Promise<void>;
}

const crds = fileURLToPath(new URL('../../tools/crds', import.meta.url));

/** Starts a cluster for one test file. */
export async function startTestCluster(): Promise<TestCluster> {
  const [etcd, apiserver, kubectlProgram, helmProgram] = (
    await Promise.all([findEtcd(), findKubeApiserver(), findKubectl(), findHelm()])
  ).map((found) => {
    if ('missing' in found) throw new Error(`a cluster cannot be had: ${found.missing}`);
    return found.path;
  }) as [string, string, string, string];
  const cluster = await startCluster({ etcd, apiserver });
  const controllers = await startControllers(cluster);

  const home = mkdtempSync(join(tmpdir(), 'oidc-authz-home-'));
  for (const [name, program] of [
    ['kubectl', kubectlProgram],
    ['helm', helmProgram],
  ] as const)
    symlinkSync(program, join(home, name));
  const environment = {
    PATH: `${home}:${process.env.PATH}`,
    HOME: home,
    KUBECONFIG: cluster.kubeconfig,
  };
  const shell: TestCluster['shell'] = (line, { cwd = home, env = {} } = {}) =>
    runProgram('sh', ['-c', line], { cwd, env: { ...environment, ...env } });
  const succeed = async (program: string, args: readonly string[], input?: string) => {
    const { code, output, errors } = await runProgram(program, args, { cwd: home, env: environment }, input);
    if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${errors}${output}`);
    return output;
  };
  const kubectl: TestCluster['kubectl'] = (args, input) => succeed(kubectlProgram, args, input);
  await defineAll(kubectl);
  return {
    controllers,
    kubectl,
    helm: (args) => succeed(helmProgram, args),
    shell,
    get: async (kind, name, namespace) =>
      JSON.parse(
        await kubectl([
          'get',
          kind,
          name,
          '--output',
          'json',
          ...(namespace === undefined ? [] : ['--namespace', namespace]),
        ]),
      ),
    stop: () => stopAll(cluster, controllers),
  };
}

/** The CRD of Kyma's Istio resource, which accepts any name and text, as in Kyma. */
export function laxIstioDefinition(): string {
  const definition = parse(readFileSync(join(crds, 'kyma-istio.yaml'), 'utf8'), { maxAliasCount: -1 });
  const strict = new Set(['pattern', 'maxLength', 'x-kubernetes-validations']);
  return stringify(
    JSON.parse(JSON.stringify(definition, (key, value) => (strict.has(key) ? undefined : value))),
  );
}

async function defineAll(kubectl: TestCluster['kubectl']): Promise<void> {
  for (const path of await fetchDefinitions()) {
    const files = ['apply', '--server-side', '--recursive', '--filename', path];
    await kubectl(files);
  }
  await kubectl(['wait', '--for=condition=Established', 'customresourcedefinitions', '--all']);
}

async function stopAll(cluster: Cluster, controllers: Controllers): Promise<void> {
  controllers.stop();
  await cluster.stop();
}

function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  input = '',
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, output, errors }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
