/** A call that is too large or too slow ends with a response. It never fails, and never ends its connection. */
import http2 from 'node:http2';
import net from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import { frameMessage } from '../../../src/transport/grpc/message/framing.ts';
import { createGrpcServer } from '../../../src/transport/grpc/server.ts';
import { listen } from '../../../src/transport/shared/listen.ts';
import { configOf, fileFor, type RunningApp, runApp, startApp, until } from '../../support/app.ts';
import { createAuthority } from '../../support/certificates.ts';
import { createTestClock, settled, type TestClock } from '../../support/clock.ts';
import {
  beginCall,
  type CallEnd,
  checkBytes,
  checkMessage,
  compressedMessage,
  makeCall,
  openSession,
} from '../../support/grpc-calls.ts';
import { connectGrpc } from '../../support/grpc-client.ts';
import { callHeaders, flag, frame, frameType, grpcMessage, uint32 } from '../../support/http2.ts';

const mebibyte = 1024 * 1024;
const quiet = ['--log-checks=none'];
const allowed = { grpc: '0', code: 0, reason: 'allowed', reset: 0 };
const tooLarge = { grpc: '0', code: 8, reason: 'request_too_large', httpStatus: 'PayloadTooLarge', reset: 0 };
const overloaded = { grpc: '0', code: 14, reason: 'overloaded', httpStatus: 'ServiceUnavailable', reset: 0 };

const bearer = async ({ issuer }: RunningApp) => ({ authorization: `Bearer ${await issuer.mint()}` });

/** A service with a clock that only the test advances. */
async function startOn(clock: TestClock, flags: readonly string[] = []): Promise<RunningApp> {
  const service = await runApp({ flags: [...quiet, ...flags], clock });
  onTestFinished(async () => {
    let isStopped = false;
    const stopped = service.stop().finally(() => {
      isStopped = true;
    });
    while (!isStopped) await clock.advance(1_000);
    await stopped;
  });
  return service;
}

/** A protobuf field of bytes. */
function field(number: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(value.length)]), value]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) + 0x80, ...varint(Math.floor(value / 0x80))];
}

describe('a check with fields that no decision reads', () => {
  const filler = Buffer.alloc(3 * mebibyte, 0x0a);
  const unread: [name: string, http: object][] = [
    ['a body of 4 MiB as bytes', { rawBody: Buffer.alloc(4 * mebibyte, 0xff) }],
    ['a body of 4 MiB as text', { body: 'b'.repeat(4 * mebibyte) }],
    ['a body of 300,000 bytes', { rawBody: Buffer.alloc(300_000) }],
    ['a body of both kinds', { body: 'b'.repeat(mebibyte), rawBody: Buffer.alloc(mebibyte) }],
    ['a query of 3 MiB', { query: 'q'.repeat(3 * mebibyte) }],
  ];

  test.each(unread)('%s: the field has no effect, with the official client', async (_, http) => {
    const service = await startApp({ flags: quiet });
    const client = connectGrpc(service.grpcPort);
    onTestFinished(client.close);
    const headers = await bearer(service);
    for (const encoding of ['identity', 'gzip']) {
      const metadata = new Metadata();
      metadata.set('grpc-internal-encoding-request', encoding);
      const ask = (more: object) =>
        client.checkRaw({ attributes: { request: { http: { ...http, ...more } } } }, {}, metadata);
      expect((await ask({ headers })).status?.code).toBe(0);
      expect((await ask({})).dynamicMetadata?.fields?.reason?.stringValue).toBe('token_missing');
    }
  });

  test('has the same decision with the field before the headers, after them, and in an unknown field', async () => {
    const service = await startApp({ flags: quiet });
    const session = openSession(service.grpcPort);
    const { authorization } = await bearer(service);
    const entry = field(
      3,
      Buffer.concat([field(1, Buffer.from('authorization')), field(2, Buffer.from(authorization))]),
    );
    const inHttp = (http: Buffer) => field(1, field(4, field(2, http)));
    const messages = {
      'body first': inHttp(Buffer.concat([field(12, filler), entry])),
      'body last': inHttp(Buffer.concat([entry, field(12, filler)])),
      'an unknown field of the request': inHttp(Buffer.concat([field(999, filler), entry])),
      'an unknown field of the check': Buffer.concat([field(77, filler), inHttp(entry)]),
      'an unknown field of the attributes': field(
        1,
        Buffer.concat([field(77, filler), field(4, field(2, entry))]),
      ),
      'in two halves': Buffer.concat([inHttp(field(12, filler)), inHttp(entry)]),
    };
    for (const [name, message] of Object.entries(messages))
      expect([name, await makeCall(session, grpcMessage(message))]).toMatchObject([name, allowed]);
  });
});

