/** Mutants of HPACK. */
import type { Mutant } from './mutant.ts';

const folder = 'src/transport/grpc/http2/hpack';
const decoder = `${folder}/decoder.ts`;
const integer = `${folder}/integer.ts`;
const huffman = `${folder}/huffman.ts`;
const table = `${folder}/dynamic-table.ts`;
const repeated = `${folder}/repeated-literals.ts`;
const encoder = `${folder}/encoder.ts`;

const change = (file: string, name: string, find: string, replace: string, test = 'decoder'): Mutant => ({
  ...{ name, file, find, replace },
  tests: [`test/transport/grpc/http2/hpack/${test}.test.ts`],
  project: 'live',
});

/** Each removes one check of `src/transport/grpc/http2/hpack`. */
export const hpackMutants: readonly Mutant[] = [
  change(
    integer,
    'an integer may end after its block',
    'if (start + length > end) return 0;',
    'if (start + length > bytes.length) return 0;',
  ),
  change(
    integer,
    'an integer has any number of bytes',
    'const longestInteger = 6;',
    'const longestInteger = 12;',
  ),
  change(
    integer,
    'an integer may have four bytes after the first one',
    'const longestInteger = 6;',
    'const longestInteger = 5;',
  ),
  change(
    integer,
    'an integer may be larger than 2^31',
    'if (value >= 2 ** 31) throw',
    'if (value < 0) throw',
  ),
  change(integer, 'an integer is at most 2^30', 'value >= 2 ** 31', 'value >= 2 ** 30'),
  change(
    decoder,
    'a string is read from after its block',
    'if (length > end - position) throw',
    'if (length > bytes.length - position) throw',
  ),
  change(decoder, 'a string has any length', 'if (length > end - position) throw', 'if (length < 0) throw'),
  change(
    decoder,
    'a field may lack its value',
    'if (length > end - position) throw',
    'if (length > Math.max(end - position, 0)) throw',
  ),
  change(
    decoder,
    'a large output buffer is not used',
    'longest <= output.length ? output',
    'longest <= keptOutput ? output',
  ),
  change(
    table,
    'an index beyond the dynamic table begins again at the newest entry',
    'age > table.count ? undefined : table.ring[placeOf(table, age)]',
    'table.ring[placeOf(table, ((age - 1) % table.count) + 1)]',
  ),
  change(
    decoder,
    'the index zero is the first one',
    'staticTable[index - 1] ??',
    'staticTable[Math.max(index - 1, 0)] ??',
  ),
  change(
    decoder,
    'a literal without indexing is added',
    'readLiteral(bytes, end, 0x0f, false));',
    'readLiteral(bytes, end, 0x0f, true));',
  ),
  change(
    decoder,
    'a literal of a path is added',
    'readLiteral(bytes, end, 0x0f, false);',
    'readLiteral(bytes, end, 0x0f, true);',
  ),
  change(
    decoder,
    'the table may be larger than this side allows',
    'if (size > maxTableSize) throw',
    'if (size < 0) throw',
  ),
  change(
    decoder,
    'the table is smaller than this side allows',
    'if (size > maxTableSize) throw',
    'if (size >= maxTableSize) throw',
  ),
  change(
    decoder,
    'the size of the table changes after a field',
    'if (!mayChangeSize) throw',
    'if (position < 0) throw',
  ),
  change(
    decoder,
    'the size of the table changes once in a block',
    '      changeTableSize(bytes, end);',
    '      changeTableSize(bytes, end);\n      mayChangeSize = false;',
  ),
  change(
    decoder,
    'a large table is used before the encoder knows it',
    'Math.min(maxTableSize, firstTableSize)',
    'maxTableSize',
  ),
  change(decoder, 'a static field is read each time', '    if (known !== undefined) return known;\n', ''),
  change(
    decoder,
    'a path is read each time',
    '    keepLiteral(repeatedLiterals, bytes, start, position, field);\n',
    '',
  ),
  change(
    decoder,
    'a block begins at the first byte',
    'position = start;\n      while (position < end) decodeField',
    'position = 0;\n      while (position < end) decodeField',
  ),

  change(
    huffman,
    'the end of a string is not checked',
    'if (table !== 0 || (bits & ones) !== ones)',
    'if (waiting > 7)',
  ),
  change(huffman, 'padding may have zeros', ' || (bits & ones) !== ones)', ')'),
  change(huffman, 'padding may be longer than seven bits', 'if (table !== 0 || ', 'if ('),
  change(
    huffman,
    'EOS is skipped',
    "if (entry === 0) throw new CompressionError('a Huffman string contains EOS');\n",
    '',
  ),
  change(huffman, 'EOS is a symbol', 'symbol === endOfString ? 0 : ', ''),
  change(huffman, 'the output is as long as the input', 'Math.floor((length * 8) / 5)', 'length'),
  change(
    huffman,
    'the next code begins in the last table',
    '        table = 0;\n      } else',
    '      } else',
  ),

  change(table, 'an entry counts its name and value only', 'value.length + entryOverhead', 'value.length'),
  change(table, 'an entry does not count its name', 'name.length + value.length', 'value.length'),
  change(table, 'an entry larger than the table is added', '  if (size > table.maxSize) return;\n', ''),
  change(
    table,
    'an entry larger than the table leaves the others',
    '  evictTo(table, table.maxSize - size);\n  if (size > table.maxSize) return;\n',
    '  if (size > table.maxSize) return;\n  evictTo(table, table.maxSize - size);\n',
  ),
  change(table, 'no entry is evicted for a new one', '  evictTo(table, table.maxSize - size);\n', ''),
  change(table, 'a smaller table keeps its entries', '  evictTo(table, maxSize);\n', ''),
  change(
    table,
    'a table of exactly its maximum size evicts an entry',
    'table.size > size &&',
    'table.size >= size &&',
  ),
  change(
    table,
    'an evicted entry keeps its size',
    '    table.size -= table.ring[oldest]?.size ?? 0;\n',
    '    table.size -= 32;\n',
  ),

  change(
    repeated,
    'every path is the first one',
    'if (known.bytes[index] !== bytes[position + index]) return undefined;',
    'if (index < 0) return undefined;',
  ),
  change(
    repeated,
    'the last byte of a path does not matter',
    'index < known.bytes.length; index++',
    'index < known.bytes.length - 1; index++',
  ),
  change(repeated, 'a path is read from after its block', ' || known.bytes.length > end - position)', ')'),
  change(
    repeated,
    'a literal with an index of several bytes is kept',
    'firstByte < 0x0f',
    'firstByte <= 0x0f',
  ),
  change(repeated, 'a literal that is never indexed is kept', 'firstByte < 0x0f', 'firstByte < 0x1f'),
  change(repeated, 'a literal of any length is kept', '  if (end - start > longestKept) return;\n', ''),
  change(
    repeated,
    'a kept literal changes with the bytes of the socket',
    'Buffer.from(bytes.subarray(start, end))',
    'bytes.subarray(start, end)',
  ),
  change(repeated, 'all names share one kept literal', 'literals[bytes[start] ?? 0] =', 'literals[4] ='),

  change(
    encoder,
    'a value is ignored in the static table',
    'indexOfField.get(field.join(separator))',
    'indexOfName.get(field[0])',
    'encoder',
  ),
  change(
    encoder,
    'a field is added to the table of the client',
    'encodeInteger(0, 0x0f, nameIndex)',
    'encodeInteger(0x40, 0x3f, nameIndex)',
    'encoder',
  ),
  change(encoder, 'a long integer has one byte', 'if (value < mask)', 'if (value <= mask)', 'encoder'),
  change(encoder, 'text is written as UTF-8', ", 'latin1')", ')', 'encoder'),
];
