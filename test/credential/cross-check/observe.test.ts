/** Which tokens are selected for the cross-check. */
import { expect, test } from 'vitest';
import {
  createObserve,
  type JudgedToken,
  type UndecidedToken,
} from '../../../src/credential/cross-check/observe.ts';
import type { DenyReason } from '../../../src/model/reasons.ts';
import { configOf } from '../../support/app.ts';
import { createTestClock, settled } from '../../support/clock.ts';

type Verdict = { outcome: 'verified' | 'error' } | { outcome: 'deny'; reason: DenyReason };

const [config] = (await configOf('issuers: [{issuer: "https://a.example.com", audiences: [a]}]')).issuers;

function start(share: number, random: () => number = () => 0) {
  if (config === undefined) throw new TypeError('no issuer');
  const clock = createTestClock();
  const selected: JudgedToken[] = [];
  const published: { text: string | undefined } = { text: 'old' };
  const observe = createObserve(share, { clock, random, onJudged: (judged) => void selected.push(judged) });
  const undecided: UndecidedToken = {
    token: 'a.b.c',
    header: { algorithm: 'RS256', keyId: 'k', type: undefined },
    payload: '{}',
    trusted: { config, issuer: { published: () => published.text } },
  };
  return { clock, selected, published, observe, undecided };
}

const verified = (): Verdict => ({ outcome: 'verified' });
const denied = (): Verdict => ({ outcome: 'deny', reason: 'signature_invalid' });

test('returns the function itself if the share is 0', () => {
  const { observe } = start(0);
  expect(observe(verified)).toBe(verified);
});

test('selects no token if the share is 0, and all if it is 1', () => {
  for (const [share, expected] of [
    [0, 0],
    [1, 100],
  ] as const) {
    const { observe, selected, undecided } = start(share, Math.random);
    const decide = observe(verified);
    for (let token = 0; token < 100; token++) decide(undecided);
    expect(selected.length).toBe(expected);
  }
});

test('selects a token if the random number is below the share', () => {
  const numbers = [0.009, 0.01, 0.5, 0, 0.99];
  const { observe, selected, undecided } = start(0.01, () => numbers.shift() ?? 1);
  const decide = observe(verified);
  for (let token = 0; token < 5; token++) decide(undecided);
  expect(selected.length).toBe(2);
});

test('selects allowed and denied tokens after their decision, with the verdict of the verifier', () => {
  const { observe, selected, undecided } = start(1);
  expect(observe(verified)(undecided)).toEqual({ outcome: 'verified' });
  expect(observe(denied)(undecided)).toEqual({ outcome: 'deny', reason: 'signature_invalid' });
  expect(selected.map(({ reason }) => reason)).toEqual(['allowed', 'signature_invalid']);
});

test('does not select a token without a verdict: an error, an exception, or no keys', async () => {
  const { observe, selected, published, undecided } = start(1);
  observe((): Verdict => ({ outcome: 'error' }))(undecided);
  await expect(observe(() => Promise.reject(new Error('a defect')))(undecided)).rejects.toThrow('a defect');
  published.text = undefined;
  observe(denied)(undecided);
  await settled();
  expect(selected).toEqual([]);
});

test('notes the keys and the time from before and after a decision that waits', async () => {
  const { clock, observe, selected, published, undecided } = start(1);
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  const before = clock.now();
  const verdict = observe(() => promise)(undecided);
  expect(selected).toEqual([]);
  clock.pass(40);
  published.text = 'new';
  resolve({ outcome: 'verified' });
  expect(await verdict).toEqual({ outcome: 'verified' });
  expect(selected).toEqual([
    expect.objectContaining({ keySets: ['old', 'new'], times: [before, before + 40], reason: 'allowed' }),
  ]);
});

test('notes unchanged keys and time once', () => {
  const { clock, observe, selected, undecided } = start(1);
  observe(verified)(undecided);
  expect(selected).toEqual([expect.objectContaining({ keySets: ['old'], times: [clock.now()] })]);
});
