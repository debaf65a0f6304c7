/** Both ways to write a reply send the same bytes: as prepared text, and with Node's writeHead. */
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Decision } from '../../../../src/model/decision.ts';
import { type Reason, reasons } from '../../../../src/model/reasons.ts';
import { systemClock } from '../../../../src/runtime/time/clock.ts';
import type { HttpReply } from '../../../../src/transport/http/check/http-reply.ts';
import { createToReply, type ReplyOptions } from '../../../../src/transport/http/check/reply.ts';
import { keepAliveTimeout, writeReply } from '../../../../src/transport/http/message/write-reply.ts';
import { exchange, request } from '../../../support/http1.ts';
import { noMemory } from '../../../support/identity-memory.ts';
import { checkRequest } from '../../../support/requests.ts';

const options = {
  issuers: [],
  compat: 'none',
  identityHeaders: 'set',
  compatInvalidTokenStatus: 401,
  whenUnavailable: 'deny',
  dpop: { origins: [] },
} satisfies Omit<ReplyOptions, 'realm'>;
const asked = checkRequest();
const identity = {
  issuer: 'https://i',
  issuerName: 'i',
  subject: 'alice',
  audiences: [],
  scopes: [],
  expiresAt: 5,
  text: '{}',
  form: 'json' as const,
  confirmation: undefined,
  memory: noMemory(),
};
const allow = (set: readonly (readonly [string, string])[], remove: readonly string[]): Decision => ({
  outcome: 'allow',
  reason: 'allowed',
  identity,
  forwarding: { set, remove, withheld: [], answers: { http: undefined, grpc: undefined } },
  cached: true,
});
const refusals = (Object.keys(reasons) as Reason[])
  .filter((reason) => reason !== 'allowed')
  .map((reason) => ({ outcome: reasons[reason].outcome, reason, requiredScopes: ['a', 'b'] }) as Decision);
const decisions: readonly Decision[] = [
  allow([], []),
  allow([['x-user', 'alice']], ['x-email', 'x_user']),
  allow(
    [
      ['x-user', '~!@#$%^&*()_+ |}{":?><'],
      ['x-token', 'x'.repeat(4096)],
    ],
    ['x_user'],
  ),
  ...refusals,
];

async function serve(reply: HttpReply, isLast = false): Promise<number> {
  const server = http.createServer({ keepAliveTimeout }, (message, response) =>
    writeReply(message, response, reply, isLast),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Everything that a connection receives until the server closes it. */
async function everything(port: number, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
  onTestFinished(() => void socket.destroy());
  let received = '';
  for await (const chunk of socket) received += String(chunk);
  return received;
}

describe.each(decisions)('$reason', (decision) => {
  const reply = createToReply({ ...options, realm: 'orders' }, systemClock)(decision, asked);

  test('has the same status, headers and body whether the connection stays open or closes', async () => {
    const stays = await exchange(await serve(reply), request('GET', '/'));
    const ends = await exchange(await serve(reply, true), request('GET', '/'));
    const old = await exchange(await serve(reply), 'GET / HTTP/1.0\r\n\r\n');
    expect(stays?.headers.connection).toBe('keep-alive');
    expect(stays?.headers['keep-alive']).toBe('timeout=3900');
    expect([ends?.headers.connection, old?.headers.connection]).toEqual(['close', 'close']);
    const { connection: _, 'keep-alive': __, ...headers } = stays?.headers ?? {};
    for (const other of [ends, old]) {
      const { connection: ___, ...rest } = other?.headers ?? {};
      expect(rest).toEqual(headers);
      expect([other?.status, other?.body]).toEqual([stays?.status, stays?.body]);
    }
    expect(stays?.body).toBe(reply.body);
    expect(headers['content-length']).toBe(String(reply.body.length));
  });

  test('has no body for HEAD, but its length', async () => {
    const port = await serve(reply);
    const head = await exchange(port, request('HEAD', '/'), { headOnly: true });
    expect([head?.status, head?.headers['content-length']]).toEqual([
      reply.status,
      String(reply.body.length),
    ]);
    // Each head is followed by the next one, and the last one by nothing.
    const received = await everything(
      port,
      request('HEAD', '/') + request('HEAD', '/', ['connection: close']),
    );
    expect(received.split('\r\n\r\n').map((part) => part.slice(0, 12))).toEqual([
      `HTTP/1.1 ${reply.status}`,
      `HTTP/1.1 ${reply.status}`,
      '',
    ]);
  });
});

test('only missing keys get 503 for Envoy, and only if it is configured', () => {
  const answers = (['deny', 'error'] as const).map((whenUnavailable) => {
    const toReply = createToReply({ ...options, realm: '', whenUnavailable }, systemClock);
    return (['keys_unavailable', 'overloaded', 'internal_error'] as const).map(
      (reason) => toReply({ outcome: 'error', reason }, asked).status,
    );
  });
  expect(answers).toEqual([
    [403, 403, 403],
    [503, 403, 403],
  ]);
});

test('a denial has its own scopes, not those of an earlier denial', () => {
  const toReply = createToReply({ ...options, realm: '' }, systemClock);
  for (const scope of ['read', 'write', 'read'])
    expect(
      toReply({ outcome: 'deny', reason: 'scope_insufficient', requiredScopes: [scope] }, asked).head,
    ).toContain(`scope="${scope}"`);
});

test('never writes a header name or value with a line break', () => {
  const toReply = createToReply({ ...options, realm: '' }, systemClock);
  for (const [name, value] of [
    ['x-user', 'a\r\nx-admin: 1'],
    ['x-user', 'a\nb'],
    ['x-user: 1\r\nx-admin', '1'],
    ['x user', '1'],
    ['', '1'],
    ['x-user', 'ü\u0100'],
  ] as const)
    expect(() => toReply(allow([[name, value]], []), asked)).toThrow(/Invalid character|valid HTTP token/);
  expect(() => toReply(allow([], ['a\r\nb']), asked)).toThrow(/Invalid character/);
});
