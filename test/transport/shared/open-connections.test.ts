/** Silent connections are limited, whether a server accepts them itself or receives them from another process. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Config } from '../../../src/config/declare/options.ts';
import { createGrpcServer } from '../../../src/transport/grpc/server.ts';
import { createHttpServer } from '../../../src/transport/http/server.ts';
import { createConnectionReceiver } from '../../../src/transport/shared/connection-receiver.ts';
import { listen } from '../../../src/transport/shared/listen.ts';
import type { Listen, Listener } from '../../../src/transport/shared/listener.ts';
import { limitOpenConnections } from '../../../src/transport/shared/open-connections.ts';
import { configOf, fileFor, until } from '../../support/app.ts';
import { createAuthority } from '../../support/certificates.ts';
import { createTestClock, type TestClock } from '../../support/clock.ts';

const authority = createAuthority();
const { certFile, keyFile } = authority.issue('bounded');
const places = 10;

const decided = { outcome: 'deny', reason: 'token_missing' } as const;
const nothing = () => {
  throw new Error('nobody asks');
};

type Make = (config: Config, clock: TestClock, listenBy: Listen) => Listener;

const makeGrpc: Make = (config, clock, listenBy) =>
  createGrpcServer({
    options: config.grpc,
    limits: { stored: 1_000, skipped: 1_000 },
    authorizer: () => ({
      check: () => decided,
      readsSessions: false,
      unchecked: { request_too_large: nothing, overloaded: nothing, internal_error: nothing },
      toResponse: nothing,
    }),
    health: { isServing: () => true, onChange: () => () => {} },
    clock,
    onTlsReload: () => {},
    onRejected: () => {},
    listen: listenBy,
  });

const makeHttp: Make = (config, clock, listenBy) =>
  createHttpServer({
    options: config.http,
    authorizer: () => ({ check: () => decided, toReply: nothing }),
    clock,
    onTlsReload: () => {},
    onRejected: () => {},
    onDefect: nothing,
    listen: listenBy,
  });

/** How connections reach a server: at its own port, or at that of another server, which passes them on. */
const ways = {
  accepts: async (start: (listenBy: Listen) => Promise<{ port: number }>) => (await start(listen)).port,
  'receives from another process': async (start: (listenBy: Listen) => Promise<{ port: number }>) => {
    const handed = createConnectionReceiver();
    await start(handed.listenFor('any'));
    const acceptor = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
      handed.receive('any', socket.resume()),
    );
    acceptor.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
    await once(acceptor, 'listening');
    onTestFinished(() => void acceptor.close());
    return (acceptor.address() as AddressInfo).port;
  },
};

/** Opens connections and sends nothing. */
async function connectSilent(port: number, count: number) {
  const sockets = Array.from({ length: count }, () => net.connect(port, '127.0.0.1'));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const socket of sockets)
    socket
      .on('error', () => {})
      .on('end', () => socket.destroy())
      .resume();
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return { sockets, open: () => sockets.filter(({ destroyed }) => !destroyed).length };
}

/** Whether a connection that sends a request gets a response. */
function isServed(port: number, isSecure: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = isSecure
      ? tls.connect({ port, host: '127.0.0.1', ca: authority.ca, ALPNProtocols: ['h2', 'http/1.1'] })
      : net.connect(port, '127.0.0.1');
    const end = (isAnswered: boolean) => {
      socket.destroy();
      resolve(isAnswered);
    };
    socket.on('error', () => {}).on('close', () => resolve(false));
    socket.once(isSecure ? 'secureConnect' : 'data', () => end(true));
    // Both kinds of server respond to the preface of HTTP/2.
    if (!isSecure) socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  });
}

async function startServer(make: Make, isSecure: boolean, way: keyof typeof ways): Promise<number> {
  const secure = isSecure ? `tls: {certFile: ${certFile}, keyFile: ${keyFile}}, ` : '';
  const file = fileFor('https://issuer.example').replace(
    /(http|grpc): \{/g,
    `$1: {maxConnections: ${places}, ${secure}`,
  );
  const clock = createTestClock();
  const config = await configOf(file);
  let server: Listener | undefined;
  const port = await ways[way]((listenBy) => {
    server = make(config, clock, listenBy);
    return server.start();
  });
  onTestFinished(async () => {
    let isClosed = false;
    const closed = server?.close(0).finally(() => {
      isClosed = true;
    });
    while (!isClosed) await clock.advance(1_000);
    await closed;
  });
  return port;
}

describe.each(Object.keys(ways) as (keyof typeof ways)[])('of the connections that a server %s', (way) => {
  test.each<[string, Make, isSecure: boolean, most: number]>([
    ['gRPC over TLS', makeGrpc, true, places + 1_000],
    ['gRPC without TLS', makeGrpc, false, places + 1_000],
    ['HTTP over TLS', makeHttp, true, places + 1_000],
    ['HTTP without TLS', makeHttp, false, places + 1_000],
  ])('%s has at most its limit', async (_, make, isSecure, most) => {
    const port = await startServer(make, isSecure, way);
    const { sockets, open } = await connectSilent(port, most + 200);
    await until(() => open() === most);
    // A closed connection frees its place as soon as the server notices it.
    for (const socket of sockets) socket.destroy();
    await until(() => isServed(port, isSecure));
  });
});

test('the server does not handle a connection beyond the limit', async () => {
  const server = net.createServer();
  const served: net.Socket[] = [];
  server.on('connection', (socket) => served.push(socket));
  limitOpenConnections(server, () => 2);
  const { port } = await listen(server, { name: 'http', host: '127.0.0.1', port: 0 });
  onTestFinished(() => void server.close());
  const { sockets, open } = await connectSilent(port, 5);
  await until(() => open() === 2);
  expect(served.length).toBe(2);
  sockets.find(({ destroyed }) => !destroyed)?.destroy();
  await until(() => served.some(({ destroyed }) => destroyed));
  const { open: openLater } = await connectSilent(port, 3);
  await until(() => openLater() === 1);
  expect(served.length).toBe(3);
});
