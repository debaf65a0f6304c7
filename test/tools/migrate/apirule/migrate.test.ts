/** APIRules in v1beta1 become valid v2 objects and a valid configuration with the same decisions. */
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../../../src/config/load/load.ts';
import { ConfigError } from '../../../../src/config/validate/problems.ts';
import { systemClock } from '../../../../src/runtime/time/clock.ts';
import { runRuleTests } from '../../../../src/tools/check-config/rule-tests.ts';
import { type ApiRuleMigration, migrateApiRule } from '../../../../src/tools/migrate/apirule/migrate.ts';
import { apiServerProblems, findManifestValidator } from '../../../../tools/validators.ts';
import { describeWith } from '../../../support/real-servers.ts';
import { credential, type Fixture, fixtures } from './fixtures.ts';

const settings = [
  'trusted_issuers',
  'jwks_urls',
  'required_scope',
  'target_audience',
  'token_from',
  'authentications',
  'authorizations',
];
const definitions = fileURLToPath(new URL('../../../../tools/crds', import.meta.url));

const migrated = ({ yaml, accept = [], ...given }: Partial<Fixture>, more: Partial<ApiRuleMigration> = {}) =>
  migrateApiRule({
    files: [{ name: 'given.yaml', text: yaml ?? '' }],
    authorizer: 'oidc-authz',
    output: 'all',
    accept,
    ...(given.issuer !== undefined && { issuer: given.issuer }),
    ...(given.audiences !== undefined && { audiences: given.audiences }),
    ...(given.domain !== undefined && { domain: given.domain }),
    ...more,
  });
const load = (text: string) =>
  loadConfig({ flags: [{ name: '--config', value: 'c.yaml' }], environment: {}, readFile: () => text });
const problemsOf = async (yaml: string) => {
  const error = await migrated({ yaml }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).message;
};

describe.each(fixtures)('$name', (fixture) => {
  test('becomes rules of v2', async () => {
    const { output, exitCode, report } = await migrated(fixture, { output: 'apirule' });
    expect(exitCode, report).toBe(0);
    const [manifest] = output.split('---\n').map((text) => parse(text));
    const rules = manifest.spec.rules.map(
      (rule: { path: string; methods: string[]; noAuth?: boolean; extAuth?: unknown }) =>
        `${rule.path} ${rule.methods.join(',')} ${rule.noAuth === true ? 'open' : 'asked'}`,
    );
    expect(rules).toEqual(fixture.rules);
  });

  test('reports every setting', async () => {
    const { report } = await migrated(fixture);
    for (const line of fixture.report) expect(report).toMatch(line);
    expect(report).not.toContain('undefined');
  });

  test('decides', async () => {
    const { output } = await migrated(fixture, { output: 'config' });
    const table = (fixture.asked ?? []).map(([method, url, claims, reason]) => ({
      name: `${method} ${url} ${JSON.stringify(claims)}`,
      request: { method, host: url.slice(0, url.indexOf('/')), path: url.slice(url.indexOf('/')) },
      ...(claims !== '-' && { claims }),
      expect: { reason },
    }));
    const result = await runRuleTests(await load(output), stringify(table), 'table.yaml', systemClock);
    expect(result.failed, result.output).toBe(0);
  });

  test('prints no credential', async () => {
    for (const accept of [fixture.accept ?? [], []]) {
      const { output, report } = await migrated({ ...fixture, accept });
      expect(output + report).not.toContain(credential);
      expect(output + report).not.toContain('s3cr3t');
    }
  });
});

describeWith('an API server', await findManifestValidator(), (program) => {
  test.each(fixtures)('treats $name', async (fixture) => {
    const { output } = await migrated(fixture, { output: 'apirule' });
    expect(await apiServerProblems(program, [definitions], output)).toEqual([]);
  });
});

