/** Changes to the frames of a client: wrong lengths, identifiers, states, orders and values. */
import type { Random } from '../../../../security/differential/random.ts';
import { flag, settings, type, uint32, type WantedFrame, wanted } from './frames.ts';
import { integer } from './header-writer.ts';

/** Changes a list of frames in place. The position is that of an existing frame. */
type Mutation = (frames: WantedFrame[], at: number, random: Random) => void;

const change =
  (how: (frame: WantedFrame, random: Random) => Partial<WantedFrame>): Mutation =>
  (frames, at, random) => {
    const frame = frames[at];
    if (frame !== undefined) frames[at] = { ...frame, ...how(frame, random) };
  };
const insert =
  (make: (random: Random, known: number) => readonly WantedFrame[]): Mutation =>
  (frames, at, random) => {
    const known = frames[at]?.stream ?? 1;
    frames.splice(at, 0, ...make(random, known === 0 ? 1 : known));
  };

/** Changes the first header block from a position. */
const inBlock =
  (how: (fragment: Buffer, random: Random) => Buffer): Mutation =>
  (frames, from, random) => {
    const at = frames.findIndex((frame, index) => index >= from && frame.type === type.headers);
    const frame = frames[at];
    if (frame === undefined || (frame.flags & (flag.padded | flag.priority)) !== 0) return;
    frames[at] = { ...frame, payload: how(frame.payload, random) };
  };
const prepend = (...bytes: readonly number[]) =>
  inBlock((fragment) => Buffer.concat([Buffer.from(bytes), fragment]));
const append = (...bytes: readonly number[]) =>
  inBlock((fragment) => Buffer.concat([fragment, Buffer.from(bytes)]));

const anyStream = (random: Random, known: number) =>
  random.pick([0, 1, 2, known, known + 1, known + 2, 99, 1_001, 2 ** 31 - 1, 2 ** 31 + known]);

/** POST / over http, without the dynamic table. */
const smallBlock = Buffer.from([0x83, 0x86, 0x84]);
const whole = flag.endHeaders | flag.endStream;
const repeat = (count: number, make: () => WantedFrame) => Array.from({ length: count }, make);

