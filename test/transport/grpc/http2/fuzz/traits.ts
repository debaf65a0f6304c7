/** Finds what is unusual in the frames of a client, to explain why servers treat it in different ways. */
import type { OracleFrame, OracleReading } from '../../../../../tools/http2-oracle.ts';
import { flag, type ReadFrame, type } from './frames.ts';
import { hasLateTableSize } from './header-blocks.ts';

/** Something unusual in a case. */
export type Trait = string;

interface StreamState {
  hasEnded: boolean;
  isReset: boolean;
  hasTrailers: boolean;
  window: number;
  /** The content-length, and the bytes of data so far. */
  length: number | undefined;
  received: number;
  /** The bytes that count for the window. */
  flowControlled: number;
}

/**
 * Finds the traits.
 *
 * @param frames the frames of the client
 * @param reading the same frames with their fields, as Go reads them; shorter if Go rejects a frame
 */
export function traitsOf(frames: readonly ReadFrame[], { frames: blocks, error }: OracleReading): Set<Trait> {
  const traits = new Set<Trait>();
  if (/decoding error|hpack/.test(error)) traits.add('a compression error');
  if (frames[0]?.type !== type.settings || (frames[0].flags & flag.ack) !== 0)
    traits.add('a first frame that is not SETTINGS');
  if (hasLateTableSize(frames)) traits.add('a size of the table in the middle');
  const streams = new Map<number, StreamState>();
  const connection = { highest: 0, initial: 65_535, acks: 0 };
  let block: number | undefined;
  let isTrailers = false;
  for (const [index, frame] of frames.entries()) {
    const { type: frameType, flags, stream, payload } = frame;
    if (block !== undefined && (frameType !== type.continuation || stream !== block))
      traits.add('an interrupted block');
    if (frameType === type.headers && (flags & flag.endHeaders) === 0) block = stream;
    if (frameType === type.continuation && (flags & flag.endHeaders) !== 0) block = undefined;
    const known = streams.get(stream);
    if (frameType === type.headers) isTrailers = known !== undefined;
    switch (frameType) {
      case type.headers:
        headersTraits(frame, known, connection.highest, traits);
        if (known === undefined && stream > connection.highest && stream % 2 === 1) {
          connection.highest = stream;
          streams.set(stream, newStream(connection.initial));
        } else if (known !== undefined) known.hasTrailers = true;
        break;
      case type.data:
        if (known === undefined)
          traits.add(stream > connection.highest ? 'DATA on an idle stream' : 'DATA on a closed stream');
        else if (known.hasEnded || known.isReset || known.hasTrailers) traits.add('DATA on a closed stream');
        if ((flags & flag.padded) !== 0 && (payload[0] ?? 256) >= payload.length)
          traits.add('padding beyond DATA');
        break;
      case type.priority:
        if (stream === 0) traits.add('PRIORITY on stream 0');
        if (payload.length !== 5) traits.add('PRIORITY of a wrong length');
        else if ((payload.readUInt32BE(0) & 0x7fffffff) === stream) traits.add('PRIORITY of itself');
        break;
      case type.rstStream:
        if (known === undefined) traits.add('RST_STREAM on an unknown stream');
        else if (known.isReset) traits.add('RST_STREAM twice');
        if (known !== undefined) known.isReset = true;
        break;
      case type.settings:
        settingsTraits(frame, connection, streams, traits);
        break;
      case type.ping:
        if ((flags & flag.ack) !== 0) traits.add('a PING acknowledgement that answers nothing');
        break;
      case type.goAway:
        traits.add('GOAWAY');
        break;
      case type.windowUpdate:
        windowTraits(frame, known, traits);
        break;
      case 0x10:
        if (stream !== 0) traits.add('PRIORITY_UPDATE on a stream');
        if (payload.length < 4) traits.add('PRIORITY_UPDATE of a wrong length');
        break;
    }
    if ((flags & flag.endStream) !== 0 && (frameType === type.data || frameType === type.headers)) {
      const one = streams.get(stream);
      if (one !== undefined) one.hasEnded = true;
    }
    const one = streams.get(stream);
    if (one !== undefined) lengthTraits(frame, one, isTrailers ? undefined : blocks[index]?.headers, traits);
    for (const trait of fieldTraits(blocks[index]?.headers, isTrailers)) traits.add(trait);
  }
  return traits;
}

