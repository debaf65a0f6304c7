/** The deny list of a running service. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Clock } from '../../src/runtime/time/clock.ts';
import { fileFor, type RunningApp, startApp, until } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { startProcess } from '../support/process.ts';

interface Guard {
  readonly service: RunningApp;
  /** Replaces the list, as a mounted ConfigMap does. */
  readonly deny: (text: string) => void;
  /** Truncates and writes the file in place, as an editor or a shell does. */
  readonly scribble: (text: string) => void;
  readonly remove: () => void;
  readonly ask: (token: string) => Promise<number | undefined>;
  readonly reasonOf: (token: string) => Promise<unknown>;
  readonly metric: (name: string) => Promise<number>;
}

async function startGuard(list: string, filesClock?: Clock): Promise<Guard> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'denied.yaml');
  writeFileSync(file, list);
  const service = await startApp({
    file: `${fileFor('ISSUER')}denyList: {file: ${file}}\n`,
    ...(filesClock !== undefined && { filesClock }),
  });
  const grpc = connectGrpc(service.grpcPort);
  onTestFinished(grpc.close);
  return {
    service,
    deny: (text) => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    },
    scribble: (text) => writeFileSync(file, text),
    remove: () => rmSync(file),
    ask: async (token) =>
      (await exchange(service.httpPort, request('GET', '/', [`authorization: Bearer ${token}`])))?.status,
    reasonOf: async (token) =>
      (await grpc.check({ headers: { authorization: `Bearer ${token}` } })).dynamicMetadata?.fields?.reason
        ?.stringValue,
    metric: async (name) => {
      const text = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
      return Number(new RegExp(`^oidc_authz_${name} (.+)$`, 'm').exec(text)?.[1]);
    },
  };
}

test('a cached token is denied when the list revokes it, and allowed when the list no longer does', async () => {
  const { service, deny, ask, reasonOf, metric } = await startGuard('[]');
  const [alice, bob] = [
    await service.issuer.mint({ claims: { jti: '1' } }),
    await service.issuer.mint({ claims: { jti: '2' } }),
  ];
  expect([await ask(alice), await ask(bob), await metric('deny_list_entries')]).toEqual([200, 200, 0]);

  deny(`- {issuer: "${service.issuer.url}", jti: "1"}`);
  await until(async () => (await ask(alice)) === 401);
  expect([await reasonOf(alice), await ask(bob)]).toEqual(['token_revoked', 200]);
  expect(await metric('deny_list_entries')).toBe(1);
  expect(
    await metric('checks_total{transport="grpc",outcome="deny",reason="token_revoked",issuer="main"}'),
  ).toBe(1);

  deny('[]');
  await until(async () => (await ask(alice)) === 200);
});

test('an invalid or missing list is counted, and the previous one stays in use', async () => {
  const { service, deny, remove, ask, metric } = await startGuard('[]');
  const token = await service.issuer.mint({ claims: { sid: 's' } });
  deny(`[{"issuer": "${service.issuer.url}", "sid": "s"}]`);
  await until(async () => (await ask(token)) === 401);

  for (const [attempt, spoil] of [() => deny('- {sid: s}'), () => remove()].entries()) {
    spoil();
    await until(async () => (await metric('deny_list_reloads_total{result="failure"}')) === attempt + 1);
    expect(await metric('deny_list_last_reload_successful')).toBe(0);
    expect(await ask(token)).toBe(401);
  }
  expect(
    service.records.filter(({ msg }) => String(msg).includes('deny list was not reloaded')),
  ).toHaveLength(2);

  deny('[]');
  await until(async () => (await ask(token)) === 200);
  expect(await metric('deny_list_last_reload_successful')).toBe(1);
});

/** A list of three users of an issuer. The revoked one is the last. */
const lists: readonly [string, (issuer: string, more: string) => string][] = [
  [
    'JSON',
    (issuer, more) =>
      `${JSON.stringify(
        [
          { issuer, sub: 'bob' },
          { issuer, sub: 'carol' },
          { issuer, sub: 'alice' },
        ],
        null,
        1,
      )}${more}`,
  ],
  [
    'YAML',
    (issuer, more) =>
      `- {issuer: "${issuer}", sub: bob}\n- {issuer: "${issuer}", sub: carol}\n- {issuer: "${issuer}", sub: alice}\n${more}`,
  ],
  [
    'YAML in blocks',
    (issuer, more) =>
      `entries:\n${['bob', 'carol', 'alice'].map((sub) => `  - issuer: ${issuer}\n    sub: ${sub}\n`).join('')}${more}`,
  ],
];

