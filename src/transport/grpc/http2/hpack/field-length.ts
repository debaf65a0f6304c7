/**
 * Measures a field by the lengths in front of its strings (RFC 7541 sections 5.2 and 6). So a string is decoded once, when its
 * field has arrived, and not again for each frame that brings a piece.
 */
import { CompressionError } from './field.ts';
import { integerLength, integerValue } from './integer.ts';

/**
 * Measures a field. Its end may not have arrived.
 *
 * @param start the position of its first byte.
 * @param end the position after the last byte that has arrived.
 * @param longestName the most bytes of its name.
 * @returns the number of its bytes; 0 if a part of its lengths is still missing.
 * @throws CompressionError if the field is invalid, or its name is longer.
 */
export function fieldLength(bytes: Buffer, start: number, end: number, longestName: number): number {
  const first = bytes[start] ?? 0;
  const mask = prefixOf(first);
  const indexLength = integerLength(bytes, start, end, mask);
  if (indexLength === 0 || !isLiteral(first)) return indexLength;
  let length = indexLength;
  if ((first & mask) === 0) {
    const nameLength = stringLength(bytes, start + length, end);
    if (nameLength > longestName) throw new CompressionError('a name is too long');
    if (nameLength === 0) return 0;
    length += nameLength;
  }
  const valueLength = stringLength(bytes, start + length, end);
  return valueLength === 0 ? 0 : length + valueLength;
}

function stringLength(bytes: Buffer, start: number, end: number): number {
  const length = integerLength(bytes, start, end, 0x7f);
  return length === 0 ? 0 : length + integerValue(bytes, start, length, 0x7f);
}

function isLiteral(first: number): boolean {
  return first < 0x20 || (first >= 0x40 && first < 0x80);
}

/** The largest value of the prefix after the bits that tell the kind of the field. */
function prefixOf(first: number): number {
  if (first >= 0x80) return 0x7f;
  if (first >= 0x40) return 0x3f;
  return first >= 0x20 ? 0x1f : 0x0f;
}
