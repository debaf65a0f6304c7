/** Keys in a worker process, which does not fetch them. */
import { beforeAll, describe, expect, test } from 'vitest';
import { createMirroredIssuer } from '../../src/issuer/mirrored-issuer.ts';
import { configOf, fileFor } from '../support/app.ts';
import { createTestClock, settled } from '../support/clock.ts';
import { createSigningKey, type SigningKey } from '../support/keys.ts';

let keys: SigningKey[];

beforeAll(async () => {
  keys = await Promise.all(['a', 'b'].map((kid) => createSigningKey(kid, 'ES256')));
});

const textOf = (some: readonly SigningKey[]) =>
  JSON.stringify({ keys: some.map(({ publicJwk }) => publicJwk) });

async function mirror() {
  const { issuers, keys: timing } = await configOf(fileFor('https://i.example.com'), ['--keys-max-stale=1h']);
  const clock = createTestClock();
  const asked: string[] = [];
  const answers: ((wasDue: boolean) => void)[] = [];
  const issuer = createMirroredIssuer({
    config: issuers[0] as (typeof issuers)[number],
    timing,
    maxKeys: 100,
    clock,
    fetch: (keyId) => {
      asked.push(keyId);
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  return { issuer, clock, asked, answers };
}

describe('a mirrored issuer', () => {
  test('has no keys before the first update, and then those of the last update', async () => {
    const { issuer } = await mirror();
    expect(issuer.hasKeys()).toBe(false);
    issuer.update({ text: undefined, age: undefined, isFailing: true });
    expect(issuer.hasKeys()).toBe(false);
    issuer.update({ text: textOf(keys), age: 0, isFailing: false });
    const [a, b] = ['a', 'b'].map((id) => issuer.findKeys(id, 'ES256')[0]);
    expect([a?.id, b?.id]).toEqual(['a', 'b']);
    issuer.update({ text: textOf(keys.slice(1)), age: 0, isFailing: false });
    expect([issuer.knowsKeyId('a'), issuer.knowsKeyId('b')]).toEqual([false, true]);
    expect([a, b].map((key) => key !== undefined && issuer.holds(key))).toEqual([false, true]);
    expect(issuer.findKeys('b', 'ES256')).toEqual([b]);
  });

  test('keeps its keys while its owner fails, for maxStale from when they were loaded', async () => {
    const { issuer, clock } = await mirror();
    issuer.update({ text: textOf(keys), age: 0, isFailing: false });
    await clock.advance(10 * 3_600_000);
    expect(issuer.hasKeys()).toBe(true);
    issuer.update({ text: textOf(keys), age: 1_800_000, isFailing: true });
    expect(issuer.hasKeys()).toBe(true);
    await clock.advance(1_800_001);
    expect(issuer.hasKeys()).toBe(false);
    issuer.update({ text: textOf(keys), age: 0, isFailing: false });
    expect(issuer.hasKeys()).toBe(true);
  });
});

test('a mirrored issuer describes its keys and the problem of their owner', async () => {
  const { issuer, clock } = await mirror();
  expect(issuer.describeKeys()).toEqual({
    keyIds: [],
    age: undefined,
    problem: undefined,
    problemSince: undefined,
    removed: [],
  });
  const problem = { isFailing: true, problem: 'connect ECONNREFUSED', problemSince: 7 };
  issuer.update({ text: textOf(keys), age: 2_000, ...problem });
  await clock.advance(10_000);
  expect(issuer.describeKeys()).toEqual({
    keyIds: ['a', 'b'],
    age: 12,
    problem: 'connect ECONNREFUSED',
    problemSince: 7,
    removed: [],
  });
});

test('a mirrored issuer lists removed keys', async () => {
  const { issuer, clock } = await mirror();
  issuer.update({ text: textOf(keys), age: 0, isFailing: false });
  issuer.update({ text: textOf(keys.slice(1)), age: 0, isFailing: false });
  expect(issuer.describeKeys().removed).toEqual([{ id: 'a', since: clock.now() }]);
});

describe('an unknown key', () => {
  test('is requested once for all waiting checks, and not again within minRefreshInterval', async () => {
    const { issuer, clock, asked, answers } = await mirror();
    issuer.update({ text: textOf(keys.slice(1)), age: 0, isFailing: false });
    const waiting = [issuer.fetchForUnknownKey('a'), issuer.fetchForUnknownKey('a')];
    expect(asked).toEqual(['a']);
    issuer.update({ text: textOf(keys), age: 0, isFailing: false });
    answers[0]?.(true);
    await Promise.all(waiting);
    expect(issuer.knowsKeyId('a')).toBe(true);
    for (let index = 0; index < 100; index++) expect(issuer.fetchForUnknownKey(`u${index}`)).toBeUndefined();
    await clock.advance(10_000);
    expect(issuer.fetchForUnknownKey('u')).toBeDefined();
    expect(asked).toEqual(['a', 'u']);
  });

  test('for which no fetch was due is requested again after a short pause', async () => {
    const { issuer, clock, asked, answers } = await mirror();
    const first = issuer.fetchForUnknownKey('a');
    answers[0]?.(false);
    await first;
    expect(issuer.fetchForUnknownKey('a')).toBeUndefined();
    await clock.advance(500);
    void issuer.fetchForUnknownKey('a');
    await settled();
    expect(asked).toEqual(['a', 'a']);
  });
});
