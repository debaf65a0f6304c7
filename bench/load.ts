/** A load generator that costs little: prepared bytes out, answers counted by their ends. */
import net from 'node:net';
import { callHeaders, flag, frame, frameType, grpcMessage } from '../test/support/http2.ts';

/** How much is asked, and how many at once. */
export interface Load {
  readonly port: number;
  readonly requests: number;
  readonly connections: number;
}

/**
 * Sends requests over HTTP/1.1, one at a time on each connection.
 *
 * @param requests bytes to send, in turn
 * @returns how many answers had the status 200
 */
export function loadHttp({ port, requests, connections }: Load, bytes: readonly Buffer[]): Promise<number> {
  let sent = 0;
  let answered = 0;
  let allowed = 0;
  return new Promise((resolve, reject) => {
    for (let index = 0; index < connections; index++) {
      const socket = net.connect(port, '127.0.0.1');
      socket.setNoDelay(true);
      const next = () => {
        if (sent >= requests) socket.end();
        else socket.write(bytes[sent++ % bytes.length] ?? '');
      };
      socket.on('connect', next);
      socket.on('error', reject);
      socket.on('data', (chunk: Buffer) => {
        answered++;
        if (chunk.toString('latin1', 9, 12) === '200') allowed++;
        if (answered === requests) resolve(allowed);
        next();
      });
    }
  });
}

/**
 * Sends unary calls over HTTP/2.
 *
 * @param messages CheckRequests to send, in turn
 * @param concurrency calls at once on each connection
 * @returns how many calls were answered
 */
export function loadGrpc(
  { port, requests, connections }: Load,
  messages: readonly Uint8Array[],
  concurrency: number,
): Promise<number> {
  const headers = callHeaders();
  const framed = messages.map(grpcMessage);
  let sent = 0;
  let answered = 0;
  return new Promise((resolve, reject) => {
    for (let index = 0; index < connections; index++) {
      const socket = net.connect(port, '127.0.0.1');
      socket.setNoDelay(true);
      let stream = 1;
      let received: Buffer = Buffer.alloc(0);
      const next = (): Buffer => {
        if (sent >= requests) return Buffer.alloc(0);
        const message = framed[sent++ % framed.length] ?? Buffer.alloc(0);
        const call = Buffer.concat([
          frame(frameType.headers, flag.endHeaders, stream, headers),
          frame(frameType.data, flag.endStream, stream, message),
        ]);
        stream += 2;
        return call;
      };
      socket.on('error', reject);
      socket.on('connect', () => {
        const window = Buffer.alloc(4);
        window.writeUInt32BE(0x3fff_ffff);
        socket.write(
          Buffer.concat([
            Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
            frame(frameType.settings, 0, 0),
            frame(frameType.settings, flag.ack, 0),
            frame(frameType.windowUpdate, 0, 0, window),
            ...Array.from({ length: concurrency }, next),
          ]),
        );
      });
      socket.on('data', (chunk: Buffer) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        const out: Buffer[] = [];
        let offset = 0;
        while (received.length - offset >= 9) {
          const end = offset + 9 + received.readUIntBE(offset, 3);
          if (received.length < end) break;
          const [type, flags] = [received[offset + 3], received[offset + 4] ?? 0];
          if (type === frameType.ping && (flags & flag.ack) === 0)
            out.push(frame(frameType.ping, flag.ack, 0, received.subarray(offset + 9, end)));
          if (type === frameType.headers && (flags & flag.endStream) !== 0) {
            answered++;
            out.push(next());
          }
          offset = end;
        }
        received = received.subarray(offset);
        if (out.length > 0) socket.write(Buffer.concat(out));
        if (answered >= requests) {
          resolve(answered);
          socket.destroy();
        }
      });
    }
  });
}
