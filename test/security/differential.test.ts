/** The short form of `npm run differential`, and a check that it detects a wrong verdict. */
import { describe, expect, test } from 'vitest';
import type { Reason } from '../../src/model/reasons.ts';
import { createKeyPool } from './differential/key-pool.ts';
import { knownDifferences } from './differential/known-differences.ts';
import { judgeAgain } from './differential/repeat-input.ts';
import { type Difference, runDifferential } from './differential/run.ts';

const pool = createKeyPool();

test('the service and jose give the same verdict for 20,000 tokens', { timeout: 300_000 }, async () => {
  const seed = Date.now() % 2 ** 31;
  const found: Difference[] = [];
  const summary = await runDifferential({
    tokens: 20_000,
    seed,
    pool,
    onDifference: (difference) => void found.push(difference),
  });
  if (found.length > 0)
    throw new Error(`seed ${seed}: ${found.length} differences, such as ${JSON.stringify(found[0])}`);
  expect(summary.judged).toBeGreaterThanOrEqual(20_000);
  expect(summary.overTransports).toBeGreaterThan(200);
  expect(summary.signaturesByOracle).toBeGreaterThan(1_000);
  // The run must allow and deny tokens of every algorithm.
  const byAlgorithm = Map.groupBy(Object.entries(summary.verdicts), ([kind]) => kind.split(' ')[0]);
  expect([...byAlgorithm.keys()].toSorted()).toEqual(
    ['EdDSA', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'].toSorted(),
  );
  for (const [algorithm, kinds] of byAlgorithm)
    for (const reason of ['allowed', 'signature_invalid'])
      expect([algorithm, kinds.some(([, verdicts]) => (verdicts[reason] ?? 0) > 0)]).toEqual([
        algorithm,
        true,
      ]);
  const names = new Set(knownDifferences.map(({ name }) => name));
  expect(Object.keys(summary.known).filter((name) => !names.has(name))).toEqual([]);
});

describe('reports and stores', () => {
  const once = (wrong: Reason, right: Reason) => {
    let isDone = false;
    return (reason: Reason): Reason => {
      if (isDone || reason !== right) return reason;
      isDone = true;
      return wrong;
    };
  };

  test.each<[string, Reason, Reason]>([
    ['a valid token with the verdict signature_invalid', 'signature_invalid', 'allowed'],
    ['a valid token with the verdict internal_error', 'internal_error', 'allowed'],
    ['a valid token with the verdict token_malformed', 'token_malformed', 'allowed'],
    ['a wrong signature that is allowed', 'allowed', 'signature_invalid'],
    ['a wrong signature with the verdict token_expired', 'token_expired', 'signature_invalid'],
    ['a malformed token that is allowed', 'allowed', 'token_malformed'],
  ])('%s', { timeout: 120_000 }, async (_, wrong, right) => {
    const found: Difference[] = [];
    await runDifferential({
      tokens: 400,
      seed: 1,
      pool,
      onDifference: (difference) => void found.push(difference),
      mistake: once(wrong, right),
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      reason: wrong,
      token: expect.any(String),
      configuration: expect.stringContaining('issuers:'),
      now: expect.any(Number),
    });
    // The verifier itself is correct, so the stored input gives the right verdict.
    const again = await Promise.all(found.map(judgeAgain));
    expect(again.flat().map(({ reason }) => reason)).toContain(right);
    for (const { reason, jose } of again.flat()) expect(jose === 'accepted').toBe(reason === 'allowed');
  });
});
