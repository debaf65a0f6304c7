/** The output of `generate`, checked by the programs that read it: the API server's patch library, and Envoy. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findEnvoy } from '../../tools/envoy.ts';
import { applyPatches, findJsonPatch } from '../../tools/json-patch.ts';
import { temporaryFile } from '../../tools/validators.ts';
import { configOf } from '../support/app.ts';
import { generated, generatedYaml } from '../support/generate-flags.ts';
import { hostileNames, other, type Specification, shapes } from '../support/istio-resource.ts';
import { describeWith } from '../support/real-servers.ts';

const issuer = 'issuers: [{issuer: "https://tenant.example.com", audiences: [orders-api]}]\n';
const withPolicies = `${issuer}grpcPolicy: shop
policies:
  - {name: shop, pathPrefix: /shop, rules: [{name: a, require: {}}]}
  - {name: pay, pathPrefix: /pay, rules: [{name: a, require: {}}]}
`;
const config = await configOf(issuer);
const twoPolicies = await configOf(withPolicies);

const resource = (spec: unknown) => ({
  apiVersion: 'operator.kyma-project.io/v1alpha2',
  kind: 'Istio',
  metadata: { name: 'default', namespace: 'kyma-system' },
  ...(spec !== undefined && { spec }),
});

describeWith("the API server's patch library", await findJsonPatch(), (program) => {
  const patched = (document: object, patch: readonly object[]) =>
    applyPatches(program, [{ document, patch }])[0];
  /** The patch, as a reader of the printed YAML sees it. */
  const patchFor = (settings: typeof config, existing?: object): object[] =>
    parse(generatedYaml('kyma', settings, existing && { existing: JSON.stringify(existing) }));
  const entriesOf = (settings: typeof config) =>
    patchFor(settings).map((one) => (one as { value: object }).value);

  describe.each([
    ['one entry', config],
    ['an entry for each policy', twoPolicies],
  ])('registers %s', (_, settings) => {
    test.each(shapes)('with the patch for a resource with $shape, and keeps everything else', ({ spec }) => {
      const existing = resource(spec);
      const patch = patchFor(settings, existing);
      const expected = resource({
        ...spec,
        config: {
          ...spec?.config,
          authorizers: [...(spec?.config?.authorizers ?? []), ...entriesOf(settings)],
        },
      });
      expect(patched(existing, patch)).toEqual({ document: expected });
      // A second time, it fails. A new patch has nothing to change.
      expect(patched(expected, patch)).toHaveProperty('error');
      expect(patchFor(settings, expected)).toEqual([]);
    });

    test.each(shapes)('without the resource, only if it has a list: $shape', ({ spec, fits }) => {
      const result = patched(resource(spec), patchFor(settings));
      expect('document' in (result ?? {})).toBe(fits === 'append');
    });
  });

  test('replaces the entry with the same name, and no other', () => {
    const [entry] = entriesOf(config);
    const spec: Specification = {
      config: { authorizers: [...hostileNames.map(other), { name: 'oidc-authz', port: 1 }, other('last')] },
    };
    const patch = patchFor(config, resource(spec));
    const authorizers = [...hostileNames.map(other), entry, other('last')];
    expect(patched(resource(spec), patch)).toEqual({ document: resource({ config: { authorizers } }) });
  });

  test('changes nothing if another authorizer was added in the meantime', () => {
    const before = resource({ config: { authorizers: [other('opa')] } });
    const after = resource({ config: { authorizers: [other('opa'), other('new')] } });
    expect(patched(after, patchFor(config, before))).toHaveProperty('error');
  });
});

describeWith('a real Envoy', await findEnvoy(), (path) => {
  const accepts = async (text: string) => {
    const file = temporaryFile('envoy.yaml', text);
    const { stdout, stderr } = await promisify(execFile)(path, ['--mode', 'validate', '--config-path', file]);
    expect(stdout + stderr).toMatch(/configuration '.*' OK/);
  };
  const variants: [string, string, object][] = [
    ['the smallest configuration', issuer, {}],
    ['gRPC', issuer, { transport: 'grpc' }],
    ['no identity headers', `${issuer}identityHeaders: remove`, {}],
    [
      'hosts without ports',
      `${issuer}hosts: {ports: ignore}`,
      { host: ['a.example.com', '*.b.example.com'] },
    ],
    ['client certificates', `${issuer}clientCertificates: {trustedHops: 2}`, {}],
    [
      'the certificate of the connection',
      issuer.replace('{issuer', '{boundTokens: verify, issuer'),
      { transport: 'grpc' },
    ],
    ['a policy over HTTP', withPolicies, { policy: 'pay' }],
    ['a policy over gRPC', withPolicies, { policy: 'pay', transport: 'grpc' }],
    [
      'TLS',
      `${issuer}http: {tls: {certFile: /tls.crt, keyFile: /tls.key}}\ngrpc: {tls: {certFile: /tls.crt, keyFile: /tls.key}}`,
      { transport: 'grpc' },
    ],
    ['a long timeout', `${issuer}limits: {meshTimeout: 62500ms}`, {}],
  ];

  test.each(variants)('accepts the generated file for %s', async (_, text, flags) => {
    const settings = await configOf(text);
    await accepts(generatedYaml('envoy', settings, { ...flags, bootstrap: true, backend: 'orders:80' }));
  });

  test.each(variants)('accepts the generated filter and cluster in a file for %s', async (_, text, flags) => {
    const settings = await configOf(text);
    const { host: _host, ...others } = flags as { host?: string[] };
    const [part] = generated('envoy', settings, others).documents as readonly [
      { http_filters: object[]; clusters: object[]; typed_per_filter_config?: object },
    ];
    const manager = {
      '@type':
        'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      stat_prefix: 'x',
      route_config: {
        virtual_hosts: [
          {
            name: 'x',
            domains: ['*'],
            routes: [{ match: { prefix: '/' }, direct_response: { status: 200 } }],
            typed_per_filter_config: part.typed_per_filter_config,
          },
        ],
      },
      http_filters: [
        ...part.http_filters,
        {
          name: 'envoy.filters.http.router',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
          },
        },
      ],
    };
    const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }];
    const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
    await accepts(
      JSON.stringify({
        static_resources: {
          listeners: [{ name: 'x', address, filter_chains: [{ filters }] }],
          clusters: part.clusters,
        },
      }),
    );
  });
});
