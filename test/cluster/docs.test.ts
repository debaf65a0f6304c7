/** Runs every `kubectl`, `helm` and `generate` command of the documentation unchanged against a real API server, page by page from top to bottom. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestCluster, type TestCluster } from '../support/cluster.ts';
import { commandLines, valuesOf } from '../support/doc-lines.ts';
import { other } from '../support/istio-resource.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const namespace = 'oidc-authz';

/** Commands of kubectl that need a running pod: its log, a port, its usage. */
const ofRunningPods = /^kubectl (\S+ +)*?(logs|port-forward|top|exec) /;

/** Other commands that cannot run here, by reason. Remove a command from this list if no page contains it. */
const notRun: Readonly<Record<string, readonly string[]>> = {
  "needs Istio's own chart, out of its repository": [
    'helm upgrade istiod istio/istiod --namespace istio-system --reuse-values --values provider.yaml',
  ],
  'needs files that the migration plan writes; the test of the switch-over runs it': [
    'helm upgrade oidc-authz charts/oidc-authz --namespace oidc-authz --values values.oidc-authz.shadow.yaml --wait',
  ],
  'needs an oauth2-proxy in the cluster': [
    'kubectl --namespace oauth2-proxy get deployment,configmap,secret --output yaml | npm start --silent -- migrate oauth2-proxy',
  ],
  'is only a part of a command': [
    'helm get values',
    'helm template … \\| kubectl apply',
    'helm template \\| kubectl apply',
  ],
  'is a placeholder for four files, which another test applies': [
    'kubectl -n kyma-system patch istio default --type json --patch-file …',
  ],
};

const lines = commandLines();
const listed = Object.values(notRun).flat();
const byPage = Map.groupBy(
  lines.filter(({ line }) => !listed.includes(line) && !ofRunningPods.test(line)),
  ({ page }) => page,
);
const installs = (line: string) => /^helm (upgrade --install|install) oidc-authz /.test(line);

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
  for (const name of ['shop', 'istio-system', 'kyma-system', 'oauth2-proxy'])
    await cluster.kubectl(['create', 'namespace', name]);
  await cluster.kubectl(['create', 'deployment', 'orders', '--image=orders', '--namespace', 'shop']);
  // The mesh configuration of istiod.
  const mesh = '--from-literal=mesh=extensionProviders:\n- name: oidc-authz\n';
  await cluster.kubectl(['create', 'configmap', 'istio', mesh, '--namespace', 'istio-system']);
  await cluster.kubectl(['create', '--filename', '-'], JSON.stringify(formerRule));
  const folder = incumbent();
  await cluster.helm([
    'install',
    'oauth2-proxy',
    folder,
    '--namespace',
    'oauth2-proxy',
    '--values',
    join(folder, 'own.json'),
  ]);
});
afterAll(() => cluster?.stop());

test('every listed exception is a command in a page', () => {
  const all = lines.map(({ line }) => line);
  expect(listed.filter((line) => !all.includes(line))).toEqual([]);
});

test('the installation commands of the first pages are found', () => {
  for (const page of ['README.md', 'docs/kyma.md', 'docs/istio.md', 'charts/oidc-authz/README.md'])
    expect(byPage.get(page)?.filter(({ line }) => installs(line))).toHaveLength(1);
});

describe.each([...byPage].map(([page, found]) => ({ page, found })))('$page', ({ page, found }) => {
  let cwd: string;
  beforeAll(async () => {
    cwd = workingFolder(valuesOf(page));
    await reset();
    if (found.some(({ line }) => /^kubectl create namespace oidc-authz/.test(line))) await removeNamespace();
    // A page about a running service needs a release with two revisions.
    if (!found.some(({ line }) => installs(line)))
      for (let round = 0; round < 2; round++) await run(install, cwd);
    if (!found.some(({ line }) => /^kubectl create namespace oidc-authz/.test(line))) await startPod();
  });

  test.each(found)('$line', async ({ line }) => {
    if (/ delete job /.test(line)) await createFailedJob();
    // An installation command must also work a second time, as an upgrade.
    for (let round = 0; round < (installs(line) ? 2 : 1); round++) {
      const { code, output, errors } = await run(line, cwd);
      // The objects of this cluster have mistakes. doctor reports them with exit code 1.
      const codes = line.includes('oidc-authz doctor') ? [0, 1] : [0];
      expect(codes, `${errors}${output}`).toContain(code);
    }
  });
});

test('the commands in the notes of the release work', async () => {
  await reset();
  const cwd = workingFolder(undefined);
  await run(install, cwd);
  const notes = await cluster.helm(['get', 'notes', 'oidc-authz', '--namespace', namespace]);
  const noteCommands = notes
    .split('\n')
    .filter((line) => /^\s+(kubectl|helm) /.test(line) && !ofRunningPods.test(line.trim()));
  expect(noteCommands.length).toBeGreaterThan(2);
  for (const line of noteCommands) expect([line, (await run(line, cwd)).code]).toEqual([line, 0]);
});

const install =
  'helm upgrade --install oidc-authz charts/oidc-authz --namespace oidc-authz --create-namespace --values values.yaml';