describe.each(lists)('a list in %s that is rewritten in place', (_, listOf) => {
  test('revokes its tokens at every moment', async () => {
    const clock = createTestClock();
    const { service, scribble, ask, reasonOf, metric } = await startGuard('[]', clock);
    const [alice, dora] = [
      await service.issuer.mint({ claims: { sub: 'alice' } }),
      await service.issuer.mint({ claims: { sub: 'dora' } }),
    ];
    scribble(listOf(service.issuer.url, ''));
    await clock.advance(2_000);
    expect([await ask(alice), await ask(dora)]).toEqual([401, 200]);

    const next = listOf(service.issuer.url, '\n');
    // The file grows at each look: first empty, then cut inside and after each entry.
    const cuts = new Set([0, 1]);
    for (let at = 2; at < next.length; at += 17) cuts.add(at);
    for (const { index } of next.matchAll(/\n/g)) cuts.add(index + 1);
    for (const length of [...cuts].sort((a, b) => a - b)) {
      scribble(next.slice(0, length));
      expect([length, await ask(alice), await ask(dora)]).toEqual([length, 401, 200]);
      await clock.advance(1_000);
      expect([length, await ask(alice), await ask(dora)]).toEqual([length, 401, 200]);
      expect(await reasonOf(alice)).toBe('token_revoked');
    }
    scribble(next);
    await clock.advance(3_000);
    expect([await ask(alice), await ask(dora)]).toEqual([401, 200]);
    expect(await metric('deny_list_reloads_total{result="failure"}')).toBe(0);
    expect(await metric('deny_list_entries_removed_total')).toBe(0);
  });
});

test.each([
  ['an empty text', ''],
  ['a comment', '# nobody\n'],
  ['null', 'null\n'],
])(
  'after a list is truncated to %s, the previous list stays in use, and the problem is logged',
  async (_, rest) => {
    const clock = createTestClock();
    const { service, scribble, ask, metric } = await startGuard('[]', clock);
    const token = await service.issuer.mint();
    scribble(`- {issuer: "${service.issuer.url}", sub: alice}\n`);
    await clock.advance(2_000);
    expect(await ask(token)).toBe(401);
    scribble(rest);
    await clock.advance(10_000);
    expect(await ask(token)).toBe(401);
    expect(await metric('deny_list_reloads_total{result="failure"}')).toBe(1);
    expect(await metric('deny_list_last_reload_successful')).toBe(0);
    expect(service.records.find(({ msg }) => String(msg).includes('not reloaded'))?.problem).toContain(
      'the file is empty',
    );
    const problems = async () => {
      const text = await (await fetch(`http://127.0.0.1:${service.adminPort}/readyz`)).text();
      return (JSON.parse(text) as { problems?: readonly object[] }).problems;
    };
    expect(await problems()).toMatchObject([
      { what: 'deny list', files: [expect.any(String)], problem: expect.stringMatching(/empty/) },
    ]);
    // A reload of the configuration does not remove the revocation either.
    await expect(service.app.reload(service.config)).rejects.toThrow(/empty/);
    expect(await ask(token)).toBe(401);
    scribble('[]');
    await clock.advance(2_000);
    expect([await ask(token), await problems()]).toEqual([200, undefined]);
  },
);

test('a list that stays truncated after its first entry is used, and the removed entries are logged', async () => {
  const clock = createTestClock();
  const { service, scribble, ask, metric } = await startGuard('[]', clock);
  const entry = (sub: string) => `- {issuer: "${service.issuer.url}", sub: ${sub}}\n`;
  const token = await service.issuer.mint();
  scribble(entry('bob') + entry('alice') + entry('carol'));
  await clock.advance(2_000);
  expect(await ask(token)).toBe(401);
  scribble(entry('bob'));
  await clock.advance(1_000);
  expect(await ask(token)).toBe(401);
  await clock.advance(1_000);
  expect(await ask(token)).toBe(200);
  expect(service.records.find(({ msg }) => String(msg).includes('entries were removed'))).toMatchObject({
    level: 'warn',
    removed: 2,
    before: 3,
    entries: 1,
  });
  expect(await metric('deny_list_entries_removed_total')).toBe(2);
});

test('a list that is being written during a reload is used in its previous version', async () => {
  const clock = createTestClock();
  const { service, scribble, ask } = await startGuard('[]', clock);
  const token = await service.issuer.mint();
  const whole = `- {issuer: "${service.issuer.url}", sub: bob}\n- {issuer: "${service.issuer.url}", sub: alice}\n`;
  scribble(whole);
  await clock.advance(2_000);
  for (const length of [0, whole.indexOf('\n') + 1]) {
    scribble(whole.slice(0, length));
    await service.app.reload(service.config);
    expect([length, await ask(token)]).toEqual([length, 401]);
  }
  scribble(whole);
  await clock.advance(3_000);
  expect(await ask(token)).toBe(401);
});

test('an entry of an issuer that is not configured is logged', async () => {
  const { service } = await startGuard('- {issuer: "https://other.example.com", sub: alice}');
  expect(service.records.find(({ msg }) => String(msg).includes('not configured'))?.issuers).toEqual([
    'https://other.example.com',
  ]);
});

test.each([
  ['is missing', undefined, 'denyList.file'],
  ['is wrong', '- {issuer: https://a}\n- {sub: alice}\n', 'denied.yaml:2:3'],
])('a start with a list that %s ends with exit code 2', async (_, text, problem) => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'denied.yaml');
  if (text !== undefined) writeFileSync(file, text);
  const args = ['--issuer', 'https://a', '--audience', 'a', '--deny-list-file', file];
  const service = startProcess(args);
  expect(await service.exit).toBe(2);
  expect(service.errors()).toContain(problem);
});
