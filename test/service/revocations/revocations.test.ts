/** The deny list in the store: two replicas that share it. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readSessionKeys } from '../../../src/config/session/session-keys.ts';
import { maxRevocations } from '../../../src/service/revocations/revocation-list.ts';
import { createRevocations, type Revocations } from '../../../src/service/revocations/revocations.ts';
import type { Revocation } from '../../../src/service/revocations/stored-value.ts';
import { createSeal } from '../../../src/session/seal-values.ts';
import { createTestClock, settled, type TestClock } from '../../support/clock.ts';
import { newSessionKey } from '../../support/session-key.ts';
import { createMemoryServer, type MemoryServer } from '../../support/state/memory-store.ts';

const hour = 3_600_000;
const issuer = 'https://idp.example.com';
const alice = { issuer, claims: [['sub', 'alice-canary']] as const, issuedBefore: undefined };

interface Replica {
  readonly revocations: Revocations;
  readonly client: ReturnType<MemoryServer['connect']>;
  readonly subjects: () => readonly (string | undefined)[];
  readonly problem: () => string | undefined;
  readonly counts: { entries: number; unreadable: number };
  readonly changes: () => number;
  readonly records: unknown[];
  readonly useKeys: (text: string) => void;
}

function startReplica(server: MemoryServer, clock: TestClock, keys: string): Replica {
  const client = server.connect();
  return startReplicaWith(client, clock, keys);
}

function startReplicaWith(client: Replica['client'], clock: TestClock, keysText: string): Replica {
  let keys = readSessionKeys(keysText);
  let problem: string | undefined;
  let changes = 0;
  const counts = { entries: -1, unreadable: -1 };
  const records: unknown[] = [];
  const revocations = createRevocations({
    store: client,
    keys: () => keys,
    clock,
    randomBytes,
    logger: { info: (...record: unknown[]) => void records.push(record) } as never,
    createCount: () => (count) => Object.assign(counts, count),
    onProblem: (next) => {
      problem = next;
    },
    onChange: () => {
      changes++;
    },
  });
  return {
    revocations,
    client,
    counts,
    records,
    subjects: () => revocations.entries().map(({ claims: [first] }) => first?.[1]),
    problem: () => problem,
    changes: () => changes,
    useKeys: (text) => {
      keys = readSessionKeys(text);
      revocations.keysChanged();
    },
  };
}

/** Waits until the replicas have read what the feed has delivered. */
async function read(...replicas: readonly Replica[]): Promise<void> {
  for (const { revocations } of replicas) await revocations.ready(0);
  await settled();
}

/** Advances the clock until a promise settles. */
async function during<T>(promise: Promise<T>, clock: TestClock): Promise<T> {
  let isOpen = true;
  const settle = () => {
    isOpen = false;
  };
  void promise.then(settle, settle);
  for (let turn = 0; isOpen && turn < 1_000; turn++) await clock.advance(10);
  return promise;
}

async function revoke(
  { revocations }: Replica,
  life = hour,
  entry: Parameters<Revocations['add']>[0] = alice,
) {
  const added = await revocations.add(entry, undefined, life);
  if ('kind' in added) throw new Error(added.kind);
  return added;
}

function pair() {
  const clock = createTestClock();
  const server = createMemoryServer(clock);
  const keys = newSessionKey();
  return { clock, server, keys, a: startReplica(server, clock, keys), b: startReplica(server, clock, keys) };
}

