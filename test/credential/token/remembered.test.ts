/** The results that a token keeps about its claims. */
import { expect, test } from 'vitest';
import { createRemembered, maxKept } from '../../../src/credential/token/remembered.ts';
import type { IdentityMemory } from '../../../src/model/identity.ts';
import { noMemory } from '../../support/identity-memory.ts';

/** A token, and what its memory grew by. */
function createToken(): { readonly memory: IdentityMemory; readonly grownBy: () => number } {
  let grown = 0;
  const keeper = {
    grown: (_: IdentityMemory, bytes: number) => {
      grown += bytes;
    },
    keepsAnswers: () => false,
  };
  return { memory: { ...noMemory(), keeper }, grownBy: () => grown };
}

/** Tests of claims, which count how often they read them. */
function createTests(count: number, versionOf?: () => object) {
  const reads = new Array<number>(count).fill(0);
  const results = reads.map((_, index) => (index % 2 === 0 ? { index } : undefined));
  const tests = results.map((result, index) =>
    createRemembered(() => {
      reads[index] = (reads[index] ?? 0) + 1;
      return result;
    }, versionOf),
  );
  return { reads, results, tests };
}

test('each result is computed once for a token, also if there is none', () => {
  const { reads, results, tests } = createTests(maxKept);
  const [one, other] = [createToken(), createToken()];
  for (let time = 1; time <= 3; time++)
    for (const token of [one, other]) expect(tests.map((find) => find(token))).toEqual(results);
  expect(reads).toEqual(new Array(maxKept).fill(2));
  expect(one.grownBy()).toBe(other.grownBy());
});

test('with more tests, the newest results stay, and the memory does not grow', () => {
  const { reads, results, tests } = createTests(maxKept + 3);
  const token = createToken();
  for (const find of tests.slice(0, maxKept)) find(token);
  const full = token.grownBy();
  expect(full).toBeGreaterThan(0);
  for (let time = 0; time < 3; time++) expect(tests.map((find) => find(token))).toEqual(results);
  expect(token.grownBy()).toBe(full);
  let kept = 0;
  for (let one = token.memory.results; one !== undefined; one = one.next) kept++;
  expect(kept).toBe(maxKept);
  const before = [...reads];
  for (const find of tests.slice(-maxKept)) find(token);
  expect(reads).toEqual(before);
});

test('a change of the version replaces a result, and the memory does not grow', () => {
  let version = {};
  const { reads, results, tests } = createTests(2, () => version);
  const token = createToken();
  for (const find of tests) find(token);
  const grown = token.grownBy();
  for (let change = 2; change <= 20; change++) {
    version = {};
    for (let time = 0; time < 2; time++) expect(tests.map((find) => find(token))).toEqual(results);
    expect(reads).toEqual([change, change]);
  }
  expect(token.grownBy()).toBe(grown);
});

test('without a memory, each request computes its results', () => {
  const { reads, tests } = createTests(1);
  for (let time = 0; time < 3; time++) tests[0]?.({ memory: undefined });
  expect(reads).toEqual([3]);
});
