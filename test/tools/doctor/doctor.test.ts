/** `oidc-authz doctor`: its inputs, outputs and exit codes. */
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { doctor } from '../../../src/cli/doctor.ts';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import { declarations } from '../../../src/tools/doctor/declarations.ts';
import type { Finding } from '../../../src/tools/doctor/finding.ts';
import { findingOf, sortFindings } from '../../../src/tools/doctor/rule.ts';
import { manifestRules } from '../../../src/tools/doctor/rules.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-doctor-'));
let files = 0;

function fileOf(text: string, name = `${++files}.yaml`): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function run(words: readonly string[], flags: Readonly<Record<string, string>> = {}, input = '') {
  return doctor({
    words,
    flags: Object.entries(flags).map(([name, value]) => ({ name, value })),
    readFile: (path) => readFileSync(path, 'utf8'),
    readInput: () => input,
    environment: {},
    clock: { ...systemClock, now: () => Date.parse('2026-11-26T12:00:00Z') },
  });
}

async function findingsIn(text: string, flags = {}): Promise<readonly Finding[]> {
  const { output, problems } = await run(['-'], { '--output': 'json', ...flags }, text);
  expect(problems).toBe('');
  return JSON.parse(output).findings;
}

const kyma = (timeout: string) => `apiVersion: operator.kyma-project.io/v1alpha2
kind: Istio
metadata: {name: default, namespace: kyma-system}
spec:
  config:
    authorizers:
      - name: oidc-authz
        service: oidc-authz.oidc-authz.svc.cluster.local
        port: 8000
        timeout: ${timeout}
        headers: {toUpstream: {onAllow: [x-auth-request-*]}}
`;

describe('the exit code is', () => {
  test('0 without an error, also with warnings', async () => {
    expect((await run([fileOf(kyma('2s'))])).exitCode).toBe(0);
    const { exitCode, output } = await run([fileOf(kyma('2500ms'))]);
    expect(output).toContain('0 errors, 1 warning, 0 notes');
    expect(exitCode).toBe(0);
  });

  test('1 with an error', async () => {
    expect((await run([fileOf(kyma('500ms'))])).exitCode).toBe(1);
  });

  test('0 if the only error is ignored', async () => {
    const { exitCode, output } = await run([fileOf(kyma('500ms'))], { '--ignore': 'K01,K22' });
    expect(output).toContain('# Ignored: K01, K22.');
    expect(exitCode).toBe(0);
  });

  test.each([
    ['a file that does not exist', '/does/not/exist.yaml', /exist\.yaml.*: cannot read the file/],
    ['a name that is too long', 'a'.repeat(300), /cannot read the file: its name is too long/],
    ['invalid YAML, with its line', fileOf('a: 1\nb: {\n'), /\.yaml:3:1\): invalid YAML/],
    ['an alias without an anchor', fileOf('hosts: *example\n'), /an alias .* has no anchor/],
    [
      'no object that a rule reads',
      fileOf('apiVersion: v1\nkind: Node\n'),
      /no object that doctor reads; pass/,
    ],
    [
      'a configuration of Envoy',
      fileOf('static_resources: {listeners: []}\n'),
      /pass its admin port with --envoy URL/,
    ],
    ['an empty file', fileOf('\n'), /there is no text; name a file with manifests/],
  ])('2 for %s', async (_, path, message) => {
    const { exitCode, output, problems } = await run([path]);
    expect(problems).toMatch(message);
    expect(output).toBe('');
    expect(exitCode).toBe(2);
  });

  test('2 for an invalid configuration', async () => {
    const config = fileOf('issuers: []\n');
    const { exitCode, problems } = await run([fileOf(kyma('2s'))], { '--config': config });
    expect(problems).toContain('issuers');
    expect(exitCode).toBe(2);
  });

  test.each([
    [[], {}, 'FILE is missing'],
    [['-'], { '--outptu': 'json' }, 'unknown flag; did you mean --output?'],
    [['-'], { '--output': 'xml' }, 'expected one of text, json, sarif'],
    [['-'], { '--ignore': 'timeouts' }, 'expected IDs such as K05'],
    [['-'], { '--config': '' }, 'must have a value'],
    [[], { '--envoy': '127.0.0.1:9901' }, 'expected a URL such as http://127.0.0.1:15000'],
    [[], { '--admin': '127.0.0.1:8081' }, 'expected a URL such as http://127.0.0.1:8081'],
  ])('3 for the arguments %j %j', async (words, flags, message) => {
    const { exitCode, problems } = await run(words, flags as Record<string, string>);
    expect(problems).toContain(message);
    expect(exitCode).toBe(3);
  });
});

