/** The encoder, with our decoder and known bytes. `go.test.ts` compares it with Go. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeHeaders } from '../../../../../src/transport/grpc/http2/hpack/encoder.ts';
import { decodeAll, dynamicTableAfter } from './decoding.ts';
import { connections, integer } from './test-encoder.ts';

test.each<[string, Parameters<typeof encodeHeaders>[0], string]>([
  ['a field of the static table is one byte', [[':status', '200']], '88'],
  ['the last entry with a value', [['accept-encoding', 'gzip, deflate']], '90'],
  ['a name of the static table takes its first index', [[':status', '415']], '0803343135'],
  ['an index above 14 takes two bytes', [['content-type', 'a']], '0f100161'],
  ['other names are written', [['grpc-status', '0']], '000b677270632d7374617475730130'],
  ['bytes above 127 stay one byte', [['a', '\xff']], '00016101ff'],
  ['an empty list is an empty block', [], ''],
])('%s', (_name, fields, hex) => {
  expect(encodeHeaders(fields).toString('hex')).toBe(hex);
});

test.each([126, 127, 128, 254, 255, 16_000])('a value of %i bytes has its length', (length) => {
  const value = 'x'.repeat(length);
  const block = encodeHeaders([['a', value]]);
  expect(block).toEqual(
    Buffer.concat([Buffer.from('000161', 'hex'), integer(0, 7, length), Buffer.from(value)]),
  );
});

test('every block is read the same, and leaves no entry in the table', () => {
  fc.assert(
    fc.property(connections, ({ blocks }) => {
      const lists = blocks.map(({ fields }) => fields.map(({ field }) => field));
      const encoded = lists.map(encodeHeaders);
      expect(decodeAll(encoded)).toEqual({ fields: lists });
      expect(dynamicTableAfter(encoded)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
