/** Reads and writes the protobuf wire format (protobuf.dev, "Encoding") field by field, without an object per message. */

/** The wire types of values. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** The deepest nesting of groups. The C++ library, which Envoy uses, has the same limit. */
export const deepestGroup = 100;

/** The smallest number that is too large for a tag: 29 bits of field number and 3 bits of wire type. */
export const firstInvalidTag = 2 ** 32;

/** The same within a group, which is skipped. The Go library accepts field numbers of 31 bits there. */
export const firstInvalidTagInGroup = 2 ** 34;

/** A cursor over the fields of one message. */
export interface FieldCursor {
  readonly bytes: Buffer;
  /** The offsets of the next field and of the end of the message. */
  next: number;
  end: number;
  /** The current field: its number, its wire type, and the offsets of its value. */
  field: number;
  wireType: number;
  valueStart: number;
  valueEnd: number;
}

/** The bytes are not a valid message. */
export class MalformedMessage extends Error {}

/** Creates a cursor before the first field of the message between two offsets. */
export function fieldsOf(bytes: Buffer, next = 0, end = bytes.length): FieldCursor {
  return { bytes, next, end, field: 0, wireType: 0, valueStart: 0, valueEnd: 0 };
}

/** Creates a cursor over the message in the current field. */
export function fieldsWithin({ bytes, valueStart, valueEnd }: FieldCursor): FieldCursor {
  return fieldsOf(bytes, valueStart, valueEnd);
}

/** Moves a cursor before the first field of the message in the current field of another one, over the same bytes. */
export function moveWithin(cursor: FieldCursor, { valueStart, valueEnd }: FieldCursor): FieldCursor {
  cursor.next = valueStart;
  cursor.end = valueEnd;
  return cursor;
}

/**
 * Moves to the next field.
 *
 * @returns whether there is one
 * @throws MalformedMessage if the field is invalid or incomplete
 */
export function nextField(cursor: FieldCursor): boolean {
  if (cursor.next >= cursor.end) return false;
  readTag(cursor);
  if (cursor.wireType === wireType.startGroup) {
    cursor.valueStart = cursor.next;
    skipGroup(cursor);
    return true;
  }
  const length = lengthOfValue(cursor);
  cursor.valueStart = cursor.next;
  cursor.valueEnd = cursor.next + length;
  if (cursor.valueEnd > cursor.end) throw new MalformedMessage('a value extends beyond its message');
  cursor.next = cursor.valueEnd;
  return true;
}

function readTag(cursor: FieldCursor, firstInvalid = firstInvalidTag): void {
  const tag = readVarint(cursor);
  cursor.field = Math.floor(tag / 8);
  cursor.wireType = tag % 8;
  if (cursor.field === 0 || tag >= firstInvalid)
    throw new MalformedMessage('a tag has an invalid field number');
}

/** Skips a group, an obsolete kind of field, up to its end tag. */
function skipGroup(cursor: FieldCursor): void {
  const open = [cursor.field];
  while (open.length > 0) {
    if (open.length > deepestGroup) throw new MalformedMessage('groups are nested too deeply');
    readTag(cursor, firstInvalidTagInGroup);
    if (cursor.wireType === wireType.startGroup) open.push(cursor.field);
    else if (cursor.wireType === wireType.endGroup) {
      if (open.pop() !== cursor.field) throw new MalformedMessage('a group has the end tag of another group');
    } else {
      const length = lengthOfValue(cursor);
      cursor.next += length;
      if (cursor.next > cursor.end) throw new MalformedMessage('a value extends beyond its message');
    }
  }
  cursor.wireType = wireType.startGroup;
  cursor.valueEnd = cursor.next;
}

/** Whether the current field has a number, and is a string, bytes or a message. */
export function isBytesField(cursor: FieldCursor, field: number): boolean {
  return cursor.field === field && cursor.wireType === wireType.bytes;
}

/** The value of the current field as text. Invalid UTF-8 becomes U+FFFD. */
export function textOf({ bytes, valueStart, valueEnd }: FieldCursor): string {
  return bytes.toString('utf8', valueStart, valueEnd);
}

/** The value of the current field as an integer. */
export function numberOf({ bytes, valueStart, valueEnd }: FieldCursor): number {
  return readVarint(fieldsOf(bytes, valueStart, valueEnd));
}

function lengthOfValue(cursor: FieldCursor): number {
  switch (cursor.wireType) {
    case wireType.varint:
      return lengthOfVarint(cursor);
    case wireType.fixed64:
      return 8;
    case wireType.bytes:
      return readVarint(cursor);
    case wireType.fixed32:
      return 4;
    default:
      throw new MalformedMessage('a tag has an invalid wire type');
  }
}

/** The longest varint, in bytes: nine bytes of 7 bits, and one with the 64th bit. */
export const longestVarint = 10;

function lengthOfVarint({ bytes, next, end }: FieldCursor): number {
  const limit = Math.min(end, next + longestVarint);
  for (let index = next; index < limit; index++) {
    const byte = bytes[index] ?? 0;
    if (byte >= 0x80) continue;
    const length = index - next + 1;
    if (length === longestVarint && byte > 1) break;
    return length;
  }
  throw new MalformedMessage('a varint is incomplete, or has more than 64 bits');
}

function readVarint(cursor: FieldCursor): number {
  const { bytes, next } = cursor;
  const length = lengthOfVarint(cursor);
  cursor.next += length;
  let value = 0;
  for (let index = length - 1; index >= 0; index--) value = value * 128 + ((bytes[next + index] ?? 0) & 0x7f);
  return value;
}

/**
 * A written part of a message, one character per byte. Joining strings costs much less than joining buffers, and a response
 * has about a hundred parts.
 */
export type Written = string;

/** Writes a field with a message. */
export function messageField(field: number, message: Written): Written {
  return fieldHead(field, message.length) + message;
}

/** Writes what precedes a message of a length, in bytes. */
export function fieldHead(field: number, length: number): Written {
  return varint(field * 8 + wireType.bytes) + varint(length);
}

/** Writes a field with text. */
export function textField(field: number, text: string): Written {
  return messageField(field, utf8(text));
}

/** Writes a field with an unsigned integer. */
export function numberField(field: number, value: number): Written {
  return varint(field * 8 + wireType.varint) + varint(value);
}

/** Writes a field with a double. */
export function doubleField(field: number, value: number): Written {
  return varint(field * 8 + wireType.fixed64) + createWriteDouble()(value);
}

/** Creates the writer of the eight bytes of a double. */
export function createWriteDouble(): (value: number) => Written {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  return (value) => {
    view.setFloat64(0, value, true);
    return String.fromCharCode(...bytes);
  };
}

/** Converts a written message to bytes. */
export function toBytes(message: Written): Buffer {
  return Buffer.from(message, 'latin1');
}

/** Writes the UTF-8 of a text. */
export function utf8(text: string): Written {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

function varint(value: number): Written {
  if (value < 0x80) return String.fromCharCode(value);
  return String.fromCharCode((value % 0x80) + 0x80) + varint(Math.floor(value / 0x80));
}