describe('reads', () => {
  test('a folder and its folders, but not hidden files, links and other types', async () => {
    const path = join(folder, 'tree');
    mkdirSync(join(path, 'below'), { recursive: true });
    fileOf(kyma('500ms'), 'tree/below/istio.yml');
    fileOf(kyma('500ms'), 'tree/.hidden.yaml');
    fileOf(kyma('500ms'), 'tree/notes.txt');
    symlinkSync(join(path, 'below/istio.yml'), join(path, 'link.yaml'));
    const { output } = await run([path], { '--output': 'json' });
    const { findings, read } = JSON.parse(output);
    expect(findings.map(({ place }: Finding) => place.file)).toEqual([join(path, 'below/istio.yml')]);
    expect(read).toEqual({ files: 1, objects: { Istio: 1 } });
  });

  test('a folder with Helm templates, and reports that it skipped them', async () => {
    mkdirSync(join(folder, 'chart'));
    fileOf('{{- if .Values.x }}\nkind: Service\n{{- end }}\n', 'chart/service.yaml');
    fileOf(kyma('2s'), 'chart/istio.yaml');
    const { output, exitCode } = await run([join(folder, 'chart')]);
    expect(output).toContain('service.yaml is a Helm template and was not read');
    expect(exitCode).toBe(0);
  });

  test('JSON, lists of kubectl and several documents, with the line of each finding', async () => {
    const object = JSON.stringify({
      apiVersion: 'operator.kyma-project.io/v1alpha2',
      kind: 'Istio',
      metadata: { name: 'default', namespace: 'kyma-system' },
      spec: {
        config: { authorizers: [{ name: 'a', service: 'a.b.svc.cluster.local', port: 1, timeout: '500ms' }] },
      },
    });
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${object}\n`;
    const lines = (await findingsIn(`${object}\n---\n# Source: a\n${list}`)).map(({ id, place }) => [
      id,
      place.line,
    ]);
    expect(lines).toEqual([
      ['K01', 1],
      ['K01', 7],
    ]);
  });

  test('the mesh configuration in the ConfigMap of istiod, also as a quoted text', async () => {
    const mesh =
      'extensionProviders:\n- name: oidc-authz\n  envoyExtAuthzGrpc: {service: a.b.svc.cluster.local, port: 1, timeout: 2s, failOpen: true}\n';
    const [finding] = await findingsIn(
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: ${JSON.stringify(mesh)}\n`,
    );
    expect(finding?.id).toBe('K09');
    expect(finding?.place.object).toBe('ConfigMap istio-system/istio');
    expect(finding?.place.path).toBe('data.mesh: extensionProviders[0].envoyExtAuthzGrpc.failOpen');
  });

  test('the configuration of the ConfigMap, with the arguments and variables of the Deployment', async () => {
    const manifests = `apiVersion: v1
kind: ConfigMap
metadata: {name: oidc-authz, namespace: auth}
data:
  oidc-authz.yaml: |
    issuers:
      - issuer: https://tenant.example.com
        audiences: [orders-api]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: oidc-authz, namespace: auth}
spec:
  template:
    metadata: {labels: {app.kubernetes.io/name: oidc-authz}}
    spec:
      containers:
        - name: oidc-authz
          args: [--config, /etc/oidc-authz/oidc-authz.yaml, --limits-check-deadline=3s, --limits-mesh-timeout, 4s]
          env:
            - {name: OIDC_AUTHZ_LOG_REQUEST_ID_HEADER, value: x-correlation-id}
            - {name: OIDC_AUTHZ_LOG_LEVEL, valueFrom: {configMapKeyRef: {name: a, key: b}}}
---
${kyma('3s')}`;
    const { output } = await run(['-'], { '--output': 'json' }, manifests);
    const { findings, notes } = JSON.parse(output);
    expect(notes).toContain('The configuration is that of ConfigMap auth/oidc-authz.');
    expect(notes).toContain(
      'Deployment auth/oidc-authz sets OIDC_AUTHZ_LOG_LEVEL from a Secret or ConfigMap; its value was not read.',
    );
    const causes = findings.map(({ id, cause }: Finding) => `${id} ${cause}`).join('\n');
    expect(causes).toContain('K22 The timeout of oidc-authz is 3s, but `limits.checkDeadline` is 3s');
    expect(causes).toContain('K24 The service needs `x-correlation-id`');
  });

  test('for a login, one timeout that is long enough', async () => {
    const file = fileOf(
      'issuers: [{issuer: "https://a.example.com", audiences: [a], login: {clientId: a, clientSecretFile: s}}]\nlogin: {hosts: [shop.example.com]}\nsessions: {keysFile: keys}\nlimits: {meshTimeout: 5s}\n',
    );
    const findings = await findingsIn(kyma('500ms'), { '--config': file });
    const about = findings.filter(({ id }) => ['K01', 'K22', 'K42'].includes(id));
    expect(about.map(({ id }) => id).toSorted()).toEqual(['K01', 'K22', 'K42']);
    for (const { fix } of about) expect(fix).toContain('`timeout: 5s`');
  });

  test('values of the chart as the configuration', async () => {
    const values = fileOf(
      'config:\n  issuers: [{issuer: "https://a.example.com", audiences: [a]}]\n  dpop: {origins: ["https://b.example.com"]}\n',
    );
    const findings = await findingsIn(kyma('2s'), { '--config': values });
    expect(findings.map(({ cause }) => cause).join('\n')).toContain('The service needs `dpop`');
  });
});

describe('the report', () => {
  test('says without a configuration which rules were skipped', async () => {
    const { output } = await run(['-'], {}, kyma('2s'));
    const ids = manifestRules.filter(({ needsConfig }) => needsConfig).map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(3);
    expect(output).toContain(
      `skipped the rules that need it (${ids.join(', ')}). Name the configuration with --config FILE.`,
    );
  });

  test('says that no entry was recognized, and --authorizer names it', async () => {
    const other = kyma('2s')
      .replaceAll('oidc-authz', 'login')
      .replace('x-auth-request-*', '')
      .replace('[]', '[]');
    expect((await run(['-'], {}, other)).output).toContain(
      'No entry was recognized as oidc-authz (entries: login)',
    );
    const { output } = await run(['-'], { '--authorizer': 'login' }, other);
    expect(output).toContain('K02');
    expect(output).not.toContain('No entry was recognized');
  });

  test('says that there is no entry', async () => {
    const policy = 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n';
    expect((await run(['-'], {}, policy)).output).toContain('No entry of an authorizer was found');
  });

  test('in text has place, cause, effect, fix and link, and the numbers in the last line', async () => {
    const path = fileOf(kyma('500ms'));
    expect((await run([path])).output).toContain(
      [
        'Errors',
        '',
        'K01 Timeout of an authorizer in Kyma that is not a whole number of seconds',
        `  where:  ${path}:10 Istio kyma-system/default spec.config.authorizers[0].timeout`,
        '  cause:  The timeout of oidc-authz is 500ms; the mesh gets 0s.',
        '  effect: ',
      ].join('\n'),
    );
    expect((await run([path])).output).toMatch(
      /\n {2}fix: {4}Write `timeout: 1s`\.\n {2}more: {3}docs\/findings\.md#k01\n\n#.*\n1 error, 0 warnings, 0 notes\n$/s,
    );
  });

  test('contains no control characters of a manifest', async () => {
    const evil = kyma('2s').replace('name: oidc-authz', 'name: "oidc-authz\\u001b[31m\\u202e\\nx"');
    const { output } = await run(['-'], {}, evil);
    expect(output).toContain('K05');
    for (const character of ['\u001b', '\u202e']) expect(output).not.toContain(character);
    expect(output.split('\n').filter((line) => line.startsWith('x'))).toEqual([]);
  });

  test('contains neither a Secret nor a key', async () => {
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {tls.crt: canary-value, tls.key: canary-value}\ndata: {password: Y2FuYXJ5LXZhbHVl}\n---\n${kyma('500ms')}`;
    for (const output of ['text', 'json', 'sarif'])
      expect((await run(['-'], { '--output': output }, secret)).output).not.toMatch(/canary-value|Y2FuYXJ5/);
  });
});