describe('a check that is too large gets a response, and the connection stays open', () => {
  const beyond: [name: string, message: Buffer, encoding?: string][] = [
    ['a body of one byte above the limit', checkMessage({ rawBody: Buffer.alloc(4 * mebibyte + 1) })],
    ['a body of 30 MB', checkMessage({ body: 'b'.repeat(30_000_000) })],
    ['headers of 300 KiB', checkMessage({ headers: { cookie: 'c'.repeat(300 * 1024) } })],
    ['2,000 headers of 150 bytes', checkMessage({ headers: many(2_000, 150) })],
    [
      'headers of 300 KiB, raw',
      checkMessage({ headerMap: { headers: [{ key: 'a', rawValue: Buffer.alloc(300 * 1024) }] } }),
    ],
    ['a length of 4 GB', Buffer.from([0, 255, 255, 255, 255])],
    [
      'a body of 30 MB in gzip',
      compressedMessage(gzipSync(checkBytes({ body: 'b'.repeat(30_000_000) }))),
      'gzip',
    ],
    [
      'headers of 300 KiB in deflate',
      compressedMessage(deflateSync(checkBytes({ headers: { a: 'c'.repeat(300_000) } }))),
      'deflate',
    ],
    // Decompression has its own limit. Without it, this body would be skipped.
    [
      'an unknown field of 5 MB, in 5 KB of gzip',
      compressedMessage(gzipSync(field(77, Buffer.alloc(5_000_000)))),
      'gzip',
    ],
    [
      'a decompression bomb of 100 MB in 100 KB',
      compressedMessage(gzipSync(field(77, Buffer.alloc(100_000_000)))),
      'gzip',
    ],
  ];

  function many(count: number, bytes: number): Record<string, string> {
    return Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'v'.repeat(bytes)]));
  }

  test.each(beyond)('%s', async (_, message, encoding) => {
    const service = await startApp({ flags: quiet });
    const session = openSession(service.grpcPort);
    const headers = encoding === undefined ? {} : { 'grpc-encoding': encoding };
    expect(await makeCall(session, message, headers)).toMatchObject(tooLarge);
    expect(await makeCall(session, checkMessage({ headers: await bearer(service) }))).toMatchObject(allowed);
    const metrics = await (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
    expect(metrics).toContain('reason="request_too_large",issuer="none"} 1');
  });

  test('the log record has the fields that were read', async () => {
    const service = await startApp();
    const message = checkMessage({ host: 'shop', path: '/upload?x', rawBody: Buffer.alloc(5_000_000) });
    const session = openSession(service.grpcPort);
    expect(await makeCall(session, message)).toMatchObject(tooLarge);
    const records = service.records.filter(({ reason }) => reason === 'request_too_large');
    expect(records).toMatchObject([{ transport: 'grpc', outcome: 'deny' }]);
  });

  test.each([
    ['rules: [{name: a, match: {paths: [/a]}, require: {}, mode: enforce}, {name: b, require: {}}]'],
    ['policies: [{name: a, pathPrefix: /a, mode: enforce, rules: [{name: b, require: {}}]}]'],
  ])('is denied if one rule is enforced: %s', async (rules) => {
    const service = await startApp({ file: `${fileFor('ISSUER')}mode: shadow\n${rules}\n`, flags: quiet });
    const session = openSession(service.grpcPort);
    const filler = 'a'.repeat(300_000);
    expect(await makeCall(session, checkMessage({ headers: { filler } }))).toMatchObject(tooLarge);
  });

  test('is allowed if everything is in shadow mode', async () => {
    const service = await startApp({ flags: [...quiet, '--mode=shadow'] });
    const answer = await makeCall(
      openSession(service.grpcPort),
      checkMessage({ rawBody: Buffer.alloc(5_000_000) }),
    );
    expect(answer).toMatchObject({ grpc: '0', code: 0 });
  });

  test('uses the limits of the configuration', async () => {
    const service = await startApp({
      flags: [...quiet, '--limits-max-grpc-body-size=1Mi', '--limits-max-grpc-message-size=8Ki'],
    });
    const session = openSession(service.grpcPort);
    const headers = await bearer(service);
    const ask = (http: object) => makeCall(session, checkMessage({ headers, ...http }));
    expect(await ask({ rawBody: Buffer.alloc(mebibyte) })).toMatchObject(allowed);
    expect(await ask({ rawBody: Buffer.alloc(mebibyte + 1) })).toMatchObject(tooLarge);
    expect(await ask({ headers: { ...headers, cookie: 'c'.repeat(9_000) } })).toMatchObject(tooLarge);
  });
});

