/** A server on `node:http2`, with the limits that the service had on it. */
import http2, { type ServerHttp2Stream } from 'node:http2';
import { isEarly, listen, sizeOf } from './fuzz-server.ts';
import { type DeliveredCall, digest, windows } from './plan.ts';

const mostCalls = 4_096;
const headerListSize = 64 * 1024;

/**
 * Starts the server.
 *
 * @param onEnded called with the port of each client, and its calls
 * @returns the port
 */
export async function startNodeServer(
  onEnded: (client: number, calls: readonly DeliveredCall[]) => void,
): Promise<number> {
  const server = http2.createServer({
    maxSessionMemory: 128,
    maxSessionRejectedStreams: 2 ** 31 - 1,
    settings: {
      maxConcurrentStreams: mostCalls,
      maxHeaderListSize: headerListSize,
      initialWindowSize: windows.stream,
      enablePush: false,
    },
    maxHeaderListPairs: 256,
    streamResetBurst: 30_000,
    streamResetRate: 10_000,
  });
  const callsOf = new WeakMap<http2.Http2Session, DeliveredCall[]>();
  server.on('sessionError', () => {});
  server.on('session', (session) => {
    const calls: DeliveredCall[] = [];
    callsOf.set(session, calls);
    const client = session.socket.remotePort ?? 0;
    session.setLocalWindowSize(windows.connection);
    session.on('error', () => {});
    // The streams of a session close after it.
    session.once('close', () => setImmediate(() => setImmediate(() => onEnded(client, calls))));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    const calls = stream.session === undefined ? undefined : callsOf.get(stream.session);
    serveOnNode(stream, String(headers[':method']), String(headers[':path'] ?? ''), (call) =>
      calls?.push(call),
    );
  });
  return (await listen(server)).port();
}

function serveOnNode(
  stream: ServerHttp2Stream,
  method: string,
  path: string,
  onCall: (call: DeliveredCall) => void,
): void {
  const respond = () => {
    if (stream.destroyed || stream.closed || stream.session?.destroyed !== false) return;
    stream.respond({ ':status': 200 });
    stream.end(Buffer.alloc(sizeOf(path)));
  };
  const pieces: Buffer[] = [];
  let isReported = false;
  const report = (complete: boolean) => {
    if (isReported) return;
    isReported = true;
    onCall({ method, path, complete, body: digest(pieces) });
  };
  stream.on('error', () => {});
  if (isEarly(path)) {
    onCall({ method, path, complete: true, body: '' });
    stream.resume();
    respond();
    return;
  }
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  stream.on('end', () => {
    report(!stream.aborted);
    respond();
  });
  stream.on('close', () => report(false));
}
