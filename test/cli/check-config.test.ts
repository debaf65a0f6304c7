/** The output of `check-config`: every option, and the configuration in values of the chart. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isMap, isSeq, parse, parseDocument } from 'yaml';
import { checkConfig } from '../../src/cli/check-config.ts';
import { configSchema } from '../../src/config/declare/options.ts';
import { dotted, listOptions } from '../../src/config/describe/option-list.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { shapeOf } from '../../src/config/schema/schema.ts';
import { chartOnlyNames } from '../../src/tools/check-config/chart-values.ts';

const sourcesOf = (text: string, environment = {}) => ({
  flags: [{ name: '--config', value: 'c.yaml' }],
  environment,
  readFile: (path: string) => {
    if (path !== 'c.yaml') throw Object.assign(new Error('not here'), { code: 'ENOENT' });
    return text;
  },
});

const issuer = 'issuers: [{issuer: "https://a.example.com", audiences: [a]}]\n';

/** The options that a text names, with or without a value, as `issuers[].issuer`. */
function optionsIn(text: string): Set<string> {
  const named = new Set<string>();
  const walk = (node: unknown, path: readonly string[]) => {
    if (isSeq(node)) for (const item of node.items) walk(item, [...path, '[]']);
    if (!isMap(node)) return;
    for (const [, list = ''] of (node.comment ?? '').matchAll(/not set: (.*)/g))
      for (const name of list.split(', ')) named.add(dotted([...path, name]));
    for (const { key, value } of node.items) {
      named.add(dotted([...path, String(key)]));
      walk(value, [...path, String(key)]);
    }
  };
  const document = parseDocument(text);
  walk(document.contents, []);
  for (const [, list = ''] of (document.comment ?? '').matchAll(/not set: (.*)/g))
    for (const name of list.split(', ')) named.add(name);
  return named;
}

test('prints every option with its value, or as an option without a value', async () => {
  const { exitCode, output } = await checkConfig(sourcesOf(issuer));
  expect(exitCode).toBe(0);
  const named = optionsIn(output);
  const missing = listOptions()
    .map(({ path }) => path)
    // An option below an option without a value cannot have a value.
    .filter((path) => !path.some((_, index) => named.has(dotted(path.slice(0, index + 1)))));
  expect(missing.map(dotted)).toEqual([]);
  const without = [...output.matchAll(/not set: (.*)/g)].flatMap(([, list = '']) => list.split(', '));
  for (const name of ['jwksUri', 'rules', 'tls', 'file']) expect(without).toContain(name);
});

test.each([
  ['', 20_000],
  ['dpop: {maxProofs: 11}\n', 3],
  ['dpop: {maxProofs: 11, maxProofsPerKey: 7}\n', 7],
])('prints a default that depends on other options: %j', async (more, expected) => {
  const { output } = await checkConfig(sourcesOf(issuer + more));
  expect(parse(output).dpop.maxProofsPerKey).toBe(expected);
  expect(output).not.toMatch(/not set: .*maxProofsPerKey/);
});

test('prints a configuration with the same meaning', async () => {
  const text = `${issuer}rules: [{name: a, match: {paths: [/x]}, require: {}}]\nadmin: {port: 9}\n`;
  const { output } = await checkConfig(sourcesOf(text));
  const [first, again] = [await loadConfig(sourcesOf(text)), await loadConfig(sourcesOf(output))];
  expect({ ...again, dpop: first.dpop }).toEqual(first);
  expect((await checkConfig(sourcesOf(output))).output).toBe(output);
});

const values = (more: string, config = '{issuers: [{issuer: "https://a.example.com", audiences: [a]}]}') =>
  `image: {repository: r}\nconfig: ${config}\n${more}`;

