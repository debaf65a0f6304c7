/** Reading a deny list. */
import { describe, expect, test } from 'vitest';
import { readDenyList } from '../../../src/config/load/deny-list.ts';

const read = (text: string) => readDenyList(text, 'denied.yaml');

test('reads the issuer, the claims and the time of an entry', () => {
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

test('reads JSON, a mapping with `entries`, and an empty list', () => {
  const entry = { issuer: 'https://a', jti: '1' };
  expect(read(JSON.stringify([entry]))).toHaveLength(1);
  expect(read(JSON.stringify({ entries: [entry] }))).toHaveLength(1);
  for (const none of ['[]', '# nobody\n[]\n', '{"entries": []}', 'entries: []', '---\n[]\n...\n'])
    expect(read(none)).toEqual([]);
});

test.each([
  ['zero bytes', ''],
  ['white space', ' \n \n'],
  ['a comment', '# nobody\n'],
  ['null', 'null'],
  ['null in YAML', '~\n'],
  ['a document start', '---\n'],
  ['a document start and end', '---\n...\n'],
  ['a byte order mark', '\ufeff'],
])('rejects a file of %s, which is not an empty list', (_, text) => {
  expect(() => read(text)).toThrow(/the file is empty; write \[\]/);
});

test('ignores a byte order mark before a list', () => {
  const block = '- issuer: https://a\n  sub: alice\n- issuer: https://a\n  sub: bob\n';
  for (const text of [
    block,
    `entries:\n${block.replaceAll(/^/gm, '  ')}`,
    '[{"issuer": "https://a", "sub": "alice"}]',
  ])
    expect(read(`\ufeff${text}`)).toEqual(read(text));
});

test('rejects a document without the list', () => {
  for (const text of ['entries:\n', '{}', 'entries: null', '{"entries": null}'])
    expect(() => read(text), text).toThrow(/must be a list of entries/);
});

test('rejects every truncated JSON list', () => {
  const whole = JSON.stringify([
    { issuer: 'https://a', sub: 'alice' },
    { issuer: 'https://a', sub: 'bob' },
  ]);
  for (let length = 0; length < whole.length; length++)
    expect(() => read(whole.slice(0, length)), whole.slice(0, length)).toThrow();
});

describe('reports the place of an invalid entry', () => {
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
