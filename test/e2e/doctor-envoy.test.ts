/** `doctor --envoy` judges the configuration that a real Envoy has loaded. Each mistake has a listener, next to a correct one. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { doctor } from '../../src/cli/doctor.ts';
import { entryHeaders } from '../../src/config/rules/entry-headers.ts';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { createAsk } from '../../src/tools/doctor/ask.ts';
import { askEnvoy, type EnvoyAnswers, envoyLimits } from '../../src/tools/doctor/envoy/ask-envoy.ts';
import { envoyRules } from '../../src/tools/doctor/envoy/envoy-rules.ts';
import type { Finding } from '../../src/tools/doctor/finding.ts';
import { runRules } from '../../src/tools/doctor/rule.ts';
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { configOf } from '../support/app.ts';
import {
  type CaseListener,
  cluster,
  envoyWith,
  externalAuthorization,
  type Fields,
  http2,
  names,
  typed,
} from '../support/doctor-envoy.ts';
import { portsOf } from '../support/plain-envoy.ts';
import { describeWith } from '../support/real-servers.ts';

const issuer = 'issuers: [{issuer: "https://idp.example.com", audiences: [orders-api]}]';
const withRules = (rules: string, more = '') => `${issuer}\nrules: ${rules}\n${more}`;
const byPath = withRules('[{name: a, match: {paths: ["/admin/{**}"]}, require: {}}]');
const byHost = (ports: string) =>
  withRules('[{name: a, match: {hosts: [shop.example.com]}, require: {}}]', `hosts: {ports: ${ports}}`);
const byAddress = withRules(
  '[{name: a, match: {addresses: [10.0.0.0/8]}, require: {}}]',
  'clientAddress: {trustedProxies: [192.168.0.1]}',
);
const bound = 'issuers: [{issuer: "https://idp.example.com", audiences: [a], boundTokens: verify}]';

const withLogin = `issuers:
  - {issuer: "https://idp.example.com", audiences: [a], login: {clientId: shop, clientSecretFile: s, forward: none}}
login: {hosts: [shop.example.com]}
sessions: {keysFile: k}
limits: {meshTimeout: 5s}`;
const loginHeaders = entryHeaders(await configOf(withLogin));
const loginAuthz = { allowed_headers: names(...loginHeaders.include) };
const loginResponse = {
  allowed_upstream_headers: names(...loginHeaders.onAllow),
  allowed_client_headers: names(...loginHeaders.onDeny),
  allowed_client_headers_on_success: names(...loginHeaders.toBrowserOnAllow),
};
/** A listener with everything that a login needs. */
const forLogin = { authz: loginAuthz, response: loginResponse, timeout: '5s' };

const lua = {
  name: 'lua',
  typed_config: typed('http.lua.v3.Lua', {
    default_source_code: { inline_string: 'function envoy_on_request(handle) end' },
  }),
};
const cors = { name: 'cors', typed_config: typed('http.cors.v3.Cors') };
const jwt = (provider: object) => ({
  name: 'jwt',
  typed_config: typed('http.jwt_authn.v3.JwtAuthentication', {
    providers: {
      idp: {
        issuer: 'https://idp.example.com',
        remote_jwks: { http_uri: { uri: 'http://idp', cluster: 'workload', timeout: '1s' } },
        ...provider,
      },
    },
  }),
});
const rbac = (rules: Fields) => ({
  name: 'rbac',
  typed_config: typed('http.rbac.v3.RBAC', rules),
});
const allowAll = {
  action: 'ALLOW',
  policies: { all: { permissions: [{ any: true }], principals: [{ any: true }] } },
};
const disabled = (config: object) => ({
  typed_per_filter_config: { 'envoy.filters.http.ext_authz': config },
});

interface Case {
  readonly id: string;
  readonly name: string;
  readonly bad: CaseListener;
  readonly fixed: CaseListener;
  readonly severity?: string;
  /** The configuration of the service; the default one if absent. */
  readonly config?: string;
  /** The field of the finding. */
  readonly path: RegExp;
}