test.each<[string, string, object]>([
  ['no further values', '', { hosts: { ports: 'exact' }, limits: { meshTimeout: '2s' } }],
  ['istio', 'istio: {enabled: true}\n', { hosts: { ports: 'ignore' } }],
  ['kyma', 'kyma: {enabled: true}\n', { hosts: { ports: 'ignore' } }],
  ['APIRules', 'kyma: {apiRules: [{name: a}]}\n', { hosts: { ports: 'ignore' } }],
  ['no APIRules', 'kyma: {apiRules: []}\n', { hosts: { ports: 'exact' } }],
  ['the timeout', 'authorizer: {timeout: 5s}\n', { limits: { meshTimeout: '5s' } }],
  ['a variable', 'extraEnv: [{name: OIDC_AUTHZ_LOG_LEVEL, value: debug}]\n', { log: { level: 'debug' } }],
])('resolves values of the chart as the chart does: %s', async (_, more, expected) => {
  const { exitCode, output } = await checkConfig(
    sourcesOf(values(more), { OIDC_AUTHZ_REALM: 'of the shell' }),
  );
  expect(exitCode).toBe(0);
  expect(parse(output)).toMatchObject({ ...expected, realm: '' });
  expect(output).toMatch(/^# the file has values of the chart: the configuration is below `config`\n/);
});

test('resolves values of a chart that has this chart as a subchart', async () => {
  const { exitCode, output } = await checkConfig(
    sourcesOf(
      'global: {}\nauthz:\n  istio: {enabled: true}\n  config: {issuers: [{issuer: "https://a.example.com", audiences: [a]}]}\n',
    ),
  );
  expect([exitCode, parse(output).hosts.ports]).toEqual([0, 'ignore']);
  expect(output).toContain('below `authz.config`');
});

test('a problem names its line in the values', async () => {
  const { exitCode, output } = await checkConfig(
    sourcesOf('image: {}\nconfig:\n  issuers:\n    - issuer: https://a.example.com\n      audiences: []\n'),
  );
  expect([exitCode, output]).toEqual([2, expect.stringMatching(/issuers\[0\]\.audiences \(c\.yaml:5:7\)/)]);
});

test('lists the values that it cannot read', async () => {
  const { exitCode, output } = await checkConfig(
    sourcesOf(
      values(
        'caBundle: {configMap: cas}\nextraArgs: [--realm=x]\nenvFrom: [{secretRef: {name: s}}]\nextraEnv: [{name: OIDC_AUTHZ_REALM, valueFrom: {secretKeyRef: {}}}]\n',
        '{issuers: [{issuer: "https://a.example.com", audiences: [a]}], denyList: {file: /etc/denied.yaml}}',
      ),
    ),
  );
  expect(exitCode).toBe(0);
  expect(output).toContain('# not read: files in the pod: /etc/denied.yaml, /etc/oidc-authz/ca/ca.crt');
  for (const name of ['OIDC_AUTHZ_REALM of extraEnv', 'envFrom', 'extraArgs'])
    expect(output).toContain(`# not read: ${name}`);
});

test.each([
  ['a reference', '[{name: OIDC_AUTHZ_REALM, value: "$(OTHER)"}]', ''],
  ['a reference inside a text', '[{name: OIDC_AUTHZ_LOG_LEVEL, value: "a$$$(OTHER)b"}]', ''],
  ['a reference to a number', '[{name: OIDC_AUTHZ_HTTP_PORT, value: "$(PORT)"}]', ''],
  ['text that looks like a reference', '[{name: OIDC_AUTHZ_REALM, value: "$$(OTHER)"}]', '$(OTHER)'],
  ['a single dollar sign', '[{name: OIDC_AUTHZ_REALM, value: "a$b"}]', 'a$b'],
  ['the last of two', '[{name: OIDC_AUTHZ_REALM, value: a}, {name: OIDC_AUTHZ_REALM, value: b}]', 'b'],
  [
    'the last of two, from another object',
    '[{name: OIDC_AUTHZ_REALM, value: a}, {name: OIDC_AUTHZ_REALM, valueFrom: {}}]',
    '',
  ],
  [
    'the last of two, after one from another object',
    '[{name: OIDC_AUTHZ_REALM, valueFrom: {}}, {name: OIDC_AUTHZ_REALM, value: b}]',
    'b',
  ],
])('reads variables of a pod as the kubelet does: %s', async (_, extraEnv, realm) => {
  const { exitCode, output } = await checkConfig(sourcesOf(values(`extraEnv: ${extraEnv}\n`)));
  expect([exitCode, parse(output).realm]).toEqual([0, realm]);
  expect(/^# not read: OIDC_AUTHZ_\w+ of extraEnv/m.test(output)).toBe(realm === '');
  expect(/ is read from extraEnv/.test(output)).toBe(realm !== '');
});

test('rejects values whose configuration is in another ConfigMap', async () => {
  const { exitCode, output } = await checkConfig(sourcesOf('existingConfigMap: mine\n'));
  expect([exitCode, output]).toEqual([2, expect.stringMatching(/ConfigMap mine, which cannot be read here/)]);
});

test.each([
  ['config: |\n  issuers: []\n', 'a text; remove the `|` or the quotes'],
  ['config: ""\nreplicaCount: 3\n', 'a text; remove the `|` or the quotes'],
  ['config: [{issuers: []}]\n', 'a list'],
  ['config: 3\n', '3'],
])('rejects values whose `config` is not a map: %j', async (text, found) => {
  const { exitCode, output } = await checkConfig(sourcesOf(text));
  expect([exitCode, output]).toEqual([
    2,
    expect.stringContaining(`expected names with values, not ${found}`),
  ]);
  expect(output).toMatch(/has 1 problem:\n {2}- config \(c\.yaml:1:1\): `config` must be a map/);
});

test.each([
  'replicaCount: 3\n',
  'image: {repository: r}\n',
  'global: {}\nserviceAccount: {name: a}\n',
  'config:\n',
])('reports the missing configuration of values: %j', async (text) => {
  const { exitCode, output } = await checkConfig(sourcesOf(text));
  expect(exitCode).toBe(2);
  expect(output).toMatch(
    text === 'config:\n'
      ? /^# the file has values of the chart: the configuration is below `config`\n/
      : /^# the file seems to have values of the chart, but no `config`; write the configuration below it\n/,
  );
  expect(output).toMatch(/has 1 problem:\n {2}- issuers .*: must have at least one issuer/);
});

test('accepts values without `config` if variables set the issuer', async () => {
  const text =
    'replicaCount: 3\nextraEnv: [{name: OIDC_AUTHZ_ISSUER, value: "https://a.example.com"}, {name: OIDC_AUTHZ_AUDIENCES, value: a}]\n';
  expect(await checkConfig(sourcesOf(text))).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('# the file seems to have values of the chart, but no `config`'),
  });
});

