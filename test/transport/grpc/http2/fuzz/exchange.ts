/** Sends the bytes of a client to a server, and records what comes back. */
import net from 'node:net';
import { flag, readFrames, type } from './frames.ts';
import { isLastAck } from './fuzz-case.ts';

/** How a server took the bytes. */
export interface Exchange {
  readonly clientPort: number;
  readonly output: Buffer;
  /** The streams whose responses did not end. */
  readonly unanswered: readonly number[];
  /**
   * How the server ended the connection: the code of its GOAWAY, or `closed` without one. It is `open` if the server
   * acknowledged the last PING, and `silent` if it did none of these in time.
   */
  readonly end: number | 'closed' | 'open' | 'silent';
}

/** The longest wait for a server, in milliseconds. Only a server that never responds needs it. */
const patience = 20_000;

/**
 * Sends bytes.
 *
 * @param streams the streams whose responses the client waits for before it closes the connection
 */
export function exchange(
  port: number,
  pieces: readonly Buffer[],
  streams: ReadonlySet<number>,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    const chunks: Buffer[] = [];
    const waiting = new Set(streams);
    let rest = Buffer.alloc(0);
    let clientPort = 0;
    let end: Exchange['end'] | undefined;
    const timer = setTimeout(() => {
      end ??= 'silent';
      socket.destroy();
    }, patience);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const read = readFrames(Buffer.concat([rest, chunk]));
      rest = Buffer.from(read.rest);
      for (const frame of read.frames) {
        if (isLastAck(frame)) end ??= 'open';
        if (frame.type === type.goAway && frame.payload.readUInt32BE(4) !== 0)
          end ??= frame.payload.readUInt32BE(4);
        const isData = frame.type === type.data || frame.type === type.headers;
        if (frame.type === type.rstStream || (isData && (frame.flags & flag.endStream) !== 0))
          waiting.delete(frame.stream);
      }
      if (end !== undefined && (end !== 'open' || waiting.size === 0)) socket.end();
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ clientPort, unanswered: [...waiting], output: Buffer.concat(chunks), end: end ?? 'closed' });
    });
    socket.on('connect', async () => {
      clientPort = socket.localPort ?? 0;
      for (const piece of pieces) {
        if (!socket.writable) return;
        socket.write(piece);
        await new Promise(setImmediate);
      }
    });
  });
}
