/** The Huffman code of strings (RFC 7541 section 5.2 and appendix B). */
import { CompressionError } from './field.ts';

/** The length of each symbol's code in bits, as a digit in base 32. The last symbol is EOS. */
const codeLengths =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq' +
  'u';
const endOfString = 256;

const isSymbol = 0x8000;

/**
 * Tables of 256 entries, which the next eight bits index. The first table is for the start of a code. An entry is one of:
 *
 * - `isSymbol`, the bits of the code in this table from bit 8, and the symbol from bit 0
 * - the place of the table for the bits that follow
 * - 0 for the code of EOS
 */
const tables = createTables();

/** The codes are canonical: the shortest first, then by symbol, each the next one after the last. */
function createTables(): Uint16Array {
  const entries = new Uint16Array(15 * 256);
  let used = 256;
  let code = 0;
  for (let length = 5; length <= 30; length++) {
    const digit = length.toString(32);
    for (
      let symbol = codeLengths.indexOf(digit);
      symbol >= 0;
      symbol = codeLengths.indexOf(digit, symbol + 1)
    ) {
      let table = 0;
      let rest = length;
      for (; rest > 8; rest -= 8) {
        const place = table + ((code >> (rest - 8)) & 0xff);
        if (entries[place] === 0) {
          entries[place] = used;
          used += 256;
        }
        table = entries[place] ?? 0;
      }
      const first = table + ((code << (8 - rest)) & 0xff);
      const entry = symbol === endOfString ? 0 : isSymbol | (rest << 8) | symbol;
      entries.fill(entry, first, first + (1 << (8 - rest)));
      code++;
    }
    code <<= 1;
  }
  return entries;
}

/** The largest number of bytes that a string of this length decodes to. The shortest code has five bits. */
export function longestOutput(length: number): number {
  return Math.floor((length * 8) / 5);
}

/**
 * Decodes a string. After the last code, only the padding follows: at most seven bits, all ones.
 *
 * @param output has room for `longestOutput(end - start)` bytes
 * @returns the length of the output, in bytes
 * @throws CompressionError if the string contains EOS, or other padding
 */
export function decodeHuffman(input: Uint8Array, start: number, end: number, output: Uint8Array): number {
  let length = 0;
  let table = 0;
  // The lowest `waiting` bits of `bits` are not decoded yet. Higher ones are left over.
  let bits = 0;
  let waiting = 0;
  for (let position = start; position < end; position++) {
    bits = (bits << 8) | (input[position] ?? 0);
    waiting += 8;
    while (waiting >= 8) {
      const entry = tables[table + ((bits >> (waiting - 8)) & 0xff)] ?? 0;
      if (entry >= isSymbol) {
        output[length++] = entry;
        waiting -= (entry >> 8) & 0xf;
        table = 0;
      } else {
        if (entry === 0) throw new CompressionError('a Huffman string contains EOS');
        table = entry;
        waiting -= 8;
      }
    }
  }
  while (waiting > 0) {
    const missing = 8 - waiting;
    const entry = tables[table + (((bits << missing) | (0xff >> waiting)) & 0xff)] ?? 0;
    const taken = (entry >> 8) & 0xf;
    if (entry < isSymbol || taken > waiting) break;
    output[length++] = entry;
    waiting -= taken;
    table = 0;
  }
  const ones = (1 << waiting) - 1;
  if (table !== 0 || (bits & ones) !== ones)
    throw new CompressionError('a Huffman string has invalid padding');
  return length;
}