describe('the output', () => {
  const [fixture] = fixtures;

  test('contains everything, or one part', async () => {
    const of = async (output: ApiRuleMigration['output']) =>
      (await migrated(fixture ?? {}, { output })).output;
    const [all, apirule, config, values] = [
      await of('all'),
      await of('apirule'),
      await of('config'),
      await of('values'),
    ];
    expect(all.startsWith(apirule)).toBe(true);
    expect(all.endsWith(config)).toBe(true);
    expect(all).toContain('---\n# The configuration of oidc-authz');
    expect(parse(values)).toEqual({ config: parse(config) });
  });

  test('names the given authorizer', async () => {
    const { output } = await migrated(fixture ?? {}, { authorizer: 'shop-authz' });
    expect(output).toContain('- shop-authz');
    expect(output).not.toContain('- oidc-authz');
  });

  test('is empty if a setting is refused and not accepted', async () => {
    const { output, exitCode, report } = await migrated({ yaml: fixture?.yaml ?? '' });
    expect({ output, exitCode }).toEqual({ output: '', exitCode: 3 });
    expect(report).toMatch(/^oauth2_introspection .*refused because/m);
    expect(report).not.toContain('(accepted)');
    const [counts, advice] = report.trim().split('\n').slice(-2);
    expect(counts).toMatch(/^\d+ kept, \d+ without meaning, \d+ changed, [1-9]\d* refused$/);
    expect(advice).toContain('--accept oauth2_introspection');
  });

  test('contains no configuration if every path is open', async () => {
    const yaml = `
apiVersion: gateway.kyma-project.io/v1beta1
kind: APIRule
metadata: {name: a, annotations: {owner: me}}
spec:
  host: a.example.com
  gateway: kyma-gateway
  rules: [{path: /.*, methods: [GET], service: {name: a, port: 1, external: true}, accessStrategies: [{handler: noop}]}]`;
    const { output, report } = await migrated({ yaml });
    expect(output).toContain('# No path is guarded');
    expect(output).toContain('gateway: default/kyma-gateway');
    expect(output).toContain('owner: me');
    expect(report).toMatch(/^gateway .*changes behavior/m);
  });
});

test('the report has no control characters, and each line once', async () => {
  const { report } = await migrated({
    yaml: (fixtures[1]?.yaml ?? '').replaceAll('[GET]', '[GET]\n      "a\\e[2J\\nkept: all": 1'),
  });
  expect(report).toMatch(/^a \[2J kept: all .*has no meaning here/m);
  expect(report).not.toContain('\u001b');
  const lines = report.trim().split('\n');
  const keptLines = lines.filter((line) => line.includes(': kept as '));
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.at(-1)).toMatch(new RegExp(`^${keptLines.length} kept, `));
});

