/** `doctor --envoy` reads the forms that istiod writes: named filter chains, dynamic listeners, CUSTOM rules, bad providers. */
import { describe, expect, test } from 'vitest';
import { askEnvoy } from '../../../src/tools/doctor/envoy/ask-envoy.ts';
import { envoyRules } from '../../../src/tools/doctor/envoy/envoy-rules.ts';
import { runRules } from '../../../src/tools/doctor/rule.ts';
import { NoAnswer, TooLargeError } from '../../../src/tools/http-client.ts';
import { configOf } from '../../support/app.ts';

const config = await configOf('issuers: [{issuer: "https://idp.example.com", audiences: [orders-api]}]');
const now = Date.parse('2026-11-26T12:00:00Z');
const cluster = 'outbound|8000||oidc-authz.oidc-authz.svc.cluster.local';
const type = (name: string, fields: object = {}) => ({ '@type': `type.googleapis.com/${name}`, ...fields });
const filters = 'envoy.extensions.filters.http';

const shadowRules = {
  name: 'envoy.filters.http.rbac',
  typed_config: type(`${filters}.rbac.v3.RBAC`, {
    shadow_rules: {
      action: 'DENY',
      policies: { 'istio-ext-authz-oidc-authz-ns[shop]-policy[orders]-rule[0]': {} },
    },
    shadow_rules_stat_prefix: 'istio_ext_authz_',
  }),
};
const badProvider = {
  name: 'envoy.filters.http.rbac',
  typed_config: type(`${filters}.rbac.v3.RBAC`, {
    rules: {
      action: 'DENY',
      policies: { 'istio-ext-authz-ns[shop]-policy[orders]-rule[0]-deny-due-to-bad-CUSTOM-action': {} },
    },
  }),
};
const externalAuthorization = (timeout: string) => ({
  name: 'envoy.filters.http.ext_authz',
  typed_config: type(`${filters}.ext_authz.v3.ExtAuthz`, {
    transport_api_version: 'V3',
    http_service: {
      server_uri: { uri: 'http://oidc-authz.oidc-authz.svc.cluster.local', cluster, timeout },
      authorization_response: {
        allowed_upstream_headers: { patterns: [{ prefix: 'x-auth-request-', ignore_case: true }] },
      },
    },
    allowed_headers: { patterns: [{ exact: 'x-request-id', ignore_case: true }] },
    status_on_error: { code: 'ServiceUnavailable' },
    filter_enabled_metadata: {
      filter: 'envoy.filters.http.rbac',
      path: [{ key: 'istio_ext_authz_shadow_effective_policy_id' }],
      value: { string_match: { prefix: 'istio-ext-authz-oidc-authz' } },
    },
  }),
});
const istioFilters = (middle: readonly object[]) => [
  { name: 'istio.metadata_exchange', typed_config: type('io.istio.http.peer_metadata.Config') },
  ...middle,
  { name: 'istio.stats', typed_config: type('stats.PluginConfig') },
  { name: 'envoy.filters.http.router', typed_config: type(`${filters}.router.v3.Router`) },
];
const manager = (httpFilters: readonly object[], upstream: string) => ({
  name: 'envoy.filters.network.http_connection_manager',
  typed_config: type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'inbound_0.0.0.0_8080',
    normalize_path: true,
    path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
    forward_client_cert_details: 'APPEND_FORWARD',
    route_config: {
      name: 'inbound|8080||',
      virtual_hosts: [
        {
          name: 'inbound|http|8080',
          domains: ['*'],
          routes: [{ name: 'default', match: { prefix: '/' }, route: { cluster: upstream } }],
        },
      ],
      ignore_port_in_host_matching: true,
    },
    http_filters: httpFilters,
  }),
});
const virtualInbound = (httpFilters: readonly object[], more: object = {}) => ({
  name: 'virtualInbound',
  active_state: {
    version_info: '2026-11-26T12:00:00Z/12',
    listener: type('envoy.config.listener.v3.Listener', {
      name: 'virtualInbound',
      traffic_direction: 'INBOUND',
      listener_filters: [{ name: 'envoy.filters.listener.original_dst' }],
      filter_chains: [
        { name: 'virtualInbound-blackhole', filters: [{ name: 'envoy.filters.network.tcp_proxy' }] },
        { name: '0.0.0.0_8080', filters: [{ name: 'istio_authn' }, manager(httpFilters, 'inbound|8080||')] },
      ],
    }),
  },
  ...more,
});
const outbound = {
  name: '10.0.0.1_443',
  active_state: {
    listener: type('envoy.config.listener.v3.Listener', {
      name: '10.0.0.1_443',
      traffic_direction: 'OUTBOUND',
      default_filter_chain: { filters: [manager(istioFilters([]), 'inbound|8080||')] },
    }),
  },
};
const authorizerCluster = {
  version_info: '12',
  cluster: type('envoy.config.cluster.v3.Cluster', {
    name: cluster,
    type: 'EDS',
    connect_timeout: '10s',
    circuit_breakers: {
      thresholds: [
        {
          max_connections: 4294967295,
          max_pending_requests: 4294967295,
          max_requests: 4294967295,
          max_retries: 4294967295,
        },
      ],
    },
  }),
};