describe('SARIF', () => {
  const sarifOf = async (path: string) => JSON.parse((await run([path], { '--output': 'sarif' })).output);

  test('has version, one run, every rule with help, and results that refer to a rule', async () => {
    const log = await sarifOf(fileOf(kyma('500ms')));
    expect(log.version).toBe('2.1.0');
    expect(log.$schema).toMatch(/^https:.*sarif-2\.1\.0\.json$/);
    expect(log.runs).toHaveLength(1);
    const [{ tool, results, invocations, columnKind }] = log.runs;
    expect(columnKind).toBe('utf16CodeUnits');
    expect(invocations[0].executionSuccessful).toBe(true);
    expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(declarations.map(({ id }) => id));
    for (const rule of tool.driver.rules) {
      expect(rule.help.text.length).toBeGreaterThan(20);
      expect(['error', 'warning', 'note']).toContain(rule.defaultConfiguration.level);
    }
    expect(results.length).toBeGreaterThan(0);
    for (const { ruleId, ruleIndex, level, message, locations } of results) {
      expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
      expect(['error', 'warning', 'note']).toContain(level);
      expect(message.text).toMatch(/^Istio kyma-system\/default .*: .*\.$/);
      expect(locations[0].physicalLocation.region.startLine).toBeGreaterThan(0);
    }
  });

  test('has file URLs for absolute paths and encoded relative paths', async () => {
    const path = fileOf(kyma('500ms'), 'a file.yaml');
    const [{ results }] = (await sarifOf(path)).runs;
    const { uri } = results[0].locations[0].physicalLocation.artifactLocation;
    expect(uri).toBe(`file://${folder}/a%20file.yaml`);
    const { output } = await run(['-'], { '--output': 'sarif' }, kyma('500ms'));
    const [{ results: ofInput }] = JSON.parse(output).runs;
    expect(ofInput[0].locations[0].physicalLocation.artifactLocation.uri).toBe('standard%20input');
  });

  test('has fingerprints that do not depend on the line', async () => {
    const fingerprint = async (text: string) =>
      (await sarifOf(fileOf(text))).runs[0].results[0].partialFingerprints['oidcAuthzFinding/v1'];
    expect(await fingerprint(`# comment\n${kyma('500ms')}`)).toBe(await fingerprint(kyma('500ms')));
  });
});

