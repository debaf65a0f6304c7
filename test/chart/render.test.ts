import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load/load.ts';
import { findHelm, helm } from '../../tools/helm.ts';
import {
  chartFolder,
  type Manifest,
  minimalValues,
  modes,
  one,
  render,
  valuesFile,
} from '../support/chart.ts';
import { describeWith } from '../support/real-servers.ts';

const { config, image } = minimalValues;

describeWith('the chart', await findHelm(), (program) => {
  const rendered = (values: object = minimalValues) => render(program, [valuesFile({ image, ...values })]);
  const pod = (manifests: readonly Manifest[]) => one(manifests, 'Deployment').spec.template;
  const container = (manifests: readonly Manifest[]) => pod(manifests).spec.containers[0];

  test.each(modes)('$mode: lints strictly', async ({ file }) => {
    const { ok, output } = await helm(program, ['lint', '--strict', chartFolder, '--values', file]);
    expect([ok, output]).toEqual([true, expect.stringContaining('0 chart(s) failed')]);
  });

  test.each(modes.filter(({ mode }) => mode !== 'existing-configmap'))(
    '$mode: gives the service a valid configuration',
    async ({ file }) => {
      const { data } = one(await render(program, [file]), 'ConfigMap', /^(oidc|orders)-authz$/);
      const written = data['oidc-authz.yaml'];
      const read = await loadConfig({
        flags: [{ name: '--config', value: 'oidc-authz.yaml' }],
        environment: {},
        readFile: () => written,
      });
      const { issuers } = parse(readFileSync(file, 'utf8')).config;
      expect(read.issuers.map(({ issuer }) => issuer)).toEqual(issuers.map((one: Manifest) => one.issuer));
    },
  );

  test('a values file of five lines renders every object of an installation', async () => {
    const text = readFileSync(`${chartFolder}/ci/default-values.yaml`, 'utf8');
    expect(text.trim().split('\n')).toHaveLength(5);
    const kinds = (await render(program, [`${chartFolder}/ci/default-values.yaml`])).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(
      new Set([
        'ConfigMap',
        'Deployment',
        'Job',
        'NetworkPolicy',
        'PodDisruptionBudget',
        'Service',
        'ServiceAccount',
      ]),
    );
  });

  describe('the alerts', () => {
    const withAlerts = (prometheusRule: object) =>
      rendered({
        ...minimalValues,
        metrics: { prometheusRule: { enabled: true, ...prometheusRule }, dashboard: { enabled: true } },
      });
    const rulesOf = async (prometheusRule: object = {}) =>
      one(await withAlerts(prometheusRule), 'PrometheusRule').spec.groups.flatMap(
        ({ rules }: Manifest) => rules,
      ) as Manifest[];
    const alert = async (name: string, prometheusRule: object = {}) =>
      (await rulesOf(prometheusRule)).find((rule) => rule.alert === name);

    test('are those of the plain rule file by default', async () => {
      const plain = parse(readFileSync(`${chartFolder}/files/rules.yaml`, 'utf8')).groups.flatMap(
        ({ rules }: Manifest) => rules,
      ) as Manifest[];
      const withoutRunbook = plain.map(({ annotations, ...rule }) => {
        const { runbook: _, ...rest } = annotations ?? {};
        return annotations === undefined ? rule : { ...rule, annotations: rest };
      });
      expect(await rulesOf()).toEqual(withoutRunbook);
    });

    test('and the dashboard have links to the published runbooks, with or without a final slash in the URL', async () => {
      for (const runbookBaseUrl of [
        'https://runbooks.example.com/authz',
        'https://runbooks.example.com/authz/',
      ]) {
        const manifests = await withAlerts({ runbookBaseUrl });
        const url = 'https://runbooks.example.com/authz/OidcAuthzAbsent.md';
        expect(JSON.stringify(one(manifests, 'PrometheusRule'))).toContain(`"runbook_url":"${url}"`);
        const board = JSON.parse(one(manifests, 'ConfigMap', /dashboard/).data['oidc-authz.json']);
        expect(
          board.panels.flatMap(({ links = [] }: Manifest) => links.map((link: Manifest) => link.url)),
        ).toContain(url);
      }
      const manifests = await withAlerts({});
      const board = JSON.parse(one(manifests, 'ConfigMap', /dashboard/).data['oidc-authz.json']);
      expect([JSON.stringify(board).includes('runbooks/'), board.links]).toEqual([false, undefined]);
      expect(board.panels.length).toBeGreaterThan(30);
    });

    test('can be disabled, and can have other severities, labels and thresholds', async () => {
      const set = {
        alertLabels: { team: 'platform' },
        objectives: { errors: 0.0001, seconds: 0.05 },
        alerts: {
          OidcAuthzDenialsJump: { thresholds: { share: 0.4 } },
          OidcAuthzKeysStale: { enabled: false },
          OidcAuthzAbsent: { severity: 'page', for: '10m', labels: { x: 'z' }, annotations: { note: 'hi' } },
        },
      };
      expect(await alert('OidcAuthzAbsent', set)).toMatchObject({
        for: '10m',
        labels: { severity: 'page', team: 'platform', x: 'z' },
        annotations: { note: 'hi', summary: expect.any(String) },
      });
      expect((await alert('OidcAuthzDenialsJump', set))?.expr).toContain('offset 1d > 0.4');
      expect((await alert('OidcAuthzErrorBudgetBurnFast', set))?.expr).toContain('14.4 * 0.0001');
      expect(JSON.stringify(await rulesOf(set))).not.toContain('0.025');
      // Prometheus 3 always calls the bound 1.0.
      expect(JSON.stringify(await rulesOf({ objectives: { seconds: 1 } }))).toContain('le=~\\"1(.0)?\\"');
      expect(await alert('OidcAuthzKeysStale', set)).toBeUndefined();
      // An alert that yields to a disabled alert fires itself.
      expect((await alert('OidcAuthzRefreshesFailing', set))?.expr).toContain('ratio > +Inf');
    });

    test.each([
      ['a runbookBaseUrl that is not a URL', { runbookBaseUrl: 'docs/runbooks/' }],
      ['an unknown alert', { alerts: { OidcAuthzAbsentt: { enabled: false } } }],
      ['an unknown threshold', { alerts: { OidcAuthzAbsent: { thresholds: { share: 1 } } } }],
      ['seconds that are not a bound of the histogram', { objectives: { seconds: 0.03 } }],
    ])('reject %s', async (_, set) => {
      await expect(withAlerts(set)).rejects.toThrow(/metrics\/prometheusRule/);
    });
  });

  test.each(['serviceMonitor', 'podMonitor'])('a %s contains the scrape settings', async (kind) => {
    const settings = { tlsConfig: { serverName: 'authz' }, authorization: { type: 'Bearer' } };
    const metrics = { [kind]: { enabled: true, scrapeTimeout: '10s', annotations: { a: 'b' }, ...settings } };
    const monitor = one(
      await rendered({ ...minimalValues, metrics }),
      kind.replace(/^./, (first) => first.toUpperCase()),
    );
    const [endpoint] = monitor.spec.endpoints ?? monitor.spec.podMetricsEndpoints;
    expect(endpoint).toMatchObject({ scrapeTimeout: '10s', interval: '30s', ...settings });
    const late = { [kind]: { enabled: true, scrapeTimeout: '1m' } };
    await expect(rendered({ ...minimalValues, metrics: late })).rejects.toThrow(
      `metrics.${kind}.scrapeTimeout: 1m is longer than the interval (30s)`,
    );
    expect(monitor.metadata.annotations).toEqual({ a: 'b' });
  });

  describe('the pods', () => {
    test('run as a non-root user, without a service account token, on a read-only file system', async () => {
      const { spec } = pod(await rendered());
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(spec.containers[0].securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
      });
      expect(spec.containers[0].lifecycle).toBeUndefined();
    });

    test('mount their configuration as a folder, so that changes reach them', async () => {
      const { volumeMounts, args } = container(await rendered());
      expect(volumeMounts).toEqual([{ name: 'config', mountPath: '/etc/oidc-authz/config', readOnly: true }]);
      expect(args).toEqual(['--config', '/etc/oidc-authz/config/oidc-authz.yaml']);
    });

    test('start the program of the image, unless the console needs another Node flag', async () => {
      const dockerfile = readFileSync(`${chartFolder}/../../Dockerfile`, 'utf8');
      const [, list = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? [];
      const words = JSON.parse(list) as string[];
      const flag = '--disallow-code-generation-from-strings';
      expect(words).toContain(flag);
      expect(container(await rendered()).command).toBeUndefined();
      const { command, args } = container(
        await rendered({ config: { ...config, admin: { console: { enabled: true } } } }),
      );
      expect(command).toEqual(words.filter((word) => word !== flag));
      expect(args).toEqual(['--config', '/etc/oidc-authz/config/oidc-authz.yaml']);
    });

    test.each([
      ['25s', 30],
      ['1m', 65],
      ['1m30s', 95],
      ['2500ms', 8],
    ])('have a longer grace period than the drain timeout of %s: %i s', async (timeout, seconds) => {
      const values = { config: { ...config, shutdown: { delay: '1s', timeout } } };
      expect(pod(await rendered(values)).spec.terminationGracePeriodSeconds).toBe(seconds);
    });

    test('are replaced after a change of the listeners, and after other changes only with configReload: restart', async () => {
      const annotations = async (values: object) => pod(await rendered(values)).metadata.annotations;
      const restart = { ...minimalValues, configReload: 'restart' };
      const before = await annotations(minimalValues);
      expect(await annotations({ config: { ...config, realm: 'orders' } })).toEqual(before);
      expect(await annotations({ config: { ...config, http: { port: 8080 } } })).not.toEqual(before);
      expect(await annotations({ ...restart, config: { ...config, realm: 'orders' } })).not.toEqual(
        await annotations(restart),
      );
    });

    test('are never fewer than requested during an update', async () => {
      expect(one(await rendered(), 'Deployment').spec).toMatchObject({
        replicas: 2,
        strategy: { rollingUpdate: { maxUnavailable: 0 } },
      });
    });
  });

  test('names the ports as Istio expects them', async () => {
    const { spec } = one(await rendered(), 'Service', /authz$/);
    expect(spec.ports).toEqual([
      { name: 'http-check', port: 8000, targetPort: 'http-check', protocol: 'TCP', appProtocol: 'http' },
      { name: 'grpc-check', port: 9000, targetPort: 'grpc-check', protocol: 'TCP', appProtocol: 'grpc' },
    ]);
  });

  test('uses the ports of the listeners everywhere, and omits disabled listeners', async () => {
    const manifests = await rendered({
      config: { ...config, http: { enabled: false }, grpc: { port: 9443 }, admin: { port: 8443 } },
      istio: { enabled: true },
    });
    const names = container(manifests).ports.map(({ name, containerPort }: Record<string, unknown>) => [
      name,
      containerPort,
    ]);
    expect(names).toEqual([
      ['grpc-check', 9443],
      ['http-admin', 8443],
    ]);
    expect(one(manifests, 'Service', /authz$/).spec.ports.map(({ port }: { port: number }) => port)).toEqual([
      9443,
    ]);
    const [checks, adminPort] = one(manifests, 'AuthorizationPolicy').spec.rules;
    expect([checks.to[0].operation.ports, adminPort.to[0].operation.ports]).toEqual([['9443'], ['8443']]);
    expect(one(manifests, 'PeerAuthentication').spec.portLevelMtls).toEqual({
      8443: { mode: 'PERMISSIVE' },
    });
    expect(Object.keys(one(manifests, 'ConfigMap', /entries/).data)).toEqual(['istio-grpc-provider.yaml']);
  });

  test('sets caFile for every issuer without a caFile of its own', async () => {
    const issuers = [...config.issuers, { issuer: 'https://b.example.com', anyAudience: true, caFile: '/x' }];
    const manifests = await rendered({ config: { issuers }, caBundle: { configMap: 'ca', key: 'ca.pem' } });
    const file = parse(one(manifests, 'ConfigMap', /authz$/).data['oidc-authz.yaml']);
    expect(file.issuers.map(({ caFile }: { caFile: string }) => caFile)).toEqual([
      '/etc/oidc-authz/ca/ca.pem',
      '/x',
    ]);
  });

  test('the network policy allows the ports of the configured issuers', async () => {
    const issuers = [
      { issuer: 'https://a.example.com', anyAudience: true },
      { issuer: 'https://b.example.com:8443/x', anyAudience: true },
      { issuer: 'https://c.example.com', anyAudience: true, jwks: '{"keys":[]}' },
      { issuer: 'https://d.example.com', anyAudience: true, httpsProxy: 'http://proxy.example.com:3128' },
    ];
    const { spec } = one(await rendered({ config: { issuers } }), 'NetworkPolicy', /authz$/);
    const ports = spec.egress[1].ports.map(({ port }: { port: number }) => port);
    expect(ports.toSorted()).toEqual([3128, 443, 8443]);
  });

  test('the network policy allows the incumbent only with shadow.authorizer', async () => {
    const egressOf = async (more: object) =>
      one(await rendered({ config: { ...config, ...more } }), 'NetworkPolicy', /authz$/).spec.egress;
    const shadow = { authorizer: 'http://oauth2-proxy.oauth2-proxy.svc.cluster.local' };
    const anyPod = { to: [{ namespaceSelector: {} }] };
    expect(await egressOf({ shadow })).toContainEqual(anyPod);
    expect(await egressOf({})).not.toContainEqual(anyPod);
  });

  test('sets hosts.ports to ignore with Istio and Kyma, unless the values set it', async () => {
    const rule = { name: 'api', match: { hosts: ['api.example.com'] }, require: {} };
    const portsOf = async (values: object, hosts?: object) => {
      const all = { config: { ...config, rules: [rule], ...(hosts !== undefined && { hosts }) }, ...values };
      const { data } = one(await rendered(all), 'ConfigMap', /authz$/);
      const read = await loadConfig({
        flags: [{ name: '--config', value: 'x.yaml' }],
        environment: {},
        readFile: () => data['oidc-authz.yaml'],
      });
      return read.hosts.ports;
    };
    const apiRule = { name: 'a', host: 'a', rules: [{ path: '/*', methods: ['GET'] }] };
    expect(await portsOf({})).toBe('exact');
    for (const mesh of [
      { istio: { enabled: true } },
      { kyma: { enabled: true } },
      { kyma: { apiRules: [apiRule] } },
    ]) {
      expect(await portsOf(mesh)).toBe('ignore');
      expect(await portsOf(mesh, {})).toBe('ignore');
      expect(await portsOf(mesh, { ports: 'exact' })).toBe('exact');
    }
    expect(await portsOf({}, { ports: 'ignore' })).toBe('ignore');
  });

  test('sets one gateway in each APIRule, and labels the pods for the ingress gateway with fromIngressGateway', async () => {
    const rules = [{ path: '/*', methods: ['GET'] }];
    const apiRules = [
      { name: 'a', host: 'a', rules },
      { name: 'b', host: 'b', rules, gateway: 'shop/own' },
      { name: 'c', host: 'c', rules, externalGateway: 'shop/external' },
    ];
    const gatewaysOf = async (kyma: object) =>
      (await rendered({ ...minimalValues, kyma }))
        .filter(({ kind }) => kind === 'APIRule')
        .map(({ spec }) => [spec.gateway, spec.externalGateway]);
    expect(await gatewaysOf({ apiRules })).toEqual([
      ['kyma-system/kyma-gateway', undefined],
      ['shop/own', undefined],
      [undefined, 'shop/external'],
    ]);
    const both = [{ ...apiRules[1], externalGateway: 'shop/external' }];
    await expect(gatewaysOf({ apiRules: both })).rejects.toThrow(/apiRules/);

    const label = 'networking.kyma-project.io/from-ingressgateway';
    const labelled = async (kyma: object) =>
      pod(await rendered({ ...minimalValues, kyma })).metadata.labels[label];
    expect(await labelled({ enabled: true })).toBeUndefined();
    expect(await labelled({ enabled: true, fromIngressGateway: true })).toBe('allowed');
  });

  describe('the entry for the mesh', () => {
    test('and the next commands are in the notes, with the right namespaces', async () => {
      const args = ['install', 'oidc-authz', chartFolder, '--namespace', 'releases', '--dry-run=client'];
      const values = valuesFile({ ...minimalValues, namespaceOverride: 'elsewhere' });
      const { output } = await helm(program, [...args, '--values', values]);
      const notes = output.slice(output.indexOf('NOTES:'));
      expect(notes).toContain('helm test -n releases oidc-authz');
      expect(notes).toContain('kubectl -n elsewhere rollout status');
    });

    test('exists once for each policy, with its own prefix, and APIRules and guards name the policy', async () => {
      const policies = ['shop', 'pay'].map((name) => ({
        name,
        pathPrefix: `/${name}`,
        rules: [{ name: 'all' }],
      }));
      const apiRule = { name: 'a', host: 'a.example.com', rules: [{ path: '/*', methods: ['GET'] }] };
      const guard = { name: 'a', namespace: 'shop', matchLabels: { app: 'a' } };
      const values = (policy?: string) => ({
        ...minimalValues,
        config: { ...config, policies },
        kyma: { apiRules: [{ ...apiRule, policy }] },
        istio: { enabled: true, guards: [{ ...guard, policy }] },
      });
      const manifests = await rendered(values('pay'));
      const { data } = one(manifests, 'ConfigMap', /entries/);
      const entry = { name: 'oidc-authz-pay', pathPrefix: '/pay' };
      expect(JSON.parse(data['kyma-authorizer-pay.json'])).toMatchObject(entry);
      expect(data['register-kyma-pay.sh']).toContain('name=oidc-authz-pay\n');
      const { extensionProviders } = parse(data['istio-http-provider.yaml']);
      expect(
        extensionProviders.map(({ name, envoyExtAuthzHttp }: Manifest) => [
          name,
          envoyExtAuthzHttp.pathPrefix,
        ]),
      ).toEqual([
        ['oidc-authz-shop', '/shop'],
        ['oidc-authz-pay', '/pay'],
      ]);
      expect(Object.keys(data).filter((key) => /^(kyma-authorizer\.|register-kyma\.)/.test(key))).toEqual([]);
      expect(one(manifests, 'APIRule').spec.rules[0].extAuth.authorizers).toEqual(['oidc-authz-pay']);
      expect(one(manifests, 'AuthorizationPolicy', /^a-oidc/).spec.provider).toEqual({
        name: 'oidc-authz-pay',
      });
      for (const wrong of [undefined, 'other'])
        await expect(rendered(values(wrong))).rejects.toThrow(
          /kyma\.apiRules: a: policy: .* set it to one of shop, pay\n.*istio\.guards: a: policy|istio\.guards: a: policy.*\n.*kyma\.apiRules: a/,
        );
    });

    test('is in the notes', async () => {
      const args = ['install', 'oidc-authz', chartFolder, '--namespace', 'oidc-authz', '--dry-run=client'];
      const { output } = await helm(program, [...args, '--values', valuesFile(minimalValues)]);
      const notes = output.slice(output.indexOf('NOTES:'));
      for (const text of [
        'service: oidc-authz.oidc-authz.svc.cluster.local',
        'onAllow: ["x-auth-request-user","x-auth-request-email"',
        'kind: APIRule',
        'get configmap oidc-authz-entries',
        'envoyExtAuthzGrpc',
      ])
        expect(notes).toContain(text);
    });
  });

  test('the service gets the timeout of the entries, so its deadline can be higher', async () => {
    const settings = { ...config, limits: { checkDeadline: '4s' } };
    const manifests = await rendered({ config: settings, authorizer: { timeout: '5s' } });
    const file = parse(one(manifests, 'ConfigMap', /authz$/).data['oidc-authz.yaml']);
    expect(file.limits).toEqual({ checkDeadline: '4s', meshTimeout: '5s' });
  });

  describe('rejects', () => {
    const issuers = config.issuers;
    const rejected: [string, object, RegExp][] = [
      ['no issuer', {}, /config\.issuers: no issuer is set; set at least one issuer/],
      [
        'issuers and existingConfigMap',
        { config, existingConfigMap: 'x' },
        /existingConfigMap: config\.issuers is set too/,
      ],
      [
        'no check listener',
        { config: { issuers, http: { enabled: false }, grpc: { enabled: false } } },
        /the service would answer no checks/,
      ],
      ['port 0', { config: { issuers, http: { port: 0 } } }, /different ports other than 0/],
      [
        'a policy whose name cannot be in the name of an entry',
        {
          config: {
            issuers,
            policies: [{ name: 'A_b', pathPrefix: '/a', rules: [{ name: 'r', deny: true }] }],
          },
        },
        /config\.policies: A_b: oidc-authz-A_b is the name of its entry in the mesh/,
      ],
      ['one port twice', { config: { issuers, http: { port: 9000 } } }, /different ports other than 0/],
      [
        'probes that always fail',
        { config: { issuers, admin: { tls: { certFile: '/a', keyFile: '/b', clientCaFile: '/c' } } } },
        /kubelet has no client certificate/,
      ],
      [
        'APIRules without HTTP',
        {
          config: { issuers, http: { enabled: false } },
          kyma: { apiRules: [{ name: 'a', host: 'a', rules: [{ path: '/*', methods: ['GET'] }] }] },
        },
        /over HTTP only/,
      ],
      [
        'two monitors',
        { config, metrics: { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } } },
        /count everything twice/,
      ],
      [
        'two CA bundles',
        { config, caBundle: { configMap: 'a', secret: 'b' } },
        /configMap and secret are both set/,
      ],
      [
        'a deadline too close to the timeout of the entry',
        { config: { ...config, limits: { checkDeadline: '1900ms' } } },
        /config\.limits\.checkDeadline: 1900ms .* authorizer\.timeout and config\.limits\.meshTimeout \(2s\).* at most 1600ms/,
      ],
      [
        'a timeout of the entry too close to the deadline',
        { config, authorizer: { timeout: '1s' } },
        /config\.limits\.checkDeadline: 1500ms .*\(1s\).* at most 800ms/,
      ],
      [
        'an incumbent that may answer too late',
        { config: { ...config, shadow: { authorizer: 'http://oauth2-proxy', timeout: '2s' } } },
        /config\.shadow\.timeout: 2s /,
      ],
      [
        'a meshTimeout longer than the timeout of the entry',
        { config: { ...config, limits: { meshTimeout: '5s' } } },
        /config\.limits\.meshTimeout: 5s is longer than authorizer\.timeout/,
      ],
      [
        'a grace period that is too short',
        { config, terminationGracePeriodSeconds: 25 },
        /stop the pod while it drains/,
      ],
    ];
    test.each(rejected)('%s', async (_, values, message) => {
      await expect(rendered(values)).rejects.toThrow(message);
    });

    test('a fraction of a second, even if helm skips the schema', async () => {
      const command = ['template', chartFolder, '--skip-schema-validation', '--values'];
      for (const timeout of ['500ms', '1500ms', '0s', '1m']) {
        const values = valuesFile({ image, config, authorizer: { timeout } });
        expect(await helm(program, [...command, values])).toMatchObject({
          ok: false,
          output: expect.stringMatching(/authorizer\.timeout: \S+ is not a whole number of seconds/),
        });
      }
    });

    test.each([
      ['an unknown value', { replicas: 3 }],
      ['an unknown option of the service', { config: { ...config, isuers: [] } }],
      ['an unknown option of an issuer', { config: { issuers: [{ issuer: 'x', audience: 'y' }] } }],
      ['a number as a string', { replicaCount: '2' }],
      ['an invalid digest', { image: { ...image, digest: 'latest' } }],
      ['a timeout of half a second', { authorizer: { timeout: '500ms' } }],
      ['an upper-case name', { authorizer: { name: 'Orders' } }],
      [
        'a gateway without a namespace',
        { kyma: { apiRules: [{ name: 'a', host: 'a', gateway: 'gw', rules: [] }] } },
      ],
    ])('%s, by its schema', async (_, values) => {
      await expect(rendered({ ...minimalValues, ...values })).rejects.toThrow(/schema/);
    });
  });
});
