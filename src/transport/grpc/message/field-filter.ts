/**
 * Takes a message as its bytes come in, and keeps of it the fields that are read. What nobody reads, such as a body, is
 * passed over without being stored.
 */
import { createKeptBytes, type KeptBytes } from './byte-buffer.ts';
import {
  deepestGroup,
  firstInvalidTag,
  firstInvalidTagInGroup,
  longestVarint,
  MalformedMessage,
  wireType,
} from './protobuf.ts';

/** Which fields of a message are kept. All others are passed over. */
export interface MessageParts {
  /** Those that are kept whole: texts, and messages of which most is read. */
  readonly kept: readonly number[];
  /** Those that may be large and are passed over. */
  readonly bulk?: readonly number[];
  /** Those that are messages of which a part is kept. */
  readonly within: Readonly<Record<number, MessageParts>>;
}

/** Takes one message. */
export interface Sieve {
  /**
   * Takes the next bytes.
   *
   * @throws MalformedMessage where they are no message
   */
  readonly add: (bytes: Buffer) => void;
  /**
   * What was kept, as a message that reads like the one that came.
   *
   * @throws MalformedMessage where the message ends within a field
   */
  readonly finish: () => Buffer;
  /** What was kept so far, without the field that is coming in. */
  readonly soFar: () => Buffer;
  /** Bytes that were kept. */
  readonly keptBytes: () => number;
  /** Bytes that were passed over of the fields that may be large. */
  readonly bulkBytes: () => number;
  /** Memory that is held, in bytes. */
  readonly heldBytes: () => number;
}

/** A message that is being read. */
interface Level {
  readonly parts: MessageParts;
  /** What was kept of its fields. Of a message that comes twice both halves count (they merge), so there is one for all. */
  readonly kept: KeptBytes;
  /** Where it ends, counted from the first byte of all. */
  readonly end: number;
}

/** Makes a sieve for a message of a length in bytes. */
export function createSieve(parts: MessageParts, length: number): Sieve {
  const stores = new Map<MessageParts, KeptBytes>();
  const storeOf = (of: MessageParts) => stores.getOrInsertComputed(of, () => createKeptBytes(length));
  const contentOf = (of: MessageParts) => storeOf(of).bytes();
  const levels: Level[] = [{ parts, kept: storeOf(parts), end: length }];
  const groups: number[] = [];
  let level = levels[0] as Level;
  let position = 0;
  let bulk = 0;

  /** What the next byte is part of: a tag, a length, a number, or so many bytes of a value. */
  let state: 'tag' | 'length' | 'number' | 'value' = 'tag';
  let [number, numberBytes] = [0, 0];
  let tag = 0;
  let valueLeft = 0;
  let kind: 'kept' | 'bulk' | 'other' = 'other';
  /** How much was kept of the level before the field that is coming in. */
  let keptBefore = 0;

  const field = () => Math.floor(tag / 8);

  /** Looks at what was begun when its last byte has come. */
  const fieldEnds = () => {
    state = 'tag';
    while (levels.length > 1 && groups.length === 0 && position === level.end) {
      levels.pop();
      level = levels.at(-1) as Level;
    }
  };
  const valueBegins = (bytes: number) => {
    if (bytes > level.end - position) throw new MalformedMessage('a value that goes beyond its message');
    if (bytes === 0) return fieldEnds();
    state = 'value';
    valueLeft = bytes;
  };
  const tagEnds = () => {
    const firstInvalid = groups.length > 0 ? firstInvalidTagInGroup : firstInvalidTag;
    if (number < 8 || number >= firstInvalid) throw new MalformedMessage('a tag without a field number');
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
        if (groups.push(field()) > deepestGroup) throw new MalformedMessage('too many groups in each other');
        return fieldEnds();
      case wireType.endGroup:
        if (groups.pop() !== field()) throw new MalformedMessage('a group that another one ends');
        return fieldEnds();
      default:
        throw new MalformedMessage('a wire type that is none');
    }
  };
  const lengthEnds = () => {
    const { parts: of, end } = level;
    if (number > end - position) throw new MalformedMessage('a value that goes beyond its message');
    if (groups.length > 0) return valueBegins(number);
    const within = of.within[field()];
    if (within !== undefined) {
      level = { parts: within, kept: storeOf(within), end: position + number };
      levels.push(level);
      return fieldEnds();
    }
    if (of.kept.includes(field())) {
      kind = 'kept';
      keptBefore = level.kept.size();
      level.kept.addVarint(tag);
      level.kept.addVarint(number);
    } else if (of.bulk?.includes(field())) kind = 'bulk';
    valueBegins(number);
  };
  /** Takes a byte of a varint; what it is of decides what comes behind its last. */
  const takeByte = (byte: number) => {
    if (++numberBytes === longestVarint && byte > 1)
      throw new MalformedMessage('a number that does not end, or of more than 64 bits');
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
          const taken = Math.min(valueLeft, bytes.length - offset);
          if (kind === 'kept') level.kept.add(bytes, offset, offset + taken);
          else if (kind === 'bulk') bulk += taken;
          offset += taken;
          position += taken;
          valueLeft -= taken;
          if (valueLeft === 0) fieldEnds();
        } else {
          if (position >= level.end) throw new MalformedMessage('a field that goes beyond its message');
          position++;
          takeByte(bytes[offset++] ?? 0);
        }
      }
    },
    finish: () => {
      if (position !== length || state !== 'tag' || numberBytes > 0 || groups.length > 0 || levels.length > 1)
        throw new MalformedMessage('a message that ends within a field');
      return assemble(parts, contentOf);
    },
    soFar: () =>
      assemble(parts, (of) =>
        of === level.parts && state === 'value' && kind === 'kept'
          ? contentOf(of).subarray(0, keptBefore)
          : contentOf(of),
      ),
    keptBytes: () => sumOf(stores, (store) => store.size()),
    bulkBytes: () => bulk,
    heldBytes: () => sumOf(stores, (store) => store.capacity()),
  };
}

function sumOf(stores: ReadonlyMap<unknown, KeptBytes>, of: (store: KeptBytes) => number): number {
  let sum = 0;
  for (const store of stores.values()) sum += of(store);
  return sum;
}

/** Puts what was kept of a message and of those within it into one message. */
function assemble(parts: MessageParts, contentOf: (of: MessageParts) => Buffer): Buffer {
  const own = contentOf(parts);
  const messages = Object.entries(parts.within)
    .map(([field, within]) => [Number(field), assemble(within, contentOf)] as const)
    .filter(([, message]) => message.length > 0);
  const length = messages.reduce((sum, [, message]) => sum + message.length + 2 * longestVarint, own.length);
  const whole = createKeptBytes(length);
  whole.add(own, 0, own.length);
  for (const [field, message] of messages) {
    whole.addVarint(field * 8 + wireType.bytes);
    whole.addVarint(message.length);
    whole.add(message, 0, message.length);
  }
  return whole.bytes();
}