/** An admin port that answers with these documents, in the form of a whole dump or of one resource. */
async function judge(
  listeners: readonly object[],
  {
    version = 'c0ffee/1.38.0-dev/Clean/RELEASE/BoringSSL',
    clusters = [authorizerCluster] as readonly object[],
    isWhole = false,
    certificates = [] as readonly object[],
    settings = config,
  } = {},
) {
  const healthy = [{ health_status: { eds_health_status: 'HEALTHY' } }];
  const asResource = (kind: string, members: readonly object[]) => ({
    configs: members.map((member) => ({ ...type(`envoy.admin.v3.${kind}`), ...member })),
  });
  const documents: Readonly<Record<string, object>> = {
    '/server_info': { version },
    '/config_dump?resource=dynamic_listeners': isWhole
      ? { configs: [{ ...type('envoy.admin.v3.ListenersConfigDump'), dynamic_listeners: listeners }] }
      : asResource('ListenersConfigDump.DynamicListener', listeners),
    '/config_dump?resource=dynamic_active_clusters': asResource(
      'ClustersConfigDump.DynamicCluster',
      clusters,
    ),
    '/clusters?format=json': { cluster_statuses: [{ name: cluster, host_statuses: healthy }] },
    '/certs': { certificates },
  };
  const { input, notes } = await askEnvoy({
    url: 'http://127.0.0.1:15000',
    config: settings,
    now: () => now,
    ask: async (path) => {
      const found = Object.keys(documents).find((name) => path === name || path.startsWith(`${name}&`));
      return {
        status: found === undefined ? 404 : 200,
        statusText: '',
        headers: [],
        body: JSON.stringify(documents[found ?? ''] ?? ''),
      };
    },
  });
  const found = runRules(envoyRules, input);
  return { notes, found, lines: found.map(({ id, severity }) => `${id} ${severity}`) };
}

const correct = istioFilters([shadowRules, externalAuthorization('2s')]);
/** `headers_with_underscores_action`, which istiod never sets. */
const always = ['K76 note'];

test.each([false, true])(
  'finds no mistake in a sidecar that follows the documentation (whole dump: %s)',
  async (isWhole) => {
    const { lines, notes } = await judge([virtualInbound(correct), outbound], { isWhole });
    expect(lines).toEqual(always);
    expect(notes[0]).toBe(
      'Envoy 1.38.0-dev at http://127.0.0.1:15000 has 2 HTTP connection managers and 1 ext_authz filter.',
    );
  },
);

test('names the filter chain of a finding', async () => {
  const { found } = await judge([virtualInbound(istioFilters([shadowRules, externalAuthorization('600s')]))]);
  expect(found[0]).toMatchObject({
    id: 'K63',
    severity: 'warning',
    cause: 'The timeout is 10m, the default of Istio.',
    place: {
      object: 'listener virtualInbound, filter chain 0.0.0.0_8080, filter envoy.filters.http.ext_authz',
    },
  });
});

test("reports the timeout that Kyma's operator makes of 500ms", async () => {
  const { lines } = await judge([virtualInbound(istioFilters([shadowRules, externalAuthorization('0s')]))]);
  expect(lines).toEqual(['K63 error', ...always]);
});

