/** Decodes blocks for the tests of HPACK. */
import { createHeaderDecoder } from '../../../../../src/transport/grpc/http2/hpack/decoder.ts';
import { CompressionError, type Field } from '../../../../../src/transport/grpc/http2/hpack/field.ts';

/** A connection: decodes one block after the other. */
export function createConnection(maxTableSize = 4_096) {
  const decoder = createHeaderDecoder(maxTableSize, (name, value): Field => [name, value]);
  return (block: Uint8Array): Field[] => {
    const fields: Field[] = [];
    decoder.decode(Buffer.from(block), 0, block.length, (field) => fields.push(field));
    return fields;
  };
}

/** The fields of each block of a connection, up to the first invalid block; why that one is invalid. */
export function decodeAll(
  blocks: readonly Uint8Array[],
  maxTableSize?: number,
): { readonly fields: readonly Field[][]; readonly error?: string } {
  const decode = createConnection(maxTableSize);
  const fields: Field[][] = [];
  for (const block of blocks) {
    try {
      fields.push(decode(block));
    } catch (error) {
      if (!(error instanceof CompressionError)) throw error;
      return { fields, error: error.message };
    }
  }
  return { fields };
}

const firstDynamicIndex = 62;

/** The dynamic table after some blocks, the newest entry first: each entry is asked for on a connection of its own. */
export function dynamicTableAfter(blocks: readonly Uint8Array[], maxTableSize?: number): readonly Field[] {
  const entries: Field[] = [];
  for (let place = 0; place < 200; place++) {
    const index = firstDynamicIndex + place;
    const asking = index < 127 ? [0x80 | index] : [0xff, index - 127];
    const { fields, error } = decodeAll([...blocks, Uint8Array.from(asking)], maxTableSize);
    if (error !== undefined) break;
    entries.push(...(fields.at(-1) ?? []));
  }
  return entries;
}
