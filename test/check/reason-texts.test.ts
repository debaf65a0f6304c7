/** What is told of each reason names options that exist, and is not empty. */
import { describe, expect, test } from 'vitest';
import { reasonTexts } from '../../scripts/reason-texts.ts';
import { reasons } from '../../src/check/reasons.ts';
import { readPage } from '../support/pages.ts';

const known = new Set(
  [...readPage('options.md').matchAll(/^\| `([\w.[\]]+)`/gm)].map(([, option = '']) => option),
);

test('there is one of each reason', () => {
  expect(Object.keys(reasonTexts).toSorted()).toEqual(Object.keys(reasons).toSorted());
  expect(known.size).toBeGreaterThan(100);
});

describe.each(Object.entries(reasonTexts))('%s', (_, { causes, look, mend, options }) => {
  test('has causes, a way to see them and a mend', () => {
    expect(Math.min(causes.length, look.length, mend.length)).toBeGreaterThan(0);
  });

  test('names options that exist', () => {
    expect(options.filter((option) => !known.has(option))).toEqual([]);
    const named = [...causes, ...look, ...mend]
      .join(' ')
      .matchAll(/`((?:issuers\[\]|limits|keys|dpop|shadow|log|email|groups)\.[\w.]+)`/g);
    const paths = [...named].map(([, path = '']) => path);
    const isOption = (path: string) => known.has(path) || known.has(`issuers[].${path}`);
    expect(paths.filter((path) => !isOption(path))).toEqual([]);
  });
});
