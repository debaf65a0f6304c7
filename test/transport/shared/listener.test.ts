import { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import { bindProblem } from '../../../src/transport/shared/bind-problem.ts';
import { listen } from '../../../src/transport/shared/listen.ts';

const failure = (code: string) => Object.assign(new Error(`listen ${code}`), { code });

/** A server on a machine that can bind only some addresses. */
function machine(codes: Readonly<Record<string, string>>) {
  const attempts: string[] = [];
  const server = Object.assign(new EventEmitter(), {
    listen: ({ host }: { host: string }) => {
      attempts.push(host);
      const code = codes[host];
      setImmediate(() =>
        code === undefined ? server.emit('listening') : server.emit('error', failure(code)),
      );
    },
    address: () => ({ address: attempts.at(-1), port: 8000 }),
  });
  return { server: server as unknown as Server, attempts };
}

const anywhere = { name: 'http', host: undefined, port: 8000 };

describe('without a configured address', () => {
  test.each([
    [{}, ['::']],
    [{ '::': 'EAFNOSUPPORT' }, ['::', '0.0.0.0']],
    [{ '::': 'EADDRNOTAVAIL' }, ['::', '0.0.0.0']],
  ])('%j: tries %j', async (codes, expected) => {
    const { server, attempts } = machine(codes);
    expect(await listen(server, anywhere)).toEqual({ host: expected.at(-1), port: 8000 });
    expect(attempts).toEqual(expected);
    expect(server.listenerCount('error') + server.listenerCount('listening')).toBe(0);
  });

  test('tries no other address if the port is in use', async () => {
    const { server, attempts } = machine({ '::': 'EADDRINUSE' });
    await expect(listen(server, anywhere)).rejects.toThrow(
      /^http\.port: port 8000 is in use by another process\. /,
    );
    expect(attempts).toEqual(['::']);
  });

  test('tries no other address than the configured one', async () => {
    const { server, attempts } = machine({ '::': 'EAFNOSUPPORT' });
    await expect(listen(server, { ...anywhere, host: '[::]' })).rejects.toThrow(
      /^http\.host: .*remove http\.host .*\(EAFNOSUPPORT\)$/,
    );
    expect(attempts).toEqual(['::']);
  });
});

test.each([
  [
    'EADDRINUSE',
    { name: 'grpc', host: '10.0.0.1', port: 9000 },
    /^grpc\.port: port 9000 is in use on 10\.0\.0\.1 by another process\. .*--grpc-port, OIDC_AUTHZ_GRPC_PORT.*\(EADDRINUSE\)$/,
  ],
  [
    'EACCES',
    { name: 'http', host: undefined, port: 80 },
    /^http\.port: .*port 80, .*CAP_NET_BIND_SERVICE.*a port from 1024 to 65535 \(EACCES\)$/,
  ],
  [
    'EACCES',
    { name: 'http', host: undefined, port: 8000 },
    /^http\.port: .*port 8000\. Set .* to another port \(EACCES\)$/,
  ],
  ['EMFILE', anywhere, /^http: .*ulimit -n\) \(EMFILE\)$/],
  ['ERR_ACCESS_DENIED', anywhere, /--allow-net \(ERR_ACCESS_DENIED\)$/],
  ['EWHATEVER', anywhere, /^http: this process cannot listen on port 8000: listen EWHATEVER$/],
])('%s is explained', (code, wanted, message) => {
  expect(bindProblem(failure(code), wanted).message).toMatch(message);
});
