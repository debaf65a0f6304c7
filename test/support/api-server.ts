/** The part of an API server that helm needs to render: discovery, and one Deployment. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const kinds: Readonly<Record<string, readonly (readonly [kind: string, name: string])[]>> = {
  v1: [
    ['ConfigMap', 'configmaps'],
    ['Service', 'services'],
    ['ServiceAccount', 'serviceaccounts'],
  ],
  'apps/v1': [['Deployment', 'deployments']],
  'autoscaling/v2': [['HorizontalPodAutoscaler', 'horizontalpodautoscalers']],
  'batch/v1': [['Job', 'jobs']],
  'networking.k8s.io/v1': [['NetworkPolicy', 'networkpolicies']],
  'policy/v1': [['PodDisruptionBudget', 'poddisruptionbudgets']],
};

const groups = Object.keys(kinds)
  .filter((version) => version.includes('/'))
  .map((groupVersion) => {
    const [name, version] = groupVersion.split('/');
    return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
  });

const resources = (groupVersion: string) => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion,
  resources: (kinds[groupVersion] ?? []).map(([kind, name]) => ({
    name,
    kind,
    singularName: '',
    namespaced: true,
    verbs: ['get'],
  })),
});

/**
 * Starts a server with one Deployment. It stops after the test.
 *
 * @returns the path of its kubeconfig
 */
export async function startApiServer(deployment: {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: object;
}): Promise<string> {
  const { namespace, name } = deployment.metadata;
  const answers: Record<string, object> = {
    '/version': { major: '1', minor: '36', gitVersion: 'v1.36.3' },
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups },
    '/api/v1': resources('v1'),
    [`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`]: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      ...deployment,
    },
  };
  for (const version of Object.keys(kinds)) answers[`/apis/${version}`] ??= resources(version);
  const missing = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
  const server = createServer(({ url = '' }, response) => {
    const answer = answers[url.split('?')[0] ?? ''];
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? missing));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-kubeconfig-')), 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'test', user: {} }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}
