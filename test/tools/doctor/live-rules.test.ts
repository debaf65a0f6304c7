/** The rules of `doctor --live` about answers of a service and of issuers. Each has a bad and a fixed answer. */
import { describe, expect, test } from 'vitest';
import type { IssuerProbe } from '../../../src/tools/doctor/live/ask-issuers.ts';
import { askService } from '../../../src/tools/doctor/live/ask-service.ts';
import { clockDifference } from '../../../src/tools/doctor/live/clock-difference.ts';
import { issuerRules } from '../../../src/tools/doctor/live/issuer-rules.ts';
import { readMetrics } from '../../../src/tools/doctor/live/metrics-text.ts';
import { replicaRules } from '../../../src/tools/doctor/live/replica-rules.ts';
import { serviceRules } from '../../../src/tools/doctor/live/service-rules.ts';
import { runRules } from '../../../src/tools/doctor/rule.ts';
import { configOf } from '../../support/app.ts';

const config = await configOf('issuers: [{issuer: "https://idp.example.com", audiences: [a]}]');
const now = Date.parse('2026-11-26T12:00:00Z');
const healthy = {
  ready: true,
  issuers: [{ name: 'idp', state: 'ready', keys: 2, keysAgeSeconds: 20, problem: null }],
  shadow: { tried: false, authorizer: null },
};

/** The findings about a service with these answers. */
async function ofService({
  readyz = healthy as object,
  metrics = '',
  decisions = [] as object[],
  status = 200,
}) {
  const answers: Readonly<Record<string, { status: number; body: string }>> = {
    '/readyz': { status: 200, body: JSON.stringify(readyz) },
    '/metrics': { status: 200, body: metrics },
    '/decisions?limit=1000': { status, body: JSON.stringify({ decisions }) },
  };
  const { input, notes } = await askService(
    'http://127.0.0.1:8081',
    async (path) => ({
      ...(answers[path] ?? { status: 404, body: '' }),
      statusText: '',
      headers: [['Date', new Date(now).toUTCString()]],
    }),
    { config, source: 'oidc-authz.yaml' },
    () => now,
  );
  const found = runRules(serviceRules, input);
  return { found, notes, lines: found.map(({ id, severity, cause }) => `${id} ${severity} ${cause}`) };
}

test('finds nothing about a healthy service', async () => {
  const { lines, notes } = await ofService({
    metrics:
      '# HELP x\noidc_authz_checks_total{transport="http",outcome="deny",reason="overloaded",issuer="none"} 0\n',
  });
  expect(lines).toEqual([]);
  expect(notes).toEqual(['Asked the service at http://127.0.0.1:8081.']);
});

test.each([
  [
    'an issuer without keys',
    { ...healthy, issuers: [{ name: 'idp', state: 'waiting', problem: 'no route to host' }] },
    'K83 error The issuer is waiting: no route to host.',
  ],
  [
    'an issuer whose last fetch failed',
    { ...healthy, issuers: [{ name: 'idp', state: 'stale', keysAgeSeconds: 3600, problem: 'status 500' }] },
    'K83 warning The issuer is stale; its keys are 1h old: status 500.',
  ],
  [
    'a failed reload',
    {
      ...healthy,
      problems: [
        {
          what: 'configuration',
          files: ['/etc/a.yaml'],
          problem: 'invalid YAML',
          since: '2026-11-26T11:00:00.000Z',
        },
      ],
    },
    'K84 error The configuration was not reloaded since 2026-11-26T11:00:00.000Z: invalid YAML.',
  ],
  [
    'session keys that were not reloaded',
    {
      ...healthy,
      problems: [{ what: 'session keys', files: ['/etc/keys'], problem: 'empty', since: 'noon' }],
    },
    'K84 error The session keys were not reloaded since noon: empty.',
  ],
  [
    'a deny list of the store that is not complete',
    {
      ...healthy,
      problems: [
        { what: 'revocations', files: [], problem: '1 of its entries cannot be read', since: 'noon' },
      ],
    },
    'K50 error The deny list of the store is not complete since noon: 1 of its entries cannot be read.',
  ],
  [
    'shadow mode',
    { ...healthy, shadow: { tried: true, authorizer: null } },
    'K86 warning `mode: shadow` is active.',
  ],
  [
    'a store that is away',
    { ...healthy, state: { store: 'away', since: '2026-11-26T11:00:00.000Z', problem: 'WRONGPASS' } },
    'K49 error The connection has been away since 2026-11-26T11:00:00.000Z: WRONGPASS.',
  ],
  [
    'an incumbent',
    { ...healthy, shadow: { tried: false, authorizer: 'http://oauth2-proxy' } },
    'K86 note The incumbent (the authorizer that decides while `shadow.authorizer` is set) decides: http://oauth2-proxy.',
  ],
])('reports %s', async (_, readyz, expected) => {
  expect((await ofService({ readyz })).lines).toEqual([expected]);
});

