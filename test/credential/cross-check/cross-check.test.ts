/** The queue of the cross-check: bounds, pauses and results. */
import { describe, expect, test, vi } from 'vitest';
import {
  type CrossCheckResult,
  createCrossCheck,
  type JoseDifference,
} from '../../../src/credential/cross-check/cross-check.ts';
import type { JudgedToken } from '../../../src/credential/cross-check/observe.ts';
import { configOf } from '../../support/app.ts';
import { createTestClock, settled, type TestClock } from '../../support/clock.ts';
import { createSigningKey } from '../../support/keys.ts';
import { signTexts } from '../../support/tokens.ts';

const key = await createSigningKey('first');
const config = await configOf(
  'issuers: [{issuer: "https://tenant.example.com", audiences: [orders-api], name: main}]',
);

function judged(clock: TestClock, change: Partial<JudgedToken> = {}): JudgedToken {
  const [issuer] = config.issuers;
  if (issuer === undefined) throw new TypeError('no issuer');
  const payload = JSON.stringify({
    iss: issuer.issuer,
    aud: 'orders-api',
    sub: 'canary-subject',
    exp: Math.floor(clock.now() / 1000) + 300,
  });
  return {
    token: signTexts('{"alg":"RS256","kid":"first"}', payload, key),
    header: { algorithm: 'RS256', keyId: 'first', type: undefined },
    payload,
    reason: 'allowed',
    issuer,
    keySets: [JSON.stringify({ keys: [key.publicJwk] })],
    times: [clock.now()],
    ...change,
  };
}

function start() {
  const clock = createTestClock();
  const results: CrossCheckResult[] = [];
  const differences: JoseDifference[] = [];
  const failures: unknown[] = [];
  const add = createCrossCheck({
    clock,
    onResult: (result) => void results.push(result),
    onDifference: (difference) => void differences.push(difference),
    onFailure: (error) => void failures.push(error),
  });
  const count = (result: CrossCheckResult) => results.filter((one) => one === result).length;
  return { clock, add, results, differences, failures, count };
}

/** Waits for work of other threads. */
const until = (results: readonly unknown[], length: number) =>
  vi.waitFor(() => expect(results.length).toBe(length), { timeout: 5_000, interval: 1 });

test('counts a token on which jose agrees', async () => {
  const { clock, add, results, differences } = start();
  add(judged(clock));
  await until(results, 1);
  expect(results).toEqual(['agreed']);
  expect(differences).toEqual([]);
});

test('counts and reports a token on which jose differs, without the token and its claims', async () => {
  const { clock, add, results, differences } = start();
  const one = judged(clock, { reason: 'token_expired' });
  add(one);
  await until(results, 1);
  expect(results).toEqual(['differed']);
  expect(differences).toEqual([
    { reason: 'token_expired', jose: 'valid', issuer: 'main', kid: 'first', alg: 'RS256' },
  ]);
});

test('counts and reports a token on which jose has no verdict, and continues with the next one', async () => {
  const { clock, add, results, failures } = start();
  add(judged(clock, { keySets: ['no key set'] }));
  add(judged(clock));
  await until(results, 1);
  expect(results).toEqual(['failed']);
  expect(failures).toEqual([expect.any(SyntaxError)]);
  await vi.waitFor(
    async () => {
      await clock.advance(1_000);
      expect(results).toEqual(['failed', 'agreed']);
    },
    { timeout: 5_000, interval: 1 },
  );
});

describe('the queue', () => {
  test('judges nothing in the turn in which a token arrives', async () => {
    const { clock, add, results } = start();
    add(judged(clock));
    await Promise.resolve();
    expect(results).toEqual([]);
    await until(results, 1);
  });

  test('stores 64 tokens, and drops and counts the rest', async () => {
    const { clock, add, results, count } = start();
    const one = judged(clock);
    for (let token = 0; token < 1_000; token++) add(one);
    expect(count('skipped')).toBe(1_000 - 64);
    await vi.waitFor(
      async () => {
        await clock.advance(1_000);
        expect(count('agreed')).toBe(64);
      },
      { timeout: 20_000, interval: 1 },
    );
    expect(results.length).toBe(1_000);
  });

  test('judges one token at a time, and pauses after each', async () => {
    const { clock, add, results } = start();
    for (let token = 0; token < 3; token++) add(judged(clock));
    await until(results, 1);
    await settled();
    expect(results.length).toBe(1);
    await clock.advance(4);
    expect(results.length).toBe(1);
    await clock.advance(1);
    await until(results, 2);
  });

  test('pauses 19 times as long as a token took', async () => {
    const { clock, add, results } = start();
    const slow = { ...judged(clock) };
    // The time passes while jose works.
    const keySets = slow.keySets;
    Object.defineProperty(slow, 'keySets', {
      enumerable: false,
      get: () => {
        clock.pass(10);
        return keySets;
      },
    });
    add(slow);
    add(judged(clock));
    await until(results, 1);
    await clock.advance(189);
    expect(results.length).toBe(1);
    await clock.advance(2);
    await until(results, 2);
  });

  test('continues after it was empty', async () => {
    const { clock, add, results } = start();
    for (let token = 1; token <= 3; token++) {
      add(judged(clock));
      await until(results, token);
      await clock.advance(1_000);
    }
    expect(results).toEqual(['agreed', 'agreed', 'agreed']);
  });
});