test('the names that identify values are in the chart, and are not options', () => {
  const chart = parse(readFileSync(new URL('../../charts/oidc-authz/values.yaml', import.meta.url), 'utf8'));
  expect(chartOnlyNames.filter((name) => !(name in chart) || name in (shapeOf(configSchema) ?? {}))).toEqual(
    [],
  );
});

test.each([
  ['expected', 'deny', 0],
  ['unexpected', 'allow', 1],
  ['an invalid table', '', 2],
])('with a table of requests, prints how the values were read: %s', async (_, outcome, exitCode) => {
  const own = sourcesOf(
    values(
      'istio: {enabled: true}\n',
      '{issuers: [{issuer: "https://a.example.com", audiences: [a]}], rules: [{name: a, match: {}, deny: true}]}',
    ),
  );
  const result = await checkConfig({
    ...own,
    flags: [...own.flags, { name: '--test', value: 't.yaml' }],
    readFile: (path) =>
      path === 't.yaml' ? `[{name: t, expect: {outcome: "${outcome}"}}]` : own.readFile(path),
  });
  expect(result).toMatchObject({
    exitCode,
    output: expect.stringMatching(
      /^# the file has values of the chart: .*\n(# .*\n)*# hosts\.ports is ignore/,
    ),
  });
});

test('does not treat a configuration or another file as values of the chart', async () => {
  expect((await checkConfig(sourcesOf(issuer))).output).not.toContain('values of the chart');
  const { exitCode, output } = await checkConfig(sourcesOf('image: {repository: r}\nhttp: {}\n'));
  expect([exitCode, output]).toEqual([2, expect.stringContaining('image (c.yaml:1:1): unknown option')]);
});

test('lists the values that helm rejects', async () => {
  const { exitCode, output } = await checkConfig(sourcesOf(values('replicas: 3\nimages: {}\nglobal: {}\n')));
  expect(exitCode).toBe(0);
  expect(output.match(/^# helm rejects .*$/gm)).toEqual([
    '# helm rejects the value replicas: the chart does not have it',
    '# helm rejects the value images: the chart does not have it; did you mean image?',
  ]);
});

