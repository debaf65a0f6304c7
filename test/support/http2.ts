/** Raw HTTP/2 frames (RFC 9113), for requests that client libraries do not send. */
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

/** Frame types and flags that the tests use. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const flag = { endStream: 1, ack: 1, endHeaders: 4 } as const;

/** A received frame. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Writes a frame. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The header block of a gRPC call, without the dynamic table (RFC 7541). */
export function callHeaders(path = '/envoy.service.auth.v3.Authorization/Check'): Buffer {
  return Buffer.concat([
    Buffer.from([0x83, 0x86]),
    literal(4, path),
    literal(1, 'localhost'),
    literal(31, 'application/grpc'),
    literal('te', 'trailers'),
  ]);
}

/** A framed gRPC message. */
export function grpcMessage(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** A 32-bit number. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function literal(name: number | string, value: string): Buffer {
  const start =
    typeof name === 'number'
      ? name < 15
        ? [name]
        : [15, name - 15]
      : [0, name.length, ...Buffer.from(name)];
  return Buffer.from([...start, ...integer(value.length), ...Buffer.from(value)]);
}

function integer(value: number): number[] {
  return value < 127 ? [value] : [127, value - 127];
}

/** A connection for raw HTTP/2. */
export interface RawHttp2 {
  readonly socket: net.Socket;
  readonly frames: Frame[];
  readonly write: (...frames: Buffer[]) => void;
  readonly isClosed: () => boolean;
  readonly close: () => void;
}

/** How a client of raw frames connects. */
export interface RawOptions {
  /** Whether the preface and SETTINGS are sent at once. */
  readonly preface?: boolean;
  /** Whether the client still reads after it has ended its side. */
  readonly allowHalfOpen?: boolean;
  /** The certificate of the authority, for TLS. */
  readonly ca?: string | undefined;
}

/** Connects. */
export async function connectRaw(
  port: number,
  { preface = true, allowHalfOpen = false, ca }: RawOptions = {},
): Promise<RawHttp2> {
  const to = { port, host: '127.0.0.1', allowHalfOpen };
  const socket = ca === undefined ? net.connect(to) : tls.connect({ ...to, ca, ALPNProtocols: ['h2'] });
  socket.setNoDelay(true);
  const frames: Frame[] = [];
  let buffer = Buffer.alloc(0);
  let isClosed = false;
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
  });
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= 9 && buffer.length >= 9 + buffer.readUIntBE(0, 3)) {
      const length = buffer.readUIntBE(0, 3);
      frames.push({
        type: buffer[3] ?? 0,
        flags: buffer[4] ?? 0,
        stream: buffer.readUInt32BE(5) & 0x7fffffff,
        payload: buffer.subarray(9, 9 + length),
      });
      buffer = buffer.subarray(9 + length);
    }
  });
  await once(socket, ca === undefined ? 'connect' : 'secureConnect');
  const write = (...parts: Buffer[]) => {
    if (!isClosed && socket.writable) socket.write(Buffer.concat(parts));
  };
  if (preface) {
    write(
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      frame(frameType.settings, 0, 0),
      frame(frameType.settings, flag.ack, 0),
    );
  }
  return { socket, frames, write, isClosed: () => isClosed, close: () => socket.destroy() };
}