describe('many large checks at once on one connection, with a stopped clock', () => {
  test.each([
    ['130 of 240 KiB of headers', 130, { headers: { cookie: 'c'.repeat(240 * 1024) } }],
    ['250 of 239 KiB of headers', 250, { headers: { cookie: 'c'.repeat(239 * 1024) } }],
    ['250 of 239 KiB of body', 250, { rawBody: Buffer.alloc(239 * 1024, 0x0a) }],
    ['1,000 of 58 KiB of headers', 1_000, { headers: { cookie: 'c'.repeat(58 * 1024) } }],
  ])(
    '%s all get a decision',
    async (_, count, http) => {
      const service = await startOn(createTestClock());
      const session = openSession(service.grpcPort);
      const headers = { ...(http as { headers?: object }).headers, ...(await bearer(service)) };
      const message = checkMessage({ ...http, headers });
      const ends = await Promise.all(Array.from({ length: count }, () => makeCall(session, message)));
      expect(ends.filter((end) => end.reason !== 'allowed')).toEqual([]);
      expect(session.closed || session.destroyed).toBe(false);
      expect(await makeCall(session, message)).toMatchObject(allowed);
    },
    60_000,
  );

  test('beyond the memory limit of a connection, only its calls with the most memory end', async () => {
    const service = await startOn(createTestClock());
    const session = openSession(service.grpcPort);
    const message = checkMessage({ headers: { cookie: 'c'.repeat(240 * 1024) } });
    const calls = Array.from({ length: 500 }, () => beginCall(session));
    for (const { stream } of calls) stream.write(message.subarray(0, 200 * 1024));
    await until(() => calls.filter(({ isAnswered }) => isAnswered()).length > 100, 60);
    const small = checkMessage({ headers: await bearer(service) });
    expect(await makeCall(session, small)).toMatchObject(allowed);
    const answered = calls.filter(({ isAnswered }) => isAnswered());
    expect(answered.length).toBeLessThan(400);
    for (const { ended } of answered) expect(await ended).toMatchObject(overloaded);
    // The others complete now.
    for (const { stream, isAnswered } of calls) if (!isAnswered()) stream.end(message.subarray(200 * 1024));
    const ends = await Promise.all(calls.map(({ ended }) => ended));
    expect(ends.filter(({ reason }) => reason === 'token_missing').length).toBeGreaterThan(100);
  }, 90_000);
});

describe('memory that other connections hold', () => {
  test('does not affect a connection with little memory: incomplete requests of the connections with the most memory end', async () => {
    const service = await startOn(createTestClock());
    const large = checkMessage({ headers: { cookie: 'c'.repeat(240 * 1024) } });
    const hogs = [openSession(service.grpcPort), openSession(service.grpcPort)];
    const held = hogs.flatMap((session) => Array.from({ length: 235 }, () => beginCall(session)));
    for (const { stream } of held) stream.write(large.subarray(0, -1));
    const answered = () => held.filter(({ isAnswered }) => isAnswered());
    await until(() => answered().length > 50, 60);
    const session = openSession(service.grpcPort);
    const small = checkMessage({ headers: { ...(await bearer(service)), cookie: 'c'.repeat(60 * 1024) } });
    const before = answered().length;
    const calls = Array.from({ length: 20 }, () => beginCall(session));
    for (const { stream } of calls) stream.write(small.subarray(0, -1));
    // They need memory too, which the others free.
    await until(() => answered().length > before, 60);
    for (const { stream } of calls) stream.end(small.subarray(-1));
    const ends = await Promise.all(calls.map(({ ended }) => ended));
    expect(ends.filter(({ reason }) => reason !== 'allowed')).toEqual([]);
    for (const { ended } of answered()) expect(await ended).toMatchObject(overloaded);
    for (const hog of hogs) expect(hog.closed || hog.destroyed).toBe(false);
  }, 90_000);
});

