/** Converts the header lines of a request to a check request (RFC 9110 section 5.3, RFC 9112 section 6.3). */
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { bodyOf } from '../../../src/transport/http/message/request-bodies.ts';
import { toCheckRequest } from '../../../src/transport/shared/check-request.ts';

type Lines = readonly (readonly [name: string, value: string])[];

const messageOf = (lines: Lines, url = '/') =>
  ({ method: 'GET', url, rawHeaders: lines.flat() }) as unknown as IncomingMessage;
const read = (lines: Lines, url = '/', prefix = '') => toCheckRequest(messageOf(lines, url), prefix);

describe('several lines', () => {
  test('of a token or a proof stay separate, in any case', () => {
    const lines = (name: string): Lines => [
      [name, 'a'],
      [name.toUpperCase(), 'b'],
      ['x-other', 'c'],
      [name, 'a'],
    ];
    expect(read(lines('authorization')).authorization).toEqual(['a', 'b', 'a']);
    expect(read(lines('dpop')).dpop).toEqual(['a', 'b', 'a']);
  });

  test('of a host make an invalid host, even if they agree', () => {
    expect(read([['Host', 'a']]).host).toBe('a');
    for (const other of ['a', 'b', ''])
      expect(
        read([
          ['host', 'a'],
          ['HOST', other],
        ]).host,
      ).toBe(`a,${other}`);
  });

  test('of the client certificate stay separate', () => {
    const lines: Lines = [
      ['x-forwarded-client-cert', 'Hash=a'],
      ['X-Forwarded-Client-Cert', 'Hash=b'],
    ];
    expect(read(lines).forwardedClientCert).toBe('Hash=a\nHash=b');
    expect(read(lines.slice(1)).forwardedClientCert).toBe('Hash=b');
  });

  test('of any other header are all found', () => {
    const { header } = read([
      ['X-A', '1'],
      ['x-b', '2'],
      ['x-a', '3'],
      ['X-A', '1'],
    ]);
    expect([header('x-a'), header('x-b'), header('x-c')]).toEqual([['1', '3', '1'], ['2'], []]);
  });
});

test.each([
  ['/check/a?b', '/check', '/a?b'],
  ['/other/a', '/check', '/other/a'],
  ['/a', '', '/a'],
  ['*', '/check', '*'],
])('the path of %s after the prefix "%s" is %s', (url, prefix, path) => {
  expect(read([], url, prefix).path).toBe(path);
});

test.each<[string, Lines, string]>([
  ['no length', [['x-a', '1']], 'none'],
  ['a length of 0', [['Content-Length', '0']], 'none'],
  ['a length of 1', [['content-length', '1']], 'short'],
  ['a length of 64 KiB', [['content-length', '65536']], 'short'],
  ['a length above 64 KiB', [['content-length', '65537']], 'long'],
  ['chunked encoding', [['Transfer-Encoding', 'chunked']], 'long'],
])('the size of a body is known from headers with %s', (_, lines, kind) => {
  expect(bodyOf(messageOf([['host', 'a'], ...lines]))).toBe(kind);
});
