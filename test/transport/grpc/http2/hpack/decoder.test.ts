/** The decoder against an encoder that writes each field in every way, and its limits. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHeaderDecoder } from '../../../../../src/transport/grpc/http2/hpack/decoder.ts';
import { CompressionError, type Field } from '../../../../../src/transport/grpc/http2/hpack/field.ts';
import { firstEnvoyBlock, nextEnvoyBlock } from '../../../../support/envoy-header-blocks.ts';
import { createConnection, decodeAll, dynamicTableAfter } from './decoding.ts';
import { bitsOf, encodeHuffman, endOfString, huffmanCodes } from './huffman-codes.ts';
import { connections, encodeAll, integer, string } from './test-encoder.ts';

const bytes = (hex: string) => Buffer.from(hex.replace(/\s/g, ''), 'hex');
const fill = (name: string, value: string) =>
  Buffer.concat([bytes('40'), string(name, false), string(value, false)]);
const errorOf = (blocks: readonly Uint8Array[], maxTableSize?: number) =>
  decodeAll(blocks, maxTableSize).error;

test('reads every form of a field, on connections of several blocks', () => {
  fc.assert(
    fc.property(connections, ({ maxTableSize, blocks }) => {
      const encoded = encodeAll(maxTableSize, blocks);
      expect(decodeAll(encoded, maxTableSize)).toEqual({
        fields: blocks.map(({ fields }) => fields.map(({ field }) => field)),
      });
    }),
    { numRuns: 1_500 },
  );
});

test('rejects a block that ends within a field, and reads all fields before it', () => {
  fc.assert(
    fc.property(connections, fc.nat(), ({ maxTableSize, blocks }, cut) => {
      const encoded = encodeAll(maxTableSize, blocks);
      const last = encoded.pop() ?? Buffer.alloc(0);
      const decode = createConnection(maxTableSize);
      for (const block of encoded) decode(block);
      const all = blocks.at(-1)?.fields.map(({ field }) => field) ?? [];
      const before: Field[] = [];
      try {
        before.push(...decode(last.subarray(0, cut % (last.length + 1))));
      } catch (error) {
        expect(error).toBeInstanceOf(CompressionError);
        return;
      }
      // The cut was between two fields.
      expect(before).toEqual(all.slice(0, before.length));
    }),
    { numRuns: 1_000 },
  );
});

test('reads the checks that Envoy sends', () => {
  const check: Field[] = [
    [':method', 'POST'],
    [':path', '/envoy.service.auth.v3.Authorization/Check'],
    [':authority', 'authorizer'],
    [':scheme', 'http'],
    ['te', 'trailers'],
    ['grpc-timeout', '5000m'],
    ['content-type', 'application/grpc'],
    ['x-envoy-internal', 'true'],
    ['x-forwarded-for', '192.0.2.2'],
    ['x-envoy-expected-rq-timeout-ms', '5000'],
  ];
  expect(decodeAll([firstEnvoyBlock, nextEnvoyBlock, nextEnvoyBlock])).toEqual({
    fields: [check, check, check],
  });
});

test('reads a block in the middle of other bytes', () => {
  const block = bytes('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff');
  const around = Buffer.concat([bytes('ffff'), block, bytes('82')]);
  const fields: Field[] = [];
  createHeaderDecoder(4_096, (name, value): Field => [name, value]).decode(
    around,
    2,
    2 + block.length,
    (one) => fields.push(one),
  );
  expect(fields).toEqual([
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ]);
});

test('a literal beyond the end of the block is not read from the bytes that follow', () => {
  const around = bytes('0001 6101 62');
  const decode = (end: number) => () =>
    createHeaderDecoder(4_096, (name, value) => [name, value]).decode(around, 0, end, () => {});
  for (let end = 1; end < 5; end++) expect(decode(end)).toThrow(CompressionError);
  expect(decode(5)).not.toThrow();
});

describe('a field is read once', () => {
  /** A connection that lists the fields that are read, and those that are given. */
  const watched = () => {
    const read: Field[] = [];
    const given: Field[] = [];
    const { decode } = createHeaderDecoder(4_096, (name, value): Field => {
      const field: Field = [name, value];
      read.push(field);
      return field;
    });
    const add = (...blocks: Buffer[]) => {
      for (const block of blocks) decode(block, 0, block.length, (field) => given.push(field));
    };
    return { read, given, add };
  };
  const path = (text: string) => Buffer.concat([bytes('04'), string(text, true)]);

  test('in the static and the dynamic table', () => {
    const { read, given, add } = watched();
    add(fill('a', 'b'), bytes('82 be'), bytes('82 be'), bytes('be'));
    expect(new Set(given).size).toBe(2);
    expect(read).toEqual([
      ['a', 'b'],
      [':method', 'GET'],
    ]);
  });

  test('as the path of each call', () => {
    const { read, given, add } = watched();
    add(path('/check'), path('/check'), Buffer.concat([bytes('82'), path('/check'), bytes('83')]));
    expect(given.filter((field) => field === given[0])).toEqual([
      [':path', '/check'],
      [':path', '/check'],
      [':path', '/check'],
    ]);
    expect(read.map(([name]) => name)).toEqual([':path', ':method', ':method']);
  });

  test('and again if it differs in any byte', () => {
    const first = path('/check');
    for (let index = 1; index < first.length; index++) {
      const { given, add } = watched();
      const other = Buffer.from(first);
      other[index] = (other[index] ?? 0) ^ 1;
      const alone = decodeAll([other]);
      if (alone.error === undefined) {
        add(first, other, first);
        expect(given).toEqual([[':path', '/check'], ...(alone.fields[0] ?? []), [':path', '/check']]);
      } else {
        add(first);
        expect(() => add(other)).toThrow(CompressionError);
      }
    }
  });

  test('and again if another name has the same value', () => {
    const { given, add } = watched();
    const withIndex = (index: string) => Buffer.concat([bytes(index), string('x', false)]);
    add(...['04', '05', '01', '08', '0e', '0f 00', '04'].map(withIndex));
    expect(given.map(([name]) => name)).toEqual([
      ':path',
      ':path',
      ':authority',
      ':status',
      ':status',
      'accept-charset',
      ':path',
    ]);
  });

  test('and again if its name is an entry that changed', () => {
    const { given, add } = watched();
    const named = Buffer.concat([bytes('0f 2f'), string('x', false)]);
    add(fill('a', ''), named, fill('c', ''), named);
    expect(given.map(([name]) => name)).toEqual(['a', 'a', 'c', 'c']);
  });

  test('and again if it is never indexed, or longer than 128 bytes', () => {
    const secret = Buffer.concat([bytes('14'), string('/check', false)]);
    const [fits, longer] = [126, 127].map((length) =>
      Buffer.concat([bytes('04'), string('x'.repeat(length), false)]),
    );
    const readsOf = (block: Buffer = bytes('')) => {
      const { read, add } = watched();
      add(block, block);
      return read.length;
    };
    expect([secret, fits, longer].map(readsOf)).toEqual([2, 1, 2]);
  });

  test('and is not read from the bytes that follow its block', () => {
    const whole = path('/check');
    for (let end = 1; end < whole.length; end++) {
      const { decode } = createHeaderDecoder(4_096, (name, value): Field => [name, value]);
      decode(whole, 0, whole.length, () => {});
      expect(() => decode(whole, 0, end, () => {})).toThrow('longer than its block');
    }
  });

  test('and the bytes of its block may change afterwards', () => {
    const { given, add } = watched();
    const block = path('/check');
    add(block);
    const other = path('/watch');
    other.copy(block);
    add(block);
    expect(given).toEqual([
      [':path', '/check'],
      [':path', '/watch'],
    ]);
  });
});