describe('a stalled call', () => {
  const half = checkMessage({ headers: { cookie: 'c'.repeat(30_000) } }).subarray(0, 15_000);

  /** A service with a test clock, a connection, and a call that has half arrived. */
  async function stalled(headers: Record<string, string> = {}, clock: TestClock = createTestClock()) {
    const service = await startOn(clock);
    const session = openSession(service.grpcPort);
    const call = beginCall(session, headers);
    call.stream.write(half);
    const good = checkMessage({ headers: await bearer(service) });
    const ask = () => makeCall(session, good);
    // Everything before this response has been read.
    expect(await ask()).toMatchObject(allowed);
    return { clock, service, session, call, ask };
  }

  test('ends alone, with a response; the 20 others on its connection get their responses immediately', async () => {
    const { clock, session, call, ask } = await stalled();
    const others = await Promise.all(Array.from({ length: 20 }, ask));
    expect(others.filter(({ reason }) => reason !== 'allowed')).toEqual([]);
    await clock.advance(4_500);
    expect(call.isAnswered()).toBe(false);
    await clock.advance(1_500);
    expect(await call.ended).toMatchObject(overloaded);
    expect(await ask()).toMatchObject(allowed);
    expect(session.closed || session.destroyed).toBe(false);
  });

  test('ends with a response before the timeout of its client', async () => {
    const { clock, call, ask } = await stalled({ 'grpc-timeout': '2S' });
    await clock.advance(1_700);
    expect(call.isAnswered()).toBe(false);
    await clock.advance(100);
    expect(await call.ended).toMatchObject(overloaded);
    expect(await ask()).toMatchObject(allowed);
  });

  test('has its timeout from the last byte', async () => {
    const { clock, call, ask } = await stalled();
    const rest = checkMessage({ headers: { cookie: 'c'.repeat(30_000) } }).subarray(15_000);
    for (let piece = 0; piece < 3; piece++) {
      await clock.advance(4_000);
      call.stream.write(rest.subarray(piece, piece + 1));
      expect(await ask()).toMatchObject(allowed);
    }
    expect(call.isAnswered()).toBe(false);
    call.stream.end(rest.subarray(3));
    expect(await call.ended).toMatchObject({ grpc: '0', reason: 'token_missing' });
  });

  test('without a first byte ends alone too', async () => {
    const { clock, session, ask } = await stalled();
    const silent = Array.from({ length: 300 }, () => beginCall(session));
    expect(await ask()).toMatchObject(allowed);
    await clock.advance(6_000);
    const ends = await Promise.all(silent.map(({ ended }) => ended));
    expect(ends.filter(({ reason }) => reason !== 'overloaded')).toEqual([]);
    expect(await ask()).toMatchObject(allowed);
  });

  test('does not time out while this process is too busy to read', async () => {
    let missed = 0;
    const clock = createTestClock();
    const monotonic = () => clock.monotonic() + missed;
    const { call, ask } = await stalled({}, { ...clock, monotonic });
    missed = 60_000;
    await clock.advance(250);
    expect(await ask()).toMatchObject(allowed);
    expect(call.isAnswered()).toBe(false);
  });

  test('whose client never reads the response is reset alone', async () => {
    const clock = createTestClock();
    const service = await startOn(clock);
    const session = openSession(service.grpcPort, { settings: { initialWindowSize: 0 } });
    const calls = Array.from({ length: 50 }, () => {
      const call = beginCall(session);
      call.stream.end(checkMessage({}));
      return call;
    });
    await until(async () => (await inFlight(service, 'token_missing')) === 50);
    for (let seconds = 0; seconds < 12; seconds++) {
      await clock.advance(1_000);
      // The connection is alive: it responds.
      await new Promise<void>((resolve) => session.ping(() => resolve()));
    }
    const ends = await Promise.all(calls.map(({ ended }) => ended));
    expect(ends.filter(({ reset, grpc }) => reset === 0 || grpc !== undefined)).toEqual([]);
    expect(session.closed || session.destroyed).toBe(false);
  });

  test('responses that no client takes are limited by the memory of the connection, and others are not affected', async () => {
    const { port } = await startAnswering(createTestClock(), Buffer.alloc(100_000));
    const session = openSession(port, { settings: { initialWindowSize: 0 } });
    let begun = 0;
    const calls = Array.from({ length: 2_000 }, () => {
      const call = beginCall(session, { ':path': '/envoy.service.auth.v3.Authorization/Check' });
      call.stream.once('response', () => begun++).end(checkMessage({}));
      return call;
    });
    const open = () => calls.filter(({ stream }) => !stream.closed && !stream.destroyed).length;
    await until(() => begun === calls.length && open() < calls.length, 60);
    await settled();
    // 64 MiB.
    expect(open()).toBeLessThanOrEqual((64 * mebibyte) / 100_000);
    expect(open()).toBeGreaterThan(600);
    const other = beginCall(openSession(port), { ':path': '/grpc.health.v1.Health/Check' });
    other.stream.end(grpcMessage(Buffer.alloc(0)));
    expect(await other.ended).toMatchObject({ grpc: '0' });
    expect(session.closed || session.destroyed).toBe(false);
  });

  test('a peer that grants every window but never reads is not read any more, and its connection ends', async () => {
    const clock = createTestClock();
    const { port, decided } = await startAnswering(clock, Buffer.alloc(100_000));
    const socket = net.connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    let isClosed = false;
    socket.once('close', () => {
      isClosed = true;
    });
    const largest = uint32(2 ** 31 - 1 - 65_535);
    socket.write(
      Buffer.concat([
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        frame(frameType.settings, 0, 0, Buffer.concat([Buffer.from([0, 4]), uint32(2 ** 31 - 1)])),
        frame(frameType.windowUpdate, 0, 0, largest),
      ]),
    );
    const message = checkMessage({ headers: { filler: 'f'.repeat(10_000) } });
    for (let stream = 1; stream < 8_000; stream += 2)
      socket.write(
        Buffer.concat([
          frame(frameType.headers, flag.endHeaders, stream, callHeaders()),
          frame(frameType.data, flag.endStream, stream, message),
        ]),
      );
    await until(() => decided() > 0);
    let before = 0;
    await until(async () => {
      const hasStopped = decided() === before;
      before = decided();
      await settled();
      return hasStopped;
    });
    // All 4,000 answers would be 400 MB.
    expect(decided()).toBeLessThan(2_000);
    for (let seconds = 0; seconds < 30; seconds++) await clock.advance(1_000);
    socket.resume();
    await until(() => isClosed);
  });

  /** A listener whose answers are all the same. */
  async function startAnswering(clock: TestClock, answer: Buffer) {
    const config = await configOf(fileFor('https://issuer.example'));
    const message = frameMessage(answer);
    let decided = 0;
    const decide = () => {
      decided++;
      return { outcome: 'deny', reason: 'token_missing' } as const;
    };
    const server = createGrpcServer({
      options: config.grpc,
      limits: { stored: 100_000, skipped: 1_000 },
      authorizer: () => ({
        check: decide,
        readsSessions: false,
        unchecked: { request_too_large: decide, overloaded: decide, internal_error: decide },
        toResponse: () => message,
      }),
      health: { isServing: () => true, onChange: () => () => {} },
      clock,
      onTlsReload: () => {},
      onRejected: () => {},
      listen,
    });
    const { port } = await server.start();
    onTestFinished(async () => {
      let isStopped = false;
      const stopped = server.close(0).finally(() => {
        isStopped = true;
      });
      await until(async () => {
        await clock.advance(1_000);
        return isStopped;
      });
      await stopped;
    });
    return { port, decided: () => decided };
  }

  /** The number of checks with a reason. */
  async function inFlight({ adminPort }: RunningApp, reason: string): Promise<number> {
    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    return Number(new RegExp(`reason="${reason}",issuer="none"} (\\d+)`).exec(metrics)?.[1] ?? 0);
  }
});

