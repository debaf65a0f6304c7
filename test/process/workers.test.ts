/** The service with several workers: one port, one set of keys, one count, one end. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../support/app.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { type ServiceProcess, startProcess } from '../support/process.ts';

interface Pool {
  readonly service: ServiceProcess;
  readonly issuer: FakeIssuer;
  readonly ask: (token: string) => Promise<number | undefined>;
  readonly scrape: () => Promise<string>;
  /** The sum of a counter's samples whose labels hold all of some texts. */
  readonly count: (name: string, ...labels: string[]) => Promise<number>;
  readonly workers: () => number[];
}

const free = ['--http-port', '0', '--grpc-port', '0', '--admin-port', '0', '--shutdown-timeout', '10s'];

async function startPool(flags: readonly string[] = [], given?: FakeIssuer): Promise<Pool> {
  const issuer = given ?? (await startFakeIssuer());
  if (given === undefined) onTestFinished(() => issuer.close());
  const of = given === undefined ? ['--issuer', issuer.url, '--audience', audience] : [];
  const service = startProcess([...of, '--workers', '2', '--shutdown-delay', '0s', ...free, ...flags]);
  await service.record(({ state }) => state === 'ready');
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

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

const isAllowed = '"allowed"';

describe('two workers', () => {
  test('answer on the same ports, each about half of the connections, and are counted as one', async () => {
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

  test('have keys that were fetched once, and a new one after one fetch', async () => {
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

  test('lose a key that was withdrawn, with the tokens that it proved', async () => {
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

  test('take a new configuration together', async () => {
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

  test('are replaced when they die, while the other goes on, and no count goes back', async () => {
    const { service, issuer, ask, count, workers } = await startPool();
    const token = await issuer.mint();
    for (let check = 0; check < 10; check++) expect(await ask(token)).toBe(200);
    const before = await count('checks_total', isAllowed);
    const [first = 0] = workers();
    process.kill(first, 'SIGKILL');
    await service.record(({ msg, pid }) => msg === 'a worker ended; it will be replaced' && pid === first);
    for (let check = 0; check < 10; check++) expect(await ask(token)).toBe(200);
    await until(async () => (await count('workers ')) === 2 && workers().length === 2);
    expect(workers()).not.toContain(first);
    expect(await count('worker_restarts_total')).toBe(1);
    await until(async () => (await count('checks_total', isAllowed)) === before + 10);
    for (let check = 0; check < 10; check++) expect(await ask(token)).toBe(200);
    expect(issuer.hits.jwks).toBe(1);
  });

  test('end together, and no check is lost', async () => {
    const { service, issuer, ask, workers } = await startPool(['--shutdown-delay', '500ms']);
    const token = await issuer.mint();
    const pids = workers();
    let isEnding = false;
    const asking = Promise.all(
      Array.from({ length: 8 }, async () => {
        const answers: (number | undefined)[] = [];
        while (!isEnding && answers.length < 5_000) answers.push(await ask(token));
        return answers;
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(service.pid, 'SIGTERM');
    // A terminal's Ctrl-C reaches every process of the group.
    for (const pid of pids) process.kill(pid, 'SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 350));
    isEnding = true;
    const answers = (await asking).flat();
    expect(answers.length).toBeGreaterThan(50);
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(await service.exit).toBe(0);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  test('end with the one that started them, however that ends', async () => {
    const { service, workers } = await startPool();
    const pids = workers();
    service.child.kill('SIGKILL');
    await service.exit;
    await until(() => pids.every((pid) => !isAlive(pid)));
  });
});

describe('a start with workers', () => {
  test('fails where the port is taken', async () => {
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const service = startProcess([
      ...['--issuer', issuer.url, '--audience', audience, '--workers', '2', ...free],
      ...['--http-port', String(issuer.port)],
    ]);
    expect(await service.exit).toBe(1);
    expect(service.errors()).toMatch(/EADDRINUSE/);
  });

  test('says what is wrong with a number that is none', async () => {
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
