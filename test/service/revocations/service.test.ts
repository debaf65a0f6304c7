/** `oidc-authz revoke` and the routes of the admin listener, with services that share a store. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startApp, until } from '../../support/app.ts';
import { exchange } from '../../support/http1.ts';
import { createRevokingFleet, runRevokeCommand } from '../../support/revoking.ts';
import { newSessionKey } from '../../support/session-key.ts';

test('an entry that is added at one replica denies cached tokens at both, until it is lifted at the other', async () => {
  const fleet = await createRevokingFleet();
  const [a, b] = [await fleet.start(), await fleet.start()];
  const [alice, bob] = [
    await fleet.issuer.mint({ claims: { sub: 'alice' } }),
    await fleet.issuer.mint({ claims: { sub: 'bob' } }),
  ];
  for (const one of [a, b])
    expect([await one.reasonOf(alice), await one.reasonOf(bob)]).toEqual(['allowed', 'allowed']);

  const { output, problem, exitCode } = await runRevokeCommand(
    ...['--admin', a.admin, '--issuer', 'main', '--sub', 'alice', '--for', '2h', '--note', 'laptop stolen'],
  );
  expect([problem, exitCode]).toEqual(['', 0]);
  expect(output).toMatch(
    new RegExp(
      `^added [a-z2-7]{13}: sub alice of ${fleet.issuer.url}, until .*Z, note "laptop stolen"\nWithin 1 s, every replica denies tokens and sessions with exactly this sub.\nThe service cannot tell whether there are any.\nAt most issuers, \`sub\` is an ID, not the name of a person: docs/revocation.md says how to find it.\nIt also denies new tokens. To allow those of a new login, write --issued-before now.\nTo undo it: oidc-authz revoke --lift [a-z2-7]{13}, with the same --admin.\n$`,
    ),
  );
  // At that replica, it counts at once.
  expect([await a.reasonOf(alice), await a.reasonOf(bob)]).toEqual(['token_revoked', 'allowed']);
  await until(async () => (await b.reasonOf(alice)) === 'token_revoked', 1);
  expect(await b.reasonOf(bob)).toBe('allowed');
  expect([await b.metric('deny_list_store_entries'), await b.metric('deny_list_entries')]).toEqual([
    '1',
    '1',
  ]);
  expect(Number(await b.metric('deny_list_store_age_seconds'))).toBeLessThan(5);

  const denial = b.records.find(({ reason }) => reason === 'token_revoked');
  const [, added = ''] = /^added ([a-z2-7]{13})/.exec(output) ?? [];
  expect(denial).toMatchObject({
    detail: `the entry ${added} of the store revokes the token by its sub`,
    option: 'denyList.store',
  });
  const listed = await runRevokeCommand('--admin', b.admin, '--list', '--output', 'json');
  expect(JSON.parse(listed.output)).toEqual({
    entries: [
      {
        id: added,
        issuer: fleet.issuer.url,
        sub: 'alice',
        note: 'laptop stolen',
        added: expect.stringMatching(/Z$/),
        ends: expect.stringMatching(/Z$/),
      },
    ],
    unreadable: 0,
    ageSeconds: 0,
  });
  const [entry] = JSON.parse(listed.output).entries;
  expect(Date.parse(entry.ends) - Date.parse(entry.added)).toBe(7_200_000);

  const lifted = await runRevokeCommand('--admin', b.admin, '--lift', added);
  expect([lifted.problem, lifted.exitCode, lifted.output.split(',')[0]]).toEqual([
    '',
    0,
    `lifted ${added}: sub alice of ${fleet.issuer.url}`,
  ]);
  expect(await b.reasonOf(alice)).toBe('allowed');
  await until(async () => (await a.reasonOf(alice)) === 'allowed', 1);
  expect((await runRevokeCommand('--admin', a.admin, '--lift', added)).exitCode).toBe(1);
  expect(a.records.filter(({ msg }) => /^an operator/.test(String(msg)))).toMatchObject([
    { id: added, issuer: fleet.issuer.url, claims: ['sub'], msg: 'an operator revoked tokens' },
  ]);
  for (const { logText } of [a, b]) expect(logText()).not.toMatch(/alice|stolen/);
});

test('an entry with --issued-before now spares tokens that are issued later', async () => {
  const fleet = await createRevokingFleet();
  const a = await fleet.start();
  const old = await fleet.issuer.mint({ claims: { iat: Math.floor(Date.now() / 1000) - 10 } });
  const { exitCode } = await runRevokeCommand(
    ...['--admin', a.admin, '--issuer', fleet.issuer.url, '--sub', 'alice', '--issued-before', 'now'],
  );
  const later = await fleet.issuer.mint({ claims: { iat: Math.floor(Date.now() / 1000) + 1 } });
  expect([exitCode, await a.reasonOf(old), await a.reasonOf(later)]).toEqual([0, 'token_revoked', 'allowed']);
});

test('the file and the store count together, and a change of the store removes nothing from the file', async () => {
  const fleet = await createRevokingFleet();
  const file = `${fleet.keysFile}.denied`;
  writeFileSync(file, JSON.stringify([{ issuer: fleet.issuer.url, sub: 'bob' }]));
  const a = await fleet.start(`denyList: {store: true, file: ${file}}`);
  const [alice, bob] = [
    await fleet.issuer.mint({ claims: { sub: 'alice' } }),
    await fleet.issuer.mint({ claims: { sub: 'bob' } }),
  ];
  const revoked = await runRevokeCommand(
    ...['--admin', a.admin, '--issuer', 'main', '--sub', 'alice', '--output', 'json'],
  );
  expect([await a.reasonOf(alice), await a.reasonOf(bob)]).toEqual(['token_revoked', 'token_revoked']);
  expect(a.records.findLast(({ reason }) => reason === 'token_revoked')?.detail).toContain('entries[0] of ');
  await runRevokeCommand('--admin', a.admin, '--lift', JSON.parse(revoked.output).id);
  expect([await a.reasonOf(alice), await a.reasonOf(bob)]).toEqual(['allowed', 'token_revoked']);
  expect([await a.metric('deny_list_entries_removed_total'), await a.metric('deny_list_entries')]).toEqual([
    '0',
    '1',
  ]);
  // The same configuration without the store.
  await a.app.reload({ ...a.config, denyList: { store: false } });
  expect([await a.reasonOf(alice), await a.reasonOf(bob)]).toEqual(['allowed', 'allowed']);
});

test('a replica with other keys says so in /readyz and in the list, and reads the entries when it has the key', async () => {
  const fleet = await createRevokingFleet();
  const a = await fleet.start();
  const token = await fleet.issuer.mint();
  const otherFile = `${fleet.keysFile}.other`;
  const others = newSessionKey();
  writeFileSync(otherFile, others);
  const b = await fleet.start(undefined, otherFile);
  await runRevokeCommand('--admin', a.admin, '--issuer', 'main', '--sub', 'alice');
  await until(async () => (await b.readyz()).problems !== undefined);
  expect(await b.reasonOf(token)).toBe('allowed');
  expect((await b.readyz()).problems).toMatchObject([
    { what: 'revocations', files: [], problem: expect.stringMatching(/^1 of its entries cannot be read/) },
  ]);
  expect(await b.metric('deny_list_store_unreadable')).toBe('1');
  expect((await runRevokeCommand('--admin', b.admin, '--list')).output).toBe(
    '0 entries\n1 more cannot be read: other keys sealed them. They have no effect in this replica; see /readyz.\n',
  );
  writeFileSync(otherFile, `${others}${readFileSync(fleet.keysFile, 'utf8')}`);
  await until(async () => (await b.reasonOf(token)) === 'token_revoked');
  await until(async () => (await b.readyz()).problems === undefined);
});

test('/readyz has no problem of a list that a reload turned off', async () => {
  const fleet = await createRevokingFleet();
  const a = await fleet.start();
  const otherFile = `${fleet.keysFile}.other`;
  writeFileSync(otherFile, newSessionKey());
  const b = await fleet.start(undefined, otherFile);
  await runRevokeCommand('--admin', a.admin, '--issuer', 'main', '--sub', 'alice');
  await until(async () => (await b.readyz()).problems !== undefined);
  await b.app.reload({ ...b.config, denyList: { store: false } });
  expect((await b.readyz()).problems).toBeUndefined();
  await b.app.reload(b.config);
  await until(async () => (await b.readyz()).problems !== undefined);
});

describe('an operator who cannot revoke reads why', () => {
  const alice = ['--issuer', 'main', '--sub', 'alice'] as const;

  test('without a store', async () => {
    const { adminPort } = await startApp();
    for (const args of [alice, ['--list'], ['--lift', 'aaaaaaaaaaaaa']]) {
      const { problem, exitCode } = await runRevokeCommand(
        '--admin',
        `http://127.0.0.1:${adminPort}`,
        ...args,
      );
      expect(exitCode).toBe(1);
      expect(problem).toMatch(
        /^oidc-authz: nothing was changed: .* answers 501: nothing was changed: this service has no deny list in a store; set state and denyList\.store/,
      );
    }
  });

  test('while the store is away', async () => {
    const fleet = await createRevokingFleet();
    const a = await fleet.start();
    a.store.fail('away');
    const { problem, exitCode } = await runRevokeCommand('--admin', a.admin, ...alice);
    expect(exitCode).toBe(1);
    expect(problem).toMatch(
      /answers 503: nothing was revoked: the store cannot be used: the store is away$/m,
    );
    expect((await runRevokeCommand('--admin', a.admin, '--list')).exitCode).toBe(0);
  });

  test('if no service is there', async () => {
    const { issuer } = await createRevokingFleet();
    const { port } = issuer;
    await issuer.close();
    const { problem, exitCode } = await runRevokeCommand('--admin', `http://127.0.0.1:${port}`, ...alice);
    expect([exitCode, problem]).toEqual([
      1,
      expect.stringMatching(/^oidc-authz: nothing was changed: no answer from/),
    ]);
  });

  test('if another server answers', async () => {
    const { issuer } = await createRevokingFleet();
    const { problem, exitCode } = await runRevokeCommand('--admin', issuer.url, ...alice);
    expect([exitCode, problem]).toEqual([1, expect.stringMatching(/nothing was changed: .* answers 404/)]);
  });

  test.each<[string, readonly string[], RegExp]>([
    [
      'an unknown issuer',
      ['--issuer', 'https://other.example.com', '--sub', 'a'],
      /issuer: is not a configured issuer; use the exact iss or the name: main \(http/,
    ],
    [
      'a life that is too long',
      [...alice, '--for', '721h'],
      /for: must be a duration such as 24h, from 1m to 720h/,
    ],
    ['a life that is not a duration', [...alice, '--for', 'ever'], /for: must be a duration/],
    [
      'a time that is none',
      [...alice, '--issued-before', 'yesterday'],
      /issuedBefore: must be a time such as/,
    ],
    [
      'a time in milliseconds',
      [...alice, '--issued-before', '1764240000000'],
      /issuedBefore: must be in seconds/,
    ],
    [
      'a note that is too long',
      [...alice, '--note', 'x'.repeat(201)],
      /note: must have at most 200 characters/,
    ],
    ['a value that is too long', ['--issuer', 'main', '--sub', 'x'.repeat(4_000)], /the entry is too long/],
  ])('for %s', async (_, args, expected) => {
    const fleet = await createRevokingFleet();
    const a = await fleet.start();
    const { problem, exitCode } = await runRevokeCommand('--admin', a.admin, ...args);
    expect([exitCode, problem]).toEqual([1, expect.stringMatching(expected)]);
    expect(problem).toContain('nothing was revoked');
    expect(
      JSON.parse((await runRevokeCommand('--admin', a.admin, '--list', '--output', 'json')).output).entries,
    ).toEqual([]);
  });
});

describe('the routes of the admin listener', () => {
  const entry = JSON.stringify({ issuer: 'main', sub: 'alice' });
  const send = (port: number, method: string, path: string, lines: readonly string[], body = '') =>
    exchange(
      port,
      [
        `${method} ${path} HTTP/1.1`,
        'host: localhost',
        `content-length: ${body.length}`,
        ...lines,
        '',
        body,
      ].join('\r\n'),
    );

  test.each([
    ['a page of another site sends them', 'sec-fetch-site: cross-site'],
    [
      'a page of another site sends a form',
      'sec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document',
    ],
    ['a proxy forwards them', 'x-forwarded-for: 10.1.2.3'],
  ])('deny requests if %s', async (_, lines) => {
    const fleet = await createRevokingFleet();
    const a = await fleet.start();
    const json = 'content-type: application/json';
    expect((await send(a.adminPort, 'POST', '/revocations', [lines, json], entry))?.status).toBe(403);
    expect((await send(a.adminPort, 'DELETE', '/revocations/aaaaaaaaaaaaa', [lines]))?.status).toBe(403);
    if (!lines.includes('document'))
      expect((await send(a.adminPort, 'GET', '/revocations', [lines]))?.status).toBe(403);
    expect((await send(a.adminPort, 'POST', '/revocations', [json], entry))?.status).toBe(201);
  });

  test('take only JSON, which a form of a page cannot send', async () => {
    const fleet = await createRevokingFleet();
    const a = await fleet.start();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])
      expect(
        (await send(a.adminPort, 'POST', '/revocations', [`content-type: ${type}`], entry))?.status,
      ).toBe(415);
    const bodies = [
      '',
      '{',
      '[]',
      'null',
      '"x"',
      '{}',
      '[{"issuer":"main","sub":"alice"}]',
      '{"issuer":"main"}',
      '{"issuer":"main","aud":"x"}',
      '{"issuer":"main","sub":7}',
      '{"issuer":"main","sub":"a","for":3600}',
    ];
    for (const body of bodies) {
      const response = await send(
        a.adminPort,
        'POST',
        '/revocations',
        ['content-type: application/json'],
        body,
      );
      expect([body, response?.status, response?.body.split(':')[0]]).toEqual([
        body,
        400,
        'nothing was revoked',
      ]);
    }
    expect((await send(a.adminPort, 'PUT', '/revocations', [], entry))?.headers.allow).toBe('GET, POST');
    expect((await send(a.adminPort, 'GET', '/revocations/x', []))?.headers.allow).toBe('DELETE');
  });

  test('limit the rate of changes and lists', async () => {
    const fleet = await createRevokingFleet();
    const a = await fleet.start();
    const statuses = async (count: number, one: () => ReturnType<typeof send>) =>
      Promise.all(Array.from({ length: count }, async () => (await one())?.status));
    const lifts = await statuses(150, () => send(a.adminPort, 'DELETE', '/revocations/aaaaaaaaaaaaa', []));
    expect(new Set(lifts)).toEqual(new Set([404, 429]));
    const lists = await statuses(30, () => send(a.adminPort, 'GET', '/revocations', []));
    expect(new Set(lists)).toEqual(new Set([200, 429]));
  });

  test('have no value in the answer that acts on a terminal', async () => {
    const fleet = await createRevokingFleet();
    const a = await fleet.start();
    const { output } = await runRevokeCommand(
      '--admin',
      a.admin,
      '--issuer',
      'main',
      '--sub',
      'a\u001b[31mb\u202ec',
    );
    expect(output).toContain('\\u001b[31mb\\u202ec');
    const list = await runRevokeCommand('--admin', a.admin, '--list');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the output must not have them
    expect(list.output).not.toMatch(/[\u001b\u202e]/);
  });
});

test('the answer names each claim that a token must have, and does not say that there is such a token', async () => {
  const fleet = await createRevokingFleet();
  const a = await fleet.start();
  const { output } = await runRevokeCommand(
    ...['--admin', a.admin, '--issuer', 'main', '--jti', '4f1c2b', '--client-id', 'old-cli'],
  );
  expect(output.split('\n').slice(1)).toEqual([
    'Within 1 s, every replica denies tokens and sessions with exactly this jti and this client_id.',
    'The service cannot tell whether there are any.',
    expect.stringMatching(/^To undo it: /),
    '',
  ]);
});