test.each([
  [
    'oidc_authz_config_hash_info{hash="0000000000000000"} 1',
    /^K85 warning The hash of the running configuration is 0000000000000000; the hash of oidc-authz.yaml is [0-9a-f]{16}\.$/,
  ],
  [
    'oidc_authz_connections_rejected_total{listener="grpc",cause="http1"} 7',
    /^K87 warning Connections that the listener closed because of `http1`: 7\.$/,
  ],
  [
    'oidc_authz_checks_total{transport="http",outcome="deny",reason="overloaded",issuer="none"} 3',
    /^K88 warning Checks that ended with `overloaded`: 3\.$/,
  ],
  [
    'oidc_authz_checks_total{transport="grpc",outcome="deny",reason="internal_error",issuer="none"} 1',
    /^K88 error Checks that ended with `internal_error`: 1\.$/,
  ],
  [
    'oidc_authz_cross_checks_total{result="differed"} 1',
    /^K88 error Tokens that jose judged differently: 1\.$/,
  ],
  ['oidc_authz_issuer_jwks_uri_moved{issuer="idp"} 1', /^K88 error .* another host than before \(idp\)\.$/],
  [
    'oidc_authz_forwarded_headers_withheld_total{header="x-auth-request-user",cause="not \\"ascii\\""} 2',
    /^K88 note Header values .*: 2 \(x-auth-request-user, not "ascii"\)\.$/,
  ],
  [
    'oidc_authz_store_operations_seconds_count{operation="set",result="full"} 2',
    /^K88 error Writes that the store refused because it is full: 2 \(set\)\.$/,
  ],
  [
    'oidc_authz_store_operations_seconds_count{operation="feed_add",result="rejected"} 1',
    /^K88 error Operations that the store rejected: 1 \(feed_add\)\.$/,
  ],
  [
    'oidc_authz_store_operations_seconds_count{operation="get",result="timeout"} 4',
    /^K88 warning Operations that the store did not answer in time: 4 \(get\)\.$/,
  ],
  [
    'oidc_authz_checks_total{transport="http",outcome="error",reason="sessions_unavailable",issuer="none"} 3',
    /^K88 warning Checks that ended with `sessions_unavailable`: 3\.$/,
  ],
  [
    'oidc_authz_checks_total{transport="http",outcome="error",reason="proofs_unavailable",issuer="none"} 3',
    /^K88 warning Checks that ended with `proofs_unavailable`: 3\.$/,
  ],
  [
    'oidc_authz_session_cookie_not_delivered_total 2',
    /^K88 warning Session cookies that a browser did not receive: 2\.$/,
  ],
  ['oidc_authz_worker_restarts_total 2', /^K88 warning Workers that were replaced: 2\.$/],
])('reports the sample %s, and nothing if it is 0', async (sample, expected) => {
  const { lines } = await ofService({ metrics: `${sample}\n` });
  expect(lines).toEqual([expect.stringMatching(expected)]);
  const { lines: none } = await ofService({ metrics: `${sample.replace(/ \d+$/, ' 0')}\n` });
  expect(none.filter((line) => !line.startsWith('K85'))).toEqual([]);
});

