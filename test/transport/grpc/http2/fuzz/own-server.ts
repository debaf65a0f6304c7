/** A server on the service's own HTTP/2. It also checks what a handler may rely on. */
import net, { type Socket } from 'node:net';
import { systemClock } from '../../../../../src/runtime/time/clock.ts';
import {
  createHttp2Connection,
  type Http2Connection,
} from '../../../../../src/transport/grpc/http2/connection.ts';
import type { Stream } from '../../../../../src/transport/grpc/http2/stream.ts';
import { createMailbox, type Mailbox } from '../../../../../tools/http2-oracle.ts';
import { type FuzzServer, isEarly, listen, sizeOf } from './fuzz-server.ts';
import { type DeliveredCall, digest } from './plan.ts';

/** A server whose faults are visible. */
export interface OwnServer extends FuzzServer {
  /** The mistakes so far, such as a stream that closed twice or never. */
  readonly faults: () => readonly string[];
}

interface OwnCall {
  readonly path: string;
  readonly method: string;
  readonly pieces: Buffer[];
  isComplete: boolean;
  closes: number;
}

const okHeaders = Buffer.from([0x88]);
const okTrailers = Buffer.concat([Buffer.from([0, 11]), Buffer.from('grpc-status'), Buffer.from([1, 0x30])]);

/** Starts the server. */
export async function startOwnServer(): Promise<OwnServer> {
  const reports = createMailbox<readonly DeliveredCall[]>();
  const faults: string[] = [];
  const server = net.createServer((socket) => serveOwn(socket, reports, (fault) => faults.push(fault)));
  return { name: 'ours', ...(await listen(server)), calls: reports.take, faults: () => faults };
}

function serveOwn(
  socket: Socket,
  reports: Mailbox<readonly DeliveredCall[]>,
  onFault: (fault: string) => void,
): void {
  const client = socket.remotePort ?? 0;
  const calls: OwnCall[] = [];
  socket.on('error', () => socket.destroy());
  let isOver = false;
  const connection: Http2Connection<OwnCall> = createHttp2Connection<OwnCall>({
    socket,
    clock: systemClock,
    handler: {
      opened: (stream) => {
        const { method, path } = stream.head;
        const call = { method, path, pieces: [], isComplete: false, closes: 0 };
        calls.push(call);
        if (isEarly(path)) respond(stream, path);
        return call;
      },
      data: (stream, piece, isLast) => {
        const { call } = stream;
        if (call.closes > 0) onFault(`data after the end of ${call.path}`);
        if (call.isComplete) onFault(`data after the last of ${call.path}`);
        call.pieces.push(Buffer.from(piece));
        if (!isLast) return;
        call.isComplete = true;
        if (!isEarly(call.path)) respond(stream, call.path);
      },
      closed: ({ call }) => {
        call.closes++;
        if (isOver) onFault(`${call.path} closed after its connection`);
      },
    },
    onClosed: () => {
      if (isOver) onFault('the connection ended twice');
      isOver = true;
      for (const { path, closes } of calls) if (closes !== 1) onFault(`${path} closed ${closes} times`);
      reports.put(client, calls.map(delivered));
    },
  });
  const respond = (stream: Stream<OwnCall>, path: string) => {
    const size = sizeOf(path);
    const way = Number(/[0-9]+/.exec(path)?.[0] ?? 0) % 3;
    if (way === 0) connection.respond(stream, okHeaders, Buffer.alloc(size), okTrailers);
    else if (way === 1)
      setImmediate(() => connection.respond(stream, okHeaders, Buffer.alloc(size), okTrailers));
    else {
      connection.start(stream, okHeaders);
      connection.send(stream, Buffer.alloc(Math.ceil(size / 2)));
      setImmediate(() => {
        connection.send(stream, Buffer.alloc(Math.floor(size / 2)));
        connection.finish(stream, okTrailers);
      });
    }
  };
}

function delivered({ method, path, pieces, isComplete }: OwnCall): DeliveredCall {
  return isEarly(path)
    ? { method, path, complete: true, body: '' }
    : { method, path, complete: isComplete, body: digest(pieces) };
}
