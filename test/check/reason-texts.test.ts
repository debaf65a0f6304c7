/** What is told of each reason names options that exist, and is not empty. */
import { describe, expect, test } from 'vitest';
import { reasonTexts } from '../../scripts/reason-texts.ts';
import { reasons } from '../../src/model/reasons.ts';
import { blocksOf, readPage } from '../support/pages.ts';

const known = new Set(
  [...readPage('options.md').matchAll(/^\| `([\w.[\]]+)`/gm)].map(([, option = '']) => option),
);

test('there is one of each reason', () => {
  expect(Object.keys(reasonTexts).toSorted()).toEqual(Object.keys(reasons).toSorted());
  expect(known.size).toBeGreaterThan(100);
});

/** Whether an answer has a line; the scopes that a challenge names are those of some requests only. */
function hasLine(answer: string, line: string): boolean {
  return answer.split('\n').some((one) => one === line || one.replace(/, scope="[^"]*"$/, '') === line);
}

describe('what the page says that the client sees', () => {
  const blocks = blocksOf(readPage('reasons.md')).filter(({ language }) => language === 'text');
  // Those are compared with the answers of a real Envoy.
  const real = blocksOf(readPage('what-now.md')).filter(({ language }) => language === 'http');

  test('is told of every refusal', () => {
    expect(blocks.map(({ section }) => section)).toEqual(
      Object.keys(reasons).filter((reason) => reason !== 'allowed'),
    );
  });

  test.each(blocks)('$section: a client can get that', ({ section, text }) => {
    const { httpStatus } = reasons[section as keyof typeof reasons];
    const lines = text.split('\n').filter((line) => line !== '');
    const same = real.filter(
      (one) =>
        one.text.startsWith(`HTTP/1.1 ${httpStatus} `) && lines.every((line) => hasLine(one.text, line)),
    );
    expect(same).toHaveLength(1);
  });
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
