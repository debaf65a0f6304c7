/** Decodes header blocks (RFC 7541), with a dynamic table and Huffman strings. */
import { addEntry, clearTable, createDynamicTable, entryOf, resizeTable } from './dynamic-table.ts';
import { CompressionError, type Field } from './field.ts';
import { fieldLength } from './field-length.ts';
import { decodeHuffman, longestOutput } from './huffman.ts';
import { integerLength, integerValue } from './integer.ts';
import { createRepeatedLiterals, findRepeated, keepLiteral, mayRepeat } from './repeated-literals.ts';
import { staticTable } from './static-table.ts';

/**
 * A decoder with the state of one connection.
 *
 * @typeParam Read what the caller makes of a field
 */
export interface HeaderDecoder<Read> {
  /**
   * Decodes a complete header block. Fields before an error are also read.
   *
   * @param start the position of the first byte
   * @param end the position after the last byte
   * @param onField called for each field, in order. It never throws.
   * @throws CompressionError if the block is invalid
   */
  readonly decode: (bytes: Buffer, start: number, end: number, onField: (field: Read) => void) => void;
  /**
   * Decodes the complete fields of a part of a block, each once. The work is in proportion to the bytes of these fields.
   *
   * A field of more than four times the bytes of the table is skipped without being decoded: no code has more than 30 bits, so
   * the table cannot hold it.
   *
   * @param isFirst whether the block begins with this part.
   * @returns the position of the first field that is not complete: the next part must begin there. Above `end` if the rest of
   *   a field is skipped: the block continues there.
   * @throws CompressionError if the block is invalid, or has a name of more than four times the bytes of the table.
   */
  readonly decodePart: (
    bytes: Buffer,
    start: number,
    end: number,
    onField: (field: Read) => void,
    isFirst: boolean,
  ) => number;
}

/** The maximum size of the table until the encoder changes it, if this side allows more (RFC 9113 section 6.5.2). */
const firstTableSize = 4_096;
/** A larger output buffer is not kept. */
const keptOutput = 4_096;

/**
 * Creates a decoder with an empty dynamic table.
 *
 * @param maxTableSize the SETTINGS_HEADER_TABLE_SIZE of this side, in bytes; it cannot change later
 * @param read makes a field of a name and a value, which have one character per byte. A field that
 *   repeats may be the same object every time
 */
export function createHeaderDecoder<Read>(
  maxTableSize: number,
  read: (name: string, value: string) => Read,
): HeaderDecoder<Read> {
  const table = createDynamicTable<Read>(maxTableSize, Math.min(maxTableSize, firstTableSize));
  const staticFields: (Read | undefined)[] = new Array(staticTable.length + 1).fill(undefined);
  const repeatedLiterals = createRepeatedLiterals<Read>();
  let output = Buffer.alloc(0);
  const longestField = 4 * maxTableSize;
  let position = 0;
  let mayChangeSize = true;

  /** Reads an integer. `mask` is the largest value of its prefix. */
  function readInteger(bytes: Buffer, end: number, mask: number): number {
    const start = position++;
    const prefix = (bytes[start] ?? 0) & mask;
    if (prefix < mask) return prefix;
    const length = integerLength(bytes, start, end, mask);
    if (length === 0) throw new CompressionError('an integer is longer than its block');
    position = start + length;
    return integerValue(bytes, start, length, mask);
  }

  /** Reads a string (section 5.2). */
  function readString(bytes: Buffer, end: number): string {
    const isHuffman = (bytes[position] ?? 0) >= 0x80;
    const length = readInteger(bytes, end, 0x7f);
    // If the length itself is after the end, the rest is negative.
    if (length > end - position) throw new CompressionError('a string is longer than its block');
    const start = position;
    position += length;
    return isHuffman ? readHuffman(bytes, start, position) : bytes.toString('latin1', start, position);
  }

  function readHuffman(bytes: Buffer, start: number, end: number): string {
    const longest = longestOutput(end - start);
    const into = longest <= output.length ? output : Buffer.allocUnsafeSlow(Math.max(longest, 256));
    if (into.length <= keptOutput) output = into;
    return into.toString('latin1', 0, decodeHuffman(bytes, start, end, into));
  }

  function fieldAt(index: number): Read {
    return index > staticTable.length ? dynamicEntry(index).field : staticField(index);
  }

  function nameAt(index: number): string {
    return index > staticTable.length ? dynamicEntry(index).name : staticEntry(index)[0];
  }

  function dynamicEntry(index: number) {
    return entryOf(table, index - staticTable.length) ?? invalidIndex();
  }

  function staticField(index: number): Read {
    const known = staticFields[index];
    if (known !== undefined) return known;
    const [name, value] = staticEntry(index);
    const field = read(name, value);
    staticFields[index] = field;
    return field;
  }

  /** Reads a literal (sections 6.2.1 to 6.2.3). */
  function readLiteral(bytes: Buffer, end: number, mask: number, isAdded: boolean): Read {
    const index = readInteger(bytes, end, mask);
    const name = index === 0 ? readString(bytes, end) : nameAt(index);
    const value = readString(bytes, end);
    const field = read(name, value);
    if (isAdded) addEntry(table, name, value, field);
    return field;
  }

  function readRepeatedLiteral(bytes: Buffer, end: number): Read {
    const known = findRepeated(repeatedLiterals, bytes, position, end);
    if (known !== undefined) {
      position += known.bytes.length;
      return known.field;
    }
    const start = position;
    const field = readLiteral(bytes, end, 0x0f, false);
    keepLiteral(repeatedLiterals, bytes, start, position, field);
    return field;
  }

  function changeTableSize(bytes: Buffer, end: number): void {
    const size = readInteger(bytes, end, 0x1f);
    if (size > maxTableSize) throw new CompressionError('the new size of the table is too large');
    resizeTable(table, size);
  }

  function decodeField(bytes: Buffer, end: number, onField: (field: Read) => void): void {
    const first = bytes[position] ?? 0;
    if (first >= 0x20 && first < 0x40) {
      if (!mayChangeSize) throw new CompressionError('the size of the table changes after a field');
      changeTableSize(bytes, end);
      return;
    }
    mayChangeSize = false;
    if (first >= 0x80) onField(fieldAt(readInteger(bytes, end, 0x7f)));
    else if (first >= 0x40) onField(readLiteral(bytes, end, 0x3f, true));
    else if (mayRepeat(first)) onField(readRepeatedLiteral(bytes, end));
    else onField(readLiteral(bytes, end, 0x0f, false));
  }

  /** Skips a literal that is too long for the table. As an entry, it leaves the table empty (section 4.4). */
  function skipLiteral(bytes: Buffer, length: number): void {
    mayChangeSize = false;
    if ((bytes[position] ?? 0) >= 0x40) clearTable(table);
    position += length;
  }

  return {
    decode: (bytes, start, end, onField) => {
      mayChangeSize = true;
      position = start;
      while (position < end) decodeField(bytes, end, onField);
    },
    decodePart: (bytes, start, end, onField, isFirst) => {
      if (isFirst) mayChangeSize = true;
      position = start;
      while (position < end) {
        const length = fieldLength(bytes, position, end, longestField);
        if (length > longestField) skipLiteral(bytes, length);
        else if (length === 0 || length > end - position) break;
        else decodeField(bytes, end, onField);
      }
      return position;
    },
  };
}

function staticEntry(index: number): Field {
  return staticTable[index - 1] ?? invalidIndex();
}

function invalidIndex(): never {
  throw new CompressionError('an index is in neither table');
}