describe('integers', () => {
  const index = (hex: string) => errorOf([fill('a', 'b'), bytes(hex)]);

  test('of five bytes after the first one are read, and longer ones rejected', () => {
    // 62 in two, and in six bytes.
    expect(decodeAll([fill('a', 'b'), bytes('7f 80 80 80 80 00 01 63')]).error).toMatch('in neither table');
    expect(decodeAll([bytes('3f 81 80 80 80 00')]).fields).toEqual([[]]);
    expect(errorOf([bytes('3f 81 80 80 80 80 00')])).toMatch('an integer is too large');
    expect(errorOf([bytes('3f 80 80 80 80 80 80 80 80 80 80 01')])).toMatch('an integer is too large');
  });

  test('up to 2^31 - 1 are read, and larger ones rejected', () => {
    expect(index('ff 80 ff ff ff 07')).toMatch('an index is in neither table');
    expect(index('ff 81 ff ff ff 07')).toMatch('an integer is too large');
    expect(index('ff ff ff ff ff 0f')).toMatch('an integer is too large');
    expect(index('ff ff ff ff ff 7f')).toMatch('an integer is too large');
  });

  test('are not read from after their block', () => {
    const sizeOf31 = bytes('3f 00');
    const decode = (end: number) => () =>
      createHeaderDecoder(4_096, (name, value) => [name, value]).decode(sizeOf31, 0, end, () => {});
    expect(decode(2)).not.toThrow();
    expect(decode(1)).toThrow('an integer is longer than its block');
  });

  test('that end with their block are rejected', () => {
    for (const block of ['ff', 'ff 80', '7f', '0f', '1f', '3f', '3f ff', '00 7f', '00 ff'])
      expect([block, errorOf([bytes(block)])]).toEqual([
        block,
        expect.stringMatching('longer than its block'),
      ]);
  });
});

