/** Peers that close their side of the connection, and still read what they asked for. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileFor, runApp, stopByClock, until } from '../../support/app.ts';
import { createAuthority } from '../../support/certificates.ts';
import { createTestClock } from '../../support/clock.ts';
import { checkMessage } from '../../support/grpc-calls.ts';
import {
  callHeaders,
  connectRaw,
  flag,
  frame,
  frameType,
  grpcMessage,
  type RawOptions,
} from '../../support/http2.ts';

describe.each([['plain'], ['TLS']])('over %s, a peer that closes its side', (kind) => {
  /** A service whose checks of `token` wait for a key until the clock advances. */
  async function start() {
    const authority = createAuthority();
    const { certFile, keyFile } = authority.issue('grpc');
    const tls = `grpc: {tls: {certFile: ${certFile}, keyFile: ${keyFile}}, `;
    const clock = createTestClock();
    const service = await runApp({
      file: kind === 'TLS' ? fileFor('ISSUER').replace('grpc: {', tls) : fileFor('ISSUER'),
      flags: ['--log-checks=none'],
      clock,
    });
    stopByClock(service, clock);
    service.issuer.jwks = () => {};
    const token = await service.issuer.mint({ header: { kid: 'new' } });
    const connect = async (options: RawOptions = {}) => {
      const ca = kind === 'TLS' ? authority.ca : undefined;
      const client = await connectRaw(service.grpcPort, { ca, allowHalfOpen: true, ...options });
      onTestFinished(client.close);
      return client;
    };
    return { clock, connect, check: checkMessage({ headers: { authorization: `Bearer ${token}` } }) };
  }
  const call = (id: number, message: Buffer, path?: string) => [
    frame(frameType.headers, flag.endHeaders, id, callHeaders(path)),
    frame(frameType.data, flag.endStream, id, message),
  ];

  test('gets the answers of its calls, and the connection ends after the last one', async () => {
    const { clock, connect, check } = await start();
    const { write, socket, frames, isClosed } = await connect();
    const incomplete = frame(frameType.headers, flag.endHeaders, 5, callHeaders());
    write(...call(1, check), ...call(3, check), incomplete);
    socket.end();
    const has = (type: number) => frames.some((received) => received.type === type);
    // GOAWAY shows that the service has seen the end.
    await until(() => has(frameType.goAway) || isClosed());
    expect([has(frameType.data), isClosed()]).toEqual([false, false]);
    await clock.advance(4_000);
    await until(isClosed);
    const ended = frames.filter(({ flags, type }) => type === frameType.headers && flags & flag.endStream);
    expect(ended.map(({ stream }) => stream)).toEqual([1, 3]);
  });

  test.each([
    ['without a call', () => []],
    ['within a call', () => [frame(frameType.headers, flag.endHeaders, 1, callHeaders())]],
  ])('%s ends the connection', async (_, frames) => {
    const { connect } = await start();
    const { write, socket, isClosed } = await connect();
    write(...frames());
    socket.end();
    await until(isClosed);
  });

  test('before it begins ends the connection', async () => {
    const { connect } = await start();
    const { socket, isClosed } = await connect({ preface: false });
    socket.end();
    await until(isClosed);
  });

  test('with an open watch ends the connection when it is silent', async () => {
    const { clock, connect } = await start();
    const { write, socket, frames, isClosed } = await connect();
    write(...call(1, grpcMessage(Buffer.alloc(0)), '/grpc.health.v1.Health/Watch'));
    await until(() => frames.some(({ type }) => type === frameType.data));
    socket.end();
    await until(() => frames.some(({ type }) => type === frameType.goAway));
    expect(isClosed()).toBe(false);
    for (let passed = 0; passed < 17_000 && !isClosed(); passed += 250) {
      await clock.advance(250);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(isClosed);
  });
});
