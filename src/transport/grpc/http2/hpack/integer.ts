/** Integers with a prefix (RFC 7541 section 5.1). */
import { CompressionError } from './field.ts';

/** The most bytes of an integer. */
const longestInteger = 6;

/**
 * The number of bytes of an integer; 0 if its last byte is still missing.
 *
 * @param mask the largest value of the prefix
 * @throws CompressionError if it is too long
 */
export function integerLength(bytes: Buffer, start: number, end: number, mask: number): number {
  if (start >= end) return 0;
  if (((bytes[start] ?? 0) & mask) < mask) return 1;
  for (let length = 2; length <= longestInteger; length++) {
    if (start + length > end) return 0;
    if ((bytes[start + length - 1] ?? 0) < 0x80) return length;
  }
  throw new CompressionError('an integer is too large');
}

/**
 * The value of an integer that has arrived.
 *
 * @param length its number of bytes
 * @throws CompressionError if it is above 2^31 - 1
 */
export function integerValue(bytes: Buffer, start: number, length: number, mask: number): number {
  let value = (bytes[start] ?? 0) & mask;
  for (let index = 1; index < length; index++)
    value += ((bytes[start + index] ?? 0) & 0x7f) * 2 ** (7 * (index - 1));
  if (value >= 2 ** 31) throw new CompressionError('an integer is too large');
  return value;
}