function lengthTraits(
  { type: frameType, flags, payload }: ReadFrame,
  stream: StreamState,
  fields: OracleFrame['headers'],
  traits: Set<Trait>,
): void {
  const value = fields?.find(([name]) => name === 'content-length')?.[1];
  if (value !== undefined) stream.length = Number(value);
  if (frameType === type.data) stream.flowControlled += payload.length;
  if (stream.flowControlled > 65_535) traits.add('data beyond the first window of the stream');
  if (frameType === type.data)
    stream.received += payload.length - ((flags & flag.padded) === 0 ? 0 : 1 + (payload[0] ?? 0));
  if (stream.length === undefined || stream.length === stream.received) return;
  if (stream.hasEnded || stream.received > stream.length) traits.add('a content-length that differs');
}

function newStream(window: number): StreamState {
  return {
    hasEnded: false,
    isReset: false,
    hasTrailers: false,
    window,
    length: undefined,
    received: 0,
    flowControlled: 0,
  };
}

function headersTraits(
  { stream, flags, payload }: ReadFrame,
  known: StreamState | undefined,
  highest: number,
  traits: Set<Trait>,
): void {
  if (known === undefined && stream <= highest) traits.add('HEADERS of a skipped stream');
  if (known?.hasEnded) traits.add('HEADERS after the end');
  if (known?.isReset) traits.add('HEADERS after RST_STREAM');
  if (known?.hasTrailers) traits.add('HEADERS after trailers');
  if (known !== undefined) traits.add('trailers');
  if (known !== undefined && (flags & flag.endStream) === 0) traits.add('trailers without END_STREAM');
  const padding = (flags & flag.padded) === 0 ? 0 : 1 + (payload[0] ?? 256);
  const at = (flags & flag.padded) === 0 ? 0 : 1;
  const priority = (flags & flag.priority) === 0 ? 0 : 5;
  if (padding + priority > payload.length) traits.add('padding beyond HEADERS');
  if (priority > 0 && payload.length >= at + 4 && (payload.readUInt32BE(at) & 0x7fffffff) === stream)
    traits.add('HEADERS of itself');
  if (payload.length - padding - priority === 0) traits.add('an empty fragment of HEADERS');
}