const cases: readonly Case[] = [
  {
    id: 'K04',
    name: 'cookie of a session to the browser',
    bad: { ...forLogin, response: { ...loginResponse, allowed_client_headers_on_success: undefined } },
    fixed: forLogin,
    path: /allowed_client_headers_on_success$/,
    config: withLogin,
  },
  {
    id: 'K04',
    name: 'cookies without ours to the workload',
    bad: {
      ...forLogin,
      response: {
        ...loginResponse,
        allowed_upstream_headers: names(...loginHeaders.onAllow.filter((name) => name !== 'cookie')),
      },
    },
    fixed: forLogin,
    path: /allowed_upstream_headers$/,
    severity: 'warning',
    config: withLogin,
  },
  {
    id: 'K04',
    name: 'cookie in checks',
    bad: { ...forLogin, authz: { allowed_headers: names('x-request-id') } },
    fixed: forLogin,
    path: /^allowed_headers$/,
    config: withLogin,
  },
  {
    id: 'K04',
    name: 'cookie removed from checks over gRPC',
    bad: { transport: 'grpc', timeout: '5s', authz: { disallowed_headers: names('cookie') } },
    fixed: { transport: 'grpc', timeout: '5s' },
    path: /^allowed_headers$/,
    config: withLogin,
  },
  {
    id: 'K42',
    name: 'timeout of a login',
    bad: { ...forLogin, timeout: '2s' },
    fixed: forLogin,
    path: /timeout$/,
    severity: 'warning',
    config: withLogin,
  },
  {
    id: 'K67',
    name: 'cookie of a login in progress',
    bad: {
      ...forLogin,
      response: {
        ...loginResponse,
        allowed_client_headers: names(...loginHeaders.onDeny.filter((name) => name !== 'set-cookie')),
      },
    },
    fixed: forLogin,
    path: /allowed_client_headers$/,
    severity: 'error',
    config: withLogin,
  },
  {
    id: 'K62',
    name: 'failure mode',
    bad: { authz: { failure_mode_allow: true } },
    fixed: { authz: { failure_mode_allow: false } },
    path: /^failure_mode_allow$/,
  },
  {
    id: 'K63',
    name: 'timeout below the deadline',
    bad: { timeout: '1s' },
    fixed: { timeout: '2s' },
    path: /timeout$/,
  },
  { id: 'K63', name: 'no timeout', bad: { timeout: '0s' }, fixed: { timeout: '3s' }, path: /timeout$/ },
  {
    id: 'K63',
    name: 'timeout of ten minutes',
    bad: { timeout: '600s' },
    fixed: { timeout: '2s' },
    path: /timeout$/,
    severity: 'warning',
  },
  {
    id: 'K63',
    name: 'gRPC timeout below the deadline',
    bad: { transport: 'grpc', timeout: '0.500s' },
    fixed: { transport: 'grpc' },
    path: /^grpc_service.timeout$/,
  },
  {
    id: 'K63',
    name: 'timeout below limits.meshTimeout',
    bad: { timeout: '2s' },
    fixed: { timeout: '4s' },
    path: /timeout$/,
    severity: 'note',
    config: `${issuer}\nlimits: {meshTimeout: 4s}`,
  },
  {
    id: 'K64',
    name: 'identity headers missing',
    bad: { response: { allowed_upstream_headers: names('x-auth-request-user') } },
    fixed: {},
    path: /allowed_upstream_headers$/,
  },
  {
    id: 'K64',
    name: 'no list',
    bad: { response: { allowed_upstream_headers: undefined } },
    fixed: {
      response: {
        allowed_upstream_headers: { patterns: [{ prefix: 'X-Auth-Request-', ignore_case: true }] },
      },
    },
    path: /allowed_upstream_headers$/,
  },
  {
    id: 'K65',
    name: 'all headers to the upstream',
    bad: { response: { allowed_upstream_headers: { patterns: [{ prefix: 'x-' }, { contains: 'con' }] } } },
    fixed: {},
    path: /allowed_upstream_headers$/,
  },
  {
    id: 'K65',
    name: 'all headers to the client',
    bad: { response: { allowed_client_headers_on_success: { patterns: [{ suffix: '-length' }] } } },
    fixed: { response: { allowed_client_headers_on_success: names('set-cookie') } },
    path: /on_success$/,
  },
  {
    id: 'K66',
    name: 'header of a rule missing',
    bad: {},
    fixed: { authz: { allowed_headers: names('x-request-id', 'x-team') } },
    path: /^allowed_headers$/,
    config: `${issuer}\ntrustedHeaders: [x-team]`,
  },
  {
    id: 'K66',
    name: 'header removed',
    bad: { transport: 'grpc', authz: { disallowed_headers: names('x-team') } },
    fixed: { transport: 'grpc' },
    path: /^allowed_headers$/,
    config: `${issuer}\ntrustedHeaders: [x-team]`,
  },
  {
    id: 'K66',
    name: 'request ID missing',
    bad: { authz: { allowed_headers: undefined } },
    fixed: {},
    path: /^allowed_headers$/,
    severity: 'note',
  },
  {
    id: 'K67',
    name: 'headers of a denial missing',
    bad: { response: { allowed_client_headers: names('www-authenticate') } },
    fixed: {
      response: {
        allowed_client_headers: names(
          'content-type',
          'cache-control',
          'retry-after',
          'x-oidc-authz-decision',
        ),
      },
    },
    path: /allowed_client_headers$/,
  },
  {
    id: 'K68',
    name: 'body',
    bad: { authz: { with_request_body: { max_request_bytes: 1024 } } },
    fixed: {},
    path: /^with_request_body$/,
  },
  {
    id: 'K69',
    name: 'status',
    bad: { authz: { status_on_error: undefined } },
    fixed: {},
    path: /^status_on_error$/,
  },
  {
    id: 'K70',
    name: 'half of the requests',
    bad: {
      authz: {
        filter_enabled: { default_value: { numerator: 50, denominator: 'HUNDRED' }, runtime_key: 'x' },
      },
    },
    fixed: {
      authz: {
        filter_enabled: { default_value: { numerator: 100, denominator: 'HUNDRED' }, runtime_key: 'x' },
      },
    },
    path: /^filter_enabled$/,
    severity: 'error',
  },
  {
    id: 'K70',
    name: 'route without a check',
    bad: { route: disabled(typed('http.ext_authz.v3.ExtAuthzPerRoute', { disabled: true })) },
    fixed: {},
    path: /^typed_per_filter_config$/,
  },
  {
    id: 'K70',
    name: 'filter that no route enables',
    bad: { filter: { disabled: true } },
    fixed: {
      filter: { disabled: true },
      route: disabled({
        '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig',
        config: typed('http.ext_authz.v3.ExtAuthzPerRoute', { check_settings: {} }),
      }),
    },
    path: /^typed_per_filter_config$/,
  },
  {
    id: 'K71',
    name: 'two filters',
    bad: { after: [externalAuthorization({ cluster: 'http' })] },
    fixed: {},
    path: /^http_filters$/,
  },
  {
    id: 'K72',
    name: 'lua after the check',
    bad: { after: [lua] },
    fixed: { before: [lua] },
    path: /^http_filters$/,
  },
  {
    id: 'K72',
    name: 'token removed before the check',
    bad: { before: [jwt({})] },
    fixed: { before: [jwt({ forward: true })] },
    path: /^http_filters$/,
    severity: 'error',
  },
  {
    id: 'K72',
    name: 'policy before the check',
    bad: { before: [rbac({ rules: allowAll })] },
    fixed: { before: [rbac({ shadow_rules: allowAll })], after: [rbac({ rules: allowAll })] },
    path: /^http_filters$/,
    severity: 'note',
  },
  {
    id: 'K72',
    name: 'claims as headers after the check',
    bad: { after: [jwt({ forward_payload_header: 'x-payload' })] },
    fixed: { after: [jwt({})] },
    path: /^http_filters$/,
  },
  {
    id: 'K72',
    name: 'cors after the check',
    bad: { after: [cors] },
    fixed: { before: [cors] },
    path: /^http_filters$/,
    severity: 'note',
  },
  {
    id: 'K72',
    name: 'route selected again',
    bad: { authz: { clear_route_cache: true } },
    fixed: {},
    path: /^clear_route_cache$/,
    severity: 'note',
  },
  {
    id: 'K73',
    name: 'path prefix',
    bad: {},
    fixed: { service: { path_prefix: '/check' } },
    path: /path_prefix$/,
    config: `${issuer}\nhttp: {pathPrefix: /check}`,
  },
  {
    id: 'K74',
    name: 'HTTP/1 for gRPC',
    bad: { transport: 'grpc', cluster: 'http' },
    fixed: { transport: 'grpc' },
    path: /^$/,
  },
  { id: 'K74', name: 'no endpoint', bad: { cluster: 'empty' }, fixed: {}, path: /^$/ },
  { id: 'K75', name: 'limits', bad: { cluster: 'limited' }, fixed: {}, path: /^circuit_breakers/ },
  {
    id: 'K75',
    name: 'frames',
    bad: { transport: 'grpc', cluster: 'framed' },
    fixed: { transport: 'grpc' },
    path: /max_outbound_control_frames$/,
  },
  {
    id: 'K75',
    name: 'connect timeout',
    bad: { cluster: 'outbound|8000||slow-1.shop.svc' },
    fixed: {},
    path: /^connect_timeout$/,
    severity: 'note',
  },
  {
    id: 'K76',
    name: 'dots in paths',
    bad: { manager: { normalize_path: false } },
    fixed: {},
    path: /^normalize_path$/,
    config: byPath,
  },
  {
    id: 'K76',
    name: 'slashes in paths',
    bad: { manager: { merge_slashes: false } },
    fixed: {},
    path: /^merge_slashes$/,
    severity: 'note',
    config: byPath,
  },
  {
    id: 'K76',
    name: 'encoded slashes',
    bad: { manager: { path_with_escaped_slashes_action: 'KEEP_UNCHANGED' } },
    fixed: {},
    path: /^path_with_escaped/,
    severity: 'note',
    config: byPath,
  },
  {
    id: 'K76',
    name: 'underscores',
    bad: { manager: { common_http_protocol_options: {} } },
    fixed: {},
    path: /underscores_action$/,
    severity: 'note',
  },
  {
    id: 'K77',
    name: 'ports compared',
    bad: {},
    fixed: { routing: { ignore_port_in_host_matching: true } },
    path: /ignore_port_in_host_matching$/,
    config: byHost('ignore'),
  },
  {
    id: 'K77',
    name: 'ports removed',
    bad: { manager: { strip_any_host_port: true } },
    fixed: { routing: { ignore_port_in_host_matching: true } },
    path: /^strip_any_host_port$/,
    config: byHost('ignore'),
  },
  {
    id: 'K77',
    name: 'ports ignored',
    bad: { routing: { ignore_port_in_host_matching: true } },
    fixed: {},
    path: /ignore_port_in_host_matching$/,
    severity: 'note',
    config: byHost('exact'),
  },
  {
    id: 'K78',
    name: 'address of the client not appended',
    bad: { manager: { skip_xff_append: true } },
    fixed: {},
    path: /^skip_xff_append$/,
    config: byAddress,
  },
  {
    id: 'K78',
    name: 'address of the client forwarded',
    bad: { manager: { use_remote_address: false } },
    fixed: {},
    path: /^use_remote_address$/,
    severity: 'warning',
    config: byAddress,
  },
  {
    id: 'K78',
    name: 'certificate removed',
    bad: {},
    fixed: { manager: { forward_client_cert_details: 'SANITIZE_SET' } },
    path: /^forward_client_cert_details$/,
    config: `${bound}\nclientCertificates: {trustedHops: 1}`,
  },
  {
    id: 'K78',
    name: 'certificate of the client forwarded',
    bad: { manager: { forward_client_cert_details: 'ALWAYS_FORWARD_ONLY' } },
    fixed: { manager: { forward_client_cert_details: 'APPEND_FORWARD' } },
    path: /^forward_client_cert_details$/,
    config: `${bound}\nclientCertificates: {trustedHops: 1}`,
  },
  {
    id: 'K78',
    name: 'no certificate in the check',
    bad: { transport: 'grpc' },
    fixed: { transport: 'grpc', authz: { include_peer_certificate: true } },
    path: /^include_peer_certificate$/,
    severity: 'warning',
    config: bound,
  },
];