test('summarizes the last denials by reason, with the most likely cause', async () => {
  const denial = (reason: string, id: string) => ({
    id,
    reason,
    time: '2026-11-26T11:00:00.000Z',
    method: 'GET',
    host: 'shop.example.com',
    path: '/orders',
  });
  const decisions = [
    denial('audience_mismatch', 'aaaaaaaaaaaaa'),
    denial('token_missing', 'bbbbbbbbbbbbb'),
    denial('audience_mismatch', 'ccccccccccccc'),
    denial('a_later_reason', 'd'),
  ];
  const { found } = await ofService({ decisions });
  expect(found.map(({ id, place }) => `${id} ${place.object}`)).toEqual([
    'K89 reason audience_mismatch',
    'K89 reason token_missing',
  ]);
  expect(found[0]?.cause).toBe(
    '2 of the last 4 denials have this reason; the last one at 2026-11-26T11:00:00.000Z for GET shop.example.com/orders, decision ID aaaaaaaaaaaaa.',
  );
  expect(found[0]?.effect).toMatch(/^Most likely: .+\.$/);
  expect(found[0]?.fix).toContain('`oidc-authz explain aaaaaaaaaaaaa --admin http://127.0.0.1:8081`');
  for (const { effect, fix } of found) expect(`${effect}${fix}`).not.toMatch(/\]\(/);
});

test('shows the detail of the last denial, and every cause and fix that is possible', async () => {
  const { found } = await ofService({
    decisions: [
      {
        id: 'aaaaaaaaaaaaa',
        reason: 'login_unavailable',
        time: '2026-11-26T11:00:00.000Z',
        method: 'GET',
        host: 'shop.example.com',
        path: '/.oidc-authz/callback',
        detail: 'issuer main: the token endpoint answered 401 unauthorized_client',
      },
    ],
  });
  expect(found).toHaveLength(1);
  const [{ cause = '', effect = '', fix = '' } = {}] = found;
  expect(cause).toMatch(
    /decision ID aaaaaaaaaaaaa\. Its detail: issuer main: the token endpoint answered 401 unauthorized_client\.$/,
  );
  expect(effect).toMatch(/^Possible causes: .*not reachable.*`unauthorized_client`/);
  expect(fix).toContain('Write the new secret into `clientSecretFile`.');
});

describe('for several replicas', () => {
  const replica = async (port: number, sessionKeys?: readonly string[]) => {
    const { input } = await askService(
      `http://127.0.0.1:${port}`,
      async (path) => ({
        status: path === '/readyz' ? 200 : 404,
        body: JSON.stringify({ ...healthy, ...(sessionKeys && { sessionKeys }) }),
        statusText: '',
        headers: [],
      }),
      undefined,
      () => now,
    );
    return input;
  };

  test.each([
    [['a', 'b'], 'a, b'],
    [['b'], 'b'],
    [undefined, 'absent'],
  ])('reports the session keys %j next to other ones', async (keys, shown) => {
    const found = runRules(replicaRules, [
      await replica(1, ['b', 'a']),
      await replica(2, ['b', 'a']),
      await replica(3, keys),
    ]);
    expect(found.map(({ id, place, cause }) => `${id} ${place.file} ${cause}`)).toEqual([
      `K18 http://127.0.0.1:3 Its session keys are ${shown}; those of http://127.0.0.1:1 are b, a.`,
    ]);
  });

  test('finds nothing if they have the same keys', async () => {
    expect(runRules(replicaRules, [await replica(1, ['a']), await replica(2, ['a'])])).toEqual([]);
    expect(runRules(replicaRules, [await replica(1), await replica(2)])).toEqual([]);
  });
});