describe('an entry', () => {
  test('that one replica adds counts at both, and says so at once where it was added', async () => {
    const { a, b } = pair();
    await revoke(a);
    expect([a.subjects(), a.changes()]).toEqual([['alice-canary'], 1]);
    await read(b);
    expect([b.subjects(), b.changes(), b.counts, b.problem()]).toEqual([
      ['alice-canary'],
      1,
      { entries: 1, unreadable: 0 },
      undefined,
    ]);
  });

  test('ends at both when its life ends, also if the wall clock is changed', async () => {
    const { a, b, clock } = pair();
    await revoke(a, hour);
    await read(b);
    clock.jump(-10 * hour);
    await clock.advance(hour - 1);
    expect([a.subjects().length, b.subjects().length]).toEqual([1, 1]);
    await clock.advance(1_001);
    expect([a.subjects(), b.subjects(), a.changes(), b.changes()]).toEqual([[], [], 2, 2]);
    expect(a.counts.entries).toBe(0);
  });

  test('is lifted at both by its ID, and an unknown ID lifts nothing', async () => {
    const { a, b, clock } = pair();
    const { entry } = await revoke(a);
    await during(revoke(a, hour, { ...alice, claims: [['jti', 'other']] }), clock);
    await read(b);
    await clock.advance(500);
    expect(await b.revocations.lift(entry.id)).toMatchObject({ entry: { id: entry.id } });
    expect(await b.revocations.lift(entry.id)).toBe(undefined);
    await read(a);
    await clock.advance(500);
    expect([a.subjects(), b.subjects()]).toEqual([['other'], ['other']]);
    expect(await a.revocations.lift('aaaaaaaaaaaaa')).toBe(undefined);
  });

  test('that is lifted stays lifted if it arrives again, or after the end', async () => {
    const { a, clock, server, keys } = pair();
    const { entry } = await revoke(a);
    await during(a.revocations.lift(entry.id), clock);
    // A replica that starts later reads both, in any order.
    const entries = server.dump().filter((text) => text.startsWith('eyJ'));
    expect(entries).toHaveLength(2);
    const reversed = createMemoryServer(clock);
    const feed = reversed.connect().feed('revoked', { longestLife: hour, receive: () => {} });
    for (const text of [...entries.toReversed(), ...entries]) await feed.add(text, hour);
    const late = startReplica(reversed, clock, keys);
    await late.revocations.ready(1_000);
    expect([late.subjects(), late.problem()]).toEqual([[], undefined]);
  });

  test('that is old is not used again if someone copies it in the store', async () => {
    const { a, b, clock, server } = pair();
    await revoke(a, hour);
    await clock.advance(2 * hour);
    const [text = ''] = server.dump().filter((one) => one.startsWith('eyJ'));
    await server
      .connect()
      .feed('revoked', { longestLife: hour, receive: () => {} })
      .add(text, hour);
    await read(a, b);
    await clock.advance(1_000);
    expect([a.subjects(), b.subjects()]).toEqual([[], []]);
  });

  test('shows nothing of itself in the store', async () => {
    const { a, server } = pair();
    await a.revocations.add(alice, 'a note-canary', hour);
    const dump = server.dump().join('\n');
    expect(dump).toMatch(/^eyJ/m);
    // Only long texts: the ciphertext can contain any short one by chance.
    for (const text of ['alice-canary', 'note-canary', 'idp.example.com'])
      for (const form of [text, Buffer.from(text).toString('base64url').slice(0, -2)])
        expect(dump.slice(dump.indexOf('..'))).not.toContain(form);
  });
});

test('a new replica has the entries before it answers checks', async () => {
  const { a, clock, server, keys } = pair();
  for (const jti of ['1', '2', '3']) {
    await during(revoke(a, hour, { ...alice, claims: [['jti', jti]] }), clock);
  }
  const late = startReplica(server, clock, keys);
  await late.revocations.ready(2_000);
  expect(late.subjects()).toEqual(['1', '2', '3']);
});

