/** The packages whose code runs in a service. Packages for commands and options that are not used are not loaded. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fileFor } from '../support/app.ts';
import { startFakeIssuer } from '../support/fake-issuer.ts';
import { startCommand } from '../support/process.ts';

/** Prints the URL of each loaded module. */
const printModules = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => { console.log('module', url); return next(url, context); } });`)}`;

test('a service that checks bearer tokens loads only these packages', async () => {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'oidc-authz.yaml');
  writeFileSync(file, fileFor(issuer.url));
  const args = ['--import', printModules, 'src/main.ts', '--config', file];
  const service = startCommand(process.execPath, args);
  await service.record(({ state }) => state === 'ready');
  const [http, admin] = [await service.port('http'), await service.port('admin')];
  const authorization = `Bearer ${await issuer.mint()}`;
  for (const headers of [{ authorization }, {}]) await fetch(`http://127.0.0.1:${http}/`, { headers });
  await fetch(`http://127.0.0.1:${admin}/metrics`);
  await fetch(`http://127.0.0.1:${admin}/decisions`);
  const loaded = service.output().matchAll(/^module .*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//gm);
  expect([...new Set([...loaded].map(([, name]) => name))].toSorted()).toEqual([
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
  const own = [...service.output().matchAll(/^module .*\/src\/(.*\.ts)$/gm)].map(([, path = '']) => path);
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
});
