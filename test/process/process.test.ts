/** The process: its start, its signals, its exit codes, and reloads. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { freePort } from '../../tools/free-port.ts';
import { until } from '../support/app.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { startCommand, startProcess } from '../support/process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const free = [
  '--http-host',
  '127.0.0.1',
  '--http-port',
  '0',
  '--grpc-host',
  '127.0.0.1',
  '--grpc-port',
  '0',
  '--admin-host',
  '127.0.0.1',
  '--admin-port',
  '0',
];

async function issuerForTest(): Promise<FakeIssuer> {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  return issuer;
}

function run(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [`${root}src/main.ts`, ...args], (error, output, errors) =>
      resolve({ code: Number(error?.code ?? 0), output, errors }),
    );
  });
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'oidc-authz-'));
}

test.each(['serve', 'worker'])(
  "%s loads Node's modules, sets the heap flags, loads the schema of the options, and loads no other command",
  async (command) => {
    // Prints each V8 flag and each module, in order. A module of Node that is loaded after a flag is compiled again.
    const record = `import v8 from 'node:v8';
    import { registerHooks, syncBuiltinESMExports } from 'node:module';
    const set = v8.setFlagsFromString;
    v8.setFlagsFromString = (flag) => {
      const isLoaded = (name) => process.moduleLoadList.includes('NativeModule ' + name);
      console.log('flag', flag, 'after', ['crypto', 'https', 'tls', 'zlib'].filter(isLoaded).join());
      set(flag);
    };
    syncBuiltinESMExports();
    registerHooks({ load: (url, context, next) => { console.log('module', url); return next(url, context); } });
    ${command === 'worker' ? 'process.send = () => {};' : ''}`;
    const schema = 'src/config/schema/schema.ts';
    const service = startCommand(process.execPath, [
      '--import',
      `data:text/javascript,${encodeURIComponent(record)}`,
      'src/main.ts',
      command,
    ]);
    await until(() => service.output().includes(schema) && service.output().includes(`/cli/${command}.ts`));
    service.child.kill('SIGKILL');
    const [before = ''] = service.output().split(schema);
    expect(before).toContain('flag --heap-growing-percent=30 after crypto,https,tls,zlib');
    expect(before).toContain('flag --semi-space-growth-factor=1');
    const loaded = [...service.output().matchAll(/src\/cli\/([\w-]+)\.ts$/gm)].map(([, name]) => name);
    const others = [...Object.keys(commands), 'worker'];
    expect(loaded.filter((name) => others.includes(name ?? '') && name !== command)).toEqual([]);
  },
);

describe('the command line', () => {
  test('prints its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
    expect(await run('--version')).toMatchObject({ code: 0, output: `${version}\n` });
    const help = await run('serve', '--help');
    expect(help.code).toBe(0);
    for (const flag of [
      '--issuer',
      '--audience',
      '--config',
      '--http-port',
      '--when-unavailable',
      '--log-level',
    ])
      expect(help.output).toContain(flag);
  });

  test.each([
    [['serv'], /unknown command "serv"; did you mean serve/],
    [['serve', 'x'], /unexpected argument "x"/],
    [['check-config', 'a', 'b'], /unexpected argument "b"/],
    [['--isuer', 'x'], /unknown flag; did you mean --issuer/],
    [['--http-port'], /must have a value; write /],
    [[], /must have at least one issuer/],
    [['--config', '/nowhere.yaml'], /nowhere\.yaml.*ENOENT/],
  ])('rejects %j with exit code 2', async (args, message) => {
    const { code, output, errors } = await run(...args);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(message);
  });

  test('checks a configuration: lists every problem, or prints it', async () => {
    const file = join(folder(), 'config.yaml');
    writeFileSync(file, 'issuers: [{issuer: "http://x.example.com", audiences: []}]\nhttp: {port: -1}\n');
    const invalid = await run('check-config', file);
    expect(invalid.code).toBe(2);
    expect(invalid.errors.match(/^ {2}- /gm)).toHaveLength(3);
    writeFileSync(
      file,
      'issuers: [{issuer: "https://x.example.com", audiences: [a], httpsProxy: "http://user:hunter2@proxy:3128"}]\n',
    );
    const valid = await run('check-config', file);
    expect(valid).toMatchObject({
      code: 0,
      errors: '',
      output: expect.stringContaining('refreshInterval: 5m'),
    });
    expect(valid.output).not.toContain('hunter2');
    expect((await run('check-config', '--config', file)).code).toBe(0);
  });

  test('checks the files that a configuration names', async () => {
    const file = join(folder(), 'config.yaml');
    writeFileSync(
      file,
      `issuers: [{issuer: "https://x.example.com", audiences: [a], caFile: ${file}, jwksFile: /nowhere.json}]\nadmin: {tls: {certFile: ${file}, keyFile: ${file}}}\n`,
    );
    const { code, errors } = await run('check-config', file);
    expect(code).toBe(2);
    expect(errors).toMatch(/issuers\[0\]\.caFile .*expected certificates in PEM/);
    expect(errors).toMatch(/issuers\[0\]\.jwksFile .*ENOENT/);
    expect(errors).toMatch(/admin\.tls/);
  });
});

describe('a process', () => {
  test('serves with two flags and no file, and exits with code 0 on SIGTERM', async () => {
    const issuer = await issuerForTest();
    const service = startProcess([
      '--issuer',
      issuer.url,
      '--audience',
      audience,
      ...free,
      '--shutdown-delay',
      '100ms',
    ]);
    await service.record(({ state }) => state === 'ready');
    const port = await service.port('http');
    expect((await exchange(port, request('GET', '/')))?.status).toBe(401);
    expect(
      (await exchange(port, request('GET', '/', [`authorization: Bearer ${await issuer.mint()}`])))?.status,
    ).toBe(200);
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
    expect(service.output()).toContain('"msg":"drained"');
    expect(service.errors()).toBe('');
  });

  test('started by npm start gets its signals', async () => {
    const issuer = await issuerForTest();
    const service = startCommand('npm', [
      'start',
      '--silent',
      '--',
      '--issuer',
      issuer.url,
      '--audience',
      audience,
      ...free,
      '--shutdown-delay',
      '100ms',
    ]);
    await service.record(({ state }) => state === 'ready');
    service.child.kill('SIGTERM');
    await service.exit;
    expect(service.output()).toContain('"msg":"drained"');
  });

  test('counts two signals within half a second as one', async () => {
    const issuer = await issuerForTest();
    const service = startProcess([
      '--issuer',
      issuer.url,
      '--audience',
      audience,
      ...free,
      '--shutdown-delay',
      '700ms',
    ]);
    await service.record(({ state }) => state === 'ready');
    // The kernel merges pending signals of one kind, so these are two kinds.
    service.child.kill('SIGINT');
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
  });

  test('exits at once with code 1 on a second signal', async () => {
    const issuer = await issuerForTest();
    // On the clock of the process, SIGINT arrives a second later.
    const later = `const now = performance.now.bind(performance);
      let passed = 0;
      performance.now = () => now() + passed;
      process.on('SIGINT', () => { passed = 1000; });`;
    const service = startCommand(process.execPath, [
      '--import',
      `data:text/javascript,${encodeURIComponent(later)}`,
      'src/main.ts',
      '--issuer',
      issuer.url,
      '--audience',
      audience,
      ...free,
      '--shutdown-delay',
      '60s',
      '--shutdown-timeout',
      '60s',
    ]);
    await service.record(({ state }) => state === 'ready');
    service.child.kill('SIGTERM');
    await service.record(({ msg }) => msg === 'draining');
    service.child.kill('SIGINT');
    expect(await service.record(({ signal }) => signal === 'SIGINT')).toMatchObject({
      level: 'warn',
      msg: expect.stringContaining('a second signal forces the stop'),
    });
    expect(await service.exit).toBe(1);
  });

  test('exits with code 1 and the reason if a port is in use', async () => {
    const issuer = await issuerForTest();
    const service = startProcess([
      '--issuer',
      issuer.url,
      '--audience',
      audience,
      ...free,
      '--admin-port',
      String(issuer.port),
    ]);
    expect(await service.exit).toBe(1);
    expect(service.errors()).toMatch(/EADDRINUSE/);
  });

  test('continues to serve and exits normally if nothing reads its log', async () => {
    const issuer = await issuerForTest();
    const port = await freePort();
    const flags = [...free, '--shutdown-delay', '0s', '--log-checks', 'all', '--log-level', 'debug'];
    // A pipe of the shell blocks its writer; a pipe of Node does not.
    const service = startCommand('bash', [
      '-c',
      `${process.execPath} src/main.ts --issuer ${issuer.url} --audience ${audience} ${flags.join(' ')} --http-port ${port} & echo $! >&2; wait $!; echo "code $?" >&2`,
    ]);
    service.child.stdout?.pause();
    const good = request('GET', `/${'x'.repeat(400)}`, [`authorization: Bearer ${await issuer.mint()}`]);
    const answer = () => exchange(port, good).then((response) => response?.status);
    await until(async () => (await answer()) === 200);
    for (let check = 0; check < 1_000; check++) expect(await answer()).toBe(200);
    process.kill(Number(service.errors().trim()), 'SIGTERM');
    await until(() => service.errors().includes('code 0'));
  });

  test('continues to serve and exits normally if its log cannot be written', async () => {
    const issuer = await issuerForTest();
    const port = await freePort();
    const flags = [...free, '--shutdown-delay', '0s', '--log-checks', 'all', '--http-port', `${port}`];
    const service = startCommand('bash', [
      '-c',
      `exec ${process.execPath} src/main.ts --issuer ${issuer.url} --audience ${audience} ${flags.join(' ')} >/dev/full`,
    ]);
    const good = request('GET', '/', [`authorization: Bearer ${await issuer.mint()}`]);
    const answer = () => exchange(port, good).then((response) => response?.status);
    await until(async () => (await answer()) === 200);
    for (let check = 0; check < 100; check++) expect(await answer()).toBe(200);
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
    expect(service.errors()).toBe('');
  });

  test('logs a defect and exits with code 70', async () => {
    const issuer = await issuerForTest();
    const defect = join(folder(), 'defect.mjs');
    for (const [name, code] of [
      ['exception', 'throw new Error("boom")'],
      ['rejection', 'Promise.reject(new Error("boom"))'],
    ]) {
      writeFileSync(defect, `process.on('SIGUSR2', () => { ${code} });`);
      const service = startProcess(['--issuer', issuer.url, '--audience', audience, ...free], {
        NODE_OPTIONS: `--import ${defect}`,
      });
      await service.record(({ state }) => state === 'ready');
      service.child.kill('SIGUSR2');
      expect([name, await service.exit]).toEqual([name, 70]);
      expect(service.output()).toMatch(/"level":"fatal".*"error":\{"type":"Error","message":"boom"/);
    }
  });
});

describe('a change of the configuration file', () => {
  const withAudience = (
    issuer: FakeIssuer,
    name: string,
  ) => `issuers: [{issuer: "${issuer.url}", audiences: [${name}]}]
http: {host: 127.0.0.1, port: 0}
grpc: {enabled: false}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s}
`;
  const reloads = async (port: number) => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return ['success', 'failure'].map((result) =>
      Number(new RegExp(`config_reloads_total\\{result="${result}"\\} (\\d+)`).exec(text)?.[1]),
    );
  };

  test('is loaded if it is valid, also when a link is replaced, as for a ConfigMap in Kubernetes', async () => {
    const issuer = await issuerForTest();
    const mount = folder();
    const publish = (version: string, text: string) => {
      mkdirSync(join(mount, version));
      writeFileSync(join(mount, version, 'config.yaml'), text);
      symlinkSync(version, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    publish('..1', withAudience(issuer, 'first'));
    symlinkSync('..data/config.yaml', join(mount, 'config.yaml'));
    const service = startProcess(['--config', join(mount, 'config.yaml')]);
    await service.record(({ state }) => state === 'ready');
    const [port, admin] = [await service.port('http'), await service.port('admin')];
    const good = request('GET', '/', [
      `authorization: Bearer ${await issuer.mint({ claims: { aud: 'second' } })}`,
    ]);
    const status = async () => (await exchange(port, good))?.status;
    expect(await status()).toBe(401);
    publish('..2', withAudience(issuer, 'second'));
    await until(async () => (await status()) === 200);
    publish('..3', withAudience(issuer, 'third').replace('port: 0', 'port: x'));
    await until(async () => (await reloads(admin))[1] === 1);
    expect(await status()).toBe(200);
    publish('..4', 'issuers: [{issuer: half');
    await until(async () => (await reloads(admin))[1] === 2);
    expect(await status()).toBe(200);
    publish('..5', withAudience(issuer, 'fifth'));
    await until(async () => (await status()) === 401);
    expect(await reloads(admin)).toEqual([2, 2]);
  });

  test('is also loaded on SIGHUP, and SIGHUP alone fetches the keys again', async () => {
    const issuer = await issuerForTest();
    const service = startProcess(['--issuer', issuer.url, '--audience', audience, ...free]);
    await service.record(({ state }) => state === 'ready');
    expect(issuer.hits.jwks).toBe(1);
    service.child.kill('SIGHUP');
    await until(() => issuer.hits.jwks === 2);
    expect(service.output()).toContain('the configuration was reloaded');
  });

  test('is loaded by a few reloads, although 300 SIGHUPs request one', async () => {
    const [issuer, hanging] = [await issuerForTest(), await issuerForTest()];
    hanging.discovery = () => {};
    const file = join(folder(), 'config.yaml');
    writeFileSync(file, withAudience(issuer, 'first'));
    const service = startProcess(['--config', file]);
    await service.record(({ state }) => state === 'ready');
    const [port, admin] = [await service.port('http'), await service.port('admin')];
    const other = `{issuer: "${hanging.url}", audiences: [a], name: hanging}`;
    // One reload waits for keys that do not arrive. All other reloads are requested during that time.
    writeFileSync(file, withAudience(issuer, 'second').replace('}]\n', `}, ${other}]\n`));
    service.child.kill('SIGHUP');
    await until(() => hanging.hits.discovery > 0);
    for (let signal = 0; signal < 300; signal++) service.child.kill('SIGHUP');
    writeFileSync(file, withAudience(issuer, 'third'));
    service.child.kill('SIGHUP');
    const good = request('GET', '/', [
      `authorization: Bearer ${await issuer.mint({ claims: { aud: 'third' } })}`,
    ]);
    await until(async () => (await exchange(port, good))?.status === 200, 30);
    // The first reload, one for all signals that waited, one for the changed file, and one for a partly written file.
    const [successes = 0, failures = 0] = await reloads(admin);
    expect(successes + failures).toBeLessThanOrEqual(5);
  });

  test('of the keys in a file is loaded', async () => {
    const issuer = await issuerForTest();
    const [mount, other] = [folder(), await issuerForTest()];
    const file = join(mount, 'jwks.json');
    const publish = (from: FakeIssuer) =>
      writeFileSync(file, JSON.stringify({ keys: from.keys.map(({ publicJwk }) => publicJwk) }));
    publish(issuer);
    writeFileSync(
      join(mount, 'config.yaml'),
      withAudience(issuer, audience).replace('audiences:', `jwksFile: ${file}, audiences:`),
    );
    const service = startProcess(['--config', join(mount, 'config.yaml')]);
    await service.record(({ state }) => state === 'ready');
    const port = await service.port('http');
    const good = request('GET', '/', [`authorization: Bearer ${await issuer.mint()}`]);
    expect((await exchange(port, good))?.status).toBe(200);
    publish(other);
    await until(async () => (await exchange(port, good))?.status === 401);
    expect(issuer.hits).toEqual({ discovery: 0, jwks: 0 });
  });
});

test('memory stays bounded with unfinished streams on ten connections', async () => {
  const { connectRaw, callHeaders, flag, frame, frameType } = await import('../support/http2.ts');
  const issuer = await issuerForTest();
  const service = startProcess([
    '--issuer',
    issuer.url,
    '--audience',
    audience,
    ...free,
    '--log-checks',
    'none',
  ]);
  await service.record(({ state }) => state === 'ready');
  const port = await service.port('grpc');
  const resident = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]) / 1024;
  const half = Buffer.alloc(5 + 16_000);
  half.writeUInt32BE(200_000, 1);
  let peak = 0;
  for (let round = 0; round < 2; round++) {
    const attackers = await Promise.all(Array.from({ length: 10 }, () => connectRaw(port)));
    for (const attacker of attackers) {
      for (let stream = 1; stream < 200; stream += 2) {
        attacker.write(
          frame(frameType.headers, flag.endHeaders, stream, callHeaders()),
          frame(frameType.data, 0, stream, half),
        );
      }
    }
    await until(() => {
      peak = Math.max(peak, resident());
      return attackers.every((attacker) => attacker.isClosed());
    }, 60);
  }
  expect(peak).toBeLessThan(220);
}, 150_000);
