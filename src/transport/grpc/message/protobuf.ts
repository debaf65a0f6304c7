/**
 * The wire format of protocol buffers (protobuf.dev, "Encoding"): reading a message field by field without making
 * objects of what nobody asks for, and writing one.
 */

/** How a value is written. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** How deep groups may stand in each other. Nobody reads one; C++, and so Envoy, has the same bound. */
export const deepestGroup = 100;

/** The first number that no tag has: field numbers have 29 bits, wire types three. */
export const firstInvalidTag = 2 ** 32;

/** The same within a group, of which nothing is read but where it ends: there Go takes numbers of 31 bits. */
export const firstInvalidTagInGroup = 2 ** 34;

/** Walks over the fields of one message. */
export interface FieldCursor {
  readonly bytes: Buffer;
  /** Where the next field begins, and the message ends. */
  next: number;
  end: number;
  /** The field that was read last: its number, its wire type, and where its value is. */
  field: number;
  wireType: number;
  valueStart: number;
  valueEnd: number;
}

/** Says that bytes are no message. */
export class MalformedMessage extends Error {}

/** Makes a cursor before the first field of the message between two offsets. */
export function fieldsOf(bytes: Buffer, next = 0, end = bytes.length): FieldCursor {
  return { bytes, next, end, field: 0, wireType: 0, valueStart: 0, valueEnd: 0 };
}

/** Makes a cursor over the message that is the value of a field. */
export function fieldsWithin({ bytes, valueStart, valueEnd }: FieldCursor): FieldCursor {
  return fieldsOf(bytes, valueStart, valueEnd);
}

/**
 * Goes on to the next field.
 *
 * @returns whether there is one
 * @throws MalformedMessage where the bytes end within a field, or are none
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
  if (cursor.valueEnd > cursor.end) throw new MalformedMessage('a value that goes beyond its message');
  cursor.next = cursor.valueEnd;
  return true;
}

function readTag(cursor: FieldCursor, firstInvalid = firstInvalidTag): void {
  const tag = readVarint(cursor);
  cursor.field = Math.floor(tag / 8);
  cursor.wireType = tag % 8;
  if (cursor.field === 0 || tag >= firstInvalid) throw new MalformedMessage('a tag without a field number');
}

/** Passes over a group, a field that older messages have: everything up to the tag that ends it. */
function skipGroup(cursor: FieldCursor): void {
  const open = [cursor.field];
  while (open.length > 0) {
    if (open.length > deepestGroup) throw new MalformedMessage('too many groups in each other');
    readTag(cursor, firstInvalidTagInGroup);
    if (cursor.wireType === wireType.startGroup) open.push(cursor.field);
    else if (cursor.wireType === wireType.endGroup) {
      if (open.pop() !== cursor.field) throw new MalformedMessage('a group that another one ends');
    } else {
      const length = lengthOfValue(cursor);
      cursor.next += length;
      if (cursor.next > cursor.end) throw new MalformedMessage('a value that goes beyond its message');
    }
  }
  cursor.wireType = wireType.startGroup;
  cursor.valueEnd = cursor.next;
}

/** Whether the field that was read last is of a number, and of bytes: a text or a message. */
export function isBytesField(cursor: FieldCursor, field: number): boolean {
  return cursor.field === field && cursor.wireType === wireType.bytes;
}

/** The value of the field that was read last, as text; what is no UTF-8 becomes U+FFFD. */
export function textOf({ bytes, valueStart, valueEnd }: FieldCursor): string {
  return bytes.toString('utf8', valueStart, valueEnd);
}

/** The value of the field that was read last, as a whole number. */
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
      throw new MalformedMessage('a wire type that is none');
  }
}

/** The most bytes that a varint has: ten groups of seven bits, of which the last holds the 64th bit alone. */
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
  throw new MalformedMessage('a number that does not end, or of more than 64 bits');
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
 * A part of a message that is written, one character a byte: strings are put together at a fraction of the cost of
 * buffers, and an answer has a hundred parts.
 */
export type Written = string;

/** Writes a field that holds a message. */
export function messageField(field: number, message: Written): Written {
  return varint(field * 8 + wireType.bytes) + varint(message.length) + message;
}

/** Writes a field that holds text. */
export function textField(field: number, text: string): Written {
  return messageField(field, utf8(text));
}

/** Writes a field that holds a whole number from 0 on. */
export function numberField(field: number, value: number): Written {
  return varint(field * 8 + wireType.varint) + varint(value);
}

/** Writes a field that holds a number of double precision. */
export function doubleField(field: number, value: number): Written {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return varint(field * 8 + wireType.fixed64) + bytes.toString('latin1');
}

/** The bytes of a message that was written. */
export function toBytes(message: Written): Buffer {
  return Buffer.from(message, 'latin1');
}

function utf8(text: string): Written {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

function varint(value: number): Written {
  if (value < 0x80) return String.fromCharCode(value);
  return String.fromCharCode((value % 0x80) + 0x80) + varint(Math.floor(value / 0x80));
}