describe('strings', () => {
  test('that are longer than their block are rejected before memory is taken', () => {
    const longest = integer(0, 7, 2 ** 31 - 1);
    const longestHuffman = integer(0x80, 7, 2 ** 31 - 1);
    for (const block of [
      bytes('00 02 61'),
      bytes('00 82 61'),
      bytes('00 01 61 02 62'),
      Buffer.concat([bytes('00'), longest]),
      Buffer.concat([bytes('00'), longestHuffman, bytes('00')]),
    ])
      expect(errorOf([block])).toMatch('a string is longer than its block');
  });

  test('that are missing are rejected', () => {
    for (const block of ['00', '40', '10', '01', '41', '00 01 61'])
      expect([block, errorOf([bytes(block)])]).toEqual([
        block,
        expect.stringMatching('longer than its block'),
      ]);
  });

  test('may be empty', () => {
    expect(decodeAll([bytes('00 00 00'), bytes('00 80 80')]).fields).toEqual([[['', '']], [['', '']]]);
  });
});

describe('Huffman', () => {
  const value = (encoded: Uint8Array) =>
    Buffer.concat([bytes('04'), integer(0x80, 7, encoded.length), encoded]);
  const read = (encoded: Uint8Array) => decodeAll([value(encoded)]);

  test('every byte has its code', () => {
    for (let byte = 0; byte < 256; byte++) {
      const text = String.fromCharCode(byte);
      expect(read(encodeHuffman(Buffer.of(byte))).fields).toEqual([[[':path', text]]]);
      // The code begins at each place of a byte.
      for (let before = 1; before < 8; before++)
        expect(read(encodeHuffman(Buffer.of(...Array<number>(before).fill(0x30), byte))).fields).toEqual([
          [[':path', `${'0'.repeat(before)}${text}`]],
        ]);
    }
  });

  test('the shortest codes give the longest output', () => {
    for (const length of [1, 5, 7, 8, 160, 4_096, 20_000]) {
      const text = '0'.repeat(length);
      expect(read(encodeHuffman(Buffer.from(text))).fields).toEqual([[[':path', text]]]);
    }
  });

  test('a long string leaves the next one right', () => {
    const [long, short] = ['long '.repeat(4_000), 'short'];
    const decode = createConnection();
    for (const text of [short, long, short, long.slice(0, 3_000), short])
      expect(decode(value(encodeHuffman(Buffer.from(text))))).toEqual([[':path', text]]);
  });

  test('padding is at most seven bits, and of ones', () => {
    const digits = huffmanCodes[0x61] ?? '';
    expect(digits).toBe('00011');
    expect(read(bitsOf(digits)).error).toBeUndefined();
    for (const padding of ['000', '011', '101', '110'])
      expect([padding, read(bitsOf(digits + padding)).error]).toEqual([
        padding,
        expect.stringMatching('invalid padding'),
      ]);
    // Eight to 29 ones: whole bytes of the code of EOS.
    for (let more = 8; more < 30; more += 8)
      expect(read(bitsOf(digits.padEnd(8 + more, '1'))).error).toMatch('invalid padding');
    expect(read(bytes('ff')).error).toMatch('invalid padding');
  });

  test('none to seven bits of padding are read', () => {
    const paddings = Array.from({ length: 8 }, (_, index) => {
      const text = '0'.repeat(index + 1);
      const encoded = encodeHuffman(Buffer.from(text));
      expect(read(encoded).fields).toEqual([[[':path', text]]]);
      return encoded.length * 8 - text.length * 5;
    });
    expect(paddings.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('EOS is rejected, at each place of a byte', () => {
    for (let before = 0; before < 8; before++)
      for (const after of ['', huffmanCodes[0x61] ?? ''])
        expect(read(bitsOf('00000'.repeat(before) + endOfString + after)).error).toMatch(
          /contains EOS|invalid padding/,
        );
    expect(read(bitsOf(endOfString + (huffmanCodes[0x61] ?? ''))).error).toMatch('contains EOS');
  });

  test('a code that ends with its string is rejected', () => {
    const digits = huffmanCodes[0] ?? '';
    expect(digits.length).toBe(13);
    expect(read(bitsOf(digits.slice(0, 8))).error).toMatch('invalid padding');
    const long = huffmanCodes[10] ?? '';
    for (const length of [8, 16, 24])
      expect(read(bitsOf(long.slice(0, length))).error).toMatch('invalid padding');
  });
});

describe('indexes', () => {
  test('of zero are rejected', () => {
    expect(errorOf([bytes('80')])).toMatch('an index is in neither table');
  });

  test('beyond the tables are rejected, for fields and names', () => {
    for (const block of ['be', '7e 01 61', '0f 2f 01 61', '1f 2f 01 61'])
      expect([block, errorOf([bytes(block)])]).toEqual([block, expect.stringMatching('in neither table')]);
    const two = Buffer.concat([fill('a', 'b'), fill('c', 'd')]);
    expect(decodeAll([two, bytes('be bf')]).fields[1]).toEqual([
      ['c', 'd'],
      ['a', 'b'],
    ]);
    expect(errorOf([two, bytes('c0')])).toMatch('in neither table');
  });

  test('of evicted entries are rejected', () => {
    const evicting = Buffer.concat([fill('a', 'b'), fill('c', 'd')]);
    expect(decodeAll([evicting, bytes('be')], 67).fields[1]).toEqual([['c', 'd']]);
    expect(errorOf([evicting, bytes('bf')], 67)).toMatch('in neither table');
    expect(decodeAll([evicting, bytes('bf')], 68).fields[1]).toEqual([['a', 'b']]);
  });
});

describe('the dynamic table', () => {
  test('holds entries of exactly its size', () => {
    expect(dynamicTableAfter([fill('a', 'b')], 34)).toEqual([['a', 'b']]);
    expect(dynamicTableAfter([fill('a', 'b')], 33)).toEqual([]);
  });

  test('is emptied by an entry that is larger, and still takes others', () => {
    const blocks = [fill('a', 'b'), fill('c', 'd'.repeat(70))];
    expect(decodeAll(blocks, 100).fields).toHaveLength(2);
    expect(dynamicTableAfter(blocks, 100)).toEqual([]);
    expect(dynamicTableAfter([...blocks, fill('e', 'f')], 100)).toEqual([['e', 'f']]);
  });

  test('gives the name of an entry that is evicted for the new one', () => {
    const first = fill('name', 'old');
    const second = Buffer.concat([bytes('7e'), string('new', false)]);
    expect(decodeAll([first, second], 39).fields[1]).toEqual([['name', 'new']]);
    expect(dynamicTableAfter([first, second], 39)).toEqual([['name', 'new']]);
    // The new one does not fit: nothing is left of the name.
    expect(decodeAll([first, second], 38).error).toMatch('in neither table');
    const longer = Buffer.concat([bytes('7e'), string('longer', false)]);
    expect(decodeAll([first, longer], 39).fields[1]).toEqual([['name', 'longer']]);
    expect(dynamicTableAfter([first, longer], 39)).toEqual([]);
  });

  test('literals without indexing and never indexed ones do not change it', () => {
    expect(dynamicTableAfter([bytes('00 01 61 01 62'), bytes('10 01 61 01 62')])).toEqual([]);
  });

  test('holds 128 entries without a name and a value, and evicts the oldest', () => {
    const empty = bytes('40 00 00');
    const with127 = [fill('a', ''), ...Array<Buffer>(126).fill(empty)];
    expect(dynamicTableAfter(with127)).toHaveLength(127);
    expect(dynamicTableAfter(with127).at(-1)).toEqual(['a', '']);
    expect(dynamicTableAfter([...with127, empty])).toHaveLength(127);
    expect(dynamicTableAfter([...with127, empty]).at(-1)).toEqual(['', '']);
    for (const count of [128, 129, 300])
      expect(dynamicTableAfter(Array<Buffer>(count).fill(empty))).toHaveLength(128);
  });
});

describe('a size of the table', () => {
  const two = [fill('a', 'b'), fill('c', 'd')];

  test('may come first in a block, also twice', () => {
    expect(dynamicTableAfter([...two, bytes('3f 25')])).toEqual([
      ['c', 'd'],
      ['a', 'b'],
    ]);
    expect(dynamicTableAfter([...two, bytes('3f 24')])).toEqual([['c', 'd']]);
    expect(dynamicTableAfter([...two, bytes('20 3f e1 1f')])).toEqual([]);
    expect(dynamicTableAfter([...two, bytes('20'), ...two])).toEqual([]);
    expect(dynamicTableAfter([...two, bytes('20 3f e1 1f'), ...two])).toHaveLength(2);
  });

  test('is rejected after a field', () => {
    for (const field of ['82', '00 01 61 01 62', '10 01 61 01 62', '40 01 61 01 62'])
      expect([field, errorOf([Buffer.concat([bytes(field), bytes('20')])])]).toEqual([
        field,
        expect.stringMatching('after a field'),
      ]);
    expect(errorOf([bytes('20 82 20')])).toMatch('after a field');
    expect(decodeAll([bytes('82'), bytes('20 82')]).error).toBeUndefined();
  });

  test('is at most the maximum of this side', () => {
    expect(errorOf([integer(0x20, 5, 4_096)])).toBeUndefined();
    expect(errorOf([integer(0x20, 5, 4_097)])).toMatch('too large');
    expect(errorOf([integer(0x20, 5, 101)], 100)).toMatch('too large');
    expect(errorOf([bytes('20'), integer(0x20, 5, 100)], 100)).toBeUndefined();
  });

  test('is 4,096 at first, if this side allows more', () => {
    const large = [fill('a', 'b'.repeat(4_000)), fill('c', 'd'.repeat(4_000))];
    expect(dynamicTableAfter(large, 16_384)).toHaveLength(1);
    expect(dynamicTableAfter([integer(0x20, 5, 16_384), ...large], 16_384)).toHaveLength(2);
  });
});
