/** Merged values files, compared with a real helm, and the access restrictions in them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { migrate } from '../../../../../../src/cli/migrate.ts';
import { overlay } from '../../../../../../src/tools/migrate/oauth2-proxy/read/chart/overlay.ts';
import { settingAt } from '../../../../../../src/tools/migrate/oauth2-proxy/read/chart/set-values.ts';
import { readDocuments } from '../../../../../../src/tools/migrate/oauth2-proxy/read/documents.ts';
import { child, locationOf } from '../../../../../../src/tools/migrate/oauth2-proxy/read/yaml-node.ts';
import { findHelm, helm } from '../../../../../../tools/helm.ts';
import { describeWith } from '../../../../../support/real-servers.ts';
import { findingsOf, valuesOf } from '../../read-inputs.ts';

const layersOf = (texts: readonly string[]) =>
  texts.flatMap((text, index) => readDocuments(text, `${'abc'[index]}.yaml`));

describeWith('a real helm', await findHelm(), (path) => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-overlay-'));

  beforeAll(() => {
    mkdirSync(join(folder, 'templates'));
    writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: values\nversion: 0.1.0\n');
    writeFileSync(join(folder, 'templates', 'values.yaml'), 'values: {{ toJson .Values }}\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function helmValues(texts: readonly string[], sets: readonly string[] = []): Promise<unknown> {
    const files = texts.flatMap((text, index) => {
      const file = join(folder, `${index}.yaml`);
      writeFileSync(file, text);
      return ['--values', file];
    });
    const { ok, output } = await helm(path, ['template', 'x', folder, ...files, ...sets]);
    expect([ok, ok || output]).toEqual([true, true]);
    return JSON.parse(/^values: (.*)$/m.exec(output)?.[1] ?? '');
  }

  test('merges any values as helm does', { timeout: 60_000 }, async () => {
    const name = fc.constantFrom('config', 'extraArgs', 'email-domain', 'a', 'b');
    const { values } = fc.letrec<{ value: unknown; values: Record<string, unknown> }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', maxDepth: 3, withCrossShrink: true },
        fc.constantFrom('*', 'shop.example', '', 'true', 0, 1, true, false, null),
        fc.array(fc.constantFrom('x', '*', 1, null), { maxLength: 2 }),
        tie('values'),
      ),
      values: fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(values, { minLength: 2, maxLength: 3 }), async (files) => {
        const texts = files.map((file) => JSON.stringify(file));
        expect(overlay(layersOf(texts)).node.value).toEqual(await helmValues(texts));
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ['config.clientID', 'app'],
    ['extraArgs.email-domain', 'shop.example'],
    ['extraArgs.skip-jwt-bearer-tokens', 'true'],
    ['replicaCount', '2'],
    ['extraArgs.allowed-group', '{clerks,admins}'],
    ['extraArgs.x', 'null'],
    ['extraArgs.y', '007'],
    ['podAnnotations.prometheus\\.io/scrape', 'true'],
    ['config.empty', ''],
  ])('sets %s to %s as helm does', async (target, text) => {
    const set = settingAt(target, text, false, () => '');
    expect(set?.value).toEqual(await helmValues(['{}'], ['--set', `${target}=${text}`]));
    const asText = settingAt(target, text, true, () => '');
    if (!text.startsWith('{'))
      expect(asText?.value).toEqual(await helmValues(['{}'], ['--set-string', `${target}=${text}`]));
  });
});

test('a value has the location in its own file', () => {
  const { node } = overlay(layersOf(['config:\n  a: 1\n  b: 2\n', 'config:\n  b: 3\nlist: [x]\n']));
  expect(locationOf(child(node, 'config', 'a'))).toBe('a.yaml:2:3');
  expect(locationOf(child(node, 'config', 'b'))).toBe('b.yaml:2:3');
  expect(locationOf(child(node, 'list', 0))).toBe('b.yaml:3:8');
});

test('rejects a path with a list index, which depends on other values', () => {
  for (const target of ['extraEnv[0].value', 'a..b', ''])
    expect(settingAt(target, 'x', false, () => '')).toBeUndefined();
});

describe('an access restriction in the last file', () => {
  const guarded = 'extraArgs:\n  email-domain: shop.example\n';
  const open = 'config: {clientID: app}\nextraArgs:\n  email-domain: "*"\n  provider: oidc\n';

  test('replaces the open value before it, and the other way round', () => {
    const files = { 'a.yaml': open, 'b.yaml': guarded };
    expect(valuesOf({ files })).toMatchObject({ 'email-domain': ['shop.example'], provider: 'oidc' });
    expect(findingsOf({ files })).toContain(
      'extraArgs.email-domain (a.yaml:3:3) meaningless: b.yaml:2:3 replaces it',
    );
    expect(valuesOf({ files: { 'a.yaml': guarded, 'b.yaml': open } })['email-domain']).toEqual(['*']);
  });

  test('applies even if the first and the last file have no typical value of the chart', () => {
    const files = {
      'a.yaml': 'replicaCount: 1\n',
      'b.yaml': open,
      'c.yaml': guarded,
      'd.yaml': 'resources: {a: b}\n',
    };
    expect(valuesOf({ files })['email-domain']).toEqual(['shop.example']);
  });

  test('applies below the name of a parent chart', () => {
    const below = (text: string) => `oauth2-proxy:\n${text.replaceAll(/^(?=.)/gm, '  ')}`;
    const files = { 'a.yaml': below(open), 'b.yaml': below(guarded) };
    expect(valuesOf({ files })['email-domain']).toEqual(['shop.example']);
  });
});

test.each([
  [['-f', 'a.yaml', '-f', 'b.yaml']],
  [['--values', 'a.yaml', '--values=b.yaml']],
  [['-fa.yaml', 'b.yaml']],
])('the command accepts files as helm does: %j', async (words) => {
  const files: Readonly<Record<string, string>> = {
    'a.yaml': `config: {clientID: app}
extraArgs: {provider: oidc, oidc-issuer-url: "https://a.example.com", email-domain: "*", upstream: "static://200"}
`,
    'b.yaml':
      'extraArgs: {email-domain: shop.example, skip-jwt-bearer-tokens: true, force-json-errors: true}\n',
  };
  const { exitCode, output, report } = await migrate({
    argv: ['oauth2-proxy', ...words],
    environment: {},
    readFile: (path) => files[path] ?? '',
    readInput: () => '',
  });
  expect([exitCode, exitCode === 0 || report]).toEqual([0, true]);
  expect(parse(output).issuers[0].email.allowedDomains).toEqual(['shop.example']);
});
