/** Plans what a correct client sends on one connection, and what its server must deliver. */
import { createHash } from 'node:crypto';
import type { Random } from '../../../../security/differential/random.ts';
import { flag, settings, type, uint32, type WantedFrame, wanted } from './frames.ts';
import { createHeaderWriter, type Field } from './header-writer.ts';
import { changeFields, fieldChanges } from './malformed-fields.ts';

/** A call as a handler sees it. */
export interface DeliveredCall {
  readonly method: string;
  readonly path: string;
  /** Whether the whole request arrived. */
  readonly complete: boolean;
  /** The length and the start of the hash of its body. Empty if the handler responds without reading it. */
  readonly body: string;
}

/** A call that a correct client makes. */
export interface PlannedCall extends DeliveredCall {
  readonly stream: number;
  /** Whether the client resets it. */
  readonly isReset: boolean;
  /** The bytes of the response that it asks for. */
  readonly size: number;
  readonly isEarly: boolean;
}

/** Everything that a client sends after the preface, and the calls in it. */
export interface Plan {
  readonly frames: WantedFrame[];
  readonly calls: readonly PlannedCall[];
  /** The names of the changes that made fields malformed or unusual. Their calls are not among `calls`. */
  readonly changes: readonly string[];
}

/** The windows of a stream and of the connection for data of the client, and its largest frame. */
export const windows = { stream: 64 * 1024 - 1, connection: 1024 * 1024 };
const maxFrame = 16_384;

/** The part of a body that a handler keeps. */
export function digest(pieces: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return `${length}:${hash.digest('hex').slice(0, 16)}`;
}

/** A step of a stream. The header blocks are written when their turn comes, because the compression has a state. */
type Step =
  | { readonly kind: 'frame'; readonly frame: WantedFrame }
  | { readonly kind: 'headers'; readonly fields: readonly Field[]; readonly endStream: boolean };

interface PlannedStream {
  readonly call: PlannedCall;
  readonly steps: Step[];
  readonly change: string | undefined;
}

/**
 * Plans a connection.
 *
 * @param malformedShare the share of calls with malformed fields
 */
export function makePlan(random: Random, malformedShare: number): Plan {
  const count = random.chance(0.05) ? 50 + random.below(150) : 1 + random.below(8);
  let credit = windows.connection;
  const streams = Array.from({ length: count }, (_, index) => {
    const stream = makeStream(random, index, Math.min(credit, windows.stream), random.chance(malformedShare));
    for (const step of stream.steps)
      if (step.kind === 'frame' && step.frame.type === type.data) credit -= step.frame.payload.length;
    return stream;
  });
  return {
    frames: [
      wanted(type.settings, 0, 0, clientSettings(random)),
      wanted(type.settings, flag.ack, 0),
      ...interleave(random, streams),
    ],
    calls: streams.filter(({ change }) => change === undefined).map(({ call }) => call),
    changes: streams.flatMap(({ change }) => change ?? []),
  };
}

function clientSettings(random: Random): Buffer {
  const values: [number, number][] = [];
  const perhaps = (id: number, value: number) => {
    if (random.chance(0.4)) values.push([id, value]);
  };
  perhaps(1, random.pick([0, 100, 4_096, 65_536]));
  perhaps(2, random.pick([0, 1]));
  perhaps(3, random.pick([0, 100, 2 ** 32 - 1]));
  perhaps(4, random.pick([0, 1, 100, 65_535, 1_000_000, 2 ** 30]));
  perhaps(5, random.pick([16_384, 20_000, 2 ** 24 - 1]));
  perhaps(6, random.pick([4_096, 65_536, 2 ** 32 - 1]));
  perhaps(0x99, random.below(2 ** 32));
  return settings(...values);
}

