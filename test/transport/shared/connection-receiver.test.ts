/** Servers whose connections another process accepted treat them like their own. */
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { closeServer, openSockets } from '../../../src/transport/shared/close-server.ts';
import { createConnectionReceiver } from '../../../src/transport/shared/connection-receiver.ts';
import { createTestClock } from '../../support/clock.ts';

/** A server that receives the connections of another one. */
async function startHanded(options: http.ServerOptions, answer: http.RequestListener) {
  const server = http.createServer(options, answer);
  const handed = createConnectionReceiver();
  await handed.listenFor('http')(server, { name: 'http', host: '127.0.0.1', port: 0 });
  const acceptor = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
    handed.receive('http', socket.resume()),
  );
  acceptor.listen(0, '127.0.0.1');
  await once(acceptor, 'listening');
  onTestFinished(() => {
    acceptor.close();
    server.closeAllConnections();
    server.close();
  });
  const connect = () => net.connect((acceptor.address() as AddressInfo).port, '127.0.0.1');
  return { server, handed, connect };
}

async function textOf(socket: net.Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text;
}

test('closes a request that never ends', async () => {
  const limits = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 };
  const { connect } = await startHanded(limits, (_, response) => response.end());
  const socket = connect();
  socket.write('GET / HTTP/1.1\r\nhost: a');
  expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 408 /);
});

test('close waits for current requests, and ends them after the grace time', async () => {
  const clock = createTestClock();
  const open: http.ServerResponse[] = [];
  const { server, connect } = await startHanded({}, (_, response) => void open.push(response));
  const sockets = openSockets(server);
  const [patient, late] = [connect(), connect()];
  for (const socket of [patient, late])
    socket.on('error', () => {}).write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  const texts = [textOf(patient), textOf(late)];
  while (open.length < 2) await once(server, 'request');
  let isClosed = false;
  const closed = closeServer(server, sockets, 1_000, clock).then(() => {
    isClosed = true;
  });
  open[0]?.end('in time');
  await Promise.race(texts);
  await clock.advance(999);
  expect(isClosed).toBe(false);
  await clock.advance(1);
  await closed;
  expect((await Promise.all(texts)).map((text) => text.includes('in time')).toSorted()).toEqual([
    false,
    true,
  ]);
});

test('closes a connection for a listener without a server', async () => {
  const { handed } = await startHanded({}, () => {});
  const socket = new net.Socket();
  handed.receive('grpc', socket);
  expect(socket.destroyed).toBe(true);
});
