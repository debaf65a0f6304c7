/** What `check-config` prints: every option there is, and what the chart makes of its values. */
import { expect, test } from 'vitest';
import { isMap, isSeq, parse, parseDocument } from 'yaml';
import { checkConfig } from '../../src/command/check-config.ts';
import { dotted, leaves } from '../../src/config/leaves.ts';
import { loadConfig } from '../../src/config/load.ts';

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
function namedIn(text: string): Set<string> {
  const named = new Set<string>();
  const walk = (node: unknown, path: readonly string[]) => {
    if (isSeq(node)) for (const item of node.items) walk(item, [...path, '[]']);
    if (!isMap(node)) return;
    for (const [, list = ''] of (node.comment ?? '').matchAll(/without a value: (.*)/g))
      for (const name of list.split(', ')) named.add(dotted([...path, name]));
    for (const { key, value } of node.items) {
      named.add(dotted([...path, String(key)]));
      walk(value, [...path, String(key)]);
    }
  };
  const document = parseDocument(text);
  walk(document.contents, []);
  for (const [, list = ''] of (document.comment ?? '').matchAll(/without a value: (.*)/g))
    for (const name of list.split(', ')) named.add(name);
  return named;
}

test('every option is printed with its value, or as one without', async () => {
  const { exitCode, output } = await checkConfig(sourcesOf(issuer));
  expect(exitCode).toBe(0);
  const named = namedIn(output);
  const missing = leaves()
    .map(({ path }) => path)
    // What is below something that has no value cannot have one either.
    .filter((path) => !path.some((_, index) => named.has(dotted(path.slice(0, index + 1)))));
  expect(missing.map(dotted)).toEqual([]);
  const without = [...output.matchAll(/without a value: (.*)/g)].flatMap(([, list = '']) => list.split(', '));
  for (const name of ['jwksUri', 'rules', 'tls', 'file']) expect(without).toContain(name);
});

test.each([
  ['', 20_000],
  ['dpop: {maxProofs: 11}\n', 3],
  ['dpop: {maxProofs: 11, maxProofsPerKey: 7}\n', 7],
])('a default that follows from others is printed: %j', async (more, expected) => {
  const { output } = await checkConfig(sourcesOf(issuer + more));
  expect(parse(output).dpop.maxProofsPerKey).toBe(expected);
  expect(output).not.toMatch(/without a value: .*maxProofsPerKey/);
});

test('what is printed is a configuration that means the same', async () => {
  const text = `${issuer}rules: [{name: a, match: {paths: [/x]}, require: {}}]\nadmin: {port: 9}\n`;
  const { output } = await checkConfig(sourcesOf(text));
  const [first, again] = [await loadConfig(sourcesOf(text)), await loadConfig(sourcesOf(output))];
  expect({ ...again, dpop: first.dpop }).toEqual(first);
  expect((await checkConfig(sourcesOf(output))).output).toBe(output);
});

const values = (more: string, config = '{issuers: [{issuer: "https://a.example.com", audiences: [a]}]}') =>
  `image: {repository: r}\nconfig: ${config}\n${more}`;