describe('a late decision', () => {
  async function waiting(clock: TestClock, headers: Record<string, string>, flags: readonly string[] = []) {
    const service = await startOn(clock, flags);
    service.issuer.jwks = () => {};
    const token = await service.issuer.mint({ header: { kid: 'new' } });
    const session = openSession(service.grpcPort);
    const call = beginCall(session, headers);
    call.stream.end(checkMessage({ headers: { authorization: `Bearer ${token}` } }));
    // After this response, the other check is pending.
    expect(await makeCall(session, checkMessage({}))).toMatchObject({ reason: 'token_missing' });
    return { service, call };
  }

  test.each([
    ['1S', 900],
    ['800m', 720],
    ['10S', 9_000],
    ['100m', 75],
    ['50m', 25],
    ['4m', 2],
  ])('is answered within nine tenths of a grpc-timeout of %s', async (timeout, due) => {
    const clock = createTestClock();
    const { call } = await waiting(clock, { 'grpc-timeout': timeout }, [
      '--limits-check-deadline=30s',
      '--limits-mesh-timeout=1m',
      '--keys-timeout=1m',
    ]);
    await clock.advance(due - 1);
    expect(call.isAnswered()).toBe(false);
    await clock.advance(1);
    expect(await call.ended).toMatchObject(overloaded);
  });

  test('gets a response within limits.checkDeadline, with any timeout of the client', async () => {
    const clock = createTestClock();
    const { call } = await waiting(clock, { 'grpc-timeout': '1M' }, ['--limits-check-deadline=1s']);
    await clock.advance(1_000);
    expect(await call.ended).toMatchObject({ grpc: '0', reset: 0 });
  });

  test('gets a response if the method itself fails', async () => {
    const { createToResponse } = await import('../../../src/transport/grpc/check/decision-response.ts');
    const config = await configOf(fileFor('https://issuer.example'));
    const failures = [
      () => {
        throw new Error('a defect');
      },
      () => Promise.reject(new Error('a defect')),
    ];
    for (const check of failures) {
      const refuse = (reason: 'overloaded' | 'internal_error') => () =>
        ({ outcome: 'error', reason }) as const;
      const server = createGrpcServer({
        options: config.grpc,
        limits: { stored: 1_000, skipped: 1_000 },
        authorizer: () => ({
          check,
          readsSessions: false,
          unchecked: {
            request_too_large: () => ({ outcome: 'deny', reason: 'request_too_large' }),
            overloaded: refuse('overloaded'),
            internal_error: refuse('internal_error'),
          },
          toResponse: createToResponse({ ...config, forwarded: [] }, () => {}),
        }),
        health: { isServing: () => true, onChange: () => () => {} },
        clock: systemClock,
        onTlsReload: () => {},
        onRejected: () => {},
        listen,
      });
      const { port } = await server.start();
      const end: CallEnd = await makeCall(openSession(port), checkMessage({}));
      await server.close(0);
      expect(end).toMatchObject({ grpc: '0', code: 14, reason: 'internal_error' });
    }
  });
});

