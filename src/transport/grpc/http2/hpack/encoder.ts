/** Encodes header blocks (RFC 7541) without the dynamic table, so that a block can be prepared and sent at any time. */
import type { Field } from './field.ts';
import { staticTable } from './static-table.ts';

const separator = '\0';
/** The indexes of the static table, by name and value. */
const indexOfField: ReadonlyMap<string, number> = new Map(
  staticTable.map((field, place) => [field.join(separator), place + 1]),
);
/** The lowest index of each name. */
const indexOfName: ReadonlyMap<string, number> = new Map(
  staticTable.map(([name], place): [string, number] => [name, place + 1]).toReversed(),
);

/** Encodes fields, with names in lower case. */
export function encodeHeaders(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.map(encodeField));
}

/** An indexed field (section 6.1), or a literal without indexing (section 6.2.2). */
function encodeField(field: Field): Buffer {
  const index = indexOfField.get(field.join(separator));
  if (index !== undefined) return encodeInteger(0x80, 0x7f, index);
  const [name, value] = field;
  const nameIndex = indexOfName.get(name);
  if (nameIndex !== undefined) return Buffer.concat([encodeInteger(0, 0x0f, nameIndex), encodeString(value)]);
  return Buffer.concat([encodeInteger(0, 0x0f, 0), encodeString(name), encodeString(value)]);
}

/** A string without Huffman (section 5.2). */
function encodeString(text: string): Buffer {
  return Buffer.concat([encodeInteger(0, 0x7f, text.length), Buffer.from(text, 'latin1')]);
}

/** An integer (section 5.1) after the bits of `pattern`. `mask` is the largest value of the prefix. */
function encodeInteger(pattern: number, mask: number, value: number): Buffer {
  if (value < mask) return Buffer.from([pattern | value]);
  const bytes = [pattern | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
