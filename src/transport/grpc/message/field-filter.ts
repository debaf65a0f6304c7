/** Parses a protobuf message as its bytes arrive, and stores only the fields that a decision reads. Skips others, such as the body. */
import { type ByteBuffer, createByteBuffer } from './byte-buffer.ts';
import {
  deepestGroup,
  firstInvalidTag,
  firstInvalidTagInGroup,
  longestVarint,
  MalformedMessage,
  wireType,
} from './protobuf.ts';

/** The fields of a message that are stored, by number. All others are skipped. */
export interface FieldSelection {
  /** Fields that are stored whole. */
  readonly stored: readonly number[];
  /** Fields that are skipped and may be large. Their bytes are counted. */
  readonly bulk?: readonly number[];
  /** Fields that are messages themselves, and their selections. */
  readonly nested: Readonly<Record<number, FieldSelection>>;
}

/** Filters one message. */
export interface FieldFilter {
  /**
   * Adds the next bytes.
   *
   * @throws MalformedMessage if the bytes are not a valid message
   */
  readonly add: (bytes: Buffer) => void;
  /**
   * The stored fields as a message.
   *
   * @throws MalformedMessage if the message ends within a field
   */
  readonly finish: () => Buffer;
  /** The fields stored so far as a message, without an incomplete one. */
  readonly soFar: () => Buffer;
  /** The number of stored bytes. */
  readonly storedBytes: () => number;
  /** The number of skipped bytes of the bulk fields. */
  readonly bulkBytes: () => number;
  /** The allocated memory, in bytes. */
  readonly heldBytes: () => number;
}

/** A message that is being parsed. */
interface Level {
  readonly selection: FieldSelection;
  /** Its stored fields. All occurrences of a nested message share one buffer, because protobuf merges them. */
  readonly stored: ByteBuffer;
  /** Its end, as an offset in the outermost message. */
  readonly end: number;
}

/** The length of a message that only its end shows. */
export const unknownLength = Number.POSITIVE_INFINITY;

