/** Each value of the chart has a description, reaches every object that it affects, and can be removed with null. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findHelm, helm } from '../../tools/helm.ts';
import { chartFolder, type Manifest, minimalValues, one, render, valuesFile } from '../support/chart.ts';
import { describeWith } from '../support/real-servers.ts';

const everything = `${chartFolder}/ci/everything-values.yaml`;
const read = (path: string) => readFileSync(`${chartFolder}/${path}`, 'utf8');
const defaults = parse(read('values.yaml'));

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** The paths of a schema without a description. */
function undescribed({ properties = {}, items }: Schema, path = ''): string[] {
  const below = Object.entries(properties).flatMap(([name, part]) => {
    const isGroup = part.properties !== undefined;
    return [
      ...(part.description === undefined && !isGroup ? [`${path}${name}`] : []),
      ...undescribed(part, `${path}${name}.`),
    ];
  });
  return [...below, ...(items === undefined ? [] : undescribed(items, `${path}[].`))];
}

/** Every path of nested values, including groups. */
function paths(values: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return [];
  return Object.entries(values).flatMap(([name, below]) => [
    [...path, name],
    ...paths(below, [...path, name]),
  ]);
}

const nulled = (path: readonly string[]) =>
  path.reduceRight<unknown>((below, name) => ({ [name]: below }), null);

