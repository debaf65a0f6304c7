/** The bytes of one random client, which a seed repeats. */
import { createRandom, type Random } from '../../../../security/differential/random.ts';
import {
  bytesOf,
  flag,
  preface,
  readFrames,
  settings,
  type,
  uint32,
  type WantedFrame,
  wanted,
} from './frames.ts';
import { mutate } from './mutations.ts';
import { makePlan, type Plan, type PlannedCall } from './plan.ts';

/** One client. */
export interface FuzzCase {
  readonly seed: number;
  readonly frames: readonly WantedFrame[];
  /** The calls that must reach the handler, if the server has no reason to end the connection. */
  readonly expected: readonly PlannedCall[];
  /** Those whose frames all come before the first mutation: they arrive even if the server then ends the connection. */
  readonly certain: readonly PlannedCall[];
  /** Whether the client is correct: then no other calls reach the handler, and the connection stays open. */
  readonly isCorrect: boolean;
  /** The names of the mutations and of the changes to fields. */
  readonly changes: readonly string[];
  /** The first bytes. */
  readonly start: Buffer;
}

/** The PING that ends the bytes of every case. Its acknowledgement shows that the server has read everything before it. */
export const lastPing = Buffer.from('the end!');

/** Creates the case of a seed. */
export function createCase(seed: number): FuzzCase {
  const random = createRandom(seed);
  const isValid = random.chance(0.3);
  const plan = makePlan(random, isValid || random.chance(0.5) ? 0 : 0.3);
  const changes = [...plan.changes];
  const frames = [...plan.frames];
  let start = preface;
  if (!isValid) {
    const count = random.pick([0, 1, 1, 1, 2, 3]);
    for (let index = 0; index < count; index++) changes.push(mutate(frames, random));
    if (random.chance(0.01)) {
      changes.push('a changed preface');
      start = Buffer.from(preface);
      start[random.below(start.length)] = random.below(256);
    }
  }
  return {
    ...{ seed, frames, start, changes },
    // Another initial window can be too large for any stream.
    expected: changes.some((name) => /INITIAL_WINDOW|SETTINGS with any value/.test(name))
      ? callsBeforeMutations(plan, frames)
      : unchangedCalls(plan, frames),
    certain: start === preface ? callsBeforeMutations(plan, frames) : [],
    isCorrect: changes.length === 0,
  };
}

/**
 * The planned calls that the mutations leave alone: those with the same frames as before, and with header blocks before the first
 * one that changed. After it, the tables of the compression and the streams may differ.
 */
function unchangedCalls(plan: Plan, frames: readonly WantedFrame[]): PlannedCall[] {
  if (frames.some(({ length }) => length !== undefined)) return [];
  const streamOf = ({ stream }: WantedFrame) => stream % 2 ** 31;
  const [before, after] = [plan.frames, frames].map((list) => Map.groupBy(list, streamOf));
  const areSame = (one: readonly WantedFrame[] = [], other: readonly WantedFrame[] = []) =>
    one.length === other.length && one.every((frame, index) => frame === other[index]);
  const [blocks = [], newBlocks = []] = [plan.frames, frames].map((list) => list.filter(isOfBlock));
  const firstChange = blocks.findIndex((frame, index) => frame !== newBlocks[index]);
  const later = new Set(firstChange < 0 ? [] : blocks.slice(firstChange).map(streamOf));
  return plan.calls.filter(
    ({ stream }) => !later.has(stream) && areSame(before?.get(stream), after?.get(stream)),
  );
}

function callsBeforeMutations({ frames, calls }: Plan, mutated: readonly WantedFrame[]): PlannedCall[] {
  const first = frames.findIndex((frame, index) => frame !== mutated[index]);
  const later = new Set(first < 0 ? [] : frames.slice(first).map(({ stream }) => stream));
  return calls.filter(({ stream }) => !later.has(stream));
}

function isOfBlock({ type: frameType }: WantedFrame): boolean {
  return frameType === type.headers || frameType === type.continuation;
}

/**
 * The bytes of a case. An incomplete frame at the end gets the rest of its payload, so that the last PING is read as a frame.
 * A large window before it lets all responses out.
 */
export function writeCase({ start, frames }: FuzzCase): Buffer {
  const all = frames.map(bytesOf);
  const bytes = Buffer.concat(all);
  const { rest } = readFrames(bytes);
  const missing = rest.length === 0 ? 0 : restOfFrame(rest);
  return Buffer.concat([
    start,
    bytes,
    Buffer.alloc(missing),
    bytesOf(wanted(type.settings, 0, 0, settings([4, 10_000_000]))),
    bytesOf(wanted(type.windowUpdate, 0, 0, uint32(2 ** 30))),
    bytesOf(wanted(type.ping, 0, 0, lastPing)),
  ]);
}

/** Whether a frame is the acknowledgement of the last PING. */
export function isLastAck(frame: { type: number; flags: number; payload: Buffer }): boolean {
  return frame.type === type.ping && (frame.flags & flag.ack) !== 0 && frame.payload.equals(lastPing);
}

/** Splits bytes at random places. */
export function splitBytes(bytes: Buffer, random: Random): Buffer[] {
  const most = random.pick([1, 9, 100, 2_000, 100_000, 100_000]);
  const count = Math.min(40, Math.ceil(bytes.length / most));
  const cuts = Array.from({ length: count - 1 }, () => random.below(bytes.length)).toSorted((a, b) => a - b);
  return [0, ...cuts].map((cut, index) => bytes.subarray(cut, cuts[index]));
}

function restOfFrame(rest: Buffer): number {
  const head = Buffer.concat([rest, Buffer.alloc(Math.max(0, 9 - rest.length))]);
  // A frame above the limit ends the connection when its header is read (RFC 9113 section 4.2).
  const payload = Math.min(head.readUIntBE(0, 3), 20_000);
  return Math.max(0, 9 + payload - rest.length);
}
