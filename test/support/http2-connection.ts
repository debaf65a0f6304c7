/** A connection of the own HTTP/2 on a loopback socket, its handler, and a client of raw frames. */
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { createHttp2Connection, type Http2Connection } from '../../src/transport/grpc/http2/connection.ts';
import { errorCode } from '../../src/transport/grpc/http2/error-code.ts';
import type { Stream } from '../../src/transport/grpc/http2/stream.ts';
import { createTestClock, type TestClock } from './clock.ts';
import {
  callHeaders,
  connectRaw,
  type Frame,
  flag,
  frame,
  frameType,
  type RawHttp2,
  uint32,
} from './http2.ts';

/** The reactions of the handler of the connection. */
export interface Behavior {
  readonly opened?: (stream: Stream<number>, connection: Http2Connection<number>) => void;
  readonly data?: (
    stream: Stream<number>,
    piece: Buffer,
    isLast: boolean,
    connection: Http2Connection<number>,
  ) => void;
  readonly closed?: (stream: Stream<number>, connection: Http2Connection<number>) => void;
  /** Whether the client sends its preface and SETTINGS at once. */
  readonly preface?: boolean;
}

/** A connection under test. */
export interface Served {
  readonly connection: Http2Connection<number>;
  /** The server's side of the socket. */
  readonly socket: Socket;
  readonly clock: TestClock;
  /** The calls of the handler, such as `1 opened`, `1 data 5`, `1 end 0`, `1 closed`. */
  readonly events: string[];
  /** Why the connection has ended; empty while it is open. */
  readonly endings: (string | undefined)[];
  readonly client: RawHttp2;
  /** Sends frames, and waits until all of them are read and all answers have arrived. Returns the answers. */
  readonly exchange: (...frames: Buffer[]) => Promise<Frame[]>;
  /** Sends frames, and waits until the connection is closed. Returns the name of the error code of the last GOAWAY. */
  readonly endedBy: (...frames: Buffer[]) => Promise<string | undefined>;
}

/** Opens a connection. */
export async function serveHttp2(behavior: Behavior = {}): Promise<Served> {
  const clock = createTestClock();
  const events: string[] = [];
  const endings: (string | undefined)[] = [];
  const opened = Promise.withResolvers<{ connection: Http2Connection<number>; socket: Socket }>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const connection = createHttp2Connection<number>({
      socket,
      clock,
      onClosed: (error) => endings.push(error && `${codeName(error.code)}: ${error.detail}`),
      handler: {
        opened: (stream) => {
          events.push(`${stream.id} opened`);
          behavior.opened?.(stream, connection);
          return stream.id;
        },
        data: (stream, piece, isLast) => {
          events.push(`${stream.id} ${isLast ? 'end' : 'data'} ${piece.length}`);
          behavior.data?.(stream, piece, isLast, connection);
        },
        closed: (stream) => {
          events.push(`${stream.call} closed`);
          behavior.closed?.(stream, connection);
        },
      },
    });
    opened.resolve({ connection, socket });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = await connectRaw((server.address() as AddressInfo).port, behavior);
  const served = await opened.promise;
  onTestFinished(() => {
    client.close();
    served.socket.destroy();
    server.close();
  });

  /** Waits for frames, or the end of the connection. */
  const seen = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!isSo() && !client.isClosed()) return;
        client.socket.off('data', check).off('close', check);
        resolve();
      };
      client.socket.on('data', check);
      client.socket.on('close', check);
      check();
    });
  let fences = 0;
  const fence = async () => {
    const payload = Buffer.concat([Buffer.from('fenc'), uint32(++fences)]);
    client.write(frame(frameType.ping, 0, 0, payload));
    await seen(() =>
      client.frames.some(({ type, payload: answer }) => isPing(type) && answer.equals(payload)),
    );
  };
  // A test must not see the answers to the preface.
  if (behavior.preface !== false) await fence();
  return {
    ...served,
    clock,
    events,
    endings,
    client,
    exchange: async (...frames) => {
      const before = client.frames.length;
      client.write(...frames);
      await fence();
      return client.frames.slice(before).filter(({ type }) => !isPing(type));
    },
    endedBy: async (...frames) => {
      client.write(...frames);
      await seen(() => client.isClosed());
      const last = client.frames.findLast(({ type }) => type === frameType.goAway);
      return last && codeName(last.payload.readUInt32BE(4));
    },
  };
}

function isPing(type: number): boolean {
  return type === frameType.ping;
}

/** The name of an error code. */
export function codeName(code: number): string {
  return Object.entries(errorCode).find(([, value]) => value === code)?.[0] ?? String(code);
}

/** Describes a frame, such as `1 RST_STREAM streamClosed`, `1 DATA 5 end` or `0 SETTINGS ack`. */
export function describeFrame({ type, flags, stream, payload }: Frame): string {
  switch (type) {
    case frameType.data:
      return `${stream} DATA ${payload.length}${flags & flag.endStream ? ' end' : ''}`;
    case frameType.headers:
      return `${stream} HEADERS ${payload.toString('latin1')}${flags & flag.endStream ? ' end' : ''}`;
    case frameType.rstStream:
      return `${stream} RST_STREAM ${codeName(payload.readUInt32BE())}`;
    case frameType.settings:
      return `${stream} SETTINGS${flags & flag.ack ? ' ack' : ''}`;
    case frameType.windowUpdate:
      return `${stream} WINDOW_UPDATE ${payload.readUInt32BE()}`;
    case frameType.goAway:
      return `${stream} GOAWAY ${payload.readUInt32BE()} ${codeName(payload.readUInt32BE(4))}`;
    default:
      return `${stream} ${type} ${payload.toString('hex')}`;
  }
}

/** Writes a header block of literals that are not indexed (RFC 7541 section 6.2.2). Names and values have up to 126 bytes. */
export function literals(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

/** The HEADERS of a gRPC call. */
export function head(stream: number, { end = false, block = callHeaders() } = {}): Buffer {
  return frame(frameType.headers, flag.endHeaders | (end ? flag.endStream : 0), stream, block);
}

/** A DATA frame of zeros. */
export function data(stream: number, bytes: number, { end = false } = {}): Buffer {
  return frame(frameType.data, end ? flag.endStream : 0, stream, Buffer.alloc(bytes));
}

/** SETTINGS of pairs. */
export function settings(...pairs: readonly (readonly [identifier: number, value: number])[]): Buffer {
  const bytes = pairs.map(([identifier, value]) => Buffer.concat([Buffer.of(0, identifier), uint32(value)]));
  return frame(frameType.settings, 0, 0, Buffer.concat(bytes));
}

/** WINDOW_UPDATE of a stream, or of the connection (0). */
export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(frameType.windowUpdate, 0, stream, uint32(increment));
}

/** RST_STREAM. */
export function rstStream(stream: number, code: number = errorCode.cancel): Buffer {
  return frame(frameType.rstStream, 0, stream, uint32(code));
}
