/** The text of each reason is complete, names only existing options, and shows a response that a client can get. */
import { describe, expect, test } from 'vitest';
import { browserAnswers } from '../../scripts/reasons.ts';
import { reasonTexts } from '../../src/model/reason-texts.ts';
import { reasons } from '../../src/model/reasons.ts';
import { blocksOf, readPage } from '../support/pages.ts';

const known = new Set(
  [...readPage('options.md').matchAll(/^\| `([\w.[\]]+)`/gm)].map(([, option = '']) => option),
);

test('every reason has a text', () => {
  expect(Object.keys(reasonTexts).toSorted()).toEqual(Object.keys(reasons).toSorted());
  expect(known.size).toBeGreaterThan(100);
});

/** Whether a response has a line. The `scope` of a challenge is ignored, because it depends on the request. */
function hasLine(response: string, line: string): boolean {
  return response.split('\n').some((one) => one === line || one.replace(/, scope="[^"]*"$/, '') === line);
}

describe('the responses on the page', () => {
  const blocks = blocksOf(readPage('reasons.md')).filter(({ language }) => language === 'text');
  // Another test compares these with the responses of a real Envoy.
  const real = ['what-now.md', 'login-troubleshoot.md']
    .flatMap((page) => blocksOf(readPage(page)))
    .filter(({ language }) => language === 'http');

  test('there is one for every reason but allowed, and those that only browsers get', () => {
    expect(blocks.map(({ section }) => section)).toEqual(
      Object.keys(reasons).filter((reason) => reason !== 'allowed' && !Object.hasOwn(browserAnswers, reason)),
    );
  });

  test.each(blocks)('$section: a client can get this response', ({ section, text }) => {
    const { httpStatus } = reasons[section as keyof typeof reasons];
    const lines = text.split('\n').filter((line) => line !== '');
    const same = real.filter(
      (one) =>
        one.text.startsWith(`HTTP/1.1 ${httpStatus} `) && lines.every((line) => hasLine(one.text, line)),
    );
    expect(same).toHaveLength(1);
  });
});

describe.each(Object.entries(reasonTexts))('%s', (_, { causes, look, fix, options }) => {
  test('has causes, a way to confirm them and a fix', () => {
    expect(Math.min(causes.length, look.length, fix.length)).toBeGreaterThan(0);
  });

  test('names options that exist', () => {
    expect(options.filter((option) => !known.has(option))).toEqual([]);
    const named = [...causes, ...look, ...fix]
      .join(' ')
      .matchAll(/`((?:issuers\[\]|limits|keys|dpop|shadow|log|email|groups)\.[\w.]+)`/g);
    const paths = [...named].map(([, path = '']) => path);
    const isOption = (path: string) => known.has(path) || known.has(`issuers[].${path}`);
    expect(paths.filter((path) => !isOption(path))).toEqual([]);
  });
});
