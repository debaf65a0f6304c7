/** The service with several workers: one port, one key set, one set of metrics, one shutdown. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { decisionIdOf } from '../support/decision-ids.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { type ServiceProcess, startCommand, startProcess } from '../support/process.ts';

interface Pool {
  readonly service: ServiceProcess;
  readonly issuer: FakeIssuer;
  readonly ask: (token: string) => Promise<number | undefined>;
  readonly scrape: () => Promise<string>;
  /** The sum of a counter's samples whose labels contain all the texts. */
  readonly count: (name: string, ...labels: string[]) => Promise<number>;
  readonly workers: () => number[];
}

const free = ['--http-port', '0', '--grpc-port', '0', '--admin-port', '0', '--shutdown-timeout', '20s'];

/**
 * Starts a service with two workers.
 *
 * @param before a command that runs the service, for example `setsid`
 * @param code runs first in every process of the service
 */
async function startPool(
  flags: readonly string[] = [],
  sharedIssuer?: FakeIssuer,
  before?: string,
  code?: string,
): Promise<Pool> {
  const issuer = sharedIssuer ?? (await startFakeIssuer());
  if (sharedIssuer === undefined) onTestFinished(() => issuer.close());
  const issuerFlags = sharedIssuer === undefined ? ['--issuer', issuer.url, '--audience', audience] : [];
  const words = [...issuerFlags, '--workers', '2', '--shutdown-delay', '0s', ...free, ...flags];
  const environment = code === undefined ? {} : { NODE_OPTIONS: `--import ${moduleOf(code)}` };
  const service =
    before === undefined
      ? startProcess(words, environment)
      : startCommand(before, [process.execPath, 'src/main.ts', ...words], environment);
  await service.record(({ state }) => state === 'ready');
  await service.port('admin');
  const [http, admin] = [await service.port('http'), await service.port('admin')];
  const scrape = async () => (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  return {
    service,
    issuer,
    ask: async (token) =>
      (await exchange(http, request('GET', '/', [`authorization: Bearer ${token}`])))?.status,
    scrape,
    count: async (name, ...labels) =>
      (await scrape())
        .split('\n')
        .filter(
          (line) => line.startsWith(`oidc_authz_${name}`) && labels.every((label) => line.includes(label)),
        )
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
    workers: () => childrenOf(service.pid),
  };
}

function moduleOf(code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-workers-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'module.mjs');
  writeFileSync(file, code);
  return file;
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

const isAllowed = '"allowed"';

describe('two workers', () => {
  test('share ports, connections and metrics', async () => {
    const { service, issuer, ask, count, workers, scrape } = await startPool(['--log-checks=all']);
    expect(workers()).toHaveLength(2);
    const token = await issuer.mint();
    for (let check = 0; check < 40; check++) expect(await ask(token)).toBe(200);
    const grpc = connectGrpc(await service.port('grpc'));
    onTestFinished(() => grpc.close());
    const answer = await grpc.check({ headers: { authorization: `Bearer ${token}` } });
    expect(answer.status?.code).toBe(0);
    expect(await grpc.health()).toBe('SERVING');

    expect(await count('checks_total', isAllowed, '"http"')).toBe(40);
    expect(await count('checks_total', isAllowed, '"grpc"')).toBe(1);
    expect(await count('check_duration_seconds_count', '"http"', '"allow"')).toBe(40);
    expect(await count('build_info')).toBe(1);
    expect(await count('config_last_reload_successful')).toBe(1);
    expect(await count('workers ')).toBe(2);
    expect(await scrape()).toMatch(/^# TYPE oidc_authz_checks_total counter$/m);
    expect(await scrape()).toMatch(/^process_start_time_seconds \d+$/m);

    const checks = service
      .output()
      .split('\n')
      .filter((line) => line.includes('"msg":"check"') && line.includes('"transport":"http"'))
      .map((line) => JSON.parse(line).worker);
    const byWorker = [...Map.groupBy(checks, (worker) => worker).values()].map((records) => records.length);
    expect(byWorker).toHaveLength(2);
    for (const share of byWorker) expect(share).toBeGreaterThanOrEqual(17);
  });

  test('have ids of their own, and the admin listener finds the denials of both', async () => {
    const { service } = await startPool();
    const [http, admin] = [await service.port('http'), await service.port('admin')];
    const ids = new Set<string>();
    // Each request has a new connection, so the workers answer in turn.
    for (let index = 0; index < 20; index++)
      ids.add(decisionIdOf(await exchange(http, request('GET', `/${index}`))));
    expect(ids.size).toBe(20);
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${admin}${path}`)).json();
    const { decisions } = (await get('/decisions?limit=20')) as { decisions: Record<string, unknown>[] };
    // Two workers can deny in the same millisecond. Then the order of the two is open.
    const times = decisions.map(({ time }) => String(time));
    expect(times).toEqual(times.toSorted().reverse());
    expect(new Set(decisions.map(({ path }) => path))).toEqual(
      new Set(Array.from({ length: 20 }, (_, index) => `/${index}`)),
    );
    expect(new Set(decisions.map(({ id }) => id))).toEqual(ids);
    for (const id of ids) expect(await get(`/decisions/${id}`)).toMatchObject({ id });
    const workers = ids.values().map((id) => service.record(({ decision }) => decision === id));
    expect(new Set((await Promise.all(workers)).map(({ worker }) => worker)).size).toBe(2);
  });

  test('share one fetch of the keys, and one fetch for a new key', async () => {
    const { issuer, ask } = await startPool();
    expect(issuer.hits).toEqual({ discovery: 1, jwks: 1 });
    const added = await createSigningKey('k-new');
    issuer.keys = [added, ...issuer.keys];
    const token = await issuer.mint({ key: added });
    for (let check = 0; check < 10; check++) expect(await ask(token)).toBe(200);
    expect(issuer.hits.jwks).toBe(2);
    const unknown = await createSigningKey('k-unknown');
    const forged = await issuer.mint({ key: unknown });
    for (let check = 0; check < 10; check++) expect(await ask(forged)).toBe(401);
    expect(issuer.hits.jwks).toBe(2);
  });

  test('drop a removed key with the tokens that it verified', async () => {
    const { issuer, ask } = await startPool([
      '--keys-refresh-interval=300ms',
      '--keys-min-refresh-interval=100ms',
    ]);
    const token = await issuer.mint();
    for (let check = 0; check < 4; check++) expect(await ask(token)).toBe(200);
    issuer.keys = [await createSigningKey('k-other')];
    const { jwks } = issuer.hits;
    await until(() => issuer.hits.jwks > jwks + 1);
    for (let check = 0; check < 4; check++) expect(await ask(token)).toBe(401);
  });

  test('apply a new configuration together', async () => {
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const file = join(tmpdir(), `oidc-authz-workers-${process.pid}.yaml`);
    onTestFinished(() => rmSync(file));
    const write = (wanted: string) =>
      writeFileSync(file, `issuers: [{issuer: "${issuer.url}", audiences: [${wanted}], name: main}]\n`);
    write(audience);
    const { service, ask, count } = await startPool(['--config', file], issuer);
    const token = await issuer.mint();
    for (let check = 0; check < 4; check++) expect(await ask(token)).toBe(200);
    write('somebody-else');
    await service.record(({ msg }) => msg === 'the configuration was reloaded');
    for (let check = 0; check < 4; check++) expect(await ask(token)).toBe(401);
    expect(await count('config_reloads_total', 'success')).toBe(1);
    expect(await count('checks_total', 'audience_mismatch')).toBe(4);
  });

  test('are replaced when they exit, while the other one answers checks, and no counter decreases', async () => {
    const { service, issuer, ask, count, workers } = await startPool();
    const token = await issuer.mint();
    for (let check = 0; check < 10; check++) expect(await ask(token)).toBe(200);
    const before = await count('checks_total', isAllowed);
    const [first = 0] = workers();
    process.kill(first, 'SIGKILL');
    await service.record(({ msg, pid }) => msg === 'a worker exited and is replaced' && pid === first);
    for (let check = 0; check < 10; check++) expect(await ask(token)).toBe(200);
    await until(async () => (await count('workers ')) === 2 && workers().length === 2);
    expect(workers()).not.toContain(first);
    expect(await count('worker_restarts_total')).toBe(1);
    await until(async () => (await count('checks_total', isAllowed)) === before + 10);
    for (let check = 0; check < 10; check++) expect(await ask(token)).toBe(200);
    expect(issuer.hits.jwks).toBe(1);
  });

  test('stop together, and no check is lost', async () => {
    const { service, issuer, ask, workers } = await startPool(['--shutdown-delay', '5s']);
    const token = await issuer.mint();
    const pids = workers();
    const grpc = connectGrpc(await service.port('grpc'));
    onTestFinished(() => grpc.close());
    const askBoth = async () => [
      await ask(token),
      (await grpc.check({ headers: { authorization: `Bearer ${token}` } })).status?.code,
    ];
    const askOften = async () => (await Promise.all(Array.from({ length: 20 }, askBoth))).map(String);
    expect(new Set(await askOften())).toEqual(new Set(['200,0']));
    process.kill(service.pid, 'SIGTERM');
    // Ctrl-C in a terminal reaches every process of the group.
    for (const pid of pids) process.kill(pid, 'SIGINT');
    await service.record(({ msg }) => msg === 'draining');
    expect(new Set(await askOften())).toEqual(new Set(['200,0']));
    expect(await service.exit).toBe(0);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  test('use TLS, over HTTP and gRPC', async () => {
    const authority = createAuthority();
    const { certFile, keyFile } = authority.issue('workers');
    const tls = ['http', 'grpc'].flatMap((name) => [
      `--${name}-tls-cert-file=${certFile}`,
      `--${name}-tls-key-file=${keyFile}`,
    ]);
    const { service, issuer } = await startPool(tls);
    const headers = { authorization: `Bearer ${await issuer.mint()}` };
    const port = await service.port('http');
    for (let check = 0; check < 4; check++) {
      const asked = https.get({ host: '127.0.0.1', port, ca: authority.ca, headers, agent: false });
      const [response] = await once(asked, 'response');
      expect(response.resume().statusCode).toBe(200);
    }
    const session = http2.connect(`https://127.0.0.1:${await service.port('grpc')}`, { ca: authority.ca });
    onTestFinished(() => session.destroy());
    const call = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    call.end(Buffer.alloc(5));
    const [answer] = await once(call.resume(), 'response');
    expect(answer[':status']).toBe(200);
  });

  test('exit with the main process, even if it is killed', async () => {
    const { service, workers } = await startPool();
    const pids = workers();
    service.child.kill('SIGKILL');
    await service.exit;
    await until(() => pids.every((pid) => !isAlive(pid)));
  });
});

describe('when workers exit', () => {
  test('the port stays open, and a new worker answers the checks that arrived before it listened', async () => {
    const { issuer, ask, workers, service, count } = await startPool();
    const token = await issuer.mint();
    const grpc = connectGrpc(await service.port('grpc'));
    onTestFinished(() => grpc.close());
    for (let round = 0; round < 3; round++) {
      for (const pid of workers()) process.kill(pid, 'SIGKILL');
      await until(async () => (await count('workers ')) === 0);
      expect(await Promise.all(Array.from({ length: 20 }, () => ask(token)))).toEqual(Array(20).fill(200));
      await until(async () => (await count('workers ')) === 2, 30);
    }
    const answer = await grpc.check({ headers: { authorization: `Bearer ${token}` } });
    expect(answer.status?.code).toBe(0);
  });

  test('the reason is not a signal to the process group, even while they start', {
    timeout: 120_000,
  }, async () => {
    const { issuer, ask, workers, service, count } = await startPool([], undefined, 'setsid');
    const token = await issuer.mint();
    const first = workers();
    for (let signal = 0; signal < 300; signal++) process.kill(-service.pid, 'SIGHUP');
    await service.record(({ msg }) => msg === 'the configuration was reloaded');
    expect(await ask(token)).toBe(200);
    expect(workers()).toEqual(first);
    for (const pid of first) process.kill(pid, 'SIGKILL');
    // A new process has no signal handlers yet; it is in another process group instead.
    await until(async () => {
      process.kill(-service.pid, 'SIGHUP');
      return (await count('workers ')) === 2 && !workers().some((pid) => first.includes(pid));
    }, 60);
    // A signal can still reach a process between its fork and the change of its group: then it is replaced.
    const ends = service
      .output()
      .split('\n')
      .filter((line) => line.includes('a worker exited'))
      .map((line) => JSON.parse(line));
    const young = ends.filter(({ pid }) => !first.includes(pid));
    expect(young.filter(({ how }) => how !== 'SIGHUP')).toEqual([]);
    expect(await count('worker_restarts_total')).toBe(2 + young.length);
    expect(young.length).toBeLessThan(10);
    expect(await ask(token)).toBe(200);
    process.kill(-service.pid, 'SIGTERM');
    expect(await service.exit).toBe(0);
  });

  test('a signal that a worker does not handle ends only that worker, or none', async () => {
    const { ask, issuer, workers, count, service } = await startPool();
    const token = await issuer.mint();
    const pids = workers();
    for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT', 'SIGPIPE'] as const)
      for (const pid of pids) process.kill(pid, signal);
    for (let check = 0; check < 4; check++) expect(await ask(token)).toBe(200);
    expect([await count('workers '), await count('worker_restarts_total')]).toEqual([2, 0]);
    process.kill(pids[0] ?? 0, 'SIGUSR2');
    await service.record(({ how }) => how === 'SIGUSR2');
    await until(async () => (await count('workers ')) === 2, 30);
    expect(workers()).toContain(pids[1]);
    expect(await ask(token)).toBe(200);
  });

  test('a worker without a channel is replaced', async () => {
    const code = "process.on('SIGUSR2', () => process.disconnect?.()); process.on('disconnect', () => {});";
    const { workers, count, service, ask, issuer } = await startPool([], undefined, undefined, code);
    const [first] = workers();
    process.kill(first ?? 0, 'SIGUSR2');
    await service.record(({ msg, pid }) => msg === 'a worker exited and is replaced' && pid === first);
    await until(async () => (await count('workers ')) === 2, 30);
    expect(await ask(await issuer.mint())).toBe(200);
  });

  test('the service exits with code 1 and the reason if no worker stays up', async () => {
    const code = "if (process.argv[2] === 'worker') process.exit(3);";
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const service = startProcess(
      ['--issuer', issuer.url, '--audience', audience, '--workers', '2', ...free],
      { NODE_OPTIONS: `--import ${moduleOf(code)}` },
    );
    expect(await service.exit).toBe(1);
    expect(service.errors()).toMatch(/no worker has listened.*10 workers have exited/);
  });
});

describe('a start with workers', () => {
  test('handles 300 SIGHUPs, with one reload afterwards', async () => {
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const service = startProcess(['--issuer', issuer.url, '--audience', audience, '--workers', '2', ...free]);
    await service.record(({ msg }) => msg === 'starting');
    for (let signal = 0; signal < 300; signal++) service.child.kill('SIGHUP');
    const admin = await service.port('admin');
    await service.record(({ msg }) => msg === 'the configuration was reloaded');
    const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
    expect(text).toMatch(/^oidc_authz_workers 2$/m);
    expect(Number(/config_reloads_total\{result="success"\} (\d+)/.exec(text)?.[1])).toBeLessThanOrEqual(2);
  });

  test('that hangs does not delay a stop', async () => {
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const code =
      "if (process.argv[2] === 'worker') await new Promise((resolve) => setTimeout(resolve, 120_000));";
    const service = startProcess(
      ['--issuer', issuer.url, '--audience', audience, '--workers', '2', ...free],
      { NODE_OPTIONS: `--import ${moduleOf(code)}` },
    );
    await service.record(({ state }) => state === 'ready');
    const pids = childrenOf(service.pid);
    expect(pids).toHaveLength(2);
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
    await until(() => pids.every((pid) => !isAlive(pid)));
  });

  test('fails if the port is in use', async () => {
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const service = startProcess([
      ...['--issuer', issuer.url, '--audience', audience, '--workers', '2', ...free],
      ...['--http-port', String(issuer.port)],
    ]);
    expect(await service.exit).toBe(1);
    expect(service.errors()).toMatch(/EADDRINUSE/);
  });

  test('rejects a number of workers that is not a number', async () => {
    const service = startProcess([
      '--issuer',
      'https://i.example.com',
      '--audience',
      'a',
      '--workers',
      'many',
    ]);
    expect(await service.exit).toBe(2);
    expect(service.errors()).toMatch(/workers.*a whole number from 1 to 64, or auto/);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
