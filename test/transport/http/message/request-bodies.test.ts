/** Bodies of checks from a proxy with `with_request_body`, and from a hostile peer. None is stored or treated as a request. */
import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileFor, runApp, startApp, until } from '../../../support/app.ts';
import { request } from '../../../support/http1.ts';

/** A connection that records everything it receives. */
async function connect(port: number) {
  const socket = net.connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let received = '';
  let end: 'open' | 'ended' | 'reset' = 'open';
  socket.on('data', (chunk) => (received += chunk.toString('latin1')));
  socket.on('end', () => (end = 'ended'));
  socket.on('error', () => (end = 'reset'));
  await once(socket, 'connect');
  const statuses = () => [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  return {
    socket,
    received: () => received,
    statuses,
    end: () => end,
    answered: (count: number) => until(() => statuses().length >= count),
    closed: () => until(() => end !== 'open'),
    send: (bytes: string | Buffer) => new Promise<void>((resolve) => socket.write(bytes, () => resolve())),
  };
}

const megabyte = Buffer.alloc(1024 * 1024, 'a');

async function service() {
  const { httpPort, issuer } = await startApp();
  const authorization = `authorization: Bearer ${await issuer.mint()}`;
  return { httpPort, authorization };
}

describe('a body', () => {
  test.each([
    ['a valid token', true, 200],
    ['no token', false, 401],
  ])(
    'of several megabytes, with %s, gets a response, and then the connection closes cleanly',
    async (_, isGood, status) => {
      const { httpPort, authorization } = await service();
      const { send, statuses, end, answered, closed, received } = await connect(httpPort);
      await send(
        request('POST', '/', [...(isGood ? [authorization] : []), `content-length: ${8 * megabyte.length}`]),
      );
      await answered(1);
      for (let part = 0; part < 8; part++) await send(megabyte);
      await closed();
      expect([statuses(), end()]).toEqual([[status], 'ended']);
      expect(received()).toMatch(/^connection: close\r$/im);
    },
  );

  test('in chunks gets a response before its end arrives', async () => {
    const { httpPort, authorization } = await service();
    const { send, statuses, end, answered, closed } = await connect(httpPort);
    await send(request('POST', '/', [authorization, 'transfer-encoding: chunked']));
    await answered(1);
    for (let part = 0; part < 5; part++)
      await send(Buffer.concat([Buffer.from('100000\r\n'), megabyte, Buffer.from('\r\n')]));
    await send('0\r\n\r\n');
    await closed();
    expect([statuses(), end()]).toEqual([[200], 'ended']);
  });

  test('that is short keeps the connection open for the next check', async () => {
    const { httpPort, authorization } = await service();
    const { send, statuses, answered, end } = await connect(httpPort);
    for (let turn = 1; turn <= 5; turn++) {
      await send(request('POST', '/', [authorization, 'content-length: 60000']));
      await send('b'.repeat(60_000));
      await answered(turn);
    }
    expect([statuses(), end()]).toEqual([[200, 200, 200, 200, 200], 'open']);
  });

  test.each([100, 70_000])('of %i bytes that looks like a request is not treated as one', async (length) => {
    const { httpPort, authorization } = await service();
    const inside = request('GET', '/', [authorization]);
    const { send, statuses, answered, socket, closed } = await connect(httpPort);
    const body = inside.repeat(Math.ceil((length + inside.length) / inside.length));
    await send(request('POST', '/', [`content-length: ${body.length}`]) + body);
    await answered(1);
    await send(request('GET', '/', ['connection: close']));
    socket.end();
    await closed();
    expect(new Set(statuses())).toEqual(new Set([401]));
    expect(statuses().length).toBeLessThanOrEqual(2);
  });

  test('that is malformed after its response gets no second one', async () => {
    const { httpPort, authorization } = await service();
    const { send, statuses, answered, closed } = await connect(httpPort);
    await send(request('POST', '/', [authorization, 'transfer-encoding: chunked']));
    await answered(1);
    await send('no length of a chunk\r\n');
    await closed();
    expect(statuses()).toEqual([200]);
  });

  test('of 200 megabytes is not stored', async () => {
    const { httpPort, authorization } = await service();
    const { send, statuses, answered } = await connect(httpPort);
    await send(request('POST', '/', [authorization, `content-length: ${200 * megabyte.length}`]));
    await answered(1);
    const before = process.memoryUsage().arrayBuffers;
    let most = before;
    for (let part = 0; part < 200; part++) {
      await send(megabyte);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    expect(most - before).toBeLessThan(100 * megabyte.length);
    expect(statuses()).toEqual([200]);
  });

  test('that stops arriving closes its own connection, and no other', async () => {
    const { httpPort, authorization } = await service();
    const stuck = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const connection = await connect(httpPort);
        await connection.send(
          request('POST', '/', [authorization, 'content-length: 1000000']) + 'a'.repeat(1_000),
        );
        return connection;
      }),
    );
    const other = await connect(httpPort);
    await other.send(request('POST', '/', [authorization, `content-length: ${megabyte.length}`]));
    await other.send(megabyte);
    await other.answered(1);
    await other.closed();
    await Promise.all(stuck.map(({ closed }) => closed()));
    expect(stuck.map(({ statuses }) => statuses())).toEqual(stuck.map(() => [200]));
    expect([other.statuses(), other.end()]).toEqual([[200], 'ended']);
  });

  test('is not read while its check waits for a key, and gets a response', async () => {
    const { httpPort, issuer } = await startApp({
      file: `${fileFor('ISSUER')}limits: {checkDeadline: 300ms}`,
    });
    issuer.jwks = () => {};
    const { send, statuses, answered, closed, end } = await connect(httpPort);
    const authorization = `authorization: Bearer ${await issuer.mint({ header: { kid: 'new' } })}`;
    await send(request('POST', '/', [authorization, `content-length: ${2 * megabyte.length}`]));
    const sent = send(megabyte).then(() => send(megabyte));
    await answered(1);
    await sent;
    await closed();
    expect([statuses(), end()]).toEqual([[401], 'ended']);
  });
});

