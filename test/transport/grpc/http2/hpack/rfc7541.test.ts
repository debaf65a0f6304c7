/** The examples of RFC 7541 appendix C. */
import { describe, expect, test } from 'vitest';
import { encodeHeaders } from '../../../../../src/transport/grpc/http2/hpack/encoder.ts';
import type { Field } from '../../../../../src/transport/grpc/http2/hpack/field.ts';
import { decodeAll, dynamicTableAfter } from './decoding.ts';

const bytes = (hex: string) => Buffer.from(hex.replace(/\s/g, ''), 'hex');

/** A series of blocks on one connection. */
interface Example {
  readonly tableSize: number;
  readonly steps: readonly {
    readonly block: string;
    readonly fields: readonly Field[];
    /** The dynamic table afterwards. */
    readonly table: readonly Field[];
    readonly size: number;
  }[];
}

describe('C.1: an integer', () => {
  test('C.1.1: 10 takes a prefix of five bits', () => {
    // A size of the table has such a prefix: ten bytes hold no entry.
    expect(decodeAll([bytes('2a')])).toEqual({ fields: [[]] });
    expect(dynamicTableAfter([bytes('2a 40 00 00')])).toEqual([]);
  });

  test('C.1.2: 1337 takes a prefix of five bits and two bytes', () => {
    const name = 'x'.repeat(1337 - 32);
    const add = (length: number) =>
      Buffer.concat([bytes('40 7f 9a 09'), Buffer.alloc(length, 'x'), bytes('00')]);
    expect(decodeAll([bytes('3f 9a 0a')], 1337)).toEqual({ fields: [[]] });
    expect(decodeAll([bytes('3f 9a 0a')], 1336).error).toMatch('size of the table');
    expect(dynamicTableAfter([bytes('3f 9a 0a'), add(name.length)])).toEqual([[name, '']]);
    expect(dynamicTableAfter([bytes('3f 99 0a'), add(name.length)])).toEqual([]);
  });

  test('C.1.3: 42 takes a whole byte', () => {
    const name = 'x'.repeat(42);
    const block = Buffer.concat([bytes('00 2a'), Buffer.from(name), bytes('00')]);
    expect(decodeAll([block])).toEqual({ fields: [[[name, '']]] });
  });
});

test.each<[string, string, Field, readonly Field[]]>([
  [
    'C.2.1: a literal with indexing',
    '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
    ['custom-key', 'custom-header'],
    [['custom-key', 'custom-header']],
  ],
  ['C.2.2: a literal without indexing', '040c 2f73 616d 706c 652f 7061 7468', [':path', '/sample/path'], []],
  [
    'C.2.3: a literal that is never indexed',
    '1008 7061 7373 776f 7264 0673 6563 7265 74',
    ['password', 'secret'],
    [],
  ],
  ['C.2.4: an indexed field', '82', [':method', 'GET'], []],
])('%s', (_name, block, field, table) => {
  expect(decodeAll([bytes(block)])).toEqual({ fields: [[field]] });
  expect(dynamicTableAfter([bytes(block)])).toEqual(table);
});

test('the encoder writes C.2.2 and C.2.4', () => {
  expect(encodeHeaders([[':path', '/sample/path']])).toEqual(bytes('040c 2f73 616d 706c 652f 7061 7468'));
  expect(encodeHeaders([[':method', 'GET']])).toEqual(bytes('82'));
});

const authority: Field = [':authority', 'www.example.com'];
const noCache: Field = ['cache-control', 'no-cache'];
const custom: Field = ['custom-key', 'custom-value'];
const get: Field = [':method', 'GET'];
const http: Field = [':scheme', 'http'];
const root: Field = [':path', '/'];
const status302: Field = [':status', '302'];
const status307: Field = [':status', '307'];
const isPrivate: Field = ['cache-control', 'private'];
const date21: Field = ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'];
const date22: Field = ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'];
const location: Field = ['location', 'https://www.example.com'];
const gzip: Field = ['content-encoding', 'gzip'];
const cookie: Field = ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'];

const requests = (first: string, second: string, third: string): Example => ({
  tableSize: 4_096,
  steps: [
    { block: first, fields: [get, http, root, authority], table: [authority], size: 57 },
    { block: second, fields: [get, http, root, authority, noCache], table: [noCache, authority], size: 110 },
    {
      block: third,
      fields: [get, [':scheme', 'https'], [':path', '/index.html'], authority, custom],
      table: [custom, noCache, authority],
      size: 164,
    },
  ],
});

const responses = (first: string, second: string, third: string): Example => ({
  tableSize: 256,
  steps: [
    {
      block: first,
      fields: [status302, isPrivate, date21, location],
      table: [location, date21, isPrivate, status302],
      size: 222,
    },
    {
      block: second,
      fields: [status307, isPrivate, date21, location],
      table: [status307, location, date21, isPrivate],
      size: 222,
    },
    {
      block: third,
      fields: [[':status', '200'], isPrivate, date22, location, gzip, cookie],
      table: [cookie, gzip, date22],
      size: 215,
    },
  ],
});

test.each<[string, Example]>([
  [
    'C.3: requests without Huffman',
    requests(
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ),
  ],
  [
    'C.4: requests with Huffman',
    requests(
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ),
  ],
  [
    'C.5: responses without Huffman',
    responses(
      `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
       2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
      '4803 3330 37c1 c0bf',
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d
       54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049
       5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31`,
    ),
  ],
  [
    'C.6: responses with Huffman',
    responses(
      `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
       2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
      '4883 640e ffc1 c0bf',
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
       77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
       9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
    ),
  ],
])('%s', (_name, { tableSize, steps }) => {
  const blocks = steps.map(({ block }) => bytes(block));
  expect(decodeAll(blocks, tableSize)).toEqual({ fields: steps.map(({ fields }) => fields) });
  for (const [index, { table, size }] of steps.entries()) {
    const found = dynamicTableAfter(blocks.slice(0, index + 1), tableSize);
    expect(found).toEqual(table);
    expect(found.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0)).toBe(size);
  }
});
