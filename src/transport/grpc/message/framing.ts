/** Reads and writes length-prefixed messages (gRPC over HTTP/2, section "Length-Prefixed-Message"). */
import { type CallFailure, grpcStatus } from '../status.ts';
import { createByteBuffer } from './byte-buffer.ts';
import { createFieldFilter, type FieldFilter, type FieldSelection, unknownLength } from './field-filter.ts';
import type { CompressedMessage } from './inflater.ts';
import { toBytes, type Written } from './protobuf.ts';

/** The supported encodings of requests, for `grpc-accept-encoding`. */
export const acceptedEncodings = 'identity,deflate,gzip';

/** The length of the prefix. */
export const prefixBytes = 5;

/** A message with its prefix. */
export interface Frame {
  readonly frame: Buffer;
}

/** Adds the prefix to a message, uncompressed. */
export function frameMessage(message: Uint8Array): Frame {
  const frame = Buffer.alloc(prefixBytes + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return { frame };
}

/** Adds the prefix to a written message, and converts both to bytes at once. */
export function frameWritten(message: Written): Frame {
  const { length } = message;
  const prefix = String.fromCharCode(
    0,
    length >>> 24,
    (length >>> 16) & 0xff,
    (length >>> 8) & 0xff,
    length & 0xff,
  );
  return { frame: toBytes(prefix + message) };
}

/** Copies a frame to memory of its own. A small buffer is a part of a larger one, which would stay with it. */
export function withOwnBytes({ frame }: Frame): Frame {
  const own = Buffer.alloc(frame.length);
  own.set(frame);
  return { frame: own };
}

/** The message within a frame that {@link frameMessage} made. */
export function messageOf({ frame }: Frame): Buffer {
  return frame.subarray(prefixBytes);
}

/** The limits of a message, in bytes. A message is always read up to `stored` bytes. A larger one may have both limits together. */
export interface MessageLimits {
  /** Maximum number of stored bytes. */
  readonly stored: number;
  /** Maximum number of skipped bytes of bulk fields. */
  readonly skipped: number;
}

/** The message within a chunk that is exactly one uncompressed message within the limit, so that it needs no reader. */
export function wholeMessage(chunk: Buffer, maxBytes: number): Buffer | undefined {
  if (chunk.length < prefixBytes || chunk[0] !== 0) return undefined;
  const length = chunk.length - prefixBytes;
  return length === chunk.readUInt32BE(1) && length <= maxBytes ? chunk.subarray(prefixBytes) : undefined;
}

/** Reads the one message of a unary call as its bytes arrive. Copies the bytes that it stores. */
export interface MessageReader {
  /**
   * Adds a chunk.
   *
   * @returns why the call fails, or undefined
   */
  readonly add: (chunk: Buffer) => CallFailure | undefined;
  /**
   * The message, or why the call fails. A message of several chunks may have only its stored fields. Call it after the client
   * has sent everything.
   */
  readonly finish: () => Buffer | CompressedMessage | CallFailure;
  /** The fields stored so far, as a message. */
  readonly soFar: () => Buffer;
  /** The memory that the message holds so far, in bytes. */
  readonly heldBytes: () => number;
}

/**
 * Creates a reader of one message.
 *
 * @param encoding the call's `grpc-encoding`; undefined if it has none
 * @param selection the fields that are stored; undefined stores all of them
 */
export function createMessageReader(
  encoding: string | undefined,
  limits: MessageLimits,
  selection?: FieldSelection,
): MessageReader {
  const longest = selection === undefined ? limits.stored : limits.stored + limits.skipped;
  let prefix: Buffer | undefined;
  let body: Body | undefined;

  const begin = (start: Buffer): CallFailure | undefined => {
    const length = start.readUInt32BE(1);
    if (length > longest) return tooLargeMessage(`has ${length} bytes`, limits, selection);
    switch (start[0]) {
      case 0:
        body = filtered(length, limits, selection);
        return undefined;
      case 1:
        if (encoding !== 'gzip' && encoding !== 'deflate')
          return internal('the message is compressed, but the call names no encoding');
        body = compressed(length, encoding, limits, longest, selection);
        return undefined;
      default:
        return internal('the compressed flag of the message is neither 0 nor 1');
    }
  };

  return {
    heldBytes: () => body?.heldBytes() ?? 0,
    add: (chunk) => {
      if (chunk.length === 0) return undefined;
      let rest = chunk;
      if (body === undefined) {
        const start = prefix === undefined ? chunk : Buffer.concat([prefix, chunk]);
        prefix = Buffer.from(start.subarray(0, prefixBytes));
        if (start.length < prefixBytes) return undefined;
        const failure = begin(prefix);
        if (failure !== undefined) return failure;
        rest = start.subarray(prefixBytes);
      }
      return body?.add(rest);
    },
    finish: () => body?.finish() ?? incomplete,
    soFar: () => body?.soFar() ?? nothing,
  };
}

/** The content of a message, as it arrives. */
interface Content {
  readonly add: (bytes: Buffer) => CallFailure | undefined;
  readonly finish: () => Buffer | CallFailure;
  readonly soFar: () => Buffer;
  readonly heldBytes: () => number;
}

/** A message without its prefix, as it arrives. */
type Body = Omit<Content, 'finish'> & Pick<MessageReader, 'finish'>;

/** The length up to which a message is stored whole, in bytes: that of a frame of HTTP/2. It costs less than a filter. */
const maxWhole = 16_384;

/** A message whose selected fields are stored. */
function filtered(length: number, limits: MessageLimits, selection: FieldSelection | undefined): Content {
  if (selection === undefined) return collected(length);
  if (length <= Math.min(maxWhole, limits.stored)) return collected(length, selection);
  const filter: FieldFilter = createFieldFilter(selection, length);
  let size = 0;
  const tooLargeBecause = (why: string, option: string) => {
    const bytes =
      length === unknownLength ? `more than ${limits.stored} bytes decompressed` : `${length} bytes`;
    return tooLarge(`the message has ${bytes}, and ${why}`, option);
  };
  const failureOfSize = (): CallFailure | undefined => {
    if (size <= limits.stored) return undefined;
    if (filter.storedBytes() > limits.stored)
      return tooLargeBecause(
        `its parts other than the body exceed limits.maxGrpcMessageSize, which is ${limits.stored}`,
        'limits.maxGrpcMessageSize',
      );
    if (filter.bulkBytes() > limits.skipped)
      return tooLargeBecause(
        `its body exceeds limits.maxGrpcBodySize, which is ${limits.skipped}`,
        'limits.maxGrpcBodySize',
      );
    return undefined;
  };
  return {
    add: (bytes) => {
      size += bytes.length;
      if (size > length) return severalMessages;
      return attempt(() => {
        filter.add(bytes);
        return failureOfSize();
      });
    },
    finish: () => (isShort(size, length) ? incomplete : attempt(filter.finish)),
    soFar: filter.soFar,
    heldBytes: filter.heldBytes,
  };
}

/** A message that is stored whole. @param selection the fields of `soFar`; undefined if it is never used */
function collected(length: number, selection?: FieldSelection): Content {
  const bytes = createByteBuffer(length);
  const selectedSoFar = (of: FieldSelection) => {
    const filter = createFieldFilter(of, length);
    attempt(() => filter.add(bytes.bytes()));
    return filter.soFar();
  };
  return {
    add: (more) => {
      bytes.add(more, 0, more.length);
      return bytes.size() > length ? severalMessages : undefined;
    },
    finish: () => (isShort(bytes.size(), length) ? incomplete : bytes.bytes()),
    soFar: () => (selection === undefined ? nothing : selectedSoFar(selection)),
    heldBytes: bytes.capacity,
  };
}

function isShort(size: number, length: number): boolean {
  return size < length && length !== unknownLength;
}

/** A compressed message, which is stored whole. */
function compressed(
  length: number,
  encoding: CompressedMessage['encoding'],
  limits: MessageLimits,
  longest: number,
  selection: FieldSelection | undefined,
): Body {
  const body = collected(length);
  const content = filtered(unknownLength, limits, selection);
  let size = 0;
  const add = (piece: Buffer) => {
    size += piece.length;
    return size > longest
      ? tooLargeMessage(`has more than ${longest} bytes decompressed`, limits, selection)
      : content.add(piece);
  };
  return {
    add: body.add,
    finish: () => {
      const bytes = body.finish();
      return 'status' in bytes ? bytes : { encoding, bytes, add, finish: content.finish };
    },
    soFar: content.soFar,
    heldBytes: body.heldBytes,
  };
}

/** Converts an exception of a malformed message to a failure. */
function attempt<T>(read: () => T): T | CallFailure {
  try {
    return read();
  } catch {
    return internal('cannot decode the message');
  }
}

function internal(message: string): CallFailure {
  return { status: grpcStatus.internal, message };
}

/** The failure of a whole message that exceeds its limits. @param size what is too large, such as `has 300000 bytes` */
function tooLargeMessage(
  size: string,
  { stored, skipped }: MessageLimits,
  selection: FieldSelection | undefined,
): CallFailure {
  const body = selection === undefined ? '' : `, limits.maxGrpcBodySize is ${skipped}`;
  return tooLarge(
    `the message ${size}, limits.maxGrpcMessageSize is ${stored}${body}`,
    'limits.maxGrpcMessageSize',
  );
}

function tooLarge(text: string, option: string): CallFailure {
  return {
    status: grpcStatus.resourceExhausted,
    message: 'the message is too large',
    detail: { text, option },
  };
}

const nothing = Buffer.alloc(0);
const incomplete = internal('the request has no complete message');
const severalMessages = internal('more than one message in a unary call');
