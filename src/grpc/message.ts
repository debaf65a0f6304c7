/** Length-prefixed messages (gRPC over HTTP/2, section "Length-Prefixed-Message"): reading one, writing one. */
import { gunzipSync, inflateSync } from 'node:zlib';
import { type CallFailure, grpcStatus } from './status.ts';

/** The encodings that a request may have, as `grpc-accept-encoding` lists them. */
export const acceptedEncodings = 'identity,deflate,gzip';

const prefixBytes = 5;

/** What a held part costs beside its bytes. */
const memoryPerPart = 128;

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

/** Takes the one message of a unary call as its bytes come in. */
export interface MessageReader {
  /**
   * Takes a chunk.
   *
   * @returns what is wrong with the message so far, or undefined
   */
  readonly add: (chunk: Buffer) => CallFailure | undefined;
  /** The message, decompressed, or what is wrong with it; to be asked once the caller has sent all. */
  readonly finish: () => Buffer | CallFailure;
  /** Memory that is held for the message so far, in bytes. */
  readonly heldBytes: () => number;
}

/**
 * Makes a reader of one message.
 *
 * @param encoding the call's `grpc-encoding`; undefined if it has none
 * @param maxBytes the longest message, compressed as well as decompressed
 */
export function createMessageReader(encoding: string | undefined, maxBytes: number): MessageReader {
  // Mostly there is one part, and it is the whole message.
  let whole: Buffer | undefined;
  let parts: Buffer[] = [];
  let bytes = 0;
  let end: number | undefined;

  return {
    heldBytes: () => bytes + parts.length * memoryPerPart,
    add: (chunk) => {
      if (bytes === 0 && chunk.length >= prefixBytes && chunk.length === endOfMessage(chunk)) {
        whole = chunk;
        bytes = end = chunk.length;
        return end - prefixBytes > maxBytes ? tooLarge(maxBytes) : undefined;
      }
      if (whole !== undefined) parts = [whole];
      whole = undefined;
      // A part is copied: it may be one byte that would keep the whole buffer of its socket alive.
      parts.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (end === undefined && bytes >= prefixBytes) end = endOfMessage(Buffer.concat(parts, prefixBytes));
      if (end === undefined) return undefined;
      if (end - prefixBytes > maxBytes) return tooLarge(maxBytes);
      return bytes > end
        ? { status: grpcStatus.internal, message: 'more than one message in a unary call' }
        : undefined;
    },
    finish: () => {
      if (bytes !== end)
        return { status: grpcStatus.internal, message: 'the request has no complete message' };
      const frame = whole ?? Buffer.concat(parts, bytes);
      const body = frame.subarray(prefixBytes);
      switch (frame[0]) {
        case 0:
          return body;
        case 1:
          return decompress(body, encoding, maxBytes);
        default:
          return {
            status: grpcStatus.internal,
            message: 'the compressed flag of the message is neither 0 nor 1',
          };
      }
    },
  };
}

function endOfMessage(start: Buffer): number {
  return prefixBytes + start.readUInt32BE(1);
}

function decompress(body: Buffer, encoding: string | undefined, maxBytes: number): Buffer | CallFailure {
  try {
    switch (encoding) {
      case 'gzip':
        return gunzipSync(body, { maxOutputLength: maxBytes });
      case 'deflate':
        return inflateSync(body, { maxOutputLength: maxBytes });
      default:
        return {
          status: grpcStatus.internal,
          message: 'the message is compressed, but the call names no encoding',
        };
    }
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    return isTooLarge
      ? tooLarge(maxBytes)
      : { status: grpcStatus.internal, message: 'the message cannot be decompressed' };
  }
}

function tooLarge(maxBytes: number): CallFailure {
  return { status: grpcStatus.resourceExhausted, message: `the message is larger than ${maxBytes} bytes` };
}
