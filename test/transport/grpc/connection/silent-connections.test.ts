/** gRPC connections without any bytes so far, and their limits. */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createGrpcServer } from '../../../../src/transport/grpc/server.ts';
import { listen } from '../../../../src/transport/shared/listen.ts';
import type { Listener } from '../../../../src/transport/shared/listener.ts';
import type { RejectionCause } from '../../../../src/transport/shared/rejections.ts';
import { configOf, fileFor, until } from '../../../support/app.ts';
import { createTestClock, settled } from '../../../support/clock.ts';

const nothing = () => {
  throw new Error('nobody asks');
};

async function start(maxConnections = 10) {
  const config = await configOf(
    fileFor('https://issuer.example').replace('grpc: {', `grpc: {maxConnections: ${maxConnections}, `),
  );
  const clock = createTestClock();
  const rejected: RejectionCause[] = [];
  const server: Listener = createGrpcServer({
    options: config.grpc,
    limits: { stored: 1_000, skipped: 1_000 },
    authorizer: nothing,
    health: { isServing: () => true, onChange: () => () => {} },
    clock,
    onTlsReload: () => {},
    onRejected: (cause) => rejected.push(cause),
    listen,
  });
  const { port } = await server.start();
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= server.close(60_000);
    return closing;
  };
  onTestFinished(async () => {
    let hasClosed = false;
    void close().then(() => {
      hasClosed = true;
    });
    await until(async () => {
      await clock.advance(1_000);
      return hasClosed;
    });
  });
  const connect = async () => {
    const socket = net.connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    return socket;
  };
  return { server, port, clock, rejected, connect, close };
}

/** Sends a health check. Returns its gRPC status, and whether a GOAWAY arrived. */
async function askHealth(session: http2.ClientHttp2Session): Promise<string> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(Buffer.alloc(5));
  stream.resume();
  const [trailers] = await once(stream, 'trailers');
  return String(trailers['grpc-status']);
}

test('a silent connection ends after 10 s, and is not reported', async () => {
  const { clock, rejected, connect } = await start();
  const socket = await connect();
  await settled();
  await clock.advance(9_000);
  expect(socket.destroyed).toBe(false);
  await clock.advance(2_000);
  await until(() => socket.destroyed);
  expect(rejected).toEqual([]);
});

test('a connection that starts byte by byte is served', async () => {
  const { connect } = await start();
  const socket = await connect();
  socket.pause();
  socket.setNoDelay(true);
  for (const byte of Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1'))
    await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
  socket.resume();
  const [first] = await once(socket, 'data');
  // SETTINGS (RFC 9113 section 6.5).
  expect((first as Buffer)[3]).toBe(4);
});

test('a connection beyond the limit still gets a response if it sends a call immediately', async () => {
  const { port, clock, connect } = await start(2);
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  await until(async () => {
    await settled();
    return true;
  });
  const [second, third] = [await connect(), await connect()];
  await settled();
  const session = http2.connect(`http://127.0.0.1:${port}`, { createConnection: () => socket });
  onTestFinished(() => session.destroy());
  const goAway = once(session, 'goaway');
  expect(await askHealth(session)).toBe('0');
  await goAway;
  await clock.advance(1_000);
  await until(() => session.closed);
  expect([second.destroyed, third.destroyed]).toEqual([false, false]);
});

test('a silent connection does not delay shutdown', async () => {
  const { clock, connect, close } = await start();
  const socket = await connect();
  let hasClosed = false;
  void close().then(() => {
    hasClosed = true;
  });
  for (let looks = 0; looks < 4; looks++) await clock.advance(500);
  await until(() => hasClosed && socket.destroyed);
});
