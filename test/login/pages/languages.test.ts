/** The language of a page, by accept-language. */
import { expect, test } from 'vitest';
import { english } from '../../../src/login/pages/english.ts';
import { german } from '../../../src/login/pages/german.ts';
import { languageOf } from '../../../src/login/pages/languages.ts';

test.each([
  ['', 'en'],
  ['de', 'de'],
  ['de-AT', 'de'],
  ['DE-ch;q=0.9, en;q=0.8', 'de'],
  ['en-GB,en;q=0.9,de;q=0.8', 'en'],
  ['fr-FR, de ; q=0.5', 'de'],
  ['fr', 'en'],
  ['fr, *;q=0.1', 'en'],
  ['de;q=0.5, *', 'en'],
  ['de;q=0', 'en'],
  ['de;q=0.001', 'de'],
  ['en;q=0.5, de;q=0.5', 'en'],
  ['de;q=0.5, en;q=0.5', 'de'],
  ['deutsch', 'en'],
  ['de;q=1.1', 'en'],
  ['de;q=-1', 'en'],
  ['de;q=abc', 'en'],
  ['de;q=0.1234', 'en'],
  ['de;level=1', 'en'],
  ['de_DE', 'en'],
  [',,;q=1, de', 'de'],
  ['de\u0000', 'en'],
  ['<script>', 'en'],
])('%j is %s', (accepted, language) => {
  expect(languageOf(accepted)).toBe(language);
});

test('reads only the beginning of a long value', () => {
  expect(languageOf(`${'fr,'.repeat(25)}de`)).toBe('en');
  expect(languageOf(`${' '.repeat(600)}de`)).toBe('en');
  expect(languageOf(`${'a-'.repeat(40_000)}, de`)).toBe('en');
});

/** The texts of a table by their path. */
function textsOf(table: object, at = ''): [path: string, text: string][] {
  return Object.entries(table).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${at}${key}`, value] as [string, string]] : textsOf(value, `${at}${key}.`),
  );
}

test('both languages have the same texts, and none is left in the other language', () => {
  const [en, de] = [new Map(textsOf(english)), new Map(textsOf(german))];
  expect([...de.keys()]).toEqual([...en.keys()]);
  expect([...en].filter(([path, text]) => de.get(path) === text || text.trim() === '')).toEqual([]);
  // Words that are the same in both languages.
  const shared = new Set([
    'cookie',
    'minute',
    'browser',
    'computer',
    'cookies',
    'id',
    'in',
    'tab',
    'support',
    'website',
  ]);
  const wordsOf = (texts: ReadonlyMap<string, string>) =>
    new Set([...texts.values()].flatMap((text) => text.toLowerCase().match(/\p{L}+/gu) ?? []));
  const foreign = [...wordsOf(de)].filter((word) => wordsOf(en).has(word) && !shared.has(word));
  expect(foreign).toEqual([]);
});