describe('values that cannot be read', () => {
  test('of another key are counted, named and reported, and used when the key arrives', async () => {
    const { a, clock, server, keys } = pair();
    const others = newSessionKey();
    const c = startReplica(server, clock, others);
    await revoke(a);
    await read(c);
    const id = readSessionKeys(keys)[0]?.id;
    expect([c.subjects(), c.counts, c.revocations.unreadable()]).toEqual([
      [],
      { entries: 0, unreadable: 1 },
      1,
    ]);
    expect(c.problem()).toBe(
      `1 of its entries cannot be read: they are sealed with keys that this process does not have (${id}); use the same keys in all replicas, and keep an old key until its entries have ended`,
    );
    c.useKeys(`${others}${keys}`);
    await read(c);
    await clock.advance(500);
    expect([c.subjects(), c.problem(), c.counts]).toEqual([
      ['alice-canary'],
      undefined,
      { entries: 1, unreadable: 0 },
    ]);
    // It stays in use after the key is removed.
    c.useKeys(others);
    await read(c);
    expect(c.subjects()).toEqual(['alice-canary']);
  });

  test.each([
    ['text', 'garbage'],
    ['a value that is too long', 'a'.repeat(100_000)],
  ])('%s changes nothing', async (_, text) => {
    const { b, clock, server } = pair();
    await server
      .connect()
      .feed('revoked', { longestLife: hour, receive: () => {} })
      .add(text, hour);
    await read(b);
    expect([b.subjects(), b.counts.unreadable, b.changes()]).toEqual([[], 1, 0]);
    expect(b.problem()).toContain('another version or another program wrote them');
    await clock.advance(hour + 5_000);
    expect([b.counts.unreadable, b.problem()]).toEqual([0, undefined]);
  });

  test.each([
    ['without claims', { id: 'aaaaaaaaaaaaa', issuer, claims: [], addedAt: 0, endsAt: 9e15 }],
    [
      'with an unknown claim',
      { id: 'aaaaaaaaaaaaa', issuer, claims: [['aud', 'x']], addedAt: 0, endsAt: 9e15 },
    ],
    [
      'with an unknown member',
      { id: 'aaaaaaaaaaaaa', issuer, claims: [['sub', 'x']], addedAt: 0, endsAt: 9e15, unless: 1 },
    ],
    ['without an issuer', { id: 'aaaaaaaaaaaaa', claims: [['sub', 'x']], addedAt: 0, endsAt: 9e15 }],
    ['with another ID', { id: '<script>', issuer, claims: [['sub', 'x']], addedAt: 0, endsAt: 9e15 }],
    ['that is null', null],
  ])('a sealed value %s revokes nothing', async (_, value) => {
    const { b, server, keys } = pair();
    const text = await createSeal(() => readSessionKeys(keys)).seal('oidc-authz-revocation', value);
    await server
      .connect()
      .feed('revoked', { longestLife: hour, receive: () => {} })
      .add(text, hour);
    await read(b);
    expect([b.subjects(), b.counts.unreadable]).toEqual([[], 1]);
  });

  test('a value that was sealed for another purpose revokes nothing', async () => {
    const { a, b, server, keys } = pair();
    await revoke(a);
    const seal = createSeal(() => readSessionKeys(keys));
    const [text = ''] = server.dump().filter((one) => one.startsWith('eyJ'));
    const { value } = (await seal.open('oidc-authz-revocation', text)) ?? {};
    await server
      .connect()
      .feed('revoked', { longestLife: hour, receive: () => {} })
      .add(await seal.seal('oidc-authz-session', { ...(value as object), id: 'bbbbbbbbbbbbb' }), hour);
    await read(b);
    expect([b.subjects().length, b.counts.unreadable]).toEqual([1, 1]);
  });

  test('use bounded memory', async () => {
    const { b, server } = pair();
    const feed = server.connect().feed('revoked', { longestLife: hour, receive: () => {} });
    for (let at = 0; at < 1_500; at++) await feed.add(`garbage ${at}`, hour);
    await read(b);
    expect(b.revocations.unreadable()).toBe(1_000);
  });
});

