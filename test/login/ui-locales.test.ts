/** The languages that are sent to the issuer. */
import { expect, test } from 'vitest';
import { uiLocalesOf } from '../../src/login/ui-locales.ts';

test.each([
  ['', undefined],
  ['*', undefined],
  ['de', 'de'],
  ['de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7', 'de-DE de en-US en'],
  ['en;q=0.1, de', 'de en'],
  ['de;q=0, en', 'en'],
  ['de, de', 'de'],
  ['de&prompt=none', undefined],
  ['de fr', 'defr'],
  ['../x, en', 'en'],
  ['a,b,c,d,e,f,g', 'a b c d e'],
])('%j is %j', (accepted, locales) => {
  expect(uiLocalesOf(accepted)).toBe(locales);
});

test('a long header is read in part', () => {
  expect(uiLocalesOf('x'.repeat(300))).toBeUndefined();
  expect(uiLocalesOf(`de,${'en,'.repeat(10_000)}`)).toBe('de en');
});