const severityOf = (id: string) => envoyRules.find((rule) => rule.id === id)?.severity;

describeWith('doctor judges a real Envoy', await findEnvoy(), (envoyPath) => {
  let envoy: RunningEnvoy;
  let answers: EnvoyAnswers;
  const start = async (configOf: (adminPort: number) => object) =>
    startEnvoy(envoyPath, ({ adminPort }) => configOf(adminPort));
  const ask = ({ adminPort }: RunningEnvoy) => {
    const url = `http://127.0.0.1:${adminPort}`;
    const client = createAsk(
      {
        origin: new URL(url),
        tls: { ca: undefined, cert: undefined, key: undefined },
        token: undefined,
        clock: systemClock,
      },
      '--envoy',
      envoyLimits,
    );
    return askEnvoy({ url, ask: client, config: undefined, now: Date.now });
  };
  const findings = async ({ input }: EnvoyAnswers, config = issuer): Promise<readonly Finding[]> =>
    runRules(envoyRules, { ...input, config: await configOf(config) });
  /** The findings about one listener and its cluster. */
  const ofListener = async (name: string, { config = issuer }: Case) => {
    const { input } = answers;
    const chains = input.envoy.chains.filter(({ place }) => place === `listener ${name}`);
    const filters = input.filters.filter(({ chain }) => chains.includes(chain));
    return findings({ ...answers, input: { ...input, envoy: { ...input.envoy, chains }, filters } }, config);
  };

  beforeAll(async () => {
    const listeners = cases.flatMap((one, index) => [
      [`bad-${index}`, one.bad] as const,
      [`fixed-${index}`, one.fixed] as const,
    ]);
    envoy = await start((adminPort) =>
      envoyWith(
        Object.fromEntries(listeners),
        [
          cluster('workload', 1),
          cluster('http', 1),
          cluster('grpc', 1, http2()),
          cluster('empty', 1, { load_assignment: { cluster_name: 'empty' } }),
          cluster('limited', 1, { circuit_breakers: undefined }),
          cluster('framed', 1, http2({})),
          cluster('outbound|8000||slow-1.shop.svc', 1, { connect_timeout: '30s' }),
        ],
        adminPort,
      ),
    );
    answers = await ask(envoy);
  });
  afterAll(() => envoy.stop());

  describe.each(cases.map((one, index) => ({ ...one, index })))('$id $name', (one) => {
    test('finds the mistake', async () => {
      const found = (await ofListener(`bad-${one.index}`, one)).filter(
        ({ id, place }) => id === one.id && one.path.test(place.path),
      );
      expect(found.map(({ severity }) => severity)).toEqual([one.severity ?? severityOf(one.id)]);
    });

    test('finds nothing about the fixed listener', async () => {
      const found = await ofListener(`fixed-${one.index}`, one);
      expect(
        found.filter(
          ({ id, place, severity }) => (id === one.id && one.path.test(place.path)) || severity === 'error',
        ),
      ).toEqual([]);
    });
  });

  test('every finding has texts that are sentences', async () => {
    for (const [index, one] of cases.entries())
      for (const { cause, effect, fix } of await ofListener(`bad-${index}`, one))
        for (const text of [cause, effect, fix]) expect(text).toMatch(/^["`\w].*\.$/);
  });

  test('reports nothing but notes about a listener that follows the documentation', async () => {
    const index = cases.findIndex(({ name }) => name === 'failure mode');
    const one = cases[index];
    if (one === undefined) throw new Error('the case is gone');
    expect((await ofListener(`fixed-${index}`, one)).map(({ id, severity }) => `${id} ${severity}`)).toEqual(
      [],
    );
  });

  test('the notes have the version and the numbers of listeners and filters', () => {
    expect(answers.notes[0]).toMatch(
      /^Envoy 1\.\d+\.\d+ at http.* has \d+ HTTP connection managers and \d+ ext_authz filters\.$/,
    );
    expect(answers.notes).toHaveLength(1);
  });

  test.each(['http', 'grpc'])('the command finds nothing about deploy/envoy/%s.yaml', async (transport) => {
    const file = new URL(`../../deploy/envoy/${transport}.yaml`, import.meta.url);
    const example: string = readFileSync(file, 'utf8');
    const other = await start((adminPort) =>
      parse(
        example
          .replaceAll(/address: [a-z].*\.svc\.cluster\.local/g, 'address: 127.0.0.1')
          .replace('address: 0.0.0.0', 'address: 127.0.0.1')
          .replace('port_value: 8080', 'port_value: 0')
          .replace('port_value: 9901', `port_value: ${adminPort}`),
      ),
    );
    const result = await doctor({
      words: [],
      flags: [
        { name: '--config', value: 'deploy/oidc-authz.yaml' },
        { name: '--envoy', value: `http://127.0.0.1:${other.adminPort}` },
      ],
      readFile: (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'),
      readInput: () => '',
      environment: {},
      clock: systemClock,
    });
    await other.stop();
    expect(result.output).toMatch(
      /^# Envoy 1\.\S+ at \S+ has 1 HTTP connection manager and 1 ext_authz filter\.\n0 errors, 0 warnings, 0 notes\n$/,
    );
    expect([result.problems, result.exitCode]).toEqual(['', 0]);
  });

  test('reports an Envoy without a check', async () => {
    const other = await start((adminPort) =>
      envoyWith({ open: { isOpen: true } }, [cluster('workload', 1)], adminPort),
    );
    const found = await findings(await ask(other));
    await other.stop();
    expect(found.map(({ id, severity }) => `${id} ${severity}`)).toEqual(['K60 error']);
  });

  test('reports a second way to the workload, and counts of checks without a response', async () => {
    const both = await startEnvoy(envoyPath, ({ port, adminPort }) =>
      envoyWith(
        {
          open: { isOpen: true },
          guarded: { authz: { failure_mode_allow: true }, cluster: 'empty' },
          strict: { cluster: 'empty' },
        },
        [cluster('workload', port), cluster('empty', 1, { load_assignment: { cluster_name: 'empty' } })],
        adminPort,
      ),
    );
    for (const port of await portsOf(both.adminPort)) await fetch(`http://127.0.0.1:${port}/`);
    const found = await findings(await ask(both));
    await both.stop();
    const lines = found.map(({ id, severity, cause }) => `${id} ${severity} ${cause}`);
    expect(lines).toContain(
      'K61 warning It has no ext_authz filter, and it routes to workload, which other listeners protect.',
    );
    expect(lines).toContain('K81 error Requests that Envoy allowed without a response: 1.');
    expect(lines.some((line) => line.startsWith('K81 warning Checks that failed: 2'))).toBe(true);
  });
});