describe('an issuer', () => {
  const guarded = (config: string, host = 'a.example.com') => `
apiVersion: gateway.kyma-project.io/v1beta1
kind: APIRule
metadata: {name: a, namespace: n}
spec:
  host: ${host}
  gateway: kyma-system/kyma-gateway
  service: {name: a, port: 80}
  rules:
    - {path: /.*, methods: [GET], accessStrategies: [{handler: jwt, config: ${config}}]}`;
  const issuersOf = async (yaml: string, more: Partial<Fixture> = {}) => {
    const { output, report } = await migrated({ yaml, ...more }, { output: 'config' });
    expect(output, report).not.toBe('');
    return parse(output).issuers;
  };

  test('has the only named key set', async () => {
    const yaml = guarded(
      '{trusted_issuers: ["https://a", "https://b"], jwks_urls: ["https://k/x"], target_audience: [x]}',
    );
    expect(await issuersOf(yaml)).toEqual([
      { name: 'a', issuer: 'https://a', jwksUri: 'https://k/x', audiences: ['x'] },
      { name: 'b', issuer: 'https://b', jwksUri: 'https://k/x', audiences: ['x'] },
    ]);
  });

  test('has the key set of its own host, or that of its discovery document', async () => {
    const yaml = guarded(
      '{trusted_issuers: ["https://a", "https://b"], jwks_urls: ["https://b/x", "https://c/x"], target_audience: [x]}',
    );
    const [a, b] = await issuersOf(yaml);
    expect([a.jwksUri, b.jwksUri]).toEqual([undefined, 'https://b/x']);
  });

  test('allows any audience only explicitly', async () => {
    expect(await issuersOf(guarded('{trusted_issuers: ["https://a"]}'))).toEqual([
      { issuer: 'https://a', anyAudience: true },
    ]);
  });

  test('reports plain HTTP', async () => {
    const [issuer] = await issuersOf(
      guarded('{trusted_issuers: ["http://dex.dex.svc"], target_audience: [x]}'),
    );
    expect(issuer).toMatchObject({ insecureHttp: true });
  });

  test('comes from the command line if none is named', async () => {
    const yaml = guarded('{jwks_urls: ["https://k/x"], target_audience: [x]}');
    const { exitCode, report } = await migrated({ yaml });
    expect(exitCode).toBe(3);
    expect(report).toMatch(/^trusted_issuers .*pass --issuer URL/m);
    expect(await issuersOf(yaml, { issuer: 'https://a' })).toEqual([
      { issuer: 'https://a', jwksUri: 'https://k/x', audiences: ['x'] },
    ]);
  });

  test.each([
    ['that is not a URL', '{trusted_issuers: [me]}', 'trusted_issuers'],
    [
      'whose keys are on a link-local address',
      '{trusted_issuers: [me], jwks_urls: ["http://169.254.169.254/"]}',
      'trusted_issuers',
    ],
    [
      'with an HMAC algorithm',
      '{trusted_issuers: ["https://a"], allowed_algorithms: [HS256]}',
      'allowed_algorithms',
    ],
    ['with an invalid scope', '{trusted_issuers: ["https://a"], required_scope: ["a b"]}', 'required_scope'],
    ['with an unknown setting', '{trusted_issuers: ["https://a"], required_roles: [x]}', 'required_roles'],
    [
      'whose token is in the query',
      '{trusted_issuers: ["https://a"], token_from: {query_parameter: t}}',
      'token_from',
    ],
    [
      'whose token is in a header',
      '{authentications: [{issuer: "https://a", jwksUri: "https://a/k", fromHeaders: [{name: x-jwt}]}]}',
      'fromHeaders',
    ],
    [
      'whose token is a parameter',
      '{authentications: [{issuer: "https://a", jwksUri: "https://a/k", fromParams: [t]}]}',
      'fromParams',
    ],
  ])('refuses %s', async (_, config, setting) => {
    const { exitCode, report, output } = await migrated({ yaml: guarded(config) });
    expect({ exitCode, output }).toEqual({ exitCode: 3, output: '' });
    expect(report).toMatch(new RegExp(`^${setting} .*refused because`, 'm'));
  });

  test('is required if a rule denies all requests', async () => {
    const yaml = guarded('{trusted_issuers: ["https://a"]}').replace(
      /handler: jwt, config: .*\}\]\}/,
      'handler: unauthorized}]}',
    );
    expect((await migrated({ yaml })).exitCode).toBe(3);
    expect((await migrated({ yaml, issuer: 'https://a' })).exitCode).toBe(0);
  });

  test.each(['a', 'a_b.example.com'])('refuses the host %s', async (host) => {
    const { report, exitCode } = await migrated({ yaml: guarded('{trusted_issuers: ["https://a"]}', host) });
    expect(exitCode).toBe(3);
    expect(report).toMatch(/^host .*refused because/m);
  });

  test('refuses too many authorizations for one expression', async () => {
    const many = Array.from({ length: 60 }, (_, index) => `{requiredScopes: [a${index}, b${index}]}`).join(
      ', ',
    );
    const yaml = guarded(
      `{authentications: [{issuer: "https://a", jwksUri: "https://a/k"}], authorizations: [${many}]}`,
    );
    const { report, exitCode } = await migrated({ yaml });
    expect(exitCode).toBe(3);
    expect(report).toMatch(/^authorizations .*too many alternatives/m);
  });
});

