/** What a deny list may say. */
import { describe, expect, test } from 'vitest';
import { readDenyList } from '../../src/config/deny-list.ts';

const read = (text: string) => readDenyList(text, 'denied.yaml');

test('an entry names an issuer, claims, and a time', () => {
  expect(
    read(`
- {issuer: https://a, jti: "1"}
- {issuer: https://a, sub: alice, client_id: cli, issuedBefore: 2026-11-24T12:00:00+01:00, note: laptop lost}
- {issuer: https://b, sid: s, issuedBefore: 1700000000}
`),
  ).toEqual([
    { issuer: 'https://a', claims: [['jti', '1']], issuedBefore: undefined },
    {
      issuer: 'https://a',
      claims: [
        ['sub', 'alice'],
        ['client_id', 'cli'],
      ],
      issuedBefore: Date.UTC(2026, 10, 24, 11) / 1000,
    },
    { issuer: 'https://b', claims: [['sid', 's']], issuedBefore: 1_700_000_000 },
  ]);
});

test('it may be JSON, stand below `entries`, or be empty', () => {
  const entry = { issuer: 'https://a', jti: '1' };
  expect(read(JSON.stringify([entry]))).toHaveLength(1);
  expect(read(JSON.stringify({ entries: [entry] }))).toHaveLength(1);
  expect(read('')).toEqual([]);
  expect(read('# nobody\n')).toEqual([]);
  expect(read('[]')).toEqual([]);
});

describe('what is refused, and where', () => {
  test.each([
    ['- {jti: "1"}', '[0].issuer'],
    ['- {issuer: https://a}', '[0]'],
    ['- {issuer: https://a, jti: 5}', '[0].jti'],
    ['- {issuer: https://a, jti: ""}', '[0].jti'],
    ['- {issuer: https://a, sub: a, jit: b}', '[0]'],
    ['- {issuer: https://a, sub: a, issuedBefore: yesterday}', '[0].issuedBefore'],
    ['- {issuer: https://a, sub: a, issuedBefore: 2026-11-24}', '[0].issuedBefore'],
    ['- alice', '[0]'],
    ['- null', '[0]'],
    ['entries: alice', 'entries'],
    ['entris: []', ''],
    ['alice', ''],
    ['[', ''],
  ])('%s', (text, path) => {
    const places: string[] = [];
    try {
      read(text);
    } catch (error) {
      for (const problem of (error as { problems: { path: string; source: string; message: string }[] })
        .problems) {
        expect(problem.source).toContain('denied.yaml');
        expect(problem.message).not.toBe('');
        places.push(problem.path);
      }
    }
    expect(places).toContain(path);
  });
});