/** The mutations by name. */
const mutations: Readonly<Record<string, Mutation>> = {
  'a flipped bit in the payload': change(({ payload }, random) => ({ payload: flip(payload, random) })),
  'a flipped bit in the flags': change(({ flags }, random) => ({ flags: flags ^ (1 << random.below(8)) })),
  'a flipped bit in the stream': change(({ stream }, random) => ({
    stream: (stream ^ (1 << random.below(31))) >>> 0,
  })),
  'another type': change((_, random) => ({ type: random.below(12) })),
  'another stream': change(({ stream }, random) => ({ stream: anyStream(random, stream) })),
  'the reserved bit': change(({ stream }) => ({ stream: (stream % 2 ** 31) + 2 ** 31 })),
  'a wrong length': change(({ payload }, random) => ({
    length: Math.max(0, payload.length + random.pick([-5, -1, 1, 4, 9, 100])),
  })),
  'a length above the limit': change((_, random) => ({ length: random.pick([16_385, 70_000, 2 ** 24 - 1]) })),
  'a payload of another length': change(({ payload }, random) => ({
    payload: payload.subarray(0, random.below(payload.length + 1)),
  })),
  'a dropped frame': (frames, at) => void frames.splice(at, 1),
  'a repeated frame': (frames, at) => void frames.splice(at, 0, ...frames.slice(at, at + 1)),
  'a frame at another place': (frames, at, random) =>
    void frames.splice(random.below(frames.length), 0, ...frames.splice(at, 1)),
  'the rest dropped': (frames, at) => void frames.splice(at),
  'a frame with random content': insert((random, known) => [
    wanted(random.below(12), random.below(256), anyStream(random, known), random.bytes(random.below(64))),
  ]),

  'DATA on any stream': insert((random, known) => [
    wanted(type.data, random.below(2), anyStream(random, known), random.bytes(random.below(20))),
  ]),
  'DATA with only padding': insert((_, known) => [
    wanted(type.data, flag.padded, known, Buffer.alloc(100, 99).fill(0, 1)),
  ]),
  'DATA with too much padding': insert((random, known) => [
    wanted(type.data, flag.padded, known, Buffer.from([random.pick([10, 255]), ...random.bytes(9)])),
  ]),
  'DATA with padding and no payload': insert((_, known) => [wanted(type.data, flag.padded, known)]),
  'empty DATA 20 times': insert((_, known) => repeat(20, () => wanted(type.data, 0, known))),

  'HEADERS on any stream': insert((random, known) => [
    wanted(type.headers, whole, anyStream(random, known), smallBlock),
  ]),
  'HEADERS without an end': insert((_, known) => [wanted(type.headers, 0, known + 2, smallBlock)]),
  'HEADERS with an empty block': insert((random, known) => [
    wanted(type.headers, whole, anyStream(random, known)),
  ]),
  'HEADERS with too much padding': insert((_, known) => [
    wanted(type.headers, whole | flag.padded, known + 2, Buffer.from([200, ...smallBlock])),
  ]),
  'HEADERS with padding of its whole rest': insert((_, known) => [
    wanted(type.headers, whole | flag.padded, known + 2, Buffer.from([3, 0, 0, 0])),
  ]),
  'HEADERS that depend on themselves': insert((random, known) => {
    const stream = random.pick([known, known + 2]);
    const dependency = Buffer.concat([uint32(stream), Buffer.from([1]), smallBlock]);
    return [wanted(type.headers, whole | flag.priority, stream, dependency)];
  }),
  'HEADERS with a short priority': insert((_, known) => [
    wanted(type.headers, whole | flag.priority, known + 2, Buffer.from([0, 0, 0])),
  ]),
  'trailers without END_STREAM': insert((_, known) => [
    wanted(type.headers, flag.endHeaders, known, Buffer.from([0, 1, 0x78, 1, 0x79])),
  ]),
  'trailers with a pseudo-header': insert((_, known) => [wanted(type.headers, whole, known, smallBlock)]),
  'trailers again': insert((_, known) =>
    repeat(2, () => wanted(type.headers, whole, known, Buffer.from([0, 1, 0x78, 1, 0x79]))),
  ),
  'CONTINUATION without a block': insert((random, known) => [
    wanted(type.continuation, random.pick([0, 4]), anyStream(random, known), smallBlock),
  ]),
  'CONTINUATION 30 times, empty': insert((_, known) => [
    wanted(type.headers, flag.endStream, known + 2, smallBlock),
    ...repeat(29, () => wanted(type.continuation, 0, known + 2)),
    wanted(type.continuation, flag.endHeaders, known + 2),
  ]),
  'a block that another frame interrupts': insert((random, known) => [
    wanted(type.headers, flag.endStream, known + 2, smallBlock),
    wanted(random.below(10), 0, random.pick([0, known, known + 2]), random.bytes(8)),
    wanted(type.continuation, flag.endHeaders, known + 2),
  ]),

  'PRIORITY on any stream': insert((random, known) => [
    wanted(type.priority, 0, anyStream(random, known), Buffer.concat([uint32(0), Buffer.from([1])])),
  ]),
  'PRIORITY of itself': insert((_, known) => [
    wanted(type.priority, 0, known, Buffer.concat([uint32(known), Buffer.from([1])])),
  ]),
  'PRIORITY of a wrong length': insert((random, known) => [
    wanted(type.priority, 0, known, random.bytes(random.pick([0, 4, 6]))),
  ]),

  'RST_STREAM on any stream': insert((random, known) => [
    wanted(type.rstStream, 0, anyStream(random, known), uint32(8)),
  ]),
  'RST_STREAM twice': insert((_, known) => repeat(2, () => wanted(type.rstStream, 0, known, uint32(8)))),
  'RST_STREAM of a wrong length': insert((random, known) => [
    wanted(type.rstStream, 0, known, random.bytes(random.pick([0, 3, 5]))),
  ]),

  'SETTINGS with any value': insert((random) => [
    wanted(
      type.settings,
      0,
      0,
      settings([
        random.below(10),
        random.pick([0, 1, 2, 16_383, 16_384, 2 ** 24 - 1, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]),
      ]),
    ),
  ]),
  'SETTINGS of a wrong length': insert((random) => [
    wanted(type.settings, 0, 0, random.bytes(random.pick([1, 5, 7, 11]))),
  ]),
  'SETTINGS on a stream': insert((_, known) => [wanted(type.settings, 0, known)]),
  'an acknowledgement with a payload': insert(() => [
    wanted(type.settings, flag.ack, 0, settings([4, 65_535])),
  ]),
  'an acknowledgement that answers nothing': insert(() => [wanted(type.settings, flag.ack, 0)]),
  'PUSH_PROMISE from the client': insert((_, known) => [
    wanted(type.pushPromise, flag.endHeaders, known, Buffer.concat([uint32(2), smallBlock])),
  ]),
  'PING of a wrong length': insert((random) => [
    wanted(type.ping, 0, 0, random.bytes(random.pick([0, 7, 9]))),
  ]),
  'an acknowledged PING that was not sent': insert((random) => [
    wanted(type.ping, flag.ack, 0, random.bytes(8)),
  ]),
  'PING on a stream': insert((_, known) => [wanted(type.ping, 0, known, Buffer.alloc(8))]),
  GOAWAY: insert((random) => [
    wanted(type.goAway, 0, 0, Buffer.concat([uint32(0), uint32(random.pick([0, 2])), Buffer.from('bye')])),
  ]),
  'GOAWAY on a stream': insert((_, known) => [wanted(type.goAway, 0, known, Buffer.alloc(8))]),
  'GOAWAY of a wrong length': insert(() => [wanted(type.goAway, 0, 0, Buffer.alloc(7))]),
  'WINDOW_UPDATE of 0': insert((random, known) => [
    wanted(type.windowUpdate, 0, random.pick([0, known]), uint32(0)),
  ]),
  'WINDOW_UPDATE beyond the limit': insert((random, known) => {
    const stream = random.pick([0, known]);
    return repeat(2, () => wanted(type.windowUpdate, 0, stream, uint32(2 ** 31 - 1)));
  }),
  'WINDOW_UPDATE on any stream': insert((random, known) => [
    wanted(type.windowUpdate, 0, anyStream(random, known), uint32(10)),
  ]),
  'WINDOW_UPDATE of a wrong length': insert((random, known) => [
    wanted(type.windowUpdate, 0, random.pick([0, known]), random.bytes(random.pick([0, 3, 5]))),
  ]),
  'INITIAL_WINDOW_SIZE beyond the limit for an open stream': insert((_, known) => [
    wanted(type.windowUpdate, 0, known, uint32(2 ** 31 - 1 - 70_000)),
    wanted(type.settings, 0, 0, settings([4, 2 ** 31 - 1])),
  ]),
  'INITIAL_WINDOW_SIZE lowered and raised': insert(() => [
    wanted(type.settings, 0, 0, settings([4, 0], [4, 70_000], [4, 1])),
  ]),

  'the index 0': prepend(0x80),
  'an index beyond the table': append(0xff, 0x80, 0x40),
  'an index of any entry': inBlock((fragment, random) =>
    Buffer.concat([fragment, Buffer.from(integer(1 + random.below(75), 7, 0x80))]),
  ),
  'an integer without an end': append(0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01),
  'an integer with zeros': append(0x7f, 0x80, 0x80, 0x00, 0x00, 0x01, 0x76),
  'a block that ends in a string': append(0x00, 0x05, 0x61),
  'a size of the table above the limit': prepend(0x3f, 0xe2, 0x1f),
  'a size of the table in the middle': append(0x20),
  'a size of the table twice': prepend(0x20, 0x3f, 0xe1, 0x1f),
  'a size of the table three times': prepend(0x20, 0x21, 0x22),
  'a Huffman string with EOS': append(0x00, 0x01, 0x78, 0x84, 0xff, 0xff, 0xff, 0xff),
  'a Huffman string with padding of zeros': append(0x00, 0x01, 0x78, 0x81, 0x18),
  'a Huffman string with a byte of padding': append(0x00, 0x01, 0x78, 0x82, 0x1f, 0xff),
  'an entry larger than the table': append(
    0x40,
    0x01,
    0x78,
    ...integer(4_200, 7, 0),
    ...Buffer.alloc(4_200, 0x61),
  ),
  'a block of any content': inBlock((fragment, random) => random.bytes(fragment.length)),
};

const names = Object.keys(mutations);

/** Applies one mutation at random, and returns its name. */
export function mutate(frames: WantedFrame[], random: Random): string {
  const name = random.pick(names);
  if (frames.length > 0) mutations[name]?.(frames, random.below(frames.length), random);
  return name;
}

function flip(payload: Buffer, random: Random): Buffer {
  if (payload.length === 0) return payload;
  const copy = Buffer.from(payload);
  const at = random.below(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  return copy;
}
