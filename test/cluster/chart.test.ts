/** The chart on a real API server: each mode is installed, upgraded, rolled back and uninstalled. The Jobs of its hooks are only marked as done. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { chartFolder, type Manifest, minimalValues, modes, valuesFile } from '../support/chart.ts';
import { startTestCluster, type TestCluster } from '../support/cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
  for (const namespace of ['shop', 'istio-system', 'kyma-system', 'guards'])
    await cluster.kubectl(['create', 'namespace', namespace]);
  const gvisor = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', handler: 'runsc' };
  await cluster.kubectl(
    ['create', '--filename', '-'],
    JSON.stringify({ ...gvisor, metadata: { name: 'gvisor' } }),
  );
});
afterAll(() => cluster?.stop());

const objects = (text: string) =>
  parseAllDocuments(text)
    .map((document) => document.toJSON() as Manifest | null)
    .filter((manifest) => manifest !== null);
/** The objects of a release, as helm reports them. */
const released = async (namespace: string) =>
  objects(await cluster.helm(['get', 'manifest', 'oidc-authz', '--namespace', namespace]));
const reference = ({ apiVersion, kind, metadata }: Manifest) => {
  const [group] = apiVersion.includes('/') ? apiVersion.split('/') : [''];
  return {
    kind: group === '' ? kind : `${kind}.${apiVersion.split('/')[1]}.${group}`,
    name: metadata.name,
    namespace: metadata.namespace ?? 'default',
  };
};
/** The parts of an object that no controller changes. */
const stableParts = ({ spec, data, metadata }: Manifest) => ({
  spec,
  data,
  labels: metadata.labels,
  annotations: metadata.annotations,
});
const live = async (manifests: readonly Manifest[]) => {
  const found = [];
  for (const manifest of manifests) {
    const { kind, name, namespace } = reference(manifest);
    found.push([kind, namespace, name, stableParts(await cluster.get(kind, name, namespace))]);
  }
  return found;
};
const state = async (namespace: string) => {
  const text = await cluster.helm(['status', 'oidc-authz', '--namespace', namespace, '--output', 'json']);
  const { info, version } = JSON.parse(text);
  return [version, info.status];
};
const command = (verb: string, namespace: string, ...more: string[]) =>
  cluster.helm([verb, 'oidc-authz', chartFolder, '--namespace', namespace, '--timeout', '60s', ...more]);

describe.each(modes)('$mode', ({ mode, file }) => {
  test('is installed, tested, upgraded, rolled back and uninstalled', async () => {
    const namespace = `mode-${mode}`;
    const about = ['--namespace', namespace, '--timeout', '60s'];
    await command('install', namespace, '--create-namespace', '--values', file, '--wait');
    expect(await state(namespace)).toEqual([1, 'deployed']);
    const first = await released(namespace);
    const installed = await live(first);
    const home = first.find(({ kind }) => kind === 'Deployment')?.metadata.namespace ?? '';

    const before = cluster.controllers.jobs.length;
    await cluster.helm(['test', 'oidc-authz', ...about]);
    // With this mode, the canary is a test too.
    const tests = mode === 'canary-test' ? ['oidc-authz-canary', 'oidc-authz-test'] : ['test'];
    expect(cluster.controllers.jobs.slice(before).toSorted()).toEqual(
      tests.map((name) => expect.stringMatching(`^${home}/.*${name}$`)),
    );

    const changed = ['--values', file, '--set', 'podAnnotations.changed=yes,commonLabels.changed=yes'];
    await command('upgrade', namespace, ...changed, '--wait');
    expect(await state(namespace)).toEqual([2, 'deployed']);
    expect(await live(first)).not.toEqual(installed);

    await cluster.helm(['rollback', 'oidc-authz', '1', ...about, '--wait']);
    expect(await state(namespace)).toEqual([3, 'deployed']);
    expect(await live(await released(namespace))).toEqual(installed);

    await cluster.helm(['uninstall', 'oidc-authz', ...about, '--wait']);
    for (const manifest of first) {
      const { kind, name, namespace: where } = reference(manifest);
      await expect(cluster.get(kind, name, where)).rejects.toThrow(/not found/);
    }
    for (const kind of ['jobs', 'networkpolicies', 'configmaps', 'serviceaccounts', 'secrets']) {
      const names = await cluster.kubectl(['get', kind, '--namespace', home, '--output', 'name']);
      expect([kind, names.trim()]).toEqual([kind, '']);
    }
  });

  test('a namespace with Pod Security restricted admits its pods', async () => {
    const namespace = `restricted-${mode}`;
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await cluster.kubectl(
      ['create', '--filename', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }),
    );
    // No controller creates the default ServiceAccount here.
    await cluster.kubectl(['create', 'serviceaccount', 'default', '--namespace', namespace]);
    const rendered = objects(
      await cluster.helm([
        ...['template', 'oidc-authz', chartFolder, '--namespace', namespace, '--values', file],
        ...['--set', `namespaceOverride=${namespace}`, '--is-upgrade'],
      ]),
    );
    for (const account of rendered.filter(({ kind }) => kind === 'ServiceAccount'))
      await cluster.kubectl(['create', '--filename', '-'], JSON.stringify(account));

    const podOwners = rendered.filter(({ kind }) => ['Deployment', 'Job'].includes(kind));
    expect(podOwners.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['Deployment', 'Job']));
    for (const { kind, metadata, spec } of podOwners) {
      const pod = JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...spec.template.metadata, namespace, name: `${kind.toLowerCase()}-${metadata.name}` },
        spec: spec.template.spec,
      });
      for (const dryRun of ['server', 'none']) {
        const create = ['create', `--dry-run=${dryRun}`, '--filename', '-'];
        expect(await cluster.kubectl(create, pod)).toMatch(/^pod\/\S+ created/);
      }
    }
  });
});