describe('replicas with a store', () => {
  const replica = async (port: number, state: object | undefined, hash = 'a') =>
    (
      await askService(
        `http://127.0.0.1:${port}`,
        async (path) => ({
          status: 200,
          statusText: '',
          headers: [],
          body:
            path === '/readyz'
              ? JSON.stringify({ ...healthy, ...(state && { state }) })
              : `oidc_authz_config_hash_info{hash="${hash}"} 1\n`,
        }),
        undefined,
        () => now,
      )
    ).input;
  const ready = { store: 'ready', since: '2026-11-26T11:00:00.000Z', problem: null };

  test.each<[string, object | undefined, string, string]>([
    [
      'one uses none',
      undefined,
      'a',
      'K48 error http://127.0.0.1:1 uses a store, and http://127.0.0.1:2 uses none.',
    ],
    [
      'their configurations differ',
      ready,
      'b',
      'K48 warning It has another configuration than http://127.0.0.1:1, and both use a store.',
    ],
  ])('reports it if %s', async (_, state, hash, expected) => {
    const found = runRules(replicaRules, [await replica(1, ready), await replica(2, state, hash)]);
    expect(found.map(({ id, severity, cause }) => `${id} ${severity} ${cause}`)).toEqual([expected]);
  });

  test('finds nothing if they have the same one, or none', async () => {
    expect(runRules(replicaRules, [await replica(1, ready), await replica(2, ready)])).toEqual([]);
    expect(runRules(replicaRules, [await replica(1, undefined), await replica(2, undefined, 'b')])).toEqual(
      [],
    );
  });
});

test('says how to get access to the last denials', async () => {
  const { notes } = await ofService({ status: 403 });
  expect(notes[1]).toBe(
    'The last denials were not read: http://127.0.0.1:8081/decisions answers 403. Connect through kubectl port-forward, or pass --admin-token-file.',
  );
});

test('rejects a port that is not the admin listener', async () => {
  const ask = async () => ({ status: 404, statusText: '', headers: [], body: 'x' });
  await expect(askService('http://127.0.0.1:8000', ask, undefined, () => now)).rejects.toThrow(
    /not one of oidc-authz/,
  );
});

const [issuer] = config.issuers;
const probe: IssuerProbe = {
  issuer: issuer as IssuerProbe['issuer'],
  index: 0,
  problem: undefined,
  clockAhead: 400,
  metadata: { id_token_signing_alg_values_supported: ['none', 'RS256'] },
  documentUrl: 'https://idp.example.com/.well-known/openid-configuration',
  jwksUri: 'https://idp.example.com/jwks',
  unused: [{ key: 'e1', cause: 'use' }],
  certificateEnd: now + 90 * 86_400_000,
};
const ofIssuer = (change: Partial<IssuerProbe>, serviceAhead?: number) =>
  runRules(issuerRules, { source: 'f', probes: [{ ...probe, ...change }], serviceAhead, now }).map(
    ({ id, severity, cause }) => `${id} ${severity} ${cause}`,
  );

test.each([
  [
    { clockAhead: 12_000 },
    'K16 warning The clock of this machine is 12s behind the clock of the issuer idp.example.com; `clockTolerance` is 30s.',
  ],
  [
    { clockAhead: -40_000 },
    'K16 error The clock of this machine is 40s ahead of the clock of the issuer idp.example.com; `clockTolerance` is 30s.',
  ],
  [
    { unused: [{ key: 'k1', cause: 'size' }] as const },
    'K17 warning The issuer idp.example.com publishes keys that are not used: k1: size.',
  ],
  [
    { unused: [{ key: 'k1', cause: 'not_allowed' }] as const },
    'K17 warning The issuer idp.example.com publishes keys that are not used: k1: not_allowed.',
  ],
  [
    { metadata: { id_token_signing_alg_values_supported: ['HS256', 'ES512'] } },
    'K17 warning The issuer idp.example.com signs with HS256, ES512; none of them is in `algorithms`.',
  ],
  [
    { jwksUri: 'https://keys.example.net/jwks' },
    'K17 note The issuer idp.example.com publishes its keys on another host: keys.example.net.',
  ],
  [
    { problem: 'cannot fetch https://idp.example.com: refused' },
    'K91 warning Cannot fetch https://idp.example.com: refused.',
  ],
  [
    { certificateEnd: now + 5 * 86_400_000 },
    'K91 warning The certificate of idp.example.com, the key server of the issuer idp.example.com, expires on 2026-12-01T12:00:00.000Z.',
  ],
])('reports about an issuer: %o', (change, expected) => {
  expect(ofIssuer(change)).toEqual([expected]);
});