describe('an APIRule in the form of Istio', () => {
  const strategy =
    '{handler: jwt, config: {authentications: [{issuer: "https://a", jwksUri: "https://a/k"}]}}';
  const yaml = (rules: string) => `
apiVersion: gateway.kyma-project.io/v1beta1
kind: APIRule
metadata: {name: a, namespace: n}
spec:
  host: a.example.com
  gateway: kyma-system/kyma-gateway
  service: {name: a, port: 80}
  rules:
    - {path: /.*, methods: [GET], accessStrategies: [${strategy}]}
${rules}`;

  test('keeps open what a later rule opens, since its policies are combined', async () => {
    const { output } = await migrated({
      yaml: yaml('    - {path: /healthz, methods: [GET], accessStrategies: [{handler: allow}]}'),
    });
    expect(parse(output.split('---\n')[0] ?? '').spec.rules[0]).toMatchObject({
      path: '/healthz',
      noAuth: true,
    });
  });

  test('opens no path by an expression that its policies compare literally', async () => {
    const rule = '    - {path: /public/.*, methods: [GET], accessStrategies: [{handler: allow}]}';
    const { report, exitCode } = await migrated({ yaml: yaml(rule) });
    expect(exitCode).toBe(3);
    expect(report).toMatch(/^path .*refused because Istio's policies/m);
  });
});

test.each([
  ['a.b.svc.cluster.local', 'b/a'],
  ['a.b.svc', 'b/a'],
  ['a.b', 'b/a'],
  ['b/a', 'b/a'],
  ['a', 'shop/a'],
  ['a.b.c', undefined],
  ['a_b/c', undefined],
])('the gateway %s becomes %s', async (gateway, written) => {
  const [, pay] = fixtures;
  const yaml = (pay?.yaml ?? '').replace('kyma-gateway.kyma-system.svc.cluster.local', gateway);
  const { output, report } = await migrated({ yaml }, { output: 'apirule' });
  if (written === undefined) expect(report).toMatch(/^gateway .*refused because/m);
  else expect(parse(output).spec.gateway).toBe(written);
});

describe('rejects', () => {
  test.each([
    ['an empty file', '', /there is no APIRule in v1beta1/],
    ['invalid YAML', 'a: [', /invalid YAML/],
    ['a list', '[1]', /expected a manifest/],
    ['a spec alone', 'host: a\nrules: []', /this is only the spec/],
    [
      'a broken annotation',
      'apiVersion: gateway.kyma-project.io/v2\nkind: APIRule\nmetadata: {annotations: {gateway.kyma-project.io/original-version: v1beta1, gateway.kyma-project.io/v1beta1-spec: "{"}}',
      /expected JSON/,
    ],
    [
      'no rules',
      'apiVersion: gateway.kyma-project.io/v1beta1\nkind: APIRule\nmetadata: {name: a}\nspec: {host: a, gateway: b}',
      /spec\.rules \(given\.yaml:4:1\)/,
    ],
  ])('%s', async (_, yaml, message) => {
    expect(await problemsOf(yaml)).toMatch(message);
  });

  test('all problems at once, with their locations', async () => {
    const message = await problemsOf(`
apiVersion: gateway.kyma-project.io/v1beta1
kind: APIRule
metadata: {name: a}
spec:
  host: a.example.com
  gateway: g.n
  service: {name: s, port: "80"}
  rules:
    - {path: /.*, methods: [FETCH], accessStrategies: [{handler: jwt, config: {required_scope: read}}]}
---
apiVersion: gateway.kyma-project.io/v1beta1
kind: APIRule
metadata: {}
spec: {}
---
a: [`);
    expect(message).toContain('spec.service.port (given.yaml:8:');
    expect(message).toContain('spec.rules[0].methods[0] (given.yaml:10:');
    expect(message).toContain('metadata.name (given.yaml:14:1)');
    expect(message).toContain('given.yaml:17:');
  });

  test('any kind of input with no other error', async () => {
    const value = fc.oneof(
      { depthSize: 'small' },
      fc.anything({ maxDepth: 2 }),
      fc.constantFrom(
        null,
        [],
        {},
        '/(',
        '/a.*',
        ['GET'],
        [{ handler: 'jwt' }],
        'https://a',
        -1,
        '__proto__',
      ),
    );
    const rule = fc.record(
      {
        path: fc.oneof(
          fc.string(),
          fc.stringMatching(/^[/a.*+?()|[\]^\\{}1,]{0,12}$/).map((text) => `/${text}`),
        ),
        methods: fc.oneof(fc.constant(['GET']), value),
        accessStrategies: fc.oneof(
          fc.array(
            fc.record({
              handler: fc.oneof(
                fc.constantFrom('jwt', 'oauth2_introspection', 'noop', 'toString'),
                fc.string(),
              ),
              config: fc.oneof(value, fc.dictionary(fc.constantFrom(...settings), value)),
            }),
          ),
          value,
        ),
        mutators: fc.oneof(value, fc.constant([{ handler: 'header', config: { headers: { a: 'b' } } }])),
      },
      { requiredKeys: ['path', 'methods', 'accessStrategies'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { maxLength: 3 }), value, async (rules, corsPolicy) => {
        const manifest = {
          apiVersion: 'gateway.kyma-project.io/v1beta1',
          kind: 'APIRule',
          metadata: { name: 'a' },
          spec: { host: 'a.example.com', gateway: 'g.n', service: { name: 's', port: 1 }, corsPolicy, rules },
        };
        const text = JSON.stringify(manifest, (_, one) => (typeof one === 'bigint' ? String(one) : one));
        const found = await migrated({
          yaml: text,
          issuer: 'https://i',
          accept: ['path', 'rules', ...settings],
        }).catch((error: unknown) => error);
        if (found instanceof Error) expect(found).toBeInstanceOf(ConfigError);
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async (yaml) => {
        await expect(migrated({ yaml })).rejects.toBeInstanceOf(ConfigError);
      }),
      { numRuns: 200 },
    );
  });

  test('a host that two APIRules have', async () => {
    const one = (fixtures[1] as Fixture).yaml;
    expect(await problemsOf(`${one}\n---${one}`)).toMatch(/shop\/pay already has this host/);
  });
});

describe('further inputs', () => {
  const rule = (handler: string, path = '/.*') =>
    `    - {path: "${path}", methods: [GET], accessStrategies: [{handler: ${handler}}]}`;
  const jwt =
    'jwt, config: {trusted_issuers: ["https://a.example.com"], jwks_urls: ["https://a.example.com/k"]}';
  const apiRule = (
    version: string,
    host: string,
    ...rules: string[]
  ) => `apiVersion: gateway.kyma-project.io/${version}
kind: APIRule
metadata: {name: shop, namespace: shop}
spec:
  gateway: kyma-system/kyma-gateway
  ${version === 'v1alpha1' ? `service: {host: ${host}, name: shop, port: 80}` : `host: ${host}\n  service: {name: shop, port: 80}`}
  rules:
${rules.join('\n')}
`;

  test.each(['noop', 'allow', 'no_auth'])(
    'a short host needs no domain if %s opens all paths',
    async (handler) => {
      const { exitCode, output, report } = await migrated({
        yaml: apiRule('v1beta1', 'shop', rule(handler)),
      });
      expect([exitCode, exitCode === 0 || report]).toEqual([0, true]);
      expect(parse(output.split('---\n')[0] ?? '').spec.hosts).toEqual(['shop']);
    },
  );

  test('a short host needs a domain if a path is guarded', async () => {
    const yaml = apiRule('v1beta1', 'shop', rule('allow', '/open'), rule(jwt, '/orders'));
    const { exitCode, report } = await migrated({ yaml });
    expect([exitCode, report]).toEqual([
      3,
      expect.stringMatching(/^host .*refused because .*--domain NAME/m),
    ]);
    expect((await migrated({ yaml, domain: 'example.com' })).exitCode).toBe(0);
  });

  test('an APIRule in v1alpha1 has the same result as in v1beta1', async () => {
    const both = ['v1alpha1', 'v1beta1'].map((version) => apiRule(version, 'shop.example.com', rule(jwt)));
    const [alpha, beta] = await Promise.all(both.map((yaml) => migrated({ yaml })));
    expect(alpha?.exitCode).toBe(0);
    expect(alpha?.output).toBe(beta?.output);
    // With another APIRule in the input, both are migrated.
    const other = apiRule('v1beta1', 'pay.example.com', rule(jwt)).replace('name: shop, n', 'name: pay, n');
    const { output } = await migrated({ yaml: `${both[0]}---\n${other}` });
    for (const host of ['shop.example.com', 'pay.example.com']) expect(output).toContain(host);
  });

  test('refuses an APIRule in an unknown version', async () => {
    const yaml = `${apiRule('v1beta1', 'a.example.com', rule(jwt))}---\n${apiRule('v1', 'b.example.com', rule(jwt))}`;
    const { exitCode, report } = await migrated({ yaml });
    expect([exitCode, report]).toEqual([
      3,
      expect.stringMatching(/^APIRule .*it is not read: .*version v1/m),
    ]);
  });
});