function makeStream(random: Random, index: number, credit: number, isMalformed: boolean): PlannedStream {
  const stream = 2 * index + 1;
  const isEarly = random.chance(0.05);
  const size = random.pick([0, 0, 10, 10, 1_000, 20_000, 70_000]);
  const path = `/c/${index}?size=${size}${isEarly ? '&early' : ''}`;
  const method = random.pick(['POST', 'POST', 'POST', 'GET', 'PUT']);
  const pieces = makeBody(random, credit);
  const body = pieces.map(({ content }) => content);
  // Go ends the connection if trailers come after its response.
  const hasTrailers = !isEarly && random.chance(0.15);
  const resetAt = random.chance(0.15) ? random.below(pieces.length + 3) : Number.POSITIVE_INFINITY;
  const length = body.reduce((sum, piece) => sum + piece.length, 0);
  const fields: Field[] = [
    [':method', method],
    [':scheme', random.pick(['http', 'http', 'https'])],
    [':path', path],
    [':authority', random.pick(['localhost', 'a.example:8080'])],
    ...otherFields(random, length),
  ];
  const change = isMalformed ? random.pick(fieldChanges) : undefined;
  const withoutBody = pieces.length === 0 && !hasTrailers;
  const steps: Step[] = [
    {
      kind: 'headers',
      fields: change === undefined ? fields : changeFields(change, fields),
      endStream: withoutBody,
    },
    ...pieces.map(({ content, padding }, at): Step => {
      const isLast = at === pieces.length - 1 && !hasTrailers;
      return { kind: 'frame', frame: dataFrame(stream, content, padding, isLast) };
    }),
    ...(hasTrailers
      ? [{ kind: 'headers', fields: [['x-trailer', 'yes']], endStream: true } satisfies Step]
      : []),
  ];
  const isReset = resetAt <= steps.length && resetAt > 0;
  const complete = !isReset || resetAt >= steps.length;
  if (isReset) {
    const code = random.pick([0, 2, 8, 99]);
    steps.splice(resetAt, steps.length, {
      kind: 'frame',
      frame: wanted(type.rstStream, 0, stream, uint32(code)),
    });
  }
  const sent = isReset ? body.slice(0, resetAt - 1) : body;
  const received = isEarly ? '' : digest(sent);
  const call = { stream, method, path, complete, body: received, isReset, size, isEarly };
  return { call, steps, change };
}

function makeBody(random: Random, credit: number): { content: Buffer; padding: number | undefined }[] {
  const pieces: { content: Buffer; padding: number | undefined }[] = [];
  let left = credit;
  const count = random.pick([0, 1, 1, 1, 2, 3, 10]);
  for (let index = 0; index < count; index++) {
    const padding = random.chance(0.2) ? random.pick([0, 1, 10, 255]) : undefined;
    const overhead = padding === undefined ? 0 : padding + 1;
    const most = Math.min(maxFrame, left) - overhead;
    if (most < 0) break;
    const length = Math.min(most, random.pick([0, 1, 5, 5, 100, 100, 1_000, 16_384]));
    pieces.push({ content: Buffer.alloc(length, random.bytes(Math.min(length, 61))), padding });
    left -= length + overhead;
  }
  return pieces;
}

function otherFields(random: Random, length: number): Field[] {
  const fields: Field[] = [['content-type', 'application/grpc']];
  if (random.chance(0.7)) fields.push(['te', 'trailers']);
  if (random.chance(0.2)) fields.push(['content-length', String(length)]);
  if (random.chance(0.3)) fields.push(['user-agent', random.pick(['grpc-go/1.80', 'x', '\x80\xff'])]);
  if (random.chance(0.2)) fields.push(['cookie', 'a=b'], ['cookie', 'c=d']);
  if (random.chance(0.3)) fields.push([`x-${random.below(20)}`, random.pick(['', 'v', 'w'.repeat(300)])]);
  if (random.chance(0.02)) fields.push(['x-large', 'l'.repeat(random.pick([5_000, 17_000, 40_000]))]);
  return fields;
}