const login = {
  ...probe.issuer,
  ...(
    await configOf(
      'issuers: [{issuer: "https://idp.example.com", audiences: [a], login: {clientId: a, clientSecretFile: s}}]\nlogin: {hosts: [a.example.com]}\nsessions: {keysFile: k}',
    )
  ).issuers[0],
} as IssuerProbe['issuer'];
const signsIn = {
  authorization_endpoint: 'https://idp.example.com/authorize',
  token_endpoint: 'https://idp.example.com/token',
  code_challenge_methods_supported: ['plain', 'S256'],
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
  scopes_supported: ['openid', 'profile', 'email', 'address'],
};

test.each<[object, string[]]>([
  [signsIn, []],
  [{ authorization_endpoint: 'https://a.example.com', token_endpoint: 'https://a.example.com' }, []],
  [
    { ...signsIn, authorization_endpoint: undefined },
    ['K17 error The metadata of the issuer idp.example.com has no `authorization_endpoint`.'],
  ],
  [
    { ...signsIn, code_challenge_methods_supported: ['plain'] },
    [
      'K17 error The metadata of the issuer idp.example.com does not list the PKCE method `S256` (RFC 7636), which every login uses.',
    ],
  ],
  [
    { ...signsIn, token_endpoint_auth_methods_supported: ['private_key_jwt'] },
    [
      'K17 warning The metadata of the issuer idp.example.com does not list the client authentication `client_secret_basic`.',
    ],
  ],
  [
    { ...signsIn, scopes_supported: ['openid'] },
    ['K17 warning The metadata of the issuer idp.example.com does not list the scopes profile, email.'],
  ],
])('reports about the login of an issuer: %o', (metadata, expected) => {
  expect(ofIssuer({ issuer: login, metadata })).toEqual(expected);
  expect(ofIssuer({ metadata })).toEqual([]);
});

test('finds nothing about a healthy issuer', () => {
  expect(ofIssuer({})).toEqual([]);
});

test('compares the clock of the service with the clock of the issuer', () => {
  expect(ofIssuer({ clockAhead: 12_000 }, 12_000)).toEqual([]);
  expect(ofIssuer({ clockAhead: 0 }, 60_000)).toEqual([
    'K16 error The clock of the service is 1m ahead of the clock of the issuer idp.example.com; `clockTolerance` is 30s.',
  ]);
});

test.each([
  [{ date: 'Thu, 26 Nov 2026 12:00:10 GMT' }, 10_500],
  [{ date: 'Thu, 26 Nov 2026 11:59:00 GMT', age: '60' }, 500],
  [{ date: 'yesterday' }, undefined],
  [{}, undefined],
])('the clock difference of %o is %o ms', (headers, expected) => {
  expect(clockDifference(headers, now - 20, now + 20)).toBe(expected);
});

test('reads samples with every kind of label and value', () => {
  expect(readMetrics('# TYPE a gauge\na 1\nb{c="d,e",f="g}\\"h"} +Inf 12\nnot a sample\nx NaN\n')).toEqual([
    { name: 'a', labels: {}, value: 1 },
    { name: 'b', labels: { c: 'd,e', f: 'g}"h' }, value: Number.POSITIVE_INFINITY },
  ]);
});
