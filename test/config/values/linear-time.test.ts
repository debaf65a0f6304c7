/** Functions that read texts of clients, issuers and manifests take time in proportion to the length of the text. */
import { describe, expect, test } from 'vitest';
import { shown } from '../../../src/config/values/detail-text.ts';
import { maskUrls, quoteValue } from '../../../src/config/values/quote-value.ts';
import { createIssuerDifference } from '../../../src/credential/token/issuer-difference.ts';
import { issuerMismatch } from '../../../src/issuer/source/issuer-mismatch.ts';
import { escapeInvisible } from '../../../src/observe/escape-invisible.ts';
import { readMetrics } from '../../../src/tools/doctor/live/metrics-text.ts';
import { maskTexts } from '../../../src/tools/support-bundle/mask.ts';
import { readQuestion } from '../../../src/transport/console/explain-page.ts';

const configured = 'https://issuer.example.com/realm';
const differenceOf = createIssuerDifference([configured]);

/** A quadratic function takes minutes for these texts. */
const texts = ['a', '/', ' /', '://', 'a://', '{', '@', '"', '\u202e', 'ä'].flatMap((part) => [
  part.repeat(150_000),
  `${part.repeat(150_000)} x`,
  `https://${part.repeat(150_000)}x`,
]);

const functions: readonly (readonly [string, (text: string) => unknown])[] = [
  ['maskUrls', maskUrls],
  ['quoteValue', quoteValue],
  ['escapeInvisible', escapeInvisible],
  ['shown', shown],
  ['maskTexts', maskTexts],
  ['issuerMismatch', (text) => issuerMismatch(configured, { issuer: text }, undefined)],
  ['issuerDifference', differenceOf],
  ['readMetrics', (text) => readMetrics(`oidc_authz_up{${text.replaceAll(/\s/g, '')}} 1`)],
  [
    'readQuestion',
    (text) => readQuestion((name) => (name === 'headers' ? `a: ${text}\nb:${' '.repeat(150_000)}x` : '')),
  ],
];

test.each(functions)('%s takes linear time', (_, read) => {
  const started = performance.now();
  for (const text of texts) read(text);
  expect(performance.now() - started).toBeLessThan(10_000);
});

describe('the same results as before', () => {
  test('credentials of URLs are masked', () => {
    expect(maskUrls('see http://user:pass@host/a and HTTPS://u@h, not a@b')).toBe(
      'see http://***@host/a and HTTPS://***@h, not a@b',
    );
    expect(quoteValue('https://us er:pass@host')).toBe('"https://***@host"');
  });

  test('queries of URLs are masked, up to the end of the word', () => {
    expect(maskTexts('get https://a.example.com/x?code=1#f, "http://b/?q" and what?')).toBe(
      'get https://a.example.com/x?*** "http://b/?***" and what?',
    );
  });

  test('an issuer that differs by a slash and white space is recognized', () => {
    expect(differenceOf(`${configured}// `)?.text).toContain(
      'only by white space at an end and a final slash',
    );
    expect(differenceOf(`${configured}/${'x'.repeat(300)}`)).toBeUndefined();
  });

  test('invisible characters are escaped one by one', () => {
    expect(shown('a\u202e\u200bä')).toBe('"a\\u202e\\u200bä"');
    expect(escapeInvisible('"\u202e\u0080"')).toBe('"\\u202e\\u0080"');
  });
});
