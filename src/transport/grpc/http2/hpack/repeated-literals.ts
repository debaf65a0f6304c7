/**
 * Literals that repeat on a connection. Envoy sends the path of every call as a literal without indexing, since paths rarely
 * repeat in HTTP. Those of gRPC do. To compare the bytes is cheaper than Huffman and a new string.
 */

/** A literal that was read. */
interface KnownLiteral<Read> {
  /** The whole representation. */
  readonly bytes: Buffer;
  readonly field: Read;
}

/**
 * The last literal for each first byte. That byte is the whole index of the name, so the same bytes always mean the same field.
 */
export type RepeatedLiterals<Read> = (KnownLiteral<Read> | undefined)[];

/** A longer literal is not kept, in bytes. */
const longestKept = 128;

/** Creates an empty memory. */
export function createRepeatedLiterals<Read>(): RepeatedLiterals<Read> {
  return new Array(0x0f).fill(undefined);
}

/**
 * Whether a literal can be kept: it is without indexing (RFC 7541 section 6.2.2), and its name has an index from 1 to 14.
 * These are the names of the pseudo-header fields.
 */
export function mayRepeat(firstByte: number): boolean {
  return firstByte > 0 && firstByte < 0x0f;
}

/** The literal at this position, if it is the same as the last one; undefined otherwise. */
export function findRepeated<Read>(
  literals: RepeatedLiterals<Read>,
  bytes: Buffer,
  position: number,
  end: number,
): KnownLiteral<Read> | undefined {
  const known = literals[bytes[position] ?? 0];
  if (known === undefined || known.bytes.length > end - position) return undefined;
  for (let index = 1; index < known.bytes.length; index++)
    if (known.bytes[index] !== bytes[position + index]) return undefined;
  return known;
}

/** Keeps a literal for the next time. */
export function keepLiteral<Read>(
  literals: RepeatedLiterals<Read>,
  bytes: Buffer,
  start: number,
  end: number,
  field: Read,
): void {
  if (end - start > longestKept) return;
  literals[bytes[start] ?? 0] = { bytes: Buffer.from(bytes.subarray(start, end)), field };
}
