/** `generate`: the settings that a configuration needs, and the problems that make a target impossible. */
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { ConfigError } from '../../../src/config/validate/problems.ts';
import { printGenerated } from '../../../src/tools/generate/generated.ts';
import { type GenerateFlags, type Target, targets } from '../../../src/tools/generate/options.ts';
import { configOf } from '../../support/app.ts';
import { generated, generatedYaml } from '../../support/generate-flags.ts';

const issuer = 'issuers: [{issuer: "https://tenant.example.com", audiences: [orders-api]}]\n';
const policies = `${issuer}policies:
  - {name: shop, pathPrefix: /shop, rules: [{name: a, match: {hosts: [shop.example.com]}, require: {}}]}
  - {name: pay, pathPrefix: /pay, rules: [{name: a, match: {hosts: ["pay.example.com:8443"]}, require: {}}]}
`;
const backend = 'orders:80';

/** The smallest flags of each target. */
const smallest: Readonly<Record<Target, Partial<GenerateFlags>>> = {
  kyma: {},
  istio: {},
  envoy: {},
  'envoy-gateway': { route: 'orders' },
  contour: { backend, host: ['orders.example.com'] },
  'gateway-api': { backend, gateway: 'infra/public' },
};

const yaml = async (target: Target, text: string, flags: Partial<GenerateFlags> = {}) =>
  generatedYaml(target, await configOf(text), { ...smallest[target], ...flags });

/** The problems, as `path source: message`. */
async function problemsOf(target: Target, text: string, flags: Partial<GenerateFlags> = {}) {
  try {
    await yaml(target, text, flags);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, source, message }) => `${path} ${source}: ${message}`.trim());
  }
}

