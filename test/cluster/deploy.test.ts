/** Every manifest of `deploy/` on a real API server, by server-side apply. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../support/chart.ts';
import { startTestCluster, type TestCluster } from '../support/cluster.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Configurations of Envoy, of this service, and of Istio's installers. */
const notForServers = /^deploy\/(envoy|oidc-authz\.yaml|istio\/(istiod-values|istio-operator)\.yaml)/;
const manifests = globSync('deploy/**/*.yaml', { cwd: root })
  .filter((path) => !notForServers.test(path) || path.startsWith('deploy/envoy-gateway/'))
  .toSorted();

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
  for (const namespace of ['shop', 'istio-system', 'kyma-system'])
    await cluster.kubectl(['create', 'namespace', namespace]);
  await cluster.kubectl(['apply', '--server-side', '--filename', join(root, 'deploy/kyma/namespace.yaml')]);
});
afterAll(() => cluster?.stop());

test('manifests exist for each kind of mesh', () => {
  for (const folder of ['kyma', 'istio', 'envoy-gateway'])
    expect(manifests.filter((path) => path.startsWith(`deploy/${folder}/`)).length).toBeGreaterThan(1);
});

test.each(manifests)('%s is applied without conflicts, and changes nothing the second time', async (path) => {
  const apply = ['apply', '--server-side', '--validate=strict', '--filename', join(root, path)];
  expect(await cluster.kubectl(apply)).toMatch(/serverside-applied/);
  const read = async () =>
    JSON.parse(await cluster.kubectl(['get', '--output', 'json', '--filename', join(root, path)]));
  // A namespace has no generation, and only its labels can change.
  const versions = ({ items, ...object }: { items?: Manifest[] }) =>
    (items ?? [object as Manifest]).map(({ metadata }) => [
      metadata.name,
      metadata.generation,
      metadata.labels,
    ]);
  const before = versions(await read());
  await cluster.kubectl(apply);
  expect(versions(await read())).toEqual(before);
});

test('an unknown field is rejected', async () => {
  const rule = JSON.stringify({
    apiVersion: 'gateway.kyma-project.io/v2',
    kind: 'APIRule',
    metadata: { name: 'x', namespace: 'shop' },
    spec: { gateways: 'a/b' },
  });
  await expect(
    cluster.kubectl(['apply', '--server-side', '--validate=strict', '--filename', '-'], rule),
  ).rejects.toThrow(/field not declared in schema|unknown field/);
});

test('the patch for the workload adds a label to its pods and keeps their other labels', async () => {
  const create = ['create', 'deployment', 'orders', '--image=orders', '--namespace', 'shop'];
  await cluster.kubectl(create);
  const file = join(root, 'deploy/kyma/from-ingressgateway.patch.json');
  const patch = ['patch', 'deployment', 'orders', '--namespace', 'shop', '--patch-file', file];
  await cluster.kubectl(patch);
  const { spec } = await cluster.get('deployments', 'orders', 'shop');
  expect(spec.template.metadata.labels).toEqual({
    app: 'orders',
    'networking.kyma-project.io/from-ingressgateway': 'allowed',
  });
  expect(spec.template.spec.containers).toHaveLength(1);
});
