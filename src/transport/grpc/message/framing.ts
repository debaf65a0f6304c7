/** Length-prefixed messages (gRPC over HTTP/2, section "Length-Prefixed-Message"): reading one, writing one. */
import { gunzipSync, inflateSync } from 'node:zlib';
import { type CallFailure, grpcStatus } from '../status.ts';
import { createKeptBytes } from './byte-buffer.ts';
import { createSieve, type MessageParts, type Sieve } from './field-filter.ts';

/** The encodings that a request may have, as `grpc-accept-encoding` lists them. */
export const acceptedEncodings = 'identity,deflate,gzip';

const prefixBytes = 5;

/** A message with its prefix, ready to be sent. */
export interface Frame {
  readonly frame: Buffer;
}

/** Puts a message into its frame, uncompressed. */
export function frameMessage(message: Uint8Array): Frame {
  const frame = Buffer.alloc(prefixBytes + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return { frame };
}

/** How large a message may be, in bytes; a message of at most `kept` is read whatever is in it. */
export interface MessageLimits {
  /** What is kept of it. */
  readonly kept: number;
  /** What is passed over of the fields that may be large. The whole message may be as large as both limits. */
  readonly skipped: number;
}

/** Takes the one message of a unary call as its bytes come in. */
export interface MessageReader {
  /**
   * Takes a chunk.
   *
   * @returns what is wrong with the message so far, or undefined
   */
  readonly add: (chunk: Buffer) => CallFailure | undefined;
  /**
   * The message, decompressed, or what is wrong with it; to be asked once the caller has sent all. Of a large one it is
   * what was kept.
   */
  readonly finish: () => Buffer | CallFailure;
  /** What was kept so far, as a message. */
  readonly soFar: () => Buffer;
  /** Memory that is held for the message so far, in bytes. */
  readonly heldBytes: () => number;
}

/**
 * Makes a reader of one message.
 *
 * @param encoding the call's `grpc-encoding`; undefined if it has none
 * @param parts what is read of a message; undefined: all of it, and nothing is skipped
 */
export function createMessageReader(
  encoding: string | undefined,
  limits: MessageLimits,
  parts?: MessageParts,
): MessageReader {
  const longest = parts === undefined ? limits.kept : limits.kept + limits.skipped;
  // Mostly there is one part, and it is the whole message.
  let whole: Buffer | undefined;
  let prefix: Buffer | undefined;
  let body: Body | undefined;

  const begin = (start: Buffer): CallFailure | undefined => {
    const length = start.readUInt32BE(1);
    if (length > longest) return tooLarge;
    switch (start[0]) {
      case 0:
        body = sieved(length, limits, parts);
        return undefined;
      case 1:
        body = compressed(length, encoding, limits, longest, parts);
        return undefined;
      default:
        return internal('the compressed flag of the message is neither 0 nor 1');
    }
  };

  return {
    heldBytes: () => body?.heldBytes() ?? 0,
    add: (chunk) => {
      if (chunk.length === 0) return undefined;
      if (whole !== undefined) return severalMessages;
      if (body === undefined && prefix === undefined && isWholeAndSmall(chunk, limits.kept)) {
        whole = chunk;
        return undefined;
      }
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
    finish: () => {
      if (whole !== undefined) return whole.subarray(prefixBytes);
      return body?.finish() ?? incomplete;
    },
    soFar: () => body?.soFar() ?? nothing,
  };
}

/** A message without its prefix, as it comes in. */
interface Body {
  readonly add: (bytes: Buffer) => CallFailure | undefined;
  readonly finish: () => Buffer | CallFailure;
  readonly soFar: () => Buffer;
  readonly heldBytes: () => number;
}

/** Whether a chunk is an uncompressed message, no more and no less, that needs no look at what is in it. */
function isWholeAndSmall(chunk: Buffer, maxBytes: number): boolean {
  if (chunk.length < prefixBytes || chunk[0] !== 0) return false;
  return chunk.length - prefixBytes === chunk.readUInt32BE(1) && chunk.length - prefixBytes <= maxBytes;
}

/** A message of which the parts that are read are kept. */
function sieved(length: number, limits: MessageLimits, parts: MessageParts | undefined): Body {
  if (parts === undefined) return collected(length);
  const sieve: Sieve = createSieve(parts, length);
  const isTooLarge = () => {
    if (length <= limits.kept) return false;
    return sieve.keptBytes() > limits.kept || sieve.bulkBytes() > limits.skipped;
  };
  let left = length;
  return {
    add: (bytes) => {
      left -= bytes.length;
      if (left < 0) return severalMessages;
      return attempt(() => {
        sieve.add(bytes);
        return isTooLarge() ? tooLarge : undefined;
      });
    },
    finish: () => (left > 0 ? incomplete : attempt(sieve.finish)),
    soFar: sieve.soFar,
    heldBytes: sieve.heldBytes,
  };
}

/** A message of which every byte is kept. */
function collected(length: number): Body {
  const bytes = createKeptBytes(length);
  return {
    add: (more) => {
      bytes.add(more, 0, more.length);
      return bytes.size() > length ? severalMessages : undefined;
    },
    finish: () => (bytes.size() < length ? incomplete : bytes.bytes()),
    soFar: () => nothing,
    heldBytes: bytes.capacity,
  };
}

/** A message that is compressed: collected, and looked at once it is whole. */
function compressed(
  length: number,
  encoding: string | undefined,
  limits: MessageLimits,
  longest: number,
  parts: MessageParts | undefined,
): Body {
  const bytes = collected(length);
  return {
    ...bytes,
    finish: () => {
      const given = bytes.finish();
      if ('status' in given) return given;
      const message = decompress(given, encoding, longest);
      if ('status' in message || message.length <= limits.kept) return message;
      const body = sieved(message.length, limits, parts);
      return body.add(message) ?? body.finish();
    },
  };
}

function decompress(
  body: Buffer,
  encoding: string | undefined,
  maxOutputLength: number,
): Buffer | CallFailure {
  try {
    switch (encoding) {
      case 'gzip':
        return gunzipSync(body, { maxOutputLength });
      case 'deflate':
        return inflateSync(body, { maxOutputLength });
      default:
        return internal('the message is compressed, but the call names no encoding');
    }
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return isTooLarge ? tooLarge : internal('the message cannot be decompressed');
  }
}

/** Does something with bytes that may be no message. */
function attempt<T>(read: () => T): T | CallFailure {
  try {
    return read();
  } catch {
    return internal('the message is none of its kind');
  }
}

function internal(message: string): CallFailure {
  return { status: grpcStatus.internal, message };
}

const nothing = Buffer.alloc(0);
const incomplete = internal('the request has no complete message');
const severalMessages = internal('more than one message in a unary call');
const tooLarge: CallFailure = {
  status: grpcStatus.resourceExhausted,
  message: 'the message is too large',
};
