/** Decodes header blocks (RFC 7541), with a dynamic table and Huffman strings. */

/** A decoder with the state of one connection. */
export interface HeaderDecoder {
  /**
   * Decodes a complete header block.
   *
   * @param onField called for each field, in order
   * @throws CompressionError if the block is invalid
   */
  readonly decode: (block: Buffer, onField: (name: string, value: string) => void) => void;
}

/**
 * Creates a decoder with an empty dynamic table.
 *
 * @param maxTableSize the SETTINGS_HEADER_TABLE_SIZE of this side, in bytes
 */
export declare function createHeaderDecoder(maxTableSize: number): HeaderDecoder;