test.each<[string, string, object]>([
  ['nothing more', '', { hosts: { ports: 'exact' }, limits: { meshTimeout: '2s' } }],
  ['istio', 'istio: {enabled: true}\n', { hosts: { ports: 'ignore' } }],
  ['kyma', 'kyma: {enabled: true}\n', { hosts: { ports: 'ignore' } }],
  ['APIRules', 'kyma: {apiRules: [{name: a}]}\n', { hosts: { ports: 'ignore' } }],
  ['no APIRules', 'kyma: {apiRules: []}\n', { hosts: { ports: 'exact' } }],
  ['the timeout', 'authorizer: {timeout: 5s}\n', { limits: { meshTimeout: '5s' } }],
  ['a variable', 'extraEnv: [{name: OIDC_AUTHZ_LOG_LEVEL, value: debug}]\n', { log: { level: 'debug' } }],
])('values of the chart are read as the chart hands them on: %s', async (_, more, expected) => {
  const { exitCode, output } = await checkConfig(
    sourcesOf(values(more), { OIDC_AUTHZ_REALM: 'of the shell' }),
  );
  expect(exitCode).toBe(0);
  expect(parse(output)).toMatchObject({ ...expected, realm: '' });
  expect(output).toMatch(/^# these are values of the chart: the configuration is below `config`\n/);
});

test('values of a chart that has this one as a part are read as well', async () => {
  const { exitCode, output } = await checkConfig(
    sourcesOf(
      'global: {}\nauthz:\n  istio: {enabled: true}\n  config: {issuers: [{issuer: "https://a.example.com", audiences: [a]}]}\n',
    ),
  );
  expect([exitCode, parse(output).hosts.ports]).toEqual([0, 'ignore']);
  expect(output).toContain('below `authz.config`');
});

test('problems in values name the line in the values', async () => {
  const { exitCode, output } = await checkConfig(
    sourcesOf('image: {}\nconfig:\n  issuers:\n    - issuer: https://a.example.com\n      audiences: []\n'),
  );
  expect([exitCode, output]).toEqual([2, expect.stringMatching(/issuers\[0\]\.audiences \(c\.yaml:5:7\)/)]);
});

test('what of values cannot be read here is told', async () => {
  const { exitCode, output } = await checkConfig(
    sourcesOf(
      values(
        'caBundle: {configMap: cas}\nextraArgs: [--realm=x]\nenvFrom: [{secretRef: {name: s}}]\nextraEnv: [{name: OIDC_AUTHZ_REALM, valueFrom: {secretKeyRef: {}}}]\n',
        '{issuers: [{issuer: "https://a.example.com", audiences: [a]}], denyList: {file: /etc/denied.yaml}}',
      ),
    ),
  );
  expect(exitCode).toBe(0);
  expect(output).toContain(
    '# not read, for they are in the pod: /etc/denied.yaml, /etc/oidc-authz/ca/ca.crt',
  );
  for (const name of ['OIDC_AUTHZ_REALM of extraEnv', 'envFrom', 'extraArgs'])
    expect(output).toContain(`# not read: ${name}`);
});

test.each([
  ['a reference', '[{name: OIDC_AUTHZ_REALM, value: "$(OTHER)"}]', ''],
  ['a reference within', '[{name: OIDC_AUTHZ_LOG_LEVEL, value: "a$$$(OTHER)b"}]', ''],
  ['a number that is referred to', '[{name: OIDC_AUTHZ_HTTP_PORT, value: "$(PORT)"}]', ''],
  ['text that looks like a reference', '[{name: OIDC_AUTHZ_REALM, value: "$$(OTHER)"}]', '$(OTHER)'],
  ['a lonely dollar', '[{name: OIDC_AUTHZ_REALM, value: "a$b"}]', 'a$b'],
  ['the last of two', '[{name: OIDC_AUTHZ_REALM, value: a}, {name: OIDC_AUTHZ_REALM, value: b}]', 'b'],
  [
    'the last, from elsewhere',
    '[{name: OIDC_AUTHZ_REALM, value: a}, {name: OIDC_AUTHZ_REALM, valueFrom: {}}]',
    '',
  ],
  [
    'the last, after one from elsewhere',
    '[{name: OIDC_AUTHZ_REALM, valueFrom: {}}, {name: OIDC_AUTHZ_REALM, value: b}]',
    'b',
  ],
])('variables of a pod are read as the kubelet reads them: %s', async (_, extraEnv, realm) => {
  const { exitCode, output } = await checkConfig(sourcesOf(values(`extraEnv: ${extraEnv}\n`)));
  expect([exitCode, parse(output).realm]).toEqual([0, realm]);
  expect(/^# not read: OIDC_AUTHZ_\w+ of extraEnv/m.test(output)).toBe(realm === '');
  expect(/ is read from extraEnv/.test(output)).toBe(realm !== '');
});

test('values whose configuration is in a ConfigMap of their own are not judged', async () => {
  const { exitCode, output } = await checkConfig(sourcesOf('existingConfigMap: mine\n'));
  expect([exitCode, output]).toEqual([2, expect.stringMatching(/ConfigMap mine, which is not read here/)]);
});

test('a plain configuration is no values, nor is a text that is neither', async () => {
  expect((await checkConfig(sourcesOf(issuer))).output).not.toContain('values of the chart');
  const { exitCode, output } = await checkConfig(sourcesOf('image: {repository: r}\n'));
  expect([exitCode, output]).toEqual([2, expect.stringContaining('image')]);
});