test('a namespace with Pod Security restricted rejects a privileged pod', async () => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'restricted', labels } };
  await cluster.kubectl(['create', '--filename', '-'], JSON.stringify(namespace));
  await cluster.kubectl(['create', 'serviceaccount', 'default', '--namespace', 'restricted']);
  await expect(
    cluster.kubectl(['run', 'x', '--image=x', '--namespace', 'restricted', '--dry-run=server']),
  ).rejects.toThrow(/violates PodSecurity "restricted/);
});

test('a failed hook stops the installation and the upgrade, and the old release does not change', async () => {
  const values = ['--values', valuesFile(minimalValues)];
  const namespace = 'failing-hooks';
  await command('install', namespace, '--create-namespace', ...values);
  const hooks = objects(await cluster.helm(['get', 'hooks', 'oidc-authz', '--namespace', namespace])).filter(
    ({ kind, metadata }) =>
      kind === 'Job' && /pre-(install|upgrade)/.test(metadata.annotations?.['helm.sh/hook'] ?? ''),
  );
  const installed = await live(await released(namespace));
  cluster.controllers.endJobs('Failed');
  try {
    await expect(
      cluster.helm(['test', 'oidc-authz', '--namespace', namespace, '--timeout', '60s']),
    ).rejects.toThrow(/fail/i);
    if (hooks.length > 0) {
      const changed = ['--set', 'config.realm=changed'];
      await expect(command('upgrade', namespace, ...values, ...changed)).rejects.toThrow(/fail/i);
      expect(await live(await released(namespace))).toEqual(installed);
      await expect(command('install', `${namespace}-new`, '--create-namespace', ...values)).rejects.toThrow(
        /fail/i,
      );
    }
  } finally {
    cluster.controllers.endJobs('Complete');
  }
  await cluster.helm(['uninstall', 'oidc-authz', '--namespace', namespace]);
});

describe('the number of pods', () => {
  test('set by kubectl makes helm reject the next upgrade without --force-conflicts', async () => {
    const namespace = 'scaled-beside';
    const three = ['--values', valuesFile({ ...minimalValues, replicaCount: 3 })];
    await command('install', namespace, '--create-namespace', ...three);
    await cluster.kubectl(['scale', 'deployment/oidc-authz', '--namespace', namespace, '--replicas=6']);
    await expect(command('upgrade', namespace, ...three)).rejects.toThrow(/conflict with "kubectl"/);
    await command('upgrade', namespace, ...three, '--force-conflicts');
    expect(await replicas(namespace)).toBe(3);
    await cluster.helm(['uninstall', 'oidc-authz', '--namespace', namespace]);
  });

  const values = (more: object) => ['--values', valuesFile({ ...minimalValues, ...more })];
  const replicas = async (namespace: string) =>
    (await cluster.get('deployments', 'oidc-authz', namespace)).spec.replicas;

  test('does not change when autoscaling is enabled, nor after the autoscaler has changed it', async () => {
    const namespace = 'scaled';
    await command('install', namespace, '--create-namespace', ...values({ replicaCount: 4 }));
    expect(await replicas(namespace)).toBe(4);
    const autoscaling = { enabled: true, minReplicas: 2, maxReplicas: 10 };
    await command('upgrade', namespace, ...values({ replicaCount: 4, autoscaling }));
    expect(await replicas(namespace)).toBe(4);

    const scale = ['scale', 'deployment/oidc-authz', '--namespace', namespace, '--replicas=7'];
    await cluster.kubectl(scale);
    await command('upgrade', namespace, ...values({ autoscaling, podAnnotations: { changed: 'yes' } }));
    expect(await replicas(namespace)).toBe(7);

    // Another manager owns the number now, so disabling autoscaling is a conflict.
    const without = values({ replicaCount: 3 });
    await expect(command('upgrade', namespace, ...without)).rejects.toThrow(/conflict with "kubectl"/);
    await command('upgrade', namespace, ...without, '--force-conflicts');
    expect(await replicas(namespace)).toBe(3);
    await cluster.helm(['uninstall', 'oidc-authz', '--namespace', namespace]);
  });
});

test('the script in the ConfigMap of entries registers the authorizer', async () => {
  await cluster.kubectl(['apply', '--server-side', '--filename', '-'], readFileSync(istioResource(), 'utf8'));
  await command('install', 'entries', '--create-namespace', '--values', valuesFile(minimalValues));
  const { code, errors } = await cluster.shell(
    "kubectl -n entries get configmap oidc-authz-entries -o jsonpath='{.data.register-kyma\\.sh}' | sh",
  );
  expect([code, errors]).toEqual([0, '']);
  const { spec } = await cluster.get('istios.operator.kyma-project.io', 'default', 'kyma-system');
  const services = spec.config.authorizers.map(({ service }: { service: string }) => service);
  expect(services).toEqual(['oidc-authz.entries.svc.cluster.local']);
});

function istioResource(): string {
  const metadata = { name: 'default', namespace: 'kyma-system' };
  return valuesFile({ apiVersion: 'operator.kyma-project.io/v1alpha2', kind: 'Istio', metadata });
}