function settingsTraits(
  { flags, payload }: ReadFrame,
  connection: { initial: number; acks: number },
  streams: ReadonlyMap<number, StreamState>,
  traits: Set<Trait>,
): void {
  if ((flags & flag.ack) !== 0) {
    if (++connection.acks > 1) traits.add('a SETTINGS acknowledgement that answers nothing');
    return;
  }
  const wrong = new Map<number, boolean>();
  for (let at = 0; at + 6 <= payload.length; at += 6) {
    const [id, value] = [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
    if (wrong.has(id)) traits.add('a setting twice in one frame');
    if (wrong.get(id)) traits.add('a wrong setting before another value of it');
    wrong.set(id, wrong.get(id) || isWrongSetting(id, value));
    if (id === 8 && value > 1) traits.add('a wrong ENABLE_CONNECT_PROTOCOL');
    if (id === 9) traits.add('NO_RFC7540_PRIORITIES');
    if (id !== 4) continue;
    for (const stream of streams.values()) {
      stream.window += value - connection.initial;
      if (stream.window >= 2 ** 31) traits.add('INITIAL_WINDOW_SIZE beyond the limit of a stream');
    }
    connection.initial = value;
  }
}

/** Whether a value is out of range (RFC 9113 section 6.5.2). */
function isWrongSetting(id: number, value: number): boolean {
  if (id === 2) return value > 1;
  if (id === 4) return value >= 2 ** 31;
  return id === 5 && (value < 2 ** 14 || value >= 2 ** 24);
}

function windowTraits(
  { stream, payload }: ReadFrame,
  known: StreamState | undefined,
  traits: Set<Trait>,
): void {
  if (payload.length !== 4) return;
  const more = payload.readUInt32BE(0) & 0x7fffffff;
  if (more === 0) traits.add(stream === 0 ? 'WINDOW_UPDATE of 0' : 'WINDOW_UPDATE of 0 on a stream');
  if (more === 0 && stream !== 0 && known === undefined)
    traits.add('WINDOW_UPDATE of 0 on an unknown stream');
  if (known === undefined) return;
  known.window += more;
  if (known.window >= 2 ** 31) traits.add('WINDOW_UPDATE beyond the limit of a stream');
}

/** The rules for fields (RFC 9113 section 8). */
const fieldChecks: readonly (readonly [trait: Trait, isSo: (fields: Fields) => boolean])[] = [
  ['white space around a value', ({ all }) => all.some(([, value]) => /^[ \t]|[ \t]$/.test(value))],
  ['a value with NUL, CR or LF', ({ all }) => all.some(([, value]) => /[\0\r\n]/.test(value))],
  ['a value with DEL', ({ all }) => all.some(([, value]) => value.includes('\x7f'))],
  ['a name that is not a token', ({ all }) => all.some(([name]) => !isToken(name))],
  ['a name with a colon', ({ all }) => all.some(([name]) => /.:/.test(name))],
  ['wrong pseudo-headers', (fields) => hasWrongPseudoHeaders(fields)],
  ['more than 256 fields', ({ all }) => all.length > 256],
  [
    'more than 60,000 bytes of fields',
    ({ all }) => all.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0) > 60_000,
  ],
  [
    'an unusual :authority',
    ({ valuesOf }) => valuesOf(':authority').some((value) => !/^[\w.~%!$&'()*+,;=:[\]-]*$/.test(value)),
  ],
  ['no :authority', ({ valuesOf }) => valuesOf(':authority').length === 0],
  ['host', ({ valuesOf }) => valuesOf('host').length > 0],
  ['content-length twice', ({ valuesOf }) => valuesOf('content-length').length > 1],
  [
    'a content-length that is not a number',
    ({ valuesOf }) => valuesOf('content-length').some((value) => !/^[0-9]{1,15}$/.test(value)),
  ],
  ['te twice', ({ valuesOf }) => valuesOf('te').length > 1],
  ['te other than trailers', ({ valuesOf }) => valuesOf('te').some((value) => value !== 'trailers')],
  [
    'a connection-specific field',
    ({ valuesOf }) =>
      ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection'].some(
        (name) => valuesOf(name).length > 0,
      ),
  ],
  ['CONNECT', ({ valuesOf }) => valuesOf(':method').includes('CONNECT')],
  [
    'a method that is not a token',
    ({ valuesOf }) => valuesOf(':method').some((method) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)),
  ],
  ['an unusual path', ({ valuesOf }) => valuesOf(':path').some((path) => !/^\/[\x21-\x7e]*$/.test(path))],
  [
    'a scheme with wrong characters',
    ({ valuesOf }) => valuesOf(':scheme').some((scheme) => !/^[a-z][a-z0-9+.-]*$/i.test(scheme)),
  ],
  [
    'an unusual scheme',
    ({ valuesOf }) => valuesOf(':scheme').some((scheme) => scheme !== 'http' && scheme !== 'https'),
  ],
];

/** Fields whose place is the header section (RFC 9110 section 6.5.1). */
const notInTrailers = new Set(
  'authorization connection content-encoding content-length content-type cookie host te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
);

function isToken(name: string): boolean {
  return /^:?[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name);
}

interface Fields {
  readonly all: readonly (readonly [name: string, value: string])[];
  readonly valuesOf: (name: string) => readonly string[];
}

function fieldTraits(all: OracleFrame['headers'], isTrailers: boolean): Trait[] {
  if (all === undefined) return [];
  if (isTrailers)
    return [
      ...(all.some(([name]) => name.startsWith(':')) ? ['trailers with a pseudo-header'] : []),
      ...(all.some(([name]) => !isToken(name)) ? ['trailers with a malformed field'] : []),
      ...(all.some(([name]) => notInTrailers.has(name)) ? ['trailers with a field of requests'] : []),
    ];
  const valuesOf = (wanted: string) => all.filter(([name]) => name === wanted).map(([, value]) => value);
  return fieldChecks.filter(([, isSo]) => isSo({ all, valuesOf })).map(([trait]) => trait);
}

function hasWrongPseudoHeaders({ all, valuesOf }: Fields): boolean {
  const pseudo = all.filter(([name]) => name.startsWith(':')).map(([name]) => name);
  const known = [':method', ':scheme', ':path', ':authority'];
  const needed = valuesOf(':method').includes('CONNECT') ? [':authority'] : [':method', ':scheme', ':path'];
  return (
    new Set(pseudo).size < pseudo.length ||
    pseudo.some((name) => !known.includes(name)) ||
    needed.some((name) => !pseudo.includes(name)) ||
    all.slice(pseudo.length).some(([name]) => name.startsWith(':'))
  );
}