test.each<[string, string, string]>([
  [
    'its chart',
    'config: {clientID: a, clientSecret: S3CRET}\nextraArgs: {provider: oidc}\n',
    'the values of a chart',
  ],
  [
    'its chart, with a file',
    'config:\n  configFile: |-\n    email_domains = ["*"]\n',
    'the values of a chart',
  ],
  ['the chart of Bitnami', 'configuration: {clientID: a, content: "x"}\n', 'the values of a chart'],
  [
    'a chart with its chart as a subchart',
    'oauth2-proxy: {config: {clientID: a}}\n',
    'the values of a chart',
  ],
  ['its file', '# a comment\nclient_id = "a"\n', 'the settings'],
  ['its alpha configuration', 'upstreamConfig: {upstreams: []}\n', 'the alpha configuration'],
  ['its variables', 'OAUTH2_PROXY_CLIENT_ID=a\n', 'the variables'],
])('reports only that a file belongs to oauth2-proxy: %s', async (_, text, what) => {
  const { exitCode, output } = await checkConfig(sourcesOf(text));
  expect(exitCode).toBe(2);
  expect(output).toMatch(/^the configuration has 1 problem:\n {2}- \(c\.yaml\): .*\n$/);
  expect(output).toContain(
    `the file has ${what} of oauth2-proxy; convert it with \`oidc-authz migrate oauth2-proxy c.yaml\``,
  );
  expect(output).not.toContain('S3CRET');
});

test('reads the configuration in a chart that has both as subcharts', async () => {
  const both =
    'oauth2-proxy: {config: {clientID: a}}\nauthz: {config: {issuers: [{issuer: "https://a.example.com", audiences: [a]}]}}\n';
  const { exitCode, output } = await checkConfig(sourcesOf(both));
  expect([exitCode, output]).toEqual([0, expect.stringContaining('below `authz.config`')]);
});

test('lists the problems of files together with all others', async () => {
  const text =
    'issuers: [{issuer: "https://a.example.com", audiences: [a], caFile: /ca, jwksFile: /keys, zzz: 1}, {issuer: 5, publicKeyFiles: [/pem], caFile: 7}]\n' +
    'http: {tls: {certFile: /cert}}\ngrpc: {tls: {certFile: /cert, keyFile: /key}}\ndenyList: {file: /denied}\nadmin: {port: x, tokenFile: /token}\n';
  const { exitCode, output } = await checkConfig(sourcesOf(text));
  expect(exitCode).toBe(2);
  const paths = [...output.matchAll(/^ {2}- (\S+) \(/gm)].map(([, path]) => path);
  expect(paths.toSorted()).toEqual([
    'admin.port',
    'admin.tokenFile',
    'denyList.file',
    'grpc.tls',
    'http.tls.certFile',
    'http.tls.keyFile',
    'issuers[0].caFile',
    'issuers[0].jwksFile',
    'issuers[0].zzz',
    'issuers[1].audiences',
    'issuers[1].caFile',
    'issuers[1].issuer',
    'issuers[1].publicKeyFiles[0]',
  ]);
  const without = await checkConfig({
    ...sourcesOf(text),
    flags: [...sourcesOf(text).flags, { name: '--without-files', value: undefined }],
  });
  expect(without.output).not.toContain('not here');
  expect(without.output).toContain('admin.port');
});

test('does not read the files of a chart, because they are in the pod', async () => {
  const { output } = await checkConfig(
    sourcesOf(
      'image: {}\nconfig: {issuers: [{issuer: "https://a.example.com", audiences: [a], caFile: /ca, jwks: "{}"}], zzz: 1}\n',
    ),
  );
  expect(output).not.toContain('/ca');
  expect(output).toContain('issuers[0].jwks');
  expect(output).toContain('zzz');
});

test.each([
  ['{console: {enabled: false}}', []],
  ['{host: 127.0.0.1, console: {enabled: true}}', ['needs a Node.js without']],
  ['{console: {enabled: true}}', ['needs a Node.js without', 'only clients of this machine']],
  ['{console: {enabled: true}, tokenFile: /t}', ['needs a Node.js without', 'is sent in plain text']],
])('with admin: %s, warns %j', async (admin, expected) => {
  const sources = sourcesOf(`${issuer}admin: ${admin}\n`);
  const { output } = await checkConfig({
    ...sources,
    readFile: (path) => (path === '/t' ? 'a-secret-of-20-chars' : sources.readFile(path)),
  });
  const warnings = output.split('\n').filter((line) => line.includes('warning: admin.'));
  expect(warnings).toHaveLength(expected.length);
  for (const [index, text] of expected.entries()) expect(warnings[index]).toContain(text);
});