describe('hostile input is bounded:', () => {
  test('an alias inside of its own value is a problem', async () => {
    const filter = 'apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: a}';
    const { exitCode, problems } = await run(
      ['-'],
      {},
      `${filter}\nspec: {configPatches: [&p {patch: *p}]}\n`,
    );
    expect(problems).toContain('is inside of its own value');
    expect(exitCode).toBe(2);
  });

  test('aliases that expand to many values are a problem', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level}, `.repeat(9)}*a${level}]`,
    );
    const started = performance.now();
    const { exitCode, problems } = await run(['-'], {}, `a0: &a0 [x]\n${levels.join('\n')}\n`);
    expect(problems).toContain('aliases expand to too many values');
    expect(exitCode).toBe(2);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('an input over 64 MiB is a problem', async () => {
    const { exitCode, problems } = await run(['-'], {}, ' '.repeat(64 * 1024 * 1024 + 1));
    expect(problems).toContain('larger than 64 MiB');
    expect(exitCode).toBe(2);
  });

  test.each([
    ['texts in place of mappings', 'spec: x'],
    ['lists in place of mappings', 'spec: [1, [2]]'],
    ['null', 'spec:'],
    [
      'numbers in lists',
      'spec: {rules: [1, null], egress: [7], hosts: [8], http: [1], selector: 9, jwtRules: {a: 1}}',
    ],
  ])('%s in every kind are not an exception', async (_, spec) => {
    const kinds = [
      ['operator.kyma-project.io/v1alpha2', 'Istio'],
      ['install.istio.io/v1alpha1', 'IstioOperator'],
      ['gateway.kyma-project.io/v2', 'APIRule'],
      ['gateway.kyma-project.io/v1beta1', 'APIRule'],
      ['security.istio.io/v1', 'AuthorizationPolicy'],
      ['security.istio.io/v1', 'RequestAuthentication'],
      ['security.istio.io/v1', 'PeerAuthentication'],
      ['networking.istio.io/v1', 'VirtualService'],
      ['networking.istio.io/v1', 'Sidecar'],
      ['networking.istio.io/v1', 'DestinationRule'],
      ['networking.istio.io/v1alpha3', 'EnvoyFilter'],
      ['networking.k8s.io/v1', 'NetworkPolicy'],
      ['networking.k8s.io/v1', 'Ingress'],
      ['gateway.networking.k8s.io/v1', 'HTTPRoute'],
      ['gateway.networking.k8s.io/v1', 'ReferenceGrant'],
      ['gateway.envoyproxy.io/v1alpha1', 'SecurityPolicy'],
      ['projectcontour.io/v1', 'HTTPProxy'],
      ['apps/v1', 'Deployment'],
      ['v1', 'Service'],
      ['v1', 'Secret'],
      ['v1', 'ConfigMap'],
      ['v1', 'Pod'],
    ];
    const documents = kinds.map(([version, kind]) => `apiVersion: ${version}\nkind: ${kind}\n${spec}\n`);
    const { problems } = await run(['-'], {}, documents.join('---\n'));
    expect(problems).toBe('');
  });
});

test('findings are sorted by severity, then by id, and appear once', () => {
  const place = { file: 'a', object: '', path: '' };
  const finding = (id: string, severity: 'error' | 'warning' | 'note') =>
    findingOf({ id, title: id, severity, effect: '', fix: '' }, { place, cause: '' });
  const sorted = sortFindings([
    finding('K03', 'note'),
    finding('K02', 'warning'),
    finding('K09', 'error'),
    finding('K01', 'warning'),
    finding('K02', 'warning'),
  ]);
  expect(sorted.map(({ id }) => id)).toEqual(['K09', 'K01', 'K02', 'K03']);
});
