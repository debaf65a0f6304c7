/** Every manifest of the project, validated by an API server and by linters. They must also find the problems in invalid manifests. */
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
import { type Manifest, minimalValues, modes, render, valuesFile } from '../support/chart.ts';
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

// `Off` is a string in YAML 1.2, and a boolean for these validators.
const toYaml = (manifests: readonly object[]) =>
  manifests.map((manifest) => stringify(manifest, { version: '1.1' })).join('---\n');
/** Files of `deploy/` for a cluster. The others are configurations of Envoy and of Istio's installers. */
const deployed = globSync(
  'deploy/{{kyma,istio,envoy-gateway,valkey}/*,login/{kyma-istio,kyma-apirule,envoy-gateway}}.yaml',
  { cwd: root },
).filter((path) => !/istiod-values|istio-operator/.test(path));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describeWith('an API server', validator, (program) => {
  let definitions: readonly string[];
  beforeAll(async () => {
    definitions = await fetchDefinitions();
  }, 300_000);
  const problems = (manifests: string) => apiServerProblems(program, definitions, manifests);

  test('loads the definitions of Istio, Prometheus, the Gateway API, the VPA, Envoy Gateway and Kyma', () => {
    expect(definitions).toHaveLength(6);
  });

  test.each(deployed)('accepts %s', async (path) => {
    expect(await problems(read(path))).toEqual([]);
  });

  describe('rejects', () => {
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

    const rejected: [string, string, RegExp][] = [
      ['an unknown kind', 'apiVersion: example.com/v1\nkind: X\nmetadata: {name: x}', /no CRD has/],
      ['a duplicate key', 'apiVersion: a.b/v1\nkind: X\nkind: Y', /already set/],
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
        'an invalid port',
        changed('deploy/istio/gateway-api.yaml', ({ spec }) => Object.assign(spec.listeners[0], { port: 0 })),
        /listeners\[0\]\.port/,
      ],
      [
        'a violation of a CEL rule',
        changed('deploy/istio/gateway-api.yaml', ({ spec }) =>
          spec.listeners.push({ ...spec.listeners[0], name: 'again' }),
        ),
        /unique/,
      ],
      [
        'an invalid name',
        policy(({ metadata }) => Object.assign(metadata, { name: 'A_b' })),
        /metadata\.name/,
      ],
      [
        'a missing namespace',
        policy(({ metadata }) => Object.assign(metadata, { namespace: undefined })),
        /namespaced/,
      ],
      ['an APIRule without access strategy', rule((one) => delete one.extAuth), /exactly one of noAuth/],
      [
        'an APIRule with two access strategies',
        rule((one) => Object.assign(one, { noAuth: true })),
        /exactly one of noAuth/,
      ],
      ['an APIRule without methods', rule((one) => delete one.methods), /methods: Required/],
      [
        'an APIRule with an unknown method',
        rule((one) => Object.assign(one, { methods: ['FETCH'] })),
        /Unsupported value/,
      ],
      ['an APIRule with an invalid path', rule((one) => Object.assign(one, { path: 'orders' })), /path/],
      [
        'an APIRule with a path after the last operator',
        rule((one) => Object.assign(one, { path: '/{**}/x' })),
        /last operator/,
      ],
      [
        'an APIRule with two authorizers',
        rule((one) => Object.assign(one, { extAuth: { authorizers: ['a', 'b'] } })),
        /must have at most 1 item/,
      ],
      [
        'an APIRule whose gateway has no namespace',
        changed('deploy/kyma/apirule-one-rule.yaml', ({ spec }) =>
          Object.assign(spec, { gateway: 'kyma-gateway' }),
        ),
        /spec\.gateway/,
      ],
      [
        'an APIRule with gateway and externalGateway',
        changed('deploy/kyma/apirule-external-gateway.yaml', ({ spec }) =>
          Object.assign(spec, { gateway: 'kyma-system/kyma-gateway' }),
        ),
        /exactly one of gateway and externalGateway/,
      ],
      [
        'an APIRule without a gateway',
        changed('deploy/kyma/apirule-external-gateway.yaml', ({ spec }) => delete spec.externalGateway),
        /exactly one of gateway and externalGateway/,
      ],
      [
        'an APIRule with two hosts',
        changed('deploy/kyma/apirule-one-rule.yaml', ({ spec }) => spec.hosts.push('b.example.com')),
        /at most 1 item/,
      ],
      ['a timeout of half a second', entry((one) => Object.assign(one, { timeout: '500ms' })), /timeout/],
      ['a missing timeout', entry((one) => delete one.timeout), /timeout of whole seconds/],
      ['an upper-case name', entry((one) => Object.assign(one, { name: 'Oidc' })), /name/],
      ['a short host name', entry((one) => Object.assign(one, { service: 'oidc-authz' })), /service/],
      ['a port out of range', entry((one) => Object.assign(one, { port: 70000 })), /port/],
      [
        'a field that Kyma does not have',
        entry((one) => Object.assign(one, { failOpen: true })),
        /unknown field/,
      ],
      [
        'an asterisk as a header',
        entry((one) => Object.assign(one, { headers: { inCheck: { include: ['*'] } } })),
        /include/,
      ],
      [
        'two entries with the same name',
        changed('deploy/kyma/istio.yaml', ({ spec }) =>
          spec.config.authorizers.push(spec.config.authorizers[0]),
        ),
        /one name/,
      ],
      [
        'a pod that violates Pod Security restricted',
        'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: x, image: x}]}',
        /Pod Security restricted: allowPrivilegeEscalation/,
      ],
    ];
    test.each(rejected)('%s', async (_, manifests, message) => {
      expect(await problems(manifests)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
    });
  });
});