describe('while the store is away', () => {
  test('nothing is revoked or lifted, and the last list stays in use', async () => {
    const { a, b, clock } = pair();
    const { entry } = await revoke(a);
    await read(b);
    for (const { client } of [a, b]) client.fail('away');
    expect(await b.revocations.add({ ...alice, claims: [['jti', 'x']] }, undefined, hour)).toEqual({
      kind: 'away',
      problem: 'the store is away',
    });
    expect(await b.revocations.lift(entry.id)).toEqual({ kind: 'away', problem: 'the store is away' });
    await clock.advance(hour / 2);
    expect([a.subjects(), b.subjects()]).toEqual([['alice-canary'], ['alice-canary']]);
    expect(b.revocations.age()).toBe(hour / 2);
    for (const { client } of [a, b]) client.fail(undefined);
    expect(await b.revocations.lift(entry.id)).toMatchObject({ entry: { id: entry.id } });
  });

  test.each([
    ['timeout', 'unknown'],
    ['away', 'unknown'],
    ['full', 'away'],
    ['rejected', 'away'],
  ] as const)('a write that fails with %s is %s', async (failure, kind) => {
    const { server, clock, keys } = pair();
    const client = server.connect();
    const c = startReplicaWith(
      { ...client, status: () => ({ state: 'ready', since: 0, problem: undefined }) },
      clock,
      keys,
    );
    client.fail(failure);
    expect(await c.revocations.add(alice, undefined, hour)).toEqual({
      kind,
      problem: `the store is ${failure}`,
    });
    expect(c.subjects()).toEqual([]);
  });

  test('a replica that starts waits for a time, says that its list is empty, and reads it later', async () => {
    const { a, clock, server, keys } = pair();
    await revoke(a);
    const client = server.connect();
    client.fail('away');
    const late = startReplicaWith(client, clock, keys);
    let isReady = false;
    void late.revocations.ready(2_000).then(() => {
      isReady = true;
    });
    await clock.advance(1_900);
    expect(isReady).toBe(false);
    await clock.advance(200);
    expect([isReady, late.subjects()]).toEqual([true, []]);
    expect(late.problem()).toBe(
      'the list was never read (the store is away); tokens that only it revokes are allowed',
    );
    client.fail(undefined);
    await read(late);
    await clock.advance(5_000);
    expect([late.subjects(), late.problem()]).toEqual([['alice-canary'], undefined]);
  });
});

test('many entries at once change the checks a few times only', async () => {
  const { a, b, clock, server, keys } = pair();
  const seal = createSeal(() => readSessionKeys(keys));
  const feed = server.connect().feed('revoked', { longestLife: hour, receive: () => {} });
  for (let at = 0; at < 500; at++) {
    const value = {
      id: idOf(at),
      issuer,
      claims: [['jti', `${at}`]],
      addedAt: clock.now(),
      endsAt: clock.now() + hour,
    };
    await feed.add(await seal.seal('oidc-authz-revocation', value), hour);
  }
  await read(a, b);
  await clock.advance(250);
  expect(b.subjects()).toHaveLength(500);
  expect(b.changes()).toBeLessThan(5);
});

test('a list with the maximum number of entries takes no more; those that are lifted count', async () => {
  const clock = createTestClock();
  const server = createMemoryServer(clock);
  const keys = newSessionKey();
  const seal = createSeal(() => readSessionKeys(keys));
  const feed = server.connect().feed('revoked', { longestLife: hour, receive: () => {} });
  const text = async (at: number): Promise<string> =>
    seal.seal('oidc-authz-revocation', {
      id: idOf(at),
      issuer,
      claims: [['jti', `${at}`]],
      addedAt: clock.now(),
      endsAt: clock.now() + hour,
    });
  for (const texts of [await Promise.all(Array.from({ length: maxRevocations }, (_, at) => text(at)))])
    for (const one of texts) await feed.add(one, hour);
  const c = startReplica(server, clock, keys);
  await read(c);
  expect(c.revocations.entries()).toHaveLength(maxRevocations);
  expect(await c.revocations.add(alice, undefined, hour)).toEqual({ kind: 'full' });
  expect(await during(c.revocations.lift(idOf(0)), clock)).toMatchObject({ entry: { id: idOf(0) } });
  expect(await c.revocations.add(alice, undefined, hour)).toEqual({ kind: 'full' });
  await clock.advance(hour + 6 * 60_000);
  expect(await c.revocations.add(alice, undefined, hour)).toMatchObject({ entry: { issuer } });
});

test('an entry whose JSON is too long is not sent', async () => {
  const { a, server } = pair();
  const long = { ...alice, claims: [['sub', 'x'.repeat(4_000)]] as const };
  expect(await a.revocations.add(long, undefined, hour)).toEqual({ kind: 'too_long' });
  expect(server.operations.get('feed_add')).toBe(undefined);
});

test('no record of the log has a value of an entry', async () => {
  const { a, b, clock } = pair();
  const added: Revocation = await revoke(a);
  await during(a.revocations.lift(added.entry.id), clock);
  await read(b);
  expect(JSON.stringify([a.records, b.records])).not.toContain('canary');
});

/** An ID for a number. */
function idOf(at: number): string {
  return at
    .toString(26)
    .padStart(13, '0')
    .replaceAll(/./g, (digit) => 'abcdefghijklmnopqrstuvwxyz'[Number.parseInt(digit, 26)] ?? '');
}
