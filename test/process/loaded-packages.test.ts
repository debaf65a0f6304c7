/** The packages whose code runs in a service. Packages for commands and options that are not used are not loaded. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fileFor } from '../support/app.ts';
import { startFakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { startCommand } from '../support/process.ts';

/** Prints the URL of each loaded module. */
const printModules = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => { console.log('module', url); return next(url, context); } });`)}`;

/** Starts a service, checks a token, and returns the modules that it has loaded. */
async function modulesWith(
  more: string,
): Promise<{ packages: readonly string[]; own: readonly string[]; builtIn: readonly string[] }> {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'oidc-authz.yaml');
  writeFileSync(file, `${fileFor(issuer.url)}\n${more}`);
  const args = ['--import', printModules, 'src/main.ts', '--config', file];
  const service = startCommand(process.execPath, args);
  await service.record(({ state }) => state === 'ready');
  const [http, admin] = [await service.port('http'), await service.port('admin')];
  const authorization = `Bearer ${await issuer.mint()}`;
  for (const headers of [{ authorization }, {}]) await fetch(`http://127.0.0.1:${http}/`, { headers });
  const grpc = connectGrpc(await service.port('grpc'));
  onTestFinished(grpc.close);
  expect((await grpc.check({ headers: { authorization } })).status?.code).toBe(0);
  await fetch(`http://127.0.0.1:${admin}/metrics`);
  await fetch(`http://127.0.0.1:${admin}/decisions`);
  const loaded = service.output().matchAll(/^module .*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//gm);
  return {
    packages: [...new Set([...loaded].map(([, name = '']) => name))].toSorted(),
    builtIn: [...service.output().matchAll(/^module node:(.*)$/gm)].map(([, name = '']) => name),
    own: [...service.output().matchAll(/^module .*\/src\/(.*\.ts)$/gm)].map(([, path = '']) => path),
  };
}

test('a service that checks bearer tokens loads only these packages', async () => {
  const { packages, own, builtIn } = await modulesWith('');
  expect(packages).toEqual([
    '@opentelemetry/api',
    '@pinojs/redact',
    'atomic-sleep',
    'bintrees',
    'lru-cache',
    'on-exit-leak-free',
    'pino',
    'pino-std-serializers',
    'prom-client',
    'quick-format-unescaped',
    'safe-stable-stringify',
    'sonic-boom',
    'tdigest',
    'thread-stream',
    'yaml',
    'zod',
  ]);
  // The gRPC listener has its own HTTP/2.
  expect(builtIn).toContain('net');
  expect(builtIn).not.toContain('http2');
  const ofLogins = own.filter((path) =>
    /^(?:login|session)\/|^(?:check|service|transport)\/.*(?:login|session|cookie)/.test(path),
  );
  // These name the files and the listener of a login, read its headers, and write its answers.
  expect(ofLogins.toSorted()).toEqual([
    'check/login/browser-lines.ts',
    'service/login-files.ts',
    'service/login-listener.ts',
    'service/session-keys.ts',
    'transport/grpc/check/cookie-changes.ts',
    'transport/http/check/cookie-changes.ts',
    'transport/shared/session-headers.ts',
  ]);
  expect(own.filter((path) => /^(?:state|session|login|service\/revocations)\//.test(path))).toEqual([]);
  const ofFleets = own.filter((path) =>
    /^(?!config\/|model\/|cli\/).*(?:\bstate\b|shared-|fleet|confirm-|proof-events|revocation|ended)/.test(
      path,
    ),
  );
  // These load the rest where it is configured, or describe files and metrics.
  expect(ofFleets.toSorted()).toEqual([
    // The deny list of the file.
    'credential/token/revocation.ts',
    'observe/fleet-metric-definitions.ts',
    'observe/state-metric-definitions.ts',
    // The state of the service itself.
    'service/explain/state.ts',
    'service/revocation-routes.ts',
    'service/service-revocations.ts',
    'service/service-state.ts',
    'service/state-files.ts',
    'service/workers/state-message.ts',
  ]);
});

test('a service with a store loads its client too', async () => {
  const keysFile = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'keys');
  writeFileSync(keysFile, randomBytes(32).toString('base64'));
  const { packages } = await modulesWith(
    `denyList: {store: true}\nstate: {keysFile: ${keysFile}, valkey: {urls: ["redis://127.0.0.1:1"]}}\n`,
  );
  for (const name of ['ioredis', 'denque', 'redis-errors']) expect(packages).toContain(name);
});
