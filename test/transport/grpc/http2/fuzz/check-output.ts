/**
 * Checks what a server sent against RFC 9113, with the bytes of its client. The frames come from Go's framer, which has already
 * rejected frames of a wrong form, blocks that another frame interrupts, and compression errors.
 */
import type { OracleFrame, OracleReading } from '../../../../../tools/http2-oracle.ts';
import { flag, type ReadFrame, type } from './frames.ts';

/** The limits that the client set at most. It may have allowed less at the time of a frame. */
interface Allowed {
  readonly frameSize: number;
  readonly connectionWindow: number;
  readonly streamWindow: (stream: number) => number;
  readonly opened: ReadonlySet<number>;
  /** The highest stream of the client, whose lower ones are then closed. */
  readonly highest: number;
  /** The values of HEADER_TABLE_SIZE in each SETTINGS frame. */
  readonly tableSizes: readonly (readonly number[])[];
  readonly pings: readonly string[];
}

const defaults = { frameSize: 16_384, window: 65_535, tableSize: 4_096 };

/** Returns what is wrong with the output; nothing if it is right. */
export function checkOutput(reading: OracleReading, client: readonly ReadFrame[]): string[] {
  const faults: string[] = [];
  const allowed = whatClientAllowed(client);
  const fault = (text: string, frame: OracleFrame) =>
    faults.push(`${text}: ${JSON.stringify({ ...frame, headers: undefined })}`);
  if (reading.error !== '') faults.push(`Go's framer: ${reading.error}`);
  const [first] = reading.frames;
  if (first !== undefined && first.type !== type.goAway && !isSettings(first))
    fault('the first frame is not SETTINGS', first);
  const streams = createStreamChecks(allowed, fault);
  const table = createTableCheck(allowed.tableSizes, fault);
  const pings = [...allowed.pings];
  let connectionBytes = 0;
  for (const frame of reading.frames) {
    if (frame.length > allowed.frameSize) fault('a frame above MAX_FRAME_SIZE', frame);
    table(frame);
    if (frame.stream !== 0) streams(frame);
    if (frame.type === type.data) connectionBytes += frame.length;
    if (frame.type === type.data && connectionBytes > allowed.connectionWindow)
      fault('data beyond the window of the connection', frame);
    if (frame.type === type.ping && (frame.flags & flag.ack) !== 0 && pings.shift() !== frame.data)
      fault('a PING that the client did not send next', frame);
  }
  return faults;
}

function isSettings({ type: frameType, flags }: OracleFrame): boolean {
  return frameType === type.settings && (flags & flag.ack) === 0;
}

/** The life of each stream: HEADERS, DATA, and perhaps HEADERS again; nothing after its end but one RST_STREAM. */
function createStreamChecks(allowed: Allowed, fault: (text: string, frame: OracleFrame) => void) {
  const states = new Map<number, { state: 'open' | 'begun' | 'ended' | 'reset'; bytes: number }>();
  return (frame: OracleFrame) => {
    const { stream } = frame;
    const one = states.get(stream) ?? { state: 'open', bytes: 0 };
    states.set(stream, one);
    if (frame.type === type.rstStream) {
      // RFC 9113 section 5.4.2 allows another one for a frame on a closed stream; section 5.1 none for an idle stream.
      if (stream > allowed.highest) fault('RST_STREAM of an idle stream', frame);
      one.state = 'reset';
      return;
    }
    if (!allowed.opened.has(stream)) fault('a stream that the client did not open', frame);
    if (one.state === 'reset') fault('a frame after RST_STREAM', frame);
    if (frame.type === type.windowUpdate && one.state === 'ended' && (frame.value ?? 0) === 0)
      fault('an empty WINDOW_UPDATE', frame);
    if (frame.type === type.headers) {
      const isTrailers = one.state === 'begun';
      const hasStatus = frame.headers?.some(([name]) => name === ':status') ?? isTrailers;
      if (one.state === 'ended') fault('HEADERS after the end', frame);
      if (isTrailers && (frame.flags & flag.endStream) === 0) fault('trailers without END_STREAM', frame);
      if (isTrailers === hasStatus) fault('a status at the wrong place', frame);
      one.state = 'begun';
    }
    if (frame.type === type.data) {
      one.bytes += frame.length;
      if (one.state !== 'begun') fault('DATA out of place', frame);
      if (one.bytes > allowed.streamWindow(stream)) fault('data beyond the window of the stream', frame);
    }
    const carriesEnd = frame.type === type.data || frame.type === type.headers;
    if (carriesEnd && (frame.flags & flag.endStream) !== 0) one.state = 'ended';
  };
}

/** The first block after the acknowledgement of a smaller table must say its new size (RFC 9113 section 4.3.1). */
function createTableCheck(
  tableSizes: readonly (readonly number[])[],
  fault: (text: string, frame: OracleFrame) => void,
) {
  let size = defaults.tableSize;
  let acknowledged = 0;
  let limit: number | undefined;
  return (frame: OracleFrame) => {
    if (frame.type === type.settings && (frame.flags & flag.ack) !== 0) {
      if (acknowledged >= tableSizes.length) fault('an acknowledgement too many', frame);
      const smallest = Math.min(...(tableSizes[acknowledged++] ?? []));
      if (smallest < size) limit = Math.min(limit ?? smallest, smallest);
    }
    if (frame.block === undefined) return;
    const isUpdate = (frame.block & 0xe0) === 0x20;
    if (limit !== undefined && !isUpdate) fault('a block without the new size of the table', frame);
    if (isUpdate && frame.block < 0x3f) size = frame.block & 0x1f;
    limit = undefined;
  };
}

function whatClientAllowed(client: readonly ReadFrame[]): Allowed {
  const opened = new Set<number>();
  const updates = new Map<number, number>();
  const sizes: number[] = [defaults.frameSize];
  const initialWindows: number[] = [defaults.window];
  const tableSizes: number[][] = [];
  for (const { type: frameType, flags, stream, payload } of client) {
    if (frameType === type.headers) opened.add(stream);
    if (frameType === type.windowUpdate && payload.length === 4)
      updates.set(stream, (updates.get(stream) ?? 0) + (payload.readUInt32BE(0) & 0x7fffffff));
    if (frameType === type.settings && (flags & flag.ack) === 0) {
      const values = readSettings(payload);
      sizes.push(...values.filter(([id]) => id === 5).map(([, value]) => value));
      initialWindows.push(...values.filter(([id]) => id === 4).map(([, value]) => value));
      tableSizes.push(values.filter(([id]) => id === 1).map(([, value]) => value));
    }
  }
  return {
    opened,
    highest: Math.max(0, ...opened),
    frameSize: Math.max(...sizes),
    connectionWindow: defaults.window + (updates.get(0) ?? 0),
    streamWindow: (stream) => Math.max(...initialWindows) + (updates.get(stream) ?? 0),
    tableSizes,
    pings: client
      .filter(({ type: frameType, flags }) => frameType === type.ping && (flags & flag.ack) === 0)
      .map(({ payload }) => payload.toString('hex')),
  };
}

function readSettings(payload: Buffer): [id: number, value: number][] {
  return Array.from({ length: Math.floor(payload.length / 6) }, (_, index) => [
    payload.readUInt16BE(index * 6),
    payload.readUInt32BE(index * 6 + 2),
  ]);
}