describe('every value', () => {
  const schema: Schema = JSON.parse(read('values.schema.json'));

  test('has a description in the schema, and so a comment in values.yaml', () => {
    // The values of monitors repeat fields of the Prometheus operator.
    const missing = undescribed(schema).filter((path) => !/^(config|metrics)\./.test(path));
    expect(missing).toEqual([]);
  });

  test('has a description in the table of the README', () => {
    const rows = read('README.md').match(/^\| `.*$/gm) ?? [];
    const withoutDescription = rows.filter((row) => /\| *\|$/.test(row) && !row.startsWith('| `metrics.'));
    expect([rows.length > 100, withoutDescription]).toEqual([true, []]);
  });
});

describeWith('each value', await findHelm(), (program) => {
  const rendered = (values: object) => render(program, [valuesFile({ ...minimalValues, ...values })]);
  const deployment = (manifests: readonly Manifest[]) => one(manifests, 'Deployment');
  const pod = (manifests: readonly Manifest[]) => deployment(manifests).spec.template.spec;
  const check = (manifests: readonly Manifest[]) =>
    one(manifests, 'Job', /-check-config$/).spec.template.spec;
  const tester = (manifests: readonly Manifest[]) => one(manifests, 'Job', /-test$/).spec.template.spec;
  const service = (manifests: readonly Manifest[]) => one(manifests, 'Service', /authz$/);
  const admin = (manifests: readonly Manifest[]) => one(manifests, 'Service', /-admin$/);

  test.each(paths(defaults).map((path) => [path.join('.'), path] as const))(
    '%s is removed by null, or is reported as required',
    async (_, path) => {
      const files = ['--values', everything, '--values', valuesFile(nulled(path) as object)];
      const { ok, output } = await helm(program, ['template', chartFolder, ...files]);
      const [group, name] = [path[0], path.at(-1)];
      if (!ok) expect(output).toMatch(new RegExp(`at '.*': .*${name}|^${group}(\\.|: ).*${name}`, 'm'));
    },
  );

  describe('applies to the pods:', () => {
    const simple: [string, object, object][] = [
      ['dnsPolicy', { dnsPolicy: 'None' }, { dnsPolicy: 'None' }],
      ['dnsConfig', { dnsConfig: { nameservers: ['fd00::1'] } }, { dnsConfig: { nameservers: ['fd00::1'] } }],
      [
        'hostAliases',
        { hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }] },
        { hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }] },
      ],
      ['schedulerName', { schedulerName: 'other' }, { schedulerName: 'other' }],
      ['priorityClassName', { priorityClassName: 'high' }, { priorityClassName: 'high' }],
      [
        'terminationGracePeriodSeconds',
        { terminationGracePeriodSeconds: 90 },
        { terminationGracePeriodSeconds: 90 },
      ],
      [
        'topologySpreadConstraints',
        { topologySpreadConstraints: [{ maxSkew: 2 }] },
        { topologySpreadConstraints: [{ maxSkew: 2 }] },
      ],
      ['affinity', { affinity: { nodeAffinity: {} } }, { affinity: { nodeAffinity: {} } }],
      [
        'initContainers',
        { initContainers: [{ name: 'a', image: 'b' }] },
        { initContainers: [{ name: 'a', image: 'b' }] },
      ],
    ];
    test.each(simple)('%s', async (_, values, expected) => {
      expect(pod(await rendered(values))).toMatchObject(expected);
    });

    test.each([
      ['nodeSelector', { a: 'b' }],
      ['tolerations', [{ operator: 'Exists' }]],
      ['runtimeClassName', 'gvisor'],
    ])('%s, including the pods of the hook and of the test', async (name, value) => {
      const manifests = await rendered({ [name]: value });
      for (const of of [pod, check, tester]) expect(of(manifests)[name]).toEqual(value);
    });

    test('extraContainers, with templates in them', async () => {
      const extraContainers = [{ name: 'a', image: '{{ include "oidc-authz.image" . }}' }];
      const { containers } = pod(await rendered({ extraContainers }));
      expect(containers.map(({ name }: Manifest) => name)).toEqual(['oidc-authz', 'a']);
      expect(containers[1].image).toBe(containers[0].image);
    });

    test.each([
      [
        'extraArgs',
        { extraArgs: ['--log-level=debug'] },
        { args: expect.arrayContaining(['--log-level=debug']) },
      ],
      ['envFrom', { envFrom: [{ secretRef: { name: 'a' } }] }, { envFrom: [{ secretRef: { name: 'a' } }] }],
    ])('%s, for the service and for the hook', async (_, values, expected) => {
      const manifests = await rendered(values);
      for (const of of [pod, check]) expect(of(manifests).containers[0]).toMatchObject(expected);
    });

    test('lifecycle, for the service', async () => {
      const lifecycle = { preStop: { sleep: { seconds: 5 } } };
      const { containers, terminationGracePeriodSeconds } = pod(await rendered({ lifecycle }));
      expect(containers[0].lifecycle).toEqual(lifecycle);
      // 5 s of sleep, at most 25 s of draining, and 5 s of reserve.
      expect(terminationGracePeriodSeconds).toBe(35);
      await expect(rendered({ lifecycle, terminationGracePeriodSeconds: 30 })).rejects.toThrow(
        'terminationGracePeriodSeconds: 30 is not longer than config.shutdown.timeout (25s) and lifecycle.preStop.sleep (5s)',
      );
    });

    test('extraEnv replaces NODE_OPTIONS', async () => {
      const extraEnv = [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=99' }];
      expect(pod(await rendered({ extraEnv })).containers[0].env).toEqual(extraEnv);
    });

    test('annotations and labels replace those of the chart, except for selector labels', async () => {
      const podAnnotations = { 'prometheus.io/scrape': 'false' };
      const podLabels = { 'app.kubernetes.io/name': 'other', 'sidecar.istio.io/inject': 'false' };
      const manifests = await rendered({
        podAnnotations,
        podLabels,
        commonLabels: podLabels,
        istio: { enabled: true },
      });
      const { metadata } = deployment(manifests).spec.template;
      expect(metadata.annotations).toMatchObject(podAnnotations);
      expect(metadata.labels).toMatchObject({ 'sidecar.istio.io/inject': 'false' });
      expect(metadata.labels).toMatchObject(deployment(manifests).spec.selector.matchLabels);
      expect(metadata.labels).toMatchObject(service(manifests).spec.selector);
    });

    test('annotations and labels of the hook', async () => {
      const checkConfig = { podAnnotations: { 'linkerd.io/inject': 'disabled' }, podLabels: { a: 'b' } };
      const { metadata } = one(await rendered({ hooks: { checkConfig } }), 'Job', /-check-config$/).spec
        .template;
      expect(metadata.annotations).toMatchObject(checkConfig.podAnnotations);
      expect(metadata.labels).toMatchObject(checkConfig.podLabels);
    });
  });

  test('applies to the Deployment', async () => {
    const values = {
      deploymentAnnotations: { 'example.com/a': 'b' },
      deploymentLabels: { team: 'a', 'app.kubernetes.io/name': 'other' },
      minReadySeconds: 7,
      revisionHistoryLimit: 3,
      strategy: { rollingUpdate: { maxSurge: '25%' } },
    };
    const { metadata, spec } = deployment(await rendered(values));
    expect(metadata).toMatchObject({
      annotations: values.deploymentAnnotations,
      labels: { team: 'a', 'app.kubernetes.io/name': 'oidc-authz' },
    });
    const rollingUpdate = { maxSurge: '25%', maxUnavailable: 0 };
    const strategy = { type: 'RollingUpdate', rollingUpdate };
    expect(spec).toMatchObject({ minReadySeconds: 7, revisionHistoryLimit: 3, strategy });
    const recreate = deployment(await rendered({ strategy: { type: 'Recreate' } }));
    expect(recreate.spec.strategy).toEqual({ type: 'Recreate' });
  });

  describe('applies to the Service:', () => {
    test('type, labels, annotations and policies, only to the Service for checks', async () => {
      const options = {
        type: 'LoadBalancer',
        internalTrafficPolicy: 'Local',
        externalTrafficPolicy: 'Local',
        loadBalancerClass: 'example.com/internal',
        loadBalancerSourceRanges: ['10.0.0.0/8', 'fd00::/8'],
        trafficDistribution: 'PreferSameZone',
      };
      const more = {
        labels: { a: 'b' },
        annotations: { c: 'd' },
        httpNodePort: 30_080,
        grpcNodePort: 30_090,
      };
      const manifests = await rendered({ service: { ...options, ...more } });
      const { metadata, spec } = service(manifests);
      expect(spec).toMatchObject(options);
      expect(spec.ports.map(({ nodePort }: { nodePort: number }) => nodePort)).toEqual([30_080, 30_090]);
      expect(metadata).toMatchObject({ labels: { a: 'b' }, annotations: { c: 'd' } });
      expect(admin(manifests).spec).toMatchObject({ type: 'ClusterIP', clusterIP: 'None' });
      expect(Object.keys(admin(manifests).spec)).not.toContain('loadBalancerClass');
    });

    test('IP families, to both Services', async () => {
      const options = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] };
      const manifests = await rendered({ service: options });
      for (const of of [service, admin]) expect(of(manifests).spec).toMatchObject(options);
      const plain = await rendered({});
      for (const of of [service, admin])
        expect(Object.keys(of(plain).spec).filter((name) => name.startsWith('ipFamil'))).toEqual([]);
    });

    test.each([
      [{ httpNodePort: 30_080 }, /service\.httpNodePort: .*NodePort or LoadBalancer/],
      [
        { type: 'NodePort', loadBalancerClass: 'a' },
        /service\.loadBalancerClass: .*service\.type to LoadBalancer/,
      ],
      [{ ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] }, /service\.ipFamilies: SingleStack/],
    ])('rejects %j', async (values, message) => {
      await expect(rendered({ service: values })).rejects.toThrow(message);
    });
  });

  test('an IPv6-only release contains no IPv4 address', async () => {
    const issuer = { issuer: 'https://[fd00::1]:8443/a', anyAudience: true };
    const other = { issuer: 'https://[fd00::2]/', anyAudience: true };
    const manifests = await rendered({
      config: { issuers: [issuer, other], http: { host: '::' }, grpc: { host: '::' }, admin: { host: '::' } },
      service: { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv6'] },
      istio: { enabled: true },
    });
    const { data } = one(manifests, 'ConfigMap', /authz$/);
    expect(parse(data['oidc-authz.yaml']).http).toEqual({ host: '::' });
    expect(JSON.stringify(manifests)).not.toMatch(/\d+\.\d+\.\d+\.\d+|IPv4/);
    const [, toIssuers] = one(manifests, 'NetworkPolicy', /authz$/).spec.egress;
    expect(toIssuers).toEqual({
      ports: [
        { protocol: 'TCP', port: 8443 },
        { protocol: 'TCP', port: 443 },
      ],
    });
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(pod(manifests).containers[0][probe].httpGet.host).toBeUndefined();
  });

  test('the chart does not set the hosts of listeners', async () => {
    const { data } = one(await rendered({}), 'ConfigMap', /authz$/);
    expect(data['oidc-authz.yaml']).not.toMatch(/host:/);
    expect(pod(await rendered({})).containers[0].args.join(' ')).not.toMatch(/host/);
  });

  describe('global values', () => {
    test.each([
      ['oidc-authz', 'mirror.example.com', 'mirror.example.com/oidc-authz:0.1.0'],
      ['team/oidc-authz', 'mirror.example.com/', 'mirror.example.com/team/oidc-authz:0.1.0'],
      [
        'registry.example.com/team/oidc-authz',
        'mirror.example.com:5000',
        'mirror.example.com:5000/team/oidc-authz:0.1.0',
      ],
      ['localhost/oidc-authz', 'mirror.example.com/a', 'mirror.example.com/a/oidc-authz:0.1.0'],
      ['registry:5000/oidc-authz', '', 'registry:5000/oidc-authz:0.1.0'],
    ])(
      'repository %s and registry "%s" give the image %s in every pod',
      async (repository, imageRegistry, expected) => {
        const manifests = await rendered({ image: { repository }, global: { imageRegistry } });
        for (const of of [pod, check, tester]) expect(of(manifests).containers[0].image).toBe(expected);
      },
    );

    test('every pod has the global pull secrets and those of the chart, without duplicates', async () => {
      const values = {
        imagePullSecrets: ['a', { name: 'b' }],
        global: { imagePullSecrets: [{ name: 'a' }, 'c'] },
      };
      const manifests = await rendered(values);
      for (const of of [pod, check, tester])
        expect(of(manifests).imagePullSecrets).toEqual([{ name: 'a' }, { name: 'c' }, { name: 'b' }]);
    });
  });

  test('namespaceOverride applies to every object without a namespace of its own', async () => {
    const files = [everything, valuesFile({ namespaceOverride: 'elsewhere' })];
    const manifests = await render(program, files);
    const others = manifests.filter(({ metadata }) => metadata.namespace !== 'elsewhere');
    expect(others.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
      ['AuthorizationPolicy', 'shop'],
      ['AuthorizationPolicy', 'shop'],
    ]);
    expect(JSON.stringify(manifests)).toContain('.elsewhere.svc.cluster.local');
  });

  test('commonLabels apply to every object and every pod, without duplicates', async () => {
    const commonLabels = { team: 'a', 'app.kubernetes.io/component': 'b', 'app.kubernetes.io/name': 'c' };
    const labels = { team: 'prometheus', 'app.kubernetes.io/instance': 'd' };
    const monitor = { enabled: true, labels };
    const files = [everything, valuesFile({ commonLabels, metrics: { serviceMonitor: monitor } })];
    const manifests = (await render(program, files)).filter(
      ({ kind, metadata }) => kind !== 'ServiceMonitor' && !metadata.name.endsWith('-more'),
    );
    const pods = manifests.flatMap(({ spec }) => spec?.template?.metadata ?? []);
    expect(pods).toHaveLength(3);
    const unlabelled = [...manifests.map(({ metadata }) => metadata), ...pods].filter(
      (metadata) => metadata.labels?.team !== 'a',
    );
    expect(unlabelled).toEqual([]);
    expect(JSON.stringify(pods)).not.toContain('"app.kubernetes.io/name":"c"');
    expect(one(await render(program, files), 'ServiceMonitor').metadata.labels).toMatchObject(labels);
  });

  test('a release name that YAML could read as another type stays a string', async () => {
    for (const name of ['y', 'on', '123', '1e3']) {
      const { ok, output } = await helm(program, ['template', name, chartFolder, '--values', everything]);
      const instances = output.match(/app\.kubernetes\.io\/instance: .*/g) ?? [];
      expect([ok, [...new Set(instances.map((line) => line.replace(/.*: /, '')))]]).toEqual([
        true,
        [`"${name}"`],
      ]);
    }
  });

  test.each([
    ['extraArgs', { extraArgs: ['--http-port=8001'] }, 'extraArgs: --http-port sets config.http.port'],
    ['extraArgs', { extraArgs: ['--workers', '4'] }, 'extraArgs: --workers sets config.workers'],
    [
      'extraEnv',
      { extraEnv: [{ name: 'OIDC_AUTHZ_LIMITS_MESH_TIMEOUT', value: '9s' }] },
      'extraEnv: OIDC_AUTHZ_LIMITS_MESH_TIMEOUT sets config.limits.meshTimeout',
    ],
  ])('rejects %s for an option that the chart reads: %j', async (_, values, message) => {
    await expect(rendered(values)).rejects.toThrow(message);
  });

  test('the network policy allows a proxy in extraEnv that an issuer uses', async () => {
    const [issuer] = minimalValues.config.issuers;
    const extraEnv = [
      { name: 'HTTPS_PROXY', value: 'http://user:word@proxy.example.com:3128' },
      { name: 'http_proxy', value: 'proxy.example.com:8888' },
    ];
    const portsOf = async (httpsProxy: string) => {
      const config = { issuers: [{ ...issuer, httpsProxy }] };
      const { egress } = one(await rendered({ config, extraEnv }), 'NetworkPolicy', /authz$/).spec;
      return egress[1].ports.map(({ port }: Manifest) => port).sort();
    };
    expect(await portsOf('env')).toEqual([3128, 443, 8888]);
    expect(await portsOf('')).toEqual([443]);
  });

  describe('of the disruption budget:', () => {
    const budget = async (podDisruptionBudget: object) =>
      one(await rendered({ podDisruptionBudget }), 'PodDisruptionBudget').spec;

    test.each([
      [{}, { maxUnavailable: 1 }],
      [{ minAvailable: 2 }, { minAvailable: 2 }],
      [{ minAvailable: '50%' }, { minAvailable: '50%' }],
      [{ minAvailable: 0 }, { minAvailable: 0 }],
      [{ maxUnavailable: '25%' }, { maxUnavailable: '25%' }],
      [{ maxUnavailable: 0 }, { maxUnavailable: 0 }],
      [{ minAvailable: 1, maxUnavailable: null }, { minAvailable: 1 }],
    ])('%j', async (values, expected) => {
      const { minAvailable, maxUnavailable } = await budget(values);
      expect(JSON.parse(JSON.stringify({ minAvailable, maxUnavailable }))).toEqual(expected);
    });

    test('rejects a budget without minAvailable and maxUnavailable', async () => {
      await expect(budget({ maxUnavailable: null })).rejects.toThrow(
        /podDisruptionBudget: neither minAvailable nor maxUnavailable is set/,
      );
      await expect(budget({ minAvailable: 'two' })).rejects.toThrow("at '/podDisruptionBudget/minAvailable'");
    });
  });

  describe('of the vertical autoscaler', () => {
    const verticalPodAutoscaler = { enabled: true, updateMode: 'Recreate', minAllowed: { memory: '192Mi' } };

    test('does not control limits, because the heap size follows them', async () => {
      const { spec } = one(await rendered({ verticalPodAutoscaler }), 'VerticalPodAutoscaler');
      expect(spec.targetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'oidc-authz' });
      expect(spec.updatePolicy).toEqual({ updateMode: 'Recreate' });
      expect(spec.resourcePolicy.containerPolicies[0]).toEqual({
        containerName: 'oidc-authz',
        controlledValues: 'RequestsOnly',
        controlledResources: ['cpu', 'memory'],
        minAllowed: { memory: '192Mi' },
      });
    });

    test('rejects CPU control while autoscaling uses CPU utilization', async () => {
      const autoscaling = { enabled: true };
      await expect(rendered({ verticalPodAutoscaler, autoscaling })).rejects.toThrow(
        /verticalPodAutoscaler\.controlledResources/,
      );
      const memory = { ...verticalPodAutoscaler, controlledResources: ['memory'] };
      const kinds = (await rendered({ verticalPodAutoscaler: memory, autoscaling })).map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(['VerticalPodAutoscaler', 'HorizontalPodAutoscaler']));
    });
  });

  describe('of the autoscaler: rejects', () => {
    test.each([
      [{ minReplicas: 5, maxReplicas: 4 }, /autoscaling\.minReplicas: 5 is more than/],
      [
        { targetCPUUtilizationPercentage: null },
        /autoscaling: neither targetCPUUtilizationPercentage nor metrics is set/,
      ],
    ])('%j', async (values, message) => {
      await expect(rendered({ autoscaling: { enabled: true, ...values } })).rejects.toThrow(message);
    });
  });

  test.each([
    [{}, /image\.repository: no image is set/],
    [{ repository: '' }, /image\.repository: no image is set/],
    [{ repository: 'https://registry.example.com/a' }, "at '/image/repository'"],
    [{ repository: 'registry.example.com/a:1.0' }, "at '/image/repository'"],
    [{ repository: 'registry.example.com/a ' }, "at '/image/repository'"],
  ])('rejects the image %j', async (image, message) => {
    await expect(rendered({ image })).rejects.toThrow(message);
  });
});
