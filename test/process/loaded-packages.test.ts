/** The packages whose code runs in a service, from the sources and from the bundle. A service loads nothing that it does not use. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fileFor } from '../support/app.ts';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { packProgram } from '../support/packed-program.ts';
import { startCommand } from '../support/process.ts';

const packed = packProgram();

/** Prints the URL of each loaded module, and after SIGUSR2 the modules of Node, which nothing can notice while they load. */
const printModules = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => { console.log('module', url); return next(url, context); } });
  process.on('SIGUSR2', () => {
    for (const name of process.moduleLoadList) console.log('module', name);
    console.log('{"msg":"all modules"}');
  });`)}`;

interface Loaded {
  readonly packages: readonly string[];
  /** Modules of Node. */
  readonly builtIn: readonly string[];
  /** Files below src/. */
  readonly own: readonly string[];
}

/**
 * Starts a service, checks a token, and returns the paths of the modules that it has loaded.
 *
 * @param more more lines of its file; undefined: it has flags instead of a file
 */
async function modulesWith(more: string | undefined, main: string): Promise<readonly string[]> {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'oidc-authz.yaml');
  writeFileSync(file, `${fileFor(issuer.url)}\n${more}`);
  const flags = ['--issuer', issuer.url, '--audience', audience];
  for (const listener of ['http', 'grpc', 'admin'])
    flags.push(`--${listener}-host`, '127.0.0.1', `--${listener}-port`, '0');
  const args = ['--import', printModules, main, ...(more === undefined ? flags : ['--config', file])];
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
  service.child.kill('SIGUSR2');
  await service.record(({ msg }) => msg === 'all modules');
  return [...service.output().matchAll(/^module (.*)$/gm)].map(([, name = '']) => name);
}

function sorted(modules: readonly string[]): Loaded {
  const found = (pattern: RegExp) => modules.flatMap((path) => pattern.exec(path)?.[1] ?? []);
  return {
    packages: [...new Set(found(/node_modules\/((?:@[^/]+\/)?[^/]+)\//))].toSorted(),
    builtIn: found(/^NativeModule ([^/]+)$/),
    own: found(/^(?:.*\/)?src\/(.*\.ts)$/),
  };
}

/** The modules in the chunks that a service from the bundle has loaded. */
async function ofBundle(more: string | undefined): Promise<Loaded> {
  const { main, chunks } = await packed;
  const modules = await modulesWith(more, main);
  const names = new Set(modules.map((path) => basename(path)));
  const loaded = chunks.filter(({ fileName }) => names.has(fileName));
  expect(loaded.map(({ name }) => name)).toContain('service');
  const inside = loaded.flatMap(({ modules }) =>
    Object.entries(modules)
      .filter(([, { renderedLength }]) => renderedLength > 0)
      .map(([path]) => path),
  );
  return sorted([...modules, ...inside]);
}

const ways: Readonly<Record<string, (more: string | undefined) => Promise<Loaded>>> = {
  'the sources': async (more) => sorted(await modulesWith(more, 'src/main.ts')),
  'the bundle': ofBundle,
};

/** Packages that run from the sources, but are not in the bundle, because nothing uses them. */
const unused: Readonly<Record<string, readonly string[]>> = {
  'the sources': ['@opentelemetry/api', 'bintrees', 'tdigest', 'thread-stream'],
  'the bundle': [],
};

describe.each(Object.entries(ways))('from %s', (way, load) => {
  test('a service that checks bearer tokens loads only these packages', async () => {
    const { packages, own, builtIn } = await load('');
    expect(packages).toEqual(
      [
        ...(unused[way] ?? []),
        '@pinojs/redact',
        'atomic-sleep',
        'lru-cache',
        'on-exit-leak-free',
        'pino',
        'pino-std-serializers',
        'prom-client',
        'quick-format-unescaped',
        'safe-stable-stringify',
        'sonic-boom',
        'yaml',
      ].toSorted(),
    );
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

  test('a service without a file does not load YAML, and one with a deny list loads zod', async () => {
    const { packages } = await load(undefined);
    expect(packages).toContain('pino');
    expect(packages).not.toContain('yaml');
    expect(packages).not.toContain('zod');
    const list = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'deny-list.json');
    writeFileSync(list, '[]');
    expect((await load(`denyList: {file: ${list}}\n`)).packages).toContain('zod');
  });

  test('a service with a store loads its client too', async () => {
    const keysFile = join(mkdtempSync(join(tmpdir(), 'oidc-authz-')), 'keys');
    writeFileSync(keysFile, randomBytes(32).toString('base64'));
    const { packages } = await load(
      `denyList: {store: true}\nstate: {keysFile: ${keysFile}, valkey: {urls: ["redis://127.0.0.1:1"]}}\n`,
    );
    for (const name of ['ioredis', 'denque', 'redis-errors']) expect(packages).toContain(name);
  });
});