function dataFrame(
  stream: number,
  content: Buffer,
  padding: number | undefined,
  isLast: boolean,
): WantedFrame {
  const flags = (isLast ? flag.endStream : 0) + (padding === undefined ? 0 : flag.padded);
  return wanted(type.data, flags, stream, padded(content, padding));
}

function padded(content: Buffer, padding: number | undefined): Buffer {
  return padding === undefined
    ? content
    : Buffer.concat([Buffer.from([padding]), content, Buffer.alloc(padding)]);
}

function interleave(random: Random, streams: readonly PlannedStream[]): WantedFrame[] {
  const writer = createHeaderWriter(random);
  const waiting = streams.map(({ call, steps }) => ({ stream: call.stream, steps: [...steps] }));
  const open: typeof waiting = [];
  const frames: WantedFrame[] = [];
  const most = random.pick([1, 3, 10, 200]);
  while (waiting.length > 0 || open.length > 0) {
    if (random.chance(0.1)) frames.push(connectionFrame(random, streams.length));
    const opensNext = waiting.length > 0 && (open.length === 0 || (open.length < most && random.chance(0.5)));
    if (opensNext) open.push(...waiting.splice(0, 1));
    const next = opensNext ? open.at(-1) : random.pick(open);
    const step = next?.steps.shift();
    if (next !== undefined && step !== undefined)
      frames.push(
        ...(step.kind === 'frame'
          ? [step.frame]
          : headerFrames(random, next.stream, writer.write(step.fields), step.endStream)),
      );
    if (next?.steps.length === 0) open.splice(open.indexOf(next), 1);
    else if (random.chance(0.03) && next !== undefined) frames.push(streamUpdate(random, next.stream));
  }
  return frames;
}

/** A frame of the connection that changes no call. */
function connectionFrame(random: Random, streams: number): WantedFrame {
  const stream = 2 * random.below(streams + 3) + 1;
  const other = 2 * random.below(streams) + 2;
  return random.pick([
    () => wanted(type.ping, 0, 0, random.bytes(8)),
    () => wanted(type.windowUpdate, 0, 0, uint32(1 + random.below(100_000))),
    () => wanted(type.priority, 0, stream, Buffer.concat([uint32(other), random.bytes(1)])),
    () => wanted(type.settings, 0, 0, clientSettings(random)),
    () => wanted(0x20 + random.below(200), random.below(256), stream, random.bytes(random.below(50))),
    () => wanted(0x10, 0, 0, Buffer.concat([uint32(stream), Buffer.from('u=1')])),
  ])();
}

function streamUpdate(random: Random, stream: number): WantedFrame {
  return wanted(type.windowUpdate, 0, stream, uint32(1 + random.below(100_000)));
}

function headerFrames(random: Random, stream: number, block: Buffer, endStream: boolean): WantedFrame[] {
  const padding = random.chance(0.15) ? random.pick([0, 1, 100, 255]) : undefined;
  const priority = random.chance(0.15) ? Buffer.concat([uint32(2 ** 31), random.bytes(1)]) : Buffer.alloc(0);
  const room = maxFrame - 256 - priority.length;
  const first = Math.min(block.length, room, random.chance(0.15) ? random.below(block.length + 1) : room);
  const rest = split(random, block.subarray(first));
  const flags =
    (endStream ? flag.endStream : 0) +
    (rest.length === 0 ? flag.endHeaders : 0) +
    (padding === undefined ? 0 : flag.padded) +
    (priority.length === 0 ? 0 : flag.priority);
  const content = Buffer.concat([priority, block.subarray(0, first)]);
  return [
    wanted(type.headers, flags, stream, padded(content, padding)),
    ...rest.map((piece, index) =>
      wanted(type.continuation, index === rest.length - 1 ? flag.endHeaders : 0, stream, piece),
    ),
  ];
}

function split(random: Random, block: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < block.length; ) {
    const length = Math.min(block.length - at, maxFrame, 1 + random.below(block.length * 2));
    pieces.push(block.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
