/** The connection limit of the HTTP listener, and which connection is replaced. */
import { once } from 'node:events';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { fileFor, startApp, until } from '../../../support/app.ts';
import { createTestClock } from '../../../support/clock.ts';
import { request } from '../../../support/http1.ts';
import { createSigningKey } from '../../../support/keys.ts';

interface Client {
  readonly send: (text: string) => void;
  /** Sends a request and waits for its response. */
  readonly ask: () => Promise<void>;
  readonly statuses: () => number[];
  readonly isOpen: () => boolean;
  readonly closed: () => Promise<void>;
}

async function connect(port: number): Promise<Client> {
  const socket = net.connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let [received, isOpen] = ['', true];
  socket.on('data', (chunk) => (received += chunk.toString('latin1')));
  for (const event of ['end', 'error', 'close']) socket.on(event, () => (isOpen = false));
  await once(socket, 'connect');
  const statuses = () => [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  return {
    send: (text) => void socket.write(text),
    ask: async () => {
      const before = statuses().length;
      socket.write(request('GET', '/'));
      await until(() => statuses().length > before);
    },
    statuses,
    isOpen: () => isOpen,
    closed: () => until(() => !isOpen),
  };
}

const bounded = (max: number) => ({
  file: fileFor('ISSUER').replace('http: {', `http: {maxConnections: ${max}, `),
});

test('a new connection replaces the longest idle one', async () => {
  const { httpPort } = await startApp(bounded(3));
  const [first, second, third] = [await connect(httpPort), await connect(httpPort), await connect(httpPort)];
  for (const client of [first, second, third, first]) await client.ask();
  const fourth = await connect(httpPort);
  await fourth.ask();
  await second.closed();
  const fifth = await connect(httpPort);
  await fifth.ask();
  await third.closed();
  for (const client of [first, fourth, fifth]) await client.ask();
  expect([first, second, third, fourth, fifth].map(({ isOpen }) => isOpen())).toEqual([
    true,
    false,
    false,
    true,
    true,
  ]);
});

test('a partial request and a pending check stay while another connection is idle', async () => {
  const { httpPort, issuer } = await startApp(bounded(3));
  issuer.jwks = () => {};
  const [half, waiting, idle] = [await connect(httpPort), await connect(httpPort), await connect(httpPort)];
  await half.ask();
  half.send('GET / HTTP/1.1\r\nhost: ');
  waiting.send(
    request('GET', '/', [`authorization: Bearer ${await issuer.mint({ header: { kid: 'new' } })}`]),
  );
  await until(() => issuer.hits.jwks === 2);
  await idle.ask();
  const next = await connect(httpPort);
  await next.ask();
  await idle.closed();
  half.send('x\r\n\r\n');
  await until(() => half.statuses().length === 2 && waiting.statuses().length === 1);
  expect([half.statuses(), waiting.statuses(), next.statuses()]).toEqual([[401, 401], [401], [401]]);
});

test('if all are busy, a new connection gets a denial, and no other connection is closed', async () => {
  const { httpPort, issuer } = await startApp(bounded(2));
  issuer.jwks = () => {};
  const busy = [await connect(httpPort), await connect(httpPort)];
  const unknown = `authorization: Bearer ${await issuer.mint({ header: { kid: 'new' } })}`;
  busy[0]?.send(request('GET', '/', [unknown]));
  busy[1]?.send('GET / HTTP/1.1\r\n');
  await until(() => issuer.hits.jwks === 2);
  const late = await connect(httpPort);
  late.send(request('POST', '/', ['content-length: 100000']) + 'a'.repeat(100_000));
  await late.closed();
  expect(late.statuses()).toEqual([403]);
  busy[1]?.send('host: x\r\n\r\n');
  await until(() => busy.every(({ statuses }) => statuses().length === 1));
  expect(busy.map(({ isOpen }) => isOpen())).toEqual([true, true]);
});

test('a new connection whose first request is on its way stays', async () => {
  const clock = createTestClock();
  const { httpPort, stop } = await startApp({ ...bounded(2), clock });
  const fresh = [await connect(httpPort), await connect(httpPort)];
  const late = await connect(httpPort);
  late.send(request('GET', '/'));
  const answered = (client: Client) =>
    until(async () => {
      await clock.advance(10);
      return client.statuses().length > 0;
    });
  await answered(late);
  for (const client of fresh) await client.ask();
  expect([...fresh, late].map(({ statuses }) => statuses()[0])).toEqual([401, 401, 403]);
  const silent = await connect(httpPort);
  await until(async () => {
    await clock.advance(10);
    return fresh[0]?.isOpen() === false;
  });
  await clock.advance(2_500);
  for (const next of [await connect(httpPort), await connect(httpPort)]) {
    next.send(request('GET', '/'));
    await answered(next);
    expect(next.statuses()).toEqual([401]);
  }
  await silent.closed();
  let isStopped = false;
  void stop().then(() => (isStopped = true));
  await until(async () => {
    await clock.advance(1_000);
    return isStopped;
  });
});

test('a stalled request is replaced if nothing is idle', async () => {
  const clock = createTestClock();
  const { httpPort, stop } = await startApp({ ...bounded(2), clock });
  const stuck = [await connect(httpPort), await connect(httpPort)];
  for (const client of stuck) client.send('GET / HTTP/1.1\r\nhost: ');
  await until(async () => {
    await clock.advance(5_000);
    const next = await connect(httpPort);
    next.send(request('GET', '/'));
    await until(async () => {
      await clock.advance(10);
      return next.statuses().length === 1;
    });
    return next.statuses()[0] === 401;
  });
  expect(stuck.filter(({ isOpen }) => !isOpen()).length).toBeGreaterThanOrEqual(1);
  let isStopped = false;
  void stop().then(() => (isStopped = true));
  await until(async () => {
    await clock.advance(1_000);
    return isStopped;
  });
});

test('after 1,000 connections one after another, at most the limit stay open', async () => {
  const { httpPort } = await startApp(bounded(50));
  const clients: Client[] = [];
  for (let index = 0; index < 40; index++) {
    const some = await Promise.all(Array.from({ length: 25 }, () => connect(httpPort)));
    await Promise.all(some.map(({ ask }) => ask()));
    clients.push(...some);
  }
  await until(() => clients.filter(({ isOpen }) => isOpen()).length === 50);
  expect(clients.slice(-50).every(({ isOpen }) => isOpen())).toBe(true);
  expect(clients.every(({ statuses }) => statuses()[0] === 401)).toBe(true);
});

test('no denial closes a connection', async () => {
  const { httpPort, issuer } = await startApp({
    file: `${fileFor('ISSUER')}limits: {checkDeadline: 200ms}\nkeys: {minRefreshInterval: 100ms}`,
  });
  issuer.jwks = () => {};
  const stranger = await createSigningKey('k1');
  const tokens = [
    'x',
    'a.b.c',
    'a'.repeat(40_000),
    await issuer.mint({ claims: { iss: 'https://nobody.example.com' } }),
    await issuer.mint({ claims: { exp: 1 } }),
    await issuer.mint({ claims: { aud: 'other' } }),
    await issuer.mint({ key: stranger }),
    await issuer.mint({ header: { kid: 'unknown' } }),
    await issuer.mint({ header: { alg: 'HS256' } }).catch(() => 'e30.e30.e30'),
  ];
  const client = await connect(httpPort);
  let asked = 0;
  const refused = async (text: string) => {
    client.send(text);
    asked++;
    await until(() => client.statuses().length === asked);
  };
  for (const token of tokens) await refused(request('GET', '/', [`authorization: Bearer ${token}`]));
  for (const method of ['POST', 'DELETE', 'OPTIONS', 'PROPFIND'])
    await refused(request(method, '/a/../b//c'));
  await refused(request('GET', '/', ['authorization: Bearer a', 'authorization: Bearer b']));
  await refused(
    request(
      'GET',
      '/',
      Array.from({ length: 80 }, (_, index) => `x-${index}: ${'a'.repeat(1_000)}`),
    ),
  );
  client.send(request('GET', '/', [`authorization: Bearer ${await issuer.mint()}`]));
  await until(() => client.statuses().length === asked + 1);
  expect(client.statuses().at(-1)).toBe(200);
  expect(
    client
      .statuses()
      .slice(0, -1)
      .filter((status) => status === 200),
  ).toEqual([]);
});

test.each([
  ['headers that are too large', 'x: ', 431],
  ['an invalid header', '\0', 400],
])('a peer that reads only after it has sent all of %s gets its response', async (_, line, status) => {
  const { httpPort } = await startApp();
  const socket = net.connect({ port: httpPort, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  // Reads nothing, like a peer that first sends a megabyte: more than the kernel buffers.
  socket.pause();
  const end = Promise.withResolvers<void>();
  socket.once('error', end.reject);
  socket.write(`GET / HTTP/1.1\r\n${line}`);
  socket.write(Buffer.alloc(16 * 1024 * 1024, 'a'), () => end.resolve());
  await end.promise;
  const received = once(socket, 'data');
  socket.resume();
  const [answer] = (await received) as [Buffer];
  expect(answer.toString('latin1')).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});