describe('health watches are limited', () => {
  const watch = (session: ReturnType<typeof openSession>) => {
    const call = beginCall(session, { ':path': '/grpc.health.v1.Health/Watch' });
    call.stream.end(grpcMessage(Buffer.alloc(0)));
    return call;
  };

  test('16 on a connection: the next one fails with RESOURCE_EXHAUSTED, the others stay open', async () => {
    const service = await startApp({ flags: quiet });
    const session = openSession(service.grpcPort);
    const watches = Array.from({ length: 16 }, () => watch(session));
    expect(await watch(session).ended).toMatchObject({ grpc: '8', reset: 0 });
    expect(watches.filter(({ stream }) => stream.closed)).toEqual([]);
    expect(await makeCall(session, checkMessage({ headers: await bearer(service) }))).toMatchObject(allowed);
    watches[0]?.stream.close();
    await until(async () => {
      const another = watch(session);
      await Promise.race([another.ended, new Promise((resolve) => another.stream.once('data', resolve))]);
      return !another.stream.closed;
    });
  });

  test('1,000 on all connections', async () => {
    const service = await startApp({ flags: quiet });
    const sessions = Array.from({ length: 62 }, () => openSession(service.grpcPort));
    const watches = sessions.flatMap((session) => Array.from({ length: 16 }, () => watch(session)));
    await Promise.all(watches.map(({ stream }) => new Promise((resolve) => stream.once('data', resolve))));
    const last = openSession(service.grpcPort);
    const ended: string[] = [];
    for (let index = 0; index < 16; index++)
      void watch(last).ended.then(({ grpc }) => ended.push(grpc ?? ''));
    await until(() => ended.length === 8);
    expect(new Set(ended)).toEqual(new Set(['8']));
  });
});

