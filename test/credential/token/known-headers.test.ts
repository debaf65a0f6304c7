import { expect, test } from 'vitest';
import type { JoseHeader } from '../../../src/credential/token/jose-header.ts';
import { createKnownHeaders } from '../../../src/credential/token/known-headers.ts';

const headerOf = (keyId: string): JoseHeader => ({ algorithm: 'RS256', keyId, type: undefined });
const encoded = (name: string) => Buffer.from(name).toString('base64url');

test('a header is known for every token that begins with it, and for no other', () => {
  const headers = createKnownHeaders();
  const header = headerOf('k1');
  headers.add(`${encoded('first')}.payload.signature`, header);
  expect(headers.of(`${encoded('first')}.another.one`)).toBe(header);
  for (const other of ['firs', 'first!', 'First', ''])
    expect([other, headers.of(`${encoded(other)}.payload.signature`)]).toEqual([other, undefined]);
});

test('the first reading of a header stays', () => {
  const headers = createKnownHeaders();
  const [first, second] = [headerOf('k1'), headerOf('k1')];
  headers.add('a.b.c', first);
  headers.add('a.d.e', second);
  expect(headers.of('a.f.g')).toBe(first);
});

test('of many headers, the oldest are forgotten', () => {
  const headers = createKnownHeaders();
  const names = Array.from({ length: 1_000 }, (_, index) => encoded(`header ${index}`));
  for (const name of names) headers.add(`${name}.b.c`, headerOf(name));
  const known = names.filter((name) => headers.of(`${name}.b.c`) !== undefined);
  expect(known).toEqual(names.slice(-256));
});

test('a long header is not cached', () => {
  const headers = createKnownHeaders();
  for (const length of [1_024, 1_025]) headers.add(`${'a'.repeat(length)}.b.c`, headerOf('k1'));
  expect(headers.of(`${'a'.repeat(1_024)}.b.c`)).toBeDefined();
  expect(headers.of(`${'a'.repeat(1_025)}.b.c`)).toBeUndefined();
});