function run(line: string, cwd: string) {
  // NAME is a placeholder for the name of a pod. `oidc-authz` is the command of this repository.
  const command = line
    .replaceAll(/\bNAME\b/g, podName)
    .replaceAll('| oidc-authz ', '| npm start --silent -- ');
  const env = { NS: namespace, REQUEST_ID: 'r1', EDITOR: 'true', LINE: command };
  return cluster.shell('exec bash -o pipefail -c "$LINE"', { cwd, env });
}

/** A copy of the repository with the values of the page. */
function workingFolder(values: string | undefined): string {
  const cwd = mkdtempSync(join(tmpdir(), 'oidc-authz-docs-'));
  for (const name of readdirSync(root)) symlinkSync(join(root, name), join(cwd, name));
  const least = readFileSync(join(root, 'charts/oidc-authz/ci/default-values.yaml'), 'utf8');
  writeFileSync(join(cwd, 'values.yaml'), values ?? least);
  symlinkSync(join(root, 'deploy/oidc-authz.yaml'), join(cwd, 'oidc-authz.yaml'));
  return cwd;
}

/** Removes the release and its registration. Another authorizer stays registered. */
async function reset(): Promise<void> {
  const quietly = (line: string) => cluster.shell(line);
  await quietly(`helm uninstall oidc-authz --namespace ${namespace}`);
  await quietly(`kubectl create namespace ${namespace}`);
  const resource = {
    apiVersion: 'operator.kyma-project.io/v1alpha2',
    kind: 'Istio',
    metadata: { name: 'default', namespace: 'kyma-system' },
    spec: { config: { authorizers: [other('oauth2-proxy')] } },
  };
  await quietly('kubectl --namespace kyma-system delete istios.operator.kyma-project.io default');
  await cluster.kubectl(['create', '--filename', '-'], JSON.stringify(resource));
}

/** Removes the namespace, as the controllers of a real cluster do. */
async function removeNamespace(): Promise<void> {
  await cluster.kubectl(['delete', 'pods,secrets,serviceaccounts', '--all', '--namespace', namespace]);
  await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
  const left = await cluster.get('namespaces', namespace);
  const path = `/api/v1/namespaces/${namespace}/finalize`;
  await cluster.kubectl(
    ['replace', '--raw', path, '--filename', '-'],
    JSON.stringify({ ...left, spec: { finalizers: [] } }),
  );
}

/** Creates the Job of a failed hook. */
async function createFailedJob(): Promise<void> {
  const job = ['create', 'job', 'oidc-authz-check-config', '--image=oidc-authz'];
  await cluster.kubectl([...job, '--namespace', namespace]);
}

const podName = 'oidc-authz-5d4f9c7b6-abcde';

/** Creates a pod that looks restarted. It does not run. */
async function startPod(): Promise<void> {
  const labels = { 'app.kubernetes.io/name': 'oidc-authz', 'app.kubernetes.io/instance': 'oidc-authz' };
  const container = { name: 'oidc-authz', image: 'oidc-authz' };
  const metadata = { name: podName, namespace, labels };
  const spec = { automountServiceAccountToken: false, containers: [container] };
  await cluster.shell(`kubectl create serviceaccount default --namespace ${namespace}`);
  await cluster.shell(`kubectl delete pod ${podName} --namespace ${namespace} --ignore-not-found`);
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
  await cluster.kubectl(['create', '--filename', '-'], JSON.stringify(pod));
  const at = '2026-01-01T00:00:00Z';
  const status = {
    containerStatuses: [
      {
        ...container,
        imageID: '',
        ready: true,
        restartCount: 1,
        state: { running: { startedAt: at } },
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', startedAt: at, finishedAt: at } },
      },
    ],
  };
  const patch = ['patch', 'pod', podName, '--namespace', namespace, '--subresource=status', '--type=merge'];
  await cluster.kubectl([...patch, '--patch', JSON.stringify({ status })]);
}

/** An APIRule of v1beta1 as a server returns it that serves v2: the old specification is in an annotation. */
const formerRule = {
  apiVersion: 'gateway.kyma-project.io/v2',
  kind: 'APIRule',
  metadata: {
    name: 'former',
    namespace: 'shop',
    annotations: {
      'gateway.kyma-project.io/original-version': 'v1beta1',
      'gateway.kyma-project.io/v1beta1-spec': JSON.stringify({
        host: 'former.example.com',
        service: { name: 'former', port: 80 },
        gateway: 'kyma-system/kyma-gateway',
        rules: [
          {
            path: '/.*',
            methods: ['GET'],
            accessStrategies: [
              {
                handler: 'oauth2_introspection',
                config: {
                  introspection_request_headers: { Authorization: 'credential' },
                  trusted_issuers: ['https://tenant.example.com'],
                  target_audience: ['orders-api'],
                  required_scope: ['orders.read'],
                },
              },
            ],
          },
        ],
      }),
    },
  },
};

/** A chart that contains only the values of an oauth2-proxy. */
function incumbent(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-incumbent-'));
  mkdirSync(join(folder, 'templates'));
  writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: oauth2-proxy\nversion: 7.0.0\n');
  const extraArgs = {
    provider: 'oidc',
    'oidc-issuer-url': 'https://tenant.example.com',
    'email-domain': '*',
    upstream: 'static://200',
    'skip-jwt-bearer-tokens': true,
  };
  writeFileSync(join(folder, 'values.yaml'), '{}\n');
  writeFileSync(join(folder, 'own.json'), JSON.stringify({ config: { clientID: 'orders-api' }, extraArgs }));
  return folder;
}