describeWith('each mode of the chart', helm, (program) => {
  const rendered = new Map<string, string>();
  beforeAll(async () => {
    for (const { mode, file } of modes) rendered.set(mode, toYaml(await render(program, [file])));
  }, 120_000);
  const of = (mode: string) => rendered.get(mode) ?? '';

  describeWith('passes an API server with Pod Security restricted:', validator, (validate) => {
    test.each(modes)('$mode', async ({ mode }) => {
      expect(await apiServerProblems(validate, await fetchDefinitions(), of(mode))).toEqual([]);
    });
  });

  describeWith('passes the schemas of Kubernetes:', kubernetesValidate, (validate) => {
    test.each(modes)('$mode', async ({ mode }) => {
      expect(await builtInProblems(validate, of(mode))).toEqual([]);
    });

    test('which report an unknown field', async () => {
      const manifests = of('default').replace('replicas: 2', 'replica: 2');
      expect(await builtInProblems(validate, manifests)).not.toEqual([]);
    });
  });

  describeWith('passes kube-score:', kubeScore, (score) => {
    test.each(modes)('$mode', async ({ mode }) => {
      expect(await scoreProblems(score, of(mode))).toEqual([]);
    });

    test('which reports a pod without limits', async () => {
      const values = valuesFile({ ...minimalValues, resources: { limits: { memory: null } } });
      const manifests = toYaml(await render(program, [values]));
      expect(await scoreProblems(score, manifests)).not.toEqual([]);
    });
  });

  describeWith('passes checkov:', checkov, (check) => {
    // The digest is known only after the push of the image.
    const skipped = ['CKV_K8S_43'];
    test.each(modes)('$mode', async ({ mode }) => {
      const file = temporaryFile(`${mode}.yaml`, of(mode));
      expect(await checkovProblems(check, 'kubernetes', file, skipped)).toEqual([]);
    });

    test('which reports a writable root file system', async () => {
      const manifests = of('default').replace(
        'readOnlyRootFilesystem: true',
        'readOnlyRootFilesystem: false',
      );
      const problems = await checkovProblems(
        check,
        'kubernetes',
        temporaryFile('bad.yaml', manifests),
        skipped,
      );
      expect(problems).toEqual([expect.stringContaining('CKV_K8S_22')]);
    });
  });
});

describe('the manifest of a small Valkey', () => {
  const path = join(root, 'deploy/valkey/valkey.yaml');

  describeWith('passes the schemas of Kubernetes:', kubernetesValidate, (validate) => {
    test('all objects', async () => {
      expect(await builtInProblems(validate, readFileSync(path, 'utf8'))).toEqual([]);
    });
  });

  describeWith('passes kube-score:', kubeScore, (score) => {
    test('all objects', async () => {
      expect(await scoreProblems(score, readFileSync(path, 'utf8'))).toEqual([]);
    });
  });

  describeWith('passes checkov:', checkov, (check) => {
    test('all objects', async () => {
      // The reader pins the digest. The server reads its users from a file.
      expect(await checkovProblems(check, 'kubernetes', path, ['CKV_K8S_43'])).toEqual([]);
    });
  });
});

describeWith('checkov', checkov, (program) => {
  test('finds no problem in the Dockerfile', async () => {
    expect(await checkovProblems(program, 'dockerfile', join(root, 'Dockerfile'))).toEqual([]);
  });

  test('reports a container that runs as root', async () => {
    const file = temporaryFile('Dockerfile', 'FROM debian:12\nUSER root\n');
    expect(await checkovProblems(program, 'dockerfile', file)).not.toEqual([]);
  });
});
