/** Random bytes on the check ports: they are never allowed, and do not affect other clients. */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { callHeaders, flag, frame, frameType } from '../support/http2.ts';

/** Sends bytes, and returns what arrives until the connection closes or 300 ms have passed. */
function send(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = '';
    const end = () => {
      socket.destroy();
      resolve(received);
    };
    const timer = setTimeout(end, 300);
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
    socket.write(bytes);
  });
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const anyFrames = () =>
  Buffer.concat(
    Array.from({ length: 1 + ((randomBytes(1)[0] ?? 0) % 8) }, () => {
      const [type = 0, flags = 0, stream = 0, length = 0] = randomBytes(4);
      return frame(type % 12, flags, stream % 5, randomBytes(length));
    }),
  );

test('random bytes on the check ports are never allowed and affect no other client', {
  timeout: 120_000,
}, async () => {
  const { httpPort, grpcPort, issuer, logText } = await startApp({ flags: ['--log-checks=none'] });
  const grpc = connectGrpc(grpcPort);
  const authorization = `Bearer ${await issuer.mint()}`;
  const isWell = async () => {
    const overHttp = await exchange(httpPort, request('GET', '/', [`authorization: ${authorization}`]));
    const overGrpc = await grpc.check({ headers: { authorization } });
    expect([overHttp?.status, overGrpc.status?.code]).toEqual([200, 0]);
  };
  await isWell();
  for (let round = 0; round < 20; round++) {
    const http = Array.from({ length: 20 }, () => {
      const line = Buffer.from(request('GET', '/', [`authorization: ${authorization}x`]));
      for (let change = 0; change < 4; change++)
        line[(randomBytes(2).readUInt16BE() % 90) + (change % 2) * 20] = randomBytes(1)[0] ?? 0;
      return round % 2 === 0 ? line : randomBytes(200);
    });
    const frames = Array.from({ length: 20 }, () =>
      Buffer.concat([
        preface,
        frame(frameType.settings, 0, 0),
        frame(frameType.headers, flag.endHeaders, 1, callHeaders()),
        anyFrames(),
      ]),
    );
    const noise = Array.from({ length: 10 }, () => Buffer.concat([preface, randomBytes(300)]));
    const answers = await Promise.all([
      ...http.map((bytes) => send(httpPort, bytes)),
      ...[...frames, ...noise].map((bytes) => send(grpcPort, bytes)),
    ]);
    expect(answers.filter((answer) => /^HTTP\/1\.1 (200|5\d\d)/.test(answer))).toEqual([]);
    await isWell();
  }
  grpc.close();
  expect(logText()).not.toMatch(/defect|internal_error/);
});