describe('connections are limited', () => {
  test('beyond grpc.maxConnections, the longest idle one gets GOAWAY and is closed; one with a call stays open', async () => {
    const clock = createTestClock();
    const service = await startOn(clock, ['--grpc-max-connections=3']);
    const message = checkMessage({ headers: await bearer(service) });
    const connect = async () => {
      const session = openSession(service.grpcPort);
      const events: string[] = [];
      session.on('goaway', () => events.push('goaway'));
      session.on('close', () => events.push('close'));
      expect(await makeCall(session, message)).toMatchObject(allowed);
      return { session, events };
    };
    const busy = await connect();
    const pending = beginCall(busy.session);
    pending.stream.write(message.subarray(0, 10));
    const [first, second] = [await connect(), await connect()];
    // The first one was used last now.
    expect(await makeCall(first.session, message)).toMatchObject(allowed);
    expect(await makeCall(busy.session, message)).toMatchObject(allowed);
    await settled();
    const third = await connect();
    await until(() => second.events.includes('goaway'));
    await clock.advance(1_000);
    await until(() => second.events.includes('close'));
    for (const { session, events } of [busy, first, third]) {
      expect(events).toEqual([]);
      expect(await makeCall(session, message)).toMatchObject(allowed);
    }
    pending.stream.end(message.subarray(10));
    expect(await pending.ended).toMatchObject(allowed);
  });

  test('if all have a call, the new one gets the responses of its first calls, then it is closed', async () => {
    const clock = createTestClock();
    const service = await startOn(clock, ['--grpc-max-connections=1']);
    const message = checkMessage({ headers: await bearer(service) });
    const session = openSession(service.grpcPort);
    expect(await makeCall(session, message)).toMatchObject(allowed);
    const pending = beginCall(session);
    pending.stream.write(message.subarray(0, 10));
    expect(await makeCall(session, message)).toMatchObject(allowed);
    const late = openSession(service.grpcPort);
    const closed = new Promise<void>((resolve) => late.once('close', () => resolve()));
    const goAway = new Promise<void>((resolve) => late.once('goaway', () => resolve()));
    const first = Array.from({ length: 3 }, () => makeCall(late, message));
    const watch = beginCall(late, { ':path': '/grpc.health.v1.Health/Watch' });
    watch.stream.end(Buffer.alloc(5));
    for (const end of first) expect(await end).toMatchObject(allowed);
    await goAway;
    await clock.advance(500);
    // UNAVAILABLE: a call without an end does not keep the connection open.
    expect(await watch.ended).toMatchObject({ grpc: '14' });
    await closed;
    pending.stream.end(message.subarray(10));
    expect(await pending.ended).toMatchObject(allowed);
  });

  test('over TLS as well', async () => {
    const authority = createAuthority();
    const { certFile, keyFile } = authority.issue('grpc');
    const tls = `grpc: {maxConnections: 1, tls: {certFile: ${certFile}, keyFile: ${keyFile}}, `;
    const service = await startApp({ file: fileFor('ISSUER').replace('grpc: {', tls), flags: quiet });
    const message = checkMessage({ headers: await bearer(service) });
    const connect = () => {
      const session = http2.connect(`https://127.0.0.1:${service.grpcPort}`, { ca: authority.ca });
      session.on('error', () => {});
      onTestFinished(() => session.destroy());
      return session;
    };
    const first = connect();
    expect(await makeCall(first, message)).toMatchObject(allowed);
    const pending = beginCall(first);
    pending.stream.write(message.subarray(0, 10));
    expect(await makeCall(first, message)).toMatchObject(allowed);
    const late = connect();
    const closed = new Promise<void>((resolve) => late.once('close', () => resolve()));
    expect(await makeCall(late, message)).toMatchObject(allowed);
    await closed;
    pending.stream.end(message.subarray(10));
    expect(await pending.ended).toMatchObject(allowed);
    const gone = new Promise<void>((resolve) => first.once('close', () => resolve()));
    expect(await makeCall(connect(), message)).toMatchObject(allowed);
    await gone;
  });
});

test('unusual text and headers of a client are checked as usual', async () => {
  const service = await startApp({ flags: quiet });
  const session = openSession(service.grpcPort);
  const { authorization } = await bearer(service);
  const bad = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
  const entry = (key: Uint8Array, value: Uint8Array) =>
    field(3, Buffer.concat([field(1, key), field(2, value)]));
  const http = Buffer.concat([
    field(2, bad),
    field(4, bad),
    field(5, bad),
    field(11, bad),
    entry(bad, bad),
    entry(Buffer.alloc(0), bad),
    entry(Buffer.from('authorization'), Buffer.from(authorization)),
    ...Array.from({ length: 5_000 }, (_, index) => entry(Buffer.from(`x-${index}`), bad)),
  ]);
  const message = field(1, field(4, field(2, http)));
  expect(await makeCall(session, grpcMessage(message))).toMatchObject(allowed);
});
