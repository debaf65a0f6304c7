/** The manifests of `generate`, validated by an API server with the definitions of each product. */
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { GenerateFlags, Target } from '../../src/tools/generate/options.ts';
import { apiServerProblems, fetchDefinitions, findManifestValidator } from '../../tools/validators.ts';
import { configOf } from '../support/app.ts';
import { generatedYaml } from '../support/generate-flags.ts';
import { describeWith } from '../support/real-servers.ts';

const issuer = 'issuers: [{issuer: "https://tenant.example.com", audiences: [orders-api]}]\n';
const configs = {
  smallest: issuer,
  rules: `${issuer}hosts: {ports: ignore}
dpop: {origins: ["https://orders.example.com"]}
clientCertificates: {trustedHops: 1}
limits: {meshTimeout: 2500ms}
rules: [{name: a, match: {hosts: [orders.example.com, "*.shop.example.com"]}, require: {}, allowPreflight: true}]
`,
  policies: `${issuer}grpcPolicy: shop
policies:
  - {name: shop, pathPrefix: /shop, rules: [{name: a, match: {hosts: [a.example.com]}, require: {}}]}
  - {name: pay, pathPrefix: /pay, rules: [{name: a, match: {hosts: [b.example.com]}, require: {}}]}
`,
  'no identity headers': `${issuer}identityHeaders: remove\n`,
};

const shop = { workloadNamespace: 'shop' };
const backend = 'orders:80';
const gateway = 'infra/public';

/** The flags of each output that is a manifest. */
const outputs: readonly (readonly [Target, Partial<GenerateFlags>])[] = [
  ['kyma', { apirule: true, backend, ...shop, host: ['orders.example.com', 'b.example.com'] }],
  ['kyma', { apirule: true, backend, gateway: 'own', ...shop, host: ['orders'] }],
  ['istio', { authorizationPolicy: true, workload: ['app=orders', 'a.b/c=d'], ...shop }],
  ['istio', { authorizationPolicy: true, workload: ['app=orders'], host: ['orders.example.com'] }],
  [
    'istio',
    {
      authorizationPolicy: true,
      workload: ['istio=ingressgateway'],
      host: ['a.example.com', '*.b.example.com'],
    },
  ],
  ['istio', { authorizationPolicy: true, gateway, transport: 'grpc' }],
  ['envoy-gateway', { route: 'orders', ...shop }],
  ['envoy-gateway', { gateway, transport: 'grpc' }],
  ['envoy-gateway', { route: 'orders', workloadNamespace: 'oidc-authz' }],
  ['contour', { backend, ...shop, host: ['orders.example.com', 'b.example.com'] }],
  ['contour', { backend, ...shop, host: ['orders.example.com'], timeout: '2500ms' }],
  ['gateway-api', { backend, gateway, ...shop, transport: 'grpc' }],
  ['gateway-api', { backend, gateway, ...shop, host: ['orders.example.com'] }],
];

describeWith('an API server', await findManifestValidator(), (program) => {
  let definitions: readonly string[];
  beforeAll(async () => {
    definitions = await fetchDefinitions('experimental');
  }, 300_000);
  const problems = (manifests: string) => apiServerProblems(program, definitions, manifests);

  test.each(Object.entries(configs))('accepts every manifest for %s', async (name, text) => {
    const settings = await configOf(text);
    // The program loads all definitions each time, so it gets all manifests at once.
    const manifests = outputs.flatMap(([target, flags]) => {
      const isOverHttp = target === 'gateway-api' && flags.transport === undefined;
      if (name === 'no identity headers' && isOverHttp) return [];
      const usesGrpcPolicy = flags.transport === 'grpc' && ['istio', 'gateway-api'].includes(target);
      const policy = name === 'policies' && !usesGrpcPolicy ? { policy: 'pay' } : {};
      return [generatedYaml(target, settings, { ...flags, ...policy })];
    });
    expect(manifests.length).toBeGreaterThan(10);
    expect(await problems(manifests.join('---\n'))).toEqual([]);
  });

  test.each(Object.entries(configs))("accepts Kyma's resource with the entries for %s", async (_, text) => {
    const patch = parse(generatedYaml('kyma', await configOf(text))) as { value: object }[];
    const manifest = {
      apiVersion: 'operator.kyma-project.io/v1alpha2',
      kind: 'Istio',
      metadata: { name: 'default', namespace: 'kyma-system' },
      spec: { config: { authorizers: patch.map(({ value }) => value) } },
    };
    // The second of two equal patches does not pass unnoticed.
    const twice = patch.flatMap(({ value }) => [value, value]);
    const duplicates = { ...manifest, spec: { config: { authorizers: twice } } };
    const manifests = [manifest, duplicates].map((one) => JSON.stringify(one));
    expect(await problems(manifests.join('\n---\n'))).toEqual([expect.stringMatching(/one name/)]);
  });

  test('rejects a misspelled field of each product', async () => {
    const settings = await configOf(configs.smallest);
    const misspelled: [Target, Partial<GenerateFlags>, RegExp, string][] = [
      ['envoy-gateway', { route: 'orders' }, /headersToBackend/, 'headersToBackends'],
      ['contour', { backend, host: ['a.example.com'] }, /responseTimeout/, 'responseTimeouts'],
      ['contour', { backend, host: ['a.example.com'] }, /circuitBreakerPolicy/, 'circuitBreakers'],
      ['gateway-api', { backend, gateway }, /allowedResponseHeaders/, 'allowedUpstreamHeaders'],
    ];
    const manifests = misspelled.map(([target, flags, right, wrong]) =>
      generatedYaml(target, settings, flags).replace(right, wrong),
    );
    expect(await problems(manifests.join('---\n'))).toEqual(
      misspelled.map(([, , , wrong]) => expect.stringContaining(wrong)),
    );
  });
});