describe('for a service with a login', async () => {
  const settings = await configOf(`
issuers: [{issuer: "https://idp.example.com", audiences: [orders-api], login: {clientId: shop, clientSecretFile: s}}]
login: {hosts: [shop.example.com]}
sessions: {keysFile: keys}
limits: {meshTimeout: 5s}`);
  const findings = async (timeout: string) =>
    (await judge([virtualInbound(istioFilters([shadowRules, externalAuthorization(timeout)]))], { settings }))
      .found;

  test.each(['0s', '0.100s', '1s', '2s', '4s', '600s'])(
    'advises one timeout instead of %s',
    async (timeout) => {
      const fixes = (await findings(timeout))
        .filter(({ id }) => id === 'K42' || id === 'K63')
        .map(({ fix }) => fix);
      expect(fixes.length).toBeGreaterThan(0);
      for (const fix of fixes) expect(fix).toMatch(/`5s`/);
      expect(fixes.join()).not.toMatch(/\b[234] ?s\b/);
    },
  );

  test('names the missing header, and the list of this Envoy', async () => {
    const fixes = (await findings('5s')).filter(({ id }) => id === 'K04').map(({ fix }) => fix);
    const generated = '`oidc-authz generate` writes all lists.';
    expect(fixes).toContain(
      `Add \`set-cookie\` to \`allowed_client_headers_on_success\` (Istio: \`headersToDownstreamOnAllow\`; Kyma: \`toDownstream.onAllow\`). ${generated}`,
    );
    expect(fixes).toContain(
      `Add \`cookie\` to \`allowed_upstream_headers\` (Istio: \`headersToUpstreamOnAllow\`; Kyma: \`toUpstream.onAllow\`). ${generated}`,
    );
    expect(fixes.filter((fix) => fix.includes('`allowed_headers`'))).toEqual([
      expect.stringMatching(/^Add `cookie`, .* to `allowed_headers` \(Istio: /),
    ]);
  });
});

test('reports a bad provider, and does not claim that every request passes', async () => {
  const { found, lines } = await judge([virtualInbound(istioFilters([badProvider]))]);
  expect(lines).toEqual(['K79 error']);
  expect(found[0]?.cause).toBe(
    'The policy istio-ext-authz-ns[shop]-policy[orders]-rule[0]-deny-due-to-bad-CUSTOM-action denies what its AuthorizationPolicy matches.',
  );
});

test('reports a cluster that a Sidecar resource hides', async () => {
  const { lines } = await judge([virtualInbound(correct)], { clusters: [] });
  expect(lines).toEqual(['K74 error', ...always]);
});

test('reports an update that Envoy rejected', async () => {
  const rejected = { error_state: { failed_configuration: {}, details: 'Lua script error' } };
  const { found } = await judge([virtualInbound(correct, rejected)]);
  expect(found[0]).toMatchObject({ id: 'K82', cause: 'Envoy rejected the last update: Lua script error.' });
});

test.each([
  ['1.37.0', ['K12 warning', ...always]],
  ['1.37.0-dev', ['K12 warning', ...always]],
  ['1.37.1', always],
  ['11.37.0', always],
])('Envoy %s', async (number, expected) => {
  const { lines } = await judge([virtualInbound(correct)], {
    version: `c0ffee/${number}/Clean/RELEASE/BoringSSL`,
  });
  expect(lines).toEqual(expected);
});

test.each([
  // A certificate of Istio lives for a day, and the sidecar renews it after half of that time.
  ['2026-11-26T00:00:00Z', '2026-11-27T00:00:00Z', []],
  ['2026-11-25T13:00:00Z', '2026-11-26T13:00:00Z', ['K80 warning']],
  ['2026-01-01T00:00:00Z', '2026-12-05T00:00:00Z', ['K80 warning']],
  ['2026-01-01T00:00:00Z', '2026-12-30T00:00:00Z', []],
  ['2026-01-01T00:00:00Z', '2026-11-26T11:59:59Z', ['K80 error']],
])('a certificate from %s to %s', async (from, to, expected) => {
  const certificates = [{ cert_chain: [{ path: '<inline>', valid_from: from, expiration_time: to }] }];
  const { lines } = await judge([virtualInbound(correct)], { certificates });
  expect(lines.filter((line) => line.startsWith('K80'))).toEqual(expected);
});

test('trusts the gateway in front of a sidecar for the address of the client', async () => {
  const settings = await configOf(
    'issuers: [{issuer: "https://idp.example.com", audiences: [orders-api]}]\nrules: [{name: a, match: {addresses: [10.0.0.0/8]}, require: {}}]\nclientAddress: {trustedProxies: [192.168.0.1]}',
  );
  const { lines } = await judge([virtualInbound(correct)], { settings });
  expect(lines.filter((line) => line.startsWith('K78'))).toEqual([]);
});

test('rejects a port that is not of an Envoy', async () => {
  const ask = async () => ({ status: 200, statusText: '', headers: [], body: '{"ready":true}' });
  await expect(askEnvoy({ url: 'http://127.0.0.1:8081', config, now: () => now, ask })).rejects.toThrow(
    /flag --envoy\): the response to \/server_info is not one of Envoy/,
  );
});

test('says which part of the configuration is too large', async () => {
  const ask = async (path: string) => {
    if (path.includes('dynamic_route_configs'))
      throw new NoAnswer('too large', { cause: new TooLargeError('its body is larger') });
    const body = path === '/server_info' ? '{"version":"a/1.40.0/Clean"}' : 'not JSON';
    return { status: path.startsWith('/config_dump') ? 404 : 200, statusText: '', headers: [], body };
  };
  const { notes } = await askEnvoy({ url: 'http://127.0.0.1:15000', config, now: () => now, ask });
  expect(notes).toEqual([
    'Envoy 1.40.0 at http://127.0.0.1:15000 has 0 HTTP connection managers and 0 ext_authz filters.',
    'Not read: /config_dump?resource=dynamic_route_configs: the response is larger than 64 MiB.',
    'Not read: /certs: the response is not JSON.',
    'Not read: /stats?format=json&filter=ext_authz: the response is not JSON.',
  ]);
});

test('ignores what it does not know, and any type of any field', async () => {
  const odd = [
    { active_state: { listener: { filter_chains: 'x', name: 7 } } },
    {
      active_state: {
        listener: { filter_chains: [null, 1, { filters: [{ typed_config: { '@type': 5 } }] }] },
      },
    },
    virtualInbound([
      null,
      3,
      { name: 5, typed_config: null },
      { config_discovery: {} },
    ] as unknown as object[]),
    { active_state: null, error_state: 'x' },
  ];
  const { lines } = await judge(odd as object[]);
  expect(lines).toEqual(['K60 error']);
});
