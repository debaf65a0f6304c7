/** The cross-check with the tokens of the differential run: every algorithm, forged and unusual tokens, and keys that change. */
import { expect, test } from 'vitest';
import { compareVerdicts } from '../../src/credential/cross-check/compare-verdicts.ts';
import { createObserve, type JudgedToken } from '../../src/credential/cross-check/observe.ts';
import { runDifferential } from './differential/run.ts';

test('jose judges valid, forged and unusual tokens as the verifier does, while keys change', {
  timeout: 300_000,
}, async () => {
  const tokens: JudgedToken[] = [];
  await runDifferential({
    tokens: 12_000,
    seed: Date.now() % 2 ** 31,
    onDifference: () => {},
    createObserve: (clock) =>
      createObserve(1, { clock, random: () => 0, onJudged: (judged) => void tokens.push(judged) }),
  });
  const reasons = new Map<string, number>();
  for (const judged of tokens) {
    const jose = await compareVerdicts(judged);
    if (jose !== undefined) throw new Error(`jose: ${jose}; the service: ${JSON.stringify(judged)}`);
    reasons.set(judged.reason, (reasons.get(judged.reason) ?? 0) + 1);
  }
  expect(tokens.length).toBeGreaterThan(5_000);
  for (const reason of [
    'allowed',
    'signature_invalid',
    'key_not_found',
    'token_expired',
    'audience_mismatch',
  ])
    expect([reason, (reasons.get(reason) ?? 0) > 5]).toEqual([reason, true]);
});