test('a body of any size gets its response in order while the service drains', async () => {
  const service = await runApp({ flags: ['--shutdown-delay=3s', '--shutdown-timeout=10s'] });
  const authorization = `authorization: Bearer ${await service.issuer.mint()}`;
  const clients = await Promise.all([1, 2].map(() => connect(service.httpPort)));
  const stopped = service.stop();
  await until(() => service.records.some(({ msg }) => msg === 'draining'));
  for (const [index, length] of [1_000, megabyte.length].entries()) {
    const client = clients[index];
    await client?.send(request('POST', '/', [authorization, `content-length: ${length}`]));
    await client?.answered(1);
    await client?.send(megabyte.subarray(0, length));
    await client?.closed();
  }
  expect(clients.map(({ statuses, end }) => [statuses(), end()])).toEqual([
    [[200], 'ended'],
    [[200], 'ended'],
  ]);
  await stopped;
});

describe('a client that expects 100-continue', () => {
  const head = (authorization: string) =>
    request('POST', '/', [authorization, 'expect: 100-continue', `content-length: ${megabyte.length}`]);

  test('gets the response instead, and the connection closes if it sends no body', async () => {
    const { httpPort, authorization } = await service();
    const { send, statuses, answered, closed, received } = await connect(httpPort);
    await send(head(authorization));
    await answered(1);
    await closed();
    expect(statuses()).toEqual([200]);
    expect(received()).toMatch(/^connection: close\r$/im);
  });

  test('and sends its body anyway gets that response and no reset', async () => {
    const { httpPort, authorization } = await service();
    const { send, statuses, answered, closed, end } = await connect(httpPort);
    await send(head(authorization));
    await answered(1);
    await send(megabyte);
    await closed();
    expect([statuses(), end()]).toEqual([[200], 'ended']);
  });
});