describe.each(targets)('%s', (target) => {
  test('prints YAML with comments, or the same values as JSON with the comments apart', async () => {
    const settings = generated(target, await configOf(issuer), smallest[target]);
    const { output, notes } = printGenerated(settings, 'yaml');
    expect(notes).toBe('');
    expect(output).toMatch(/^# /);
    const read = parseAllDocuments(output).map((document) => document.toJSON());
    expect(read).toEqual(settings.documents);
    const json = printGenerated(settings, 'json');
    const items = read.length === 1 ? read[0] : { apiVersion: 'v1', kind: 'List', items: read };
    expect(JSON.parse(json.output)).toEqual(items);
    expect(json.notes.trim().split('\n')).toEqual([...settings.about]);
  });

  test('names the Service, its namespace and the port', async () => {
    const text = await yaml(target, `${issuer}http: {port: 8123}\ngrpc: {port: 9123}`, {
      service: 'authz',
      namespace: 'security',
    });
    expect(text).toMatch(target === 'contour' ? /port: 9123/ : /(port|port_value): 8123/);
    const name = ['kyma', 'istio', 'envoy'].includes(target)
      ? /authz\.security\.svc\.cluster\.local/
      : /name: authz\n *namespace: security/;
    expect(text).toMatch(name);
    const full = await yaml(target, issuer, { service: 'authz.security.svc.example.org' });
    expect(full).toMatch(name.source.startsWith('name') ? name : /authz\.security\.svc\.example\.org/);
  });

  test('waits as long as limits.meshTimeout, or --timeout', async () => {
    const text = `${issuer}limits: {checkDeadline: 1s, meshTimeout: 1500ms}`;
    const written: Readonly<Record<Target, RegExp>> = {
      kyma: /timeout: 2s/,
      istio: /timeout: 1.5s/,
      envoy: /timeout: 1.5s/,
      'envoy-gateway': /timeout: 1s500ms/,
      contour: /responseTimeout: 1.5s/,
      'gateway-api': /at least 1500 ms/,
    };
    expect(await yaml(target, text)).toMatch(written[target]);
    expect(await yaml(target, text, { timeout: '3s' })).toMatch(/(imeout|response): 3s|3000 ms/);
  });

  test('rejects a timeout that is not longer than the deadlines', async () => {
    const text = `${issuer}shadow: {authorizer: "http://a.example.com"}`;
    expect(await problemsOf(target, text, { timeout: '1s' })).toEqual([
      expect.stringMatching(/^limits\.checkDeadline : must be at most 800ms, 80 % of --timeout 1s/),
      expect.stringMatching(/^shadow\.timeout : must be at most 800ms/),
      expect.stringMatching(/^limits\.meshTimeout : must be at most --timeout 1s, got 2s/),
    ]);
  });

  test('rejects a deadline of more than 80 % of the timeout', async () => {
    const text = `${issuer}limits: {checkDeadline: 1601ms, meshTimeout: 2002ms}`;
    expect(await problemsOf(target, text, { timeout: '2s' })).toEqual([
      expect.stringMatching(/^limits\.checkDeadline : must be at most 1600ms/),
      expect.stringMatching(/^limits\.meshTimeout : /),
    ]);
  });

  test('rejects a listener that is disabled or has no fixed port', async () => {
    const transport = target === 'contour' ? 'grpc' : 'http';
    expect(await problemsOf(target, `${issuer}${transport}: {port: 0}`)).toEqual([
      expect.stringMatching(new RegExp(`^${transport}\\.port : must be a fixed port, got 0`)),
    ]);
    expect(await problemsOf(target, `${issuer}${transport}: {enabled: false}`, { transport })).toEqual([
      expect.stringMatching(new RegExp(`^${transport}\\.enabled : must be true`)),
    ]);
  });

  test('rejects TLS of the listener, unless it is envoy', async () => {
    const transport = target === 'contour' ? 'grpc' : 'http';
    const text = `${issuer}${transport}: {tls: {certFile: /a, keyFile: /b, clientCaFile: /c}}`;
    const problems = await problemsOf(target, text);
    expect(problems.map((one) => one.split(' ')[0])).toEqual(target === 'envoy' ? [] : [`${transport}.tls`]);
    if (target === 'envoy') expect(await yaml(target, text)).toMatch(/uri: https:.*sni:.*tls_certificates/s);
  });

  test.each<[keyof GenerateFlags, string]>([
    ['name', 'A'],
    ['name', 'a\nb: c'],
    ['namespace', 'a/b'],
    ['service', 'a:80'],
    ['service', 'a b'],
    ['service', 'a..b'],
    ['service', 'a.b:80'],
    ['timeout', 'soon'],
    ['timeout', '0s'],
    ['timeout', '2h'],
    ['transport', 'udp'],
    ['policy', 'unknown'],
  ])('rejects --%s %j', async (flag, value) => {
    expect(await problemsOf(target, issuer, { [flag]: value })).toEqual([
      expect.stringContaining(`flag --${flag}: `),
    ]);
  });
});

test('a gRPC check over Istio needs no header list, and Kyma has no gRPC', async () => {
  const { meshConfig } = parse(await yaml('istio', issuer, { transport: 'grpc' }));
  expect(meshConfig.extensionProviders).toEqual([
    {
      name: 'oidc-authz-grpc',
      envoyExtAuthzGrpc: {
        service: 'oidc-authz.oidc-authz.svc.cluster.local',
        port: 9000,
        timeout: '2s',
        failOpen: false,
      },
    },
  ]);
  expect(await problemsOf('kyma', issuer, { transport: 'grpc' })).toEqual([
    expect.stringContaining('kyma sends checks over http only, got grpc'),
  ]);
  expect(await problemsOf('kyma', `${issuer}http: {enabled: false}`)).toEqual([
    expect.stringContaining('http.enabled : must be true'),
  ]);
  expect(await problemsOf('contour', issuer, { transport: 'http' })).toHaveLength(1);
});

test('without http.enabled, checks are sent over gRPC', async () => {
  for (const target of ['istio', 'envoy', 'envoy-gateway', 'gateway-api'] as const)
    expect(await yaml(target, `${issuer}http: {enabled: false}`)).toMatch(/9000/);
});

test('Kyma needs a timeout of whole seconds', async () => {
  expect(await problemsOf('kyma', `${issuer}limits: {checkDeadline: 1s}`, { timeout: '2500ms' })).toEqual([
    expect.stringMatching(/^timeout flag --timeout: must be whole seconds, got 2500ms: .*; use 3s$/),
  ]);
});

describe('policies', () => {
  test('are an entry each in Kyma and Istio, with the prefix of the policy', async () => {
    const patch = parse(await yaml('kyma', policies)) as { value: { name: string; pathPrefix: string } }[];
    expect(patch.map(({ value: { name, pathPrefix } }) => [name, pathPrefix])).toEqual([
      ['oidc-authz-shop', '/shop'],
      ['oidc-authz-pay', '/pay'],
    ]);
    const rule = await yaml('kyma', policies, { apirule: true, backend, policy: 'pay' });
    expect(parse(rule).spec).toMatchObject({
      hosts: ['pay.example.com'],
      rules: [{ extAuth: { authorizers: ['oidc-authz-pay'] } }],
    });
  });

  test('are selected by the prefix over HTTP, and by context extensions over gRPC', async () => {
    expect(await yaml('envoy', policies, { policy: 'pay' })).toContain('path_prefix: /pay');
    expect(await yaml('envoy-gateway', policies, { policy: 'pay' })).toContain('path: /pay');
    expect(await yaml('gateway-api', policies, { policy: 'pay' })).toContain('path: /pay');
    const grpc = { policy: 'pay', transport: 'grpc' };
    expect(await yaml('envoy', policies, grpc)).toMatch(/context_extensions:\s+policy: pay/);
    expect(await yaml('envoy-gateway', policies, grpc)).toMatch(/name: policy\s+type: Value\s+value: pay/);
    expect(await yaml('contour', policies, grpc)).toMatch(/context:\s+policy: pay/);
  });

  test.each<[Target, Partial<GenerateFlags>]>([
    ['kyma', { apirule: true, backend }],
    ['istio', { authorizationPolicy: true, workload: ['app=a'] }],
    ['envoy', {}],
    ['envoy', { transport: 'grpc' }],
    ['envoy-gateway', {}],
    ['contour', {}],
    ['gateway-api', {}],
  ])('%s with %j must name one', async (target, flags) => {
    expect(await problemsOf(target, policies, flags)).toEqual([
      'policy flag --policy: missing; the configuration has the policies shop, pay',
    ]);
  });

  test('over gRPC, Istio and the Gateway API need grpcPolicy, and can use no other', async () => {
    for (const target of ['istio', 'gateway-api'] as const) {
      expect(await problemsOf(target, policies, { transport: 'grpc' })).toEqual([
        expect.stringMatching(/^grpcPolicy : must name a policy/),
      ]);
      const text = `${policies}grpcPolicy: shop\n`;
      expect(await problemsOf(target, text, { transport: 'grpc', policy: 'shop' })).toEqual([]);
      expect(await problemsOf(target, text, { transport: 'grpc', policy: 'pay' })).toHaveLength(1);
    }
  });

  test('whose name cannot be in the name of an entry are rejected', async () => {
    const text = policies.replace('name: pay', 'name: Pay_1');
    for (const target of ['kyma', 'istio'] as const)
      expect(await problemsOf(target, text)).toEqual([
        expect.stringMatching(/^policies\[1\]\.name : oidc-authz-Pay_1 .* must be a DNS label/),
      ]);
  });
});

test('the Gateway API cannot forward no header over HTTP', async () => {
  for (const [text, option] of [
    ['identityHeaders: remove', 'identityHeaders'],
    ['outputClaimToHeaders: []', 'outputClaimToHeaders'],
  ]) {
    expect(await problemsOf('gateway-api', `${issuer}${text}`)).toEqual([
      expect.stringMatching(new RegExp(`^${option} : no header is set for the workload`)),
    ]);
    expect(await problemsOf('gateway-api', `${issuer}${text}`, { transport: 'grpc' })).toEqual([]);
  }
});

test('the authorizer can be outside the cluster for Envoy, and for Istio with a ServiceEntry', async () => {
  for (const target of ['envoy', 'istio', 'kyma'] as const)
    expect(await yaml(target, issuer, { service: 'authz.eu.example.com' })).toContain('authz.eu.example.com');
  expect(await yaml('envoy', issuer, { service: 'localhost' })).toContain('address: localhost');
});

test('targets that ignore ports in hosts recommend hosts.ports: ignore, and Envoy gets the setting for it', async () => {
  const rules = `${issuer}rules: [{name: a, match: {hosts: [a.example.com]}, require: {}}]\n`;
  const advice = 'set `hosts.ports: ignore`';
  for (const target of ['kyma', 'istio', 'envoy-gateway', 'contour'] as const) {
    expect(await yaml(target, rules)).toContain(advice);
    expect(await yaml(target, `${rules}hosts: {ports: ignore}`)).not.toContain(advice);
    expect(await yaml(target, issuer)).not.toContain(advice);
  }
  const setting = /ignore_port_in_host_matching: true/;
  for (const flags of [{}, { bootstrap: true, backend }]) {
    expect(await yaml('envoy', rules, flags)).not.toMatch(setting);
    expect(await yaml('envoy', `${rules}hosts: {ports: ignore}`, flags)).toMatch(setting);
  }
});

test('an incumbent gets the headers that it reads, and its redirects reach the client', async () => {
  const text = await yaml('kyma', `${issuer}shadow: {authorizer: "http://oauth2-proxy.auth"}`);
  const [{ value }] = parse(text) as [{ value: { headers: Record<string, Record<string, string[]>> } }];
  expect(value.headers.inCheck?.include).toEqual(expect.arrayContaining(['cookie', 'x-forwarded-for']));
  expect(value.headers.toDownstream?.onDeny).toEqual(expect.arrayContaining(['location', 'set-cookie']));
  expect(text).toContain('An incumbent decides');
});

test('client certificates: Envoy sets the header, or adds the certificate to a check over gRPC', async () => {
  const trusted = (hops: number) => `${issuer}clientCertificates: {trustedHops: ${hops}}`;
  const bootstrap = { bootstrap: true, backend };
  expect(await yaml('envoy', trusted(1), bootstrap)).toContain('forward_client_cert_details: SANITIZE_SET');
  expect(await yaml('envoy', trusted(2), bootstrap)).toContain('forward_client_cert_details: APPEND_FORWARD');
  const bound = issuer.replace('{issuer', '{boundTokens: verify, issuer');
  expect(await yaml('envoy', bound, { transport: 'grpc' })).toContain('include_peer_certificate: true');
  expect(await yaml('envoy', bound)).not.toContain('include_peer_certificate');
  expect(await yaml('istio', trusted(1))).toContain('x-forwarded-client-cert as SANITIZE_SET');
});

test('a policy of Istio for a workload admits only the gateway, and one for a gateway lists its hosts', async () => {
  const documents = async (flags: Partial<GenerateFlags>) =>
    parseAllDocuments(await yaml('istio', issuer, { authorizationPolicy: true, ...flags })).map((document) =>
      document.toJSON(),
    );
  const [custom, allow] = await documents({ workload: ['app=orders'], workloadNamespace: 'shop' });
  expect(custom.spec).toEqual({
    selector: { matchLabels: { app: 'orders' } },
    action: 'CUSTOM',
    provider: { name: 'oidc-authz' },
    rules: [{ to: [{ operation: { paths: ['/*'] } }] }],
  });
  expect(allow.spec.rules[0].from[0].source.principals).toHaveLength(1);
  const hosts = ['a.example.com', 'a.example.com:*', '*.b.example.com'];
  const [atGateway, ofHosts] = await documents({
    gateway: 'infra/public',
    host: ['a.example.com', '*.b.example.com'],
  });
  expect(atGateway.metadata.namespace).toBe('infra');
  expect(atGateway.spec.rules).toEqual([{ to: [{ operation: { hosts } }] }]);
  expect(ofHosts.spec.rules).toEqual([{ to: [{ operation: { hosts } }] }]);
  // All requests are checked, so there is nothing to deny.
  expect(await documents({ gateway: 'public' })).toHaveLength(1);
});

describe('flags', () => {
  test.each<[Target, Partial<GenerateFlags>, RegExp]>([
    ['kyma', { apirule: true, host: ['a.example.com'] }, /flag --backend: missing/],
    ['kyma', { apirule: true, backend }, /flag --host: missing, and no rule names a host/],
    ['istio', { name: 'a'.repeat(59) }, /flag --name: must have at most 58 characters/],
    ['istio', { service: 'authz.security' }, /flag --service: istio needs the name of a Service/],
    ['kyma', { service: 'authz.security.svc' }, /flag --service: kyma needs the name of a Service/],
    ['envoy-gateway', { service: 'authz.example.com' }, /flag --service: envoy-gateway needs/],
    ['kyma', { backend }, /flag --backend: has no effect without --apirule/],
    ['kyma', { apirule: true, backend, host: ['a'], existing: 'x' }, /flag --existing: not allowed/],
    ['kyma', { route: 'a' }, /flag --route: generate kyma does not have it; only envoy-gateway/],
    ['istio', { authorizationPolicy: true }, /flag --workload: write --workload app=NAME/],
    ['istio', { authorizationPolicy: true, workload: ['a=b'], gateway: 'a' }, /flag --workload: write/],
    ['istio', { authorizationPolicy: true, workload: ['a'] }, /flag --workload: must be a label/],
    ['istio', { authorizationPolicy: true, workload: ['a=b: c'] }, /flag --workload: must be a label/],
    ['istio', { authorizationPolicy: true, gateway: 'a/b/c' }, /flag --gateway: must be NAME or/],
    ['istio', { bootstrap: true }, /flag --bootstrap: generate istio does not have it; only envoy/],
    ['envoy', { bootstrap: true }, /flag --backend: missing/],
    ['envoy', { bootstrap: true, backend: 'orders' }, /flag --backend: must be the Service/],
    ['contour', { backend: 'a.b:80' }, /flag --backend: must be the Service/],
    ['contour', { host: ['a.example.com:80'] }, /flag --host: must be a host without a port/],
    ['contour', { host: ['a.*.com'] }, /flag --host: must be a host without a port/],
    ['contour', { host: ['a"\nb'] }, /flag --host: must be a host without a port/],
    ['envoy-gateway', { route: undefined }, /flag --route: write --route NAME/],
    ['envoy-gateway', { gateway: 'a' }, /flag --route: write --route NAME/],
    ['gateway-api', { gateway: undefined }, /flag --gateway: missing/],
  ])('%s with %j is rejected', async (target, flags, message) => {
    expect(await problemsOf(target, issuer, flags)).toEqual([expect.stringMatching(message)]);
  });
});

describe("Kyma's current resource", () => {
  const cr = (spec: object) =>
    JSON.stringify({ apiVersion: 'operator.kyma-project.io/v1alpha2', kind: 'Istio', spec });

  test('may be in a list, as kubectl prints it', async () => {
    const list = `{apiVersion: v1, kind: List, items: [${cr({ config: { authorizers: [] } })}]}`;
    expect(parse(await yaml('kyma', issuer, { existing: list }))).toHaveLength(2);
  });

  test.each([
    ['another kind', '{apiVersion: v1, kind: ConfigMap}', /expected Kyma's Istio resource/],
    [
      'another group',
      '{apiVersion: install.istio.io/v1alpha1, kind: Istio}',
      /expected Kyma's Istio resource/,
    ],
    ['two resources', `{kind: List, items: [${cr({})}, ${cr({})}]}`, /expected Kyma's Istio resource/],
    ['an empty file', '', /expected Kyma's Istio resource/],
    ['a file that is not YAML', '{', /existing|\{/],
    ['a list that is not a list', cr({ config: { authorizers: {} } }), /must be a list/],
    [
      'two entries with the name',
      cr({ config: { authorizers: [{ name: 'oidc-authz' }, { name: 'oidc-authz' }] } }),
      /several authorizers have the name oidc-authz/,
    ],
  ])('is rejected: %s', async (_, existing, message) => {
    expect(await problemsOf('kyma', issuer, { existing })).toEqual([expect.stringMatching(message)]);
  });
});
