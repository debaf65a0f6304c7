/** The default addresses of the listeners: IPv6 and IPv4, as far as the machine has them. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createSigningKey } from '../support/keys.ts';
import {
  askWithin,
  connectWithin,
  findNetworkNamespaces,
  type Kind,
  startInNetwork,
} from '../support/network-namespace.ts';
import { startProcess } from '../support/process.ts';
import { describeWith } from '../support/real-servers.ts';

/** A configuration with its own keys and without addresses. */
async function config(more = ''): Promise<string> {
  const { publicJwk } = await createSigningKey('k1');
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-addresses-')), 'config.yaml');
  const issuer = `{issuer: "https://idp.example.com", audiences: [a], jwks: '${JSON.stringify({ keys: [publicJwk] })}'}`;
  writeFileSync(file, `issuers: [${issuer}]\nshutdown: {delay: 0s}\n${more}`);
  return file;
}

const free = 'http: {port: 0}\ngrpc: {port: 0}\nadmin: {port: 0}\n';

describeWith('in a network namespace', findNetworkNamespaces(), () => {
  const cases: [Kind, string, string][] = [
    ['only IPv6', '[::1]', '127.0.0.1'],
    ['only IPv4', '127.0.0.1', '[::1]'],
  ];
  for (const [kind, present, absent] of cases) {
    test.each([1, 2])(`that has ${kind}, every listener answers with %i workers`, async (workers) => {
      const service = startInNetwork(kind, ['--config', await config(free), `--workers=${workers}`]);
      const [http, grpc, admin] = await Promise.all(['http', 'grpc', 'admin'].map(service.port));
      await service.record(({ state }) => state === 'ready');
      const ask = (host: string, port: number | undefined, path = '/') =>
        askWithin(service, `http://${host}:${port}${path}`);
      expect(ask(present, http)).toBe('401');
      expect(ask(present, admin, '/readyz')).toBe('200');
      expect(ask(absent, admin, '/readyz')).toMatch(/^E/);
      expect(connectWithin(service, present.replace(/[[\]]/g, ''), grpc ?? 0)).toBe('connected');
    });
  }

  test('the service listens only on a configured address', async () => {
    const service = startInNetwork('only IPv4', ['--config', await config(free), '--http-host=[::1]']);
    expect(await service.exit).toBe(1);
    expect(service.errors()).toMatch(
      /http\.host: \[::1\] is not an address of this machine.*\(EADDRNOTAVAIL\)$/m,
    );
  });
});

test('one port accepts IPv4 and IPv6', async () => {
  const service = startProcess(['--config', await config(free)]);
  const port = await service.port('http');
  expect((await service.record((one) => one.listener === 'http')).host).toBe('::');
  for (const host of ['127.0.0.1', '[::1]'])
    expect((await fetch(`http://${host}:${port}/`)).status).toBe(401);
});

test.each([
  ['http', 1],
  ['grpc', 1],
  ['admin', 1],
  ['http', 2],
])(
  'a port in use: exits with code 1, and the message names %s.port and the fix, with %i workers',
  async (name, workers) => {
    for (const host of ['127.0.0.1', '0.0.0.0', '::']) {
      const other = net.createServer().listen(0, host);
      await new Promise((resolve) => other.once('listening', resolve));
      onTestFinished(() => void other.close());
      const { port } = other.address() as AddressInfo;
      const file = await config(free.replace(`${name}: {port: 0}`, `${name}: {port: ${port}}`));
      const service = startProcess(['--config', file, `--workers=${workers}`]);
      expect(await service.exit).toBe(1);
      expect(service.errors()).toContain(
        `oidc-authz: ${name}.port: port ${port} is in use by another process. Stop that process, or set ${name}.port (--${name}-port, OIDC_AUTHZ_${name.toUpperCase()}_PORT) to another port (EADDRINUSE)`,
      );
      other.close();
    }
  },
);

test('an address of another machine: exits with code 1 and a message', async () => {
  const service = startProcess(['--config', await config(free), '--admin-host=192.0.2.1']);
  expect(await service.exit).toBe(1);
  expect(service.errors()).toMatch(
    /admin\.host: 192\.0\.2\.1 is not an address of this machine.*\(EADDRNOTAVAIL\)$/m,
  );
});

test('a name that does not resolve: exits with code 1 and a message', async () => {
  const service = startProcess(['--config', await config(free), '--grpc-host=nobody.invalid']);
  expect(await service.exit).toBe(1);
  expect(service.errors()).toMatch(
    /grpc\.host: the name nobody\.invalid cannot be resolved.*remove grpc\.host/,
  );
});