/** Creates a filter for a message. @param length the length of the message in bytes, or {@link unknownLength} */
export function createFieldFilter(selection: FieldSelection, length: number): FieldFilter {
  const stores = new Map<FieldSelection, ByteBuffer>();
  const storeOf = (of: FieldSelection) => stores.getOrInsertComputed(of, () => createByteBuffer(length));
  const contentOf = (of: FieldSelection) => storeOf(of).bytes();
  const levels: Level[] = [{ selection, stored: storeOf(selection), end: length }];
  const groups: number[] = [];
  let level = levels[0] as Level;
  let position = 0;
  let bulk = 0;

  /** The part of the message at the next byte: a tag, a length, a number, or a value of `valueLeft` bytes. */
  let state: 'tag' | 'length' | 'number' | 'value' = 'tag';
  let [number, numberBytes] = [0, 0];
  let tag = 0;
  let valueLeft = 0;
  let kind: 'stored' | 'bulk' | 'other' = 'other';
  /** The stored bytes of the level before the current field. */
  let storedBefore = 0;

  const field = () => Math.floor(tag / 8);

  /** Called after the last byte of a field. Leaves the messages that end here. */
  const fieldEnds = () => {
    state = 'tag';
    while (levels.length > 1 && groups.length === 0 && position === level.end) {
      levels.pop();
      level = levels.at(-1) as Level;
    }
  };
  const valueBegins = (bytes: number) => {
    if (bytes > level.end - position) throw new MalformedMessage('a value extends beyond its message');
    if (bytes === 0) return fieldEnds();
    state = 'value';
    valueLeft = bytes;
  };
  const tagEnds = () => {
    const firstInvalid = groups.length > 0 ? firstInvalidTagInGroup : firstInvalidTag;
    if (number < 8 || number >= firstInvalid) throw new MalformedMessage('a tag has an invalid field number');
    tag = number;
    kind = 'other';
    switch (tag % 8) {
      case wireType.varint:
        state = 'number';
        return;
      case wireType.bytes:
        state = 'length';
        return;
      case wireType.fixed64:
        return valueBegins(8);
      case wireType.fixed32:
        return valueBegins(4);
      case wireType.startGroup:
        if (groups.push(field()) > deepestGroup) throw new MalformedMessage('groups are nested too deeply');
        return fieldEnds();
      case wireType.endGroup:
        if (groups.pop() !== field()) throw new MalformedMessage('a group has the end tag of another group');
        return fieldEnds();
      default:
        throw new MalformedMessage('a tag has an invalid wire type');
    }
  };
  const lengthEnds = () => {
    const { selection: of, end } = level;
    if (number > end - position) throw new MalformedMessage('a value extends beyond its message');
    if (groups.length > 0) return valueBegins(number);
    const nested = of.nested[field()];
    if (nested !== undefined) {
      level = { selection: nested, stored: storeOf(nested), end: position + number };
      levels.push(level);
      return fieldEnds();
    }
    if (of.stored.includes(field())) {
      kind = 'stored';
      storedBefore = level.stored.size();
      level.stored.addVarint(tag);
      level.stored.addVarint(number);
    } else if (of.bulk?.includes(field())) kind = 'bulk';
    valueBegins(number);
  };
  /** Adds a byte of a varint: of a tag, a length or a number. */
  const addVarintByte = (byte: number) => {
    if (++numberBytes === longestVarint && byte > 1)
      throw new MalformedMessage('a varint has more than 64 bits');
    number += (byte & 0x7f) * 128 ** (numberBytes - 1);
    if (byte >= 0x80) return;
    if (state === 'tag') tagEnds();
    else if (state === 'length') lengthEnds();
    else fieldEnds();
    [number, numberBytes] = [0, 0];
  };

  return {
    add: (bytes) => {
      let offset = 0;
      while (offset < bytes.length) {
        if (state === 'value') {
          const count = Math.min(valueLeft, bytes.length - offset);
          if (kind === 'stored') level.stored.add(bytes, offset, offset + count);
          else if (kind === 'bulk') bulk += count;
          offset += count;
          position += count;
          valueLeft -= count;
          if (valueLeft === 0) fieldEnds();
        } else {
          if (position >= level.end) throw new MalformedMessage('a field extends beyond its message');
          position++;
          addVarintByte(bytes[offset++] ?? 0);
        }
      }
    },
    finish: () => {
      const isShort = position !== length && length !== unknownLength;
      if (isShort || state !== 'tag' || numberBytes > 0 || groups.length > 0 || levels.length > 1)
        throw new MalformedMessage('a message ends within a field');
      return assemble(selection, contentOf);
    },
    soFar: () =>
      assemble(selection, (of) =>
        of === level.selection && state === 'value' && kind === 'stored'
          ? contentOf(of).subarray(0, storedBefore)
          : contentOf(of),
      ),
    storedBytes: () => sumOf(stores, (store) => store.size()),
    bulkBytes: () => bulk,
    heldBytes: () => sumOf(stores, (store) => store.capacity()),
  };
}

function sumOf(stores: ReadonlyMap<unknown, ByteBuffer>, of: (store: ByteBuffer) => number): number {
  let sum = 0;
  for (const store of stores.values()) sum += of(store);
  return sum;
}

/** Joins the stored fields of a message and of its nested messages. */
function assemble(selection: FieldSelection, contentOf: (of: FieldSelection) => Buffer): Buffer {
  const own = contentOf(selection);
  const messages = Object.entries(selection.nested)
    .map(([field, nested]) => [Number(field), assemble(nested, contentOf)] as const)
    .filter(([, message]) => message.length > 0);
  const length = messages.reduce((sum, [, message]) => sum + message.length + 2 * longestVarint, own.length);
  const whole = createByteBuffer(length);
  whole.add(own, 0, own.length);
  for (const [field, message] of messages) {
    whole.addVarint(field * 8 + wireType.bytes);
    whole.addVarint(message.length);
    whole.add(message, 0, message.length);
  }
  return whole.bytes();
}
