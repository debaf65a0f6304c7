/** Every manifest of the project before those who would take it or run it: and what they must find in bad ones. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { findHelm } from '../../tools/helm.ts';
import {
  apiServerProblems,
  builtInProblems,
  checkovProblems,
  fetchDefinitions,
  findManifestValidator,
  scoreProblems,
  temporaryFile,
} from '../../tools/validators.ts';
import { leastValues, type Manifest, modes, render, valuesFile } from '../support/chart.ts';
import { programs } from '../support/fetch-programs.ts';
import { describeWith } from '../support/real-servers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const [helm, validator, kubernetesValidate, kubeScore, checkov] = await Promise.all([
  findHelm(),
  findManifestValidator(),
  programs.kubernetesValidate(),
  programs.kubeScore(),
  programs.checkov(),
]);

// Words such as Off are texts to YAML 1.2, and booleans to those who read here.
const written = (manifests: readonly object[]) =>
  manifests.map((one) => stringify(one, { version: '1.1' })).join('---\n');
/** Files of `deploy/` that a cluster takes; the others are configurations of Envoy and of Istio's installers. */
const deployed = globSync('deploy/{kyma,istio,envoy-gateway}/*.yaml', { cwd: root }).filter(
  (path) => !/istiod-values|istio-operator/.test(path),
);
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describeWith('an API server', validator, (program) => {
  let definitions: readonly string[];
  beforeAll(async () => {
    definitions = await fetchDefinitions();
  }, 300_000);
  const problems = (manifests: string) => apiServerProblems(program, definitions, manifests);

  test('has the definitions of Istio, Prometheus, the Gateway API, the VPA, Envoy Gateway and Kyma', () => {
    expect(definitions).toHaveLength(6);
  });

  test.each(deployed)('takes %s', async (path) => {
    expect(await problems(read(path))).toEqual([]);
  });

  describe('refuses', () => {
    const changed = (path: string, change: (manifest: Manifest) => void) => {
      const manifest = parse(read(path).split('---\n')[0] ?? '') as Manifest;
      change(manifest);
      return stringify(manifest);
    };
    const rule = (change: (rule: Record<string, unknown>) => void) =>
      changed('deploy/kyma/apirule-one-rule.yaml', ({ spec }) => change(spec.rules[0]));
    const entry = (change: (entry: Record<string, unknown>) => void) =>
      changed('deploy/kyma/istio.yaml', ({ spec }) => change(spec.config.authorizers[0]));
    const policy = (change: (manifest: Manifest) => void) => changed('deploy/istio/workload.yaml', change);

    const refused: [string, string, RegExp][] = [
      [
        'a kind that nobody defines',
        'apiVersion: example.com/v1\nkind: X\nmetadata: {name: x}',
        /no CRD has/,
      ],
      ['a key that comes twice', 'apiVersion: a.b/v1\nkind: X\nkind: Y', /already set/],
      [
        'an unknown field',
        policy(({ spec }) => Object.assign(spec, { providers: [] })),
        /unknown field "spec.providers"/,
      ],
      [
        'an unknown action',
        policy(({ spec }) => Object.assign(spec, { action: 'MAYBE' })),
        /Unsupported value/,
      ],
      [
        'a port that is none',
        changed('deploy/istio/gateway-api.yaml', ({ spec }) => Object.assign(spec.listeners[0], { port: 0 })),
        /listeners\[0\]\.port/,
      ],
      [
        'what only a rule in CEL forbids',
        changed('deploy/istio/gateway-api.yaml', ({ spec }) =>
          spec.listeners.push({ ...spec.listeners[0], name: 'again' }),
        ),
        /unique/,
      ],
      [
        'a name that no object may have',
        policy(({ metadata }) => Object.assign(metadata, { name: 'A_b' })),
        /metadata\.name/,
      ],
      [
        'no namespace',
        policy(({ metadata }) => Object.assign(metadata, { namespace: undefined })),
        /namespaced/,
      ],
      ['an APIRule without access strategy', rule((one) => delete one.extAuth), /exactly one of noAuth/],
      ['one with two', rule((one) => Object.assign(one, { noAuth: true })), /exactly one of noAuth/],
      ['one without methods', rule((one) => delete one.methods), /methods: Required/],
      [
        'one with an unknown method',
        rule((one) => Object.assign(one, { methods: ['FETCH'] })),
        /Unsupported value/,
      ],
      ['one with a path that is none', rule((one) => Object.assign(one, { path: 'orders' })), /path/],
      [
        'one with a path beyond the last operator',
        rule((one) => Object.assign(one, { path: '/{**}/x' })),
        /last operator/,
      ],
      [
        'one with two authorizers',
        rule((one) => Object.assign(one, { extAuth: { authorizers: ['a', 'b'] } })),
        /must have at most 1 item/,
      ],
      [
        'one with its gateway the wrong way round',
        changed('deploy/kyma/apirule-one-rule.yaml', ({ spec }) =>
          Object.assign(spec, { gateway: 'kyma-gateway' }),
        ),
        /spec\.gateway/,
      ],
      [
        'one with two kinds of gateways',
        changed('deploy/kyma/apirule-external-gateway.yaml', ({ spec }) =>
          Object.assign(spec, { gateway: 'kyma-system/kyma-gateway' }),
        ),
        /exactly one of gateway and externalGateway/,
      ],
      [
        'one with none',
        changed('deploy/kyma/apirule-external-gateway.yaml', ({ spec }) => delete spec.externalGateway),
        /exactly one of gateway and externalGateway/,
      ],
      [
        'one with two hosts',
        changed('deploy/kyma/apirule-one-rule.yaml', ({ spec }) => spec.hosts.push('b.example.com')),
        /at most 1 item/,
      ],
      ['half a second', entry((one) => Object.assign(one, { timeout: '500ms' })), /timeout/],
      ['no timeout', entry((one) => delete one.timeout), /timeout of whole seconds/],
      ['an upper-case name', entry((one) => Object.assign(one, { name: 'Oidc' })), /name/],
      ['a short host name', entry((one) => Object.assign(one, { service: 'oidc-authz' })), /service/],
      ['a port out of range', entry((one) => Object.assign(one, { port: 70000 })), /port/],
      [
        'a field that Kyma does not have',
        entry((one) => Object.assign(one, { failOpen: true })),
        /unknown field/,
      ],
      [
        'a lone asterisk',
        entry((one) => Object.assign(one, { headers: { inCheck: { include: ['*'] } } })),
        /include/,
      ],
      [
        'one name twice',
        changed('deploy/kyma/istio.yaml', ({ spec }) =>
          spec.config.authorizers.push(spec.config.authorizers[0]),
        ),
        /one name/,
      ],
      [
        'a pod that may do more than restricted ones',
        'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: x, image: x}]}',
        /Pod Security restricted: allowPrivilegeEscalation/,
      ],
    ];
    test.each(refused)('%s', async (_, manifests, message) => {
      expect(await problems(manifests)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
    });
  });
});

describeWith('every mode of the chart', helm, (program) => {
  const rendered = new Map<string, string>();
  beforeAll(async () => {
    for (const { mode, file } of modes) rendered.set(mode, written(await render(program, [file])));
  }, 120_000);
  const of = (mode: string) => rendered.get(mode) ?? '';

  describeWith('before an API server and Pod Security restricted', validator, (validate) => {
    test.each(modes)('$mode', async ({ mode }) => {
      expect(await apiServerProblems(validate, await fetchDefinitions(), of(mode))).toEqual([]);
    });
  });

  describeWith("before Kubernetes' own schemas", kubernetesValidate, (validate) => {
    test.each(modes)('$mode', async ({ mode }) => {
      expect(await builtInProblems(validate, of(mode))).toEqual([]);
    });

    test('which find a field that does not exist', async () => {
      const manifests = of('default').replace('replicas: 2', 'replica: 2');
      expect(await builtInProblems(validate, manifests)).not.toEqual([]);
    });
  });

  describeWith('before kube-score', kubeScore, (score) => {
    test.each(modes)('$mode', async ({ mode }) => {
      expect(await scoreProblems(score, of(mode))).toEqual([]);
    });

    test('which finds a pod without limits', async () => {
      const values = valuesFile({ ...leastValues, resources: { limits: { memory: null } } });
      const manifests = written(await render(program, [values]));
      expect(await scoreProblems(score, manifests)).not.toEqual([]);
    });
  });

  describeWith('before checkov', checkov, (check) => {
    // A digest is known only to whoever has pushed the image.
    const skipped = ['CKV_K8S_43'];
    test.each(modes)('$mode', async ({ mode }) => {
      const file = temporaryFile(`${mode}.yaml`, of(mode));
      expect(await checkovProblems(check, 'kubernetes', file, skipped)).toEqual([]);
    });

    test('which finds a root that can be written to', async () => {
      const manifests = of('default').replace(
        'readOnlyRootFilesystem: true',
        'readOnlyRootFilesystem: false',
      );
      const found = await checkovProblems(check, 'kubernetes', temporaryFile('bad.yaml', manifests), skipped);
      expect(found).toEqual([expect.stringContaining('CKV_K8S_22')]);
    });
  });
});

describeWith('checkov', checkov, (program) => {
  test('has nothing against the Dockerfile', async () => {
    expect(await checkovProblems(program, 'dockerfile', join(root, 'Dockerfile'))).toEqual([]);
  });

  test('finds a container that runs as root', async () => {
    const file = temporaryFile('Dockerfile', 'FROM debian:12\nUSER root\n');
    expect(await checkovProblems(program, 'dockerfile', file)).not.toEqual([]);
  });
});
