/** Two real processes, each with two workers, and a real redis-server: one use of each DPoP proof, and one deny list. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { findRedis } from '../../tools/redis.ts';
import { fileFor, until } from '../support/app.ts';
import { type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { askReplica } from '../support/fleet/ask.ts';
import { startFleet } from '../support/fleet/fleet.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey, type SigningKey } from '../support/keys.ts';
import { type ServiceProcess, startCommand, startProcess } from '../support/process.ts';
import { makeProof, thumbprint } from '../support/proofs.ts';
import { describeWith } from '../support/real-servers.ts';
import { type RedisServer, startRedis } from '../support/redis/server.ts';
import { newSessionKey } from '../support/session-key.ts';

interface Replica {
  readonly process: ServiceProcess;
  readonly admin: string;
  /** The status of a check over HTTP, on a new connection, and the reason of one over gRPC; both read `allowed` for an allow. */
  readonly http: (headers: Readonly<Record<string, string>>) => Promise<string>;
  readonly grpc: (headers: Readonly<Record<string, string>>) => Promise<string>;
  readonly metric: (name: string) => Promise<number>;
}

interface Fleet {
  readonly redis: RedisServer;
  readonly issuer: FakeIssuer;
  readonly start: (more?: string) => Promise<Replica>;
}

async function createFleet(path: string, dpop: 'closed' | 'local' = 'closed'): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [redis, issuer] = [await startRedis(path), await startFakeIssuer()];
  onTestFinished(redis.stop);
  onTestFinished(issuer.close);
  const [keys, file] = [join(folder, 'keys'), join(folder, 'oidc-authz.yaml')];
  writeFileSync(keys, newSessionKey());
  writeFileSync(
    file,
    `${fileFor(issuer.url).replace('name: main', 'name: main, boundTokens: verify')}
workers: 2
state: {keysFile: ${keys}, valkey: {urls: ["${redis.url}"]}}
denyList: {store: true}
dpop: {origins: ["https://orders.example.com"], store: ${dpop}}
`,
  );
  const start = async (): Promise<Replica> => {
    const process = startProcess(['--config', file]);
    await process.record(({ state }) => state === 'ready');
    const [httpPort, grpcPort, adminPort] = [
      await process.port('http'),
      await process.port('grpc'),
      await process.port('admin'),
    ];
    const client = connectGrpc(grpcPort);
    onTestFinished(client.close);
    const admin = `http://127.0.0.1:${adminPort}`;
    return {
      process,
      admin,
      http: async (headers) => {
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
        const answer = await exchange(httpPort, request('GET', '/orders/1', lines));
        return answer?.status === 200 ? 'allowed' : `${answer?.status}`;
      },
      grpc: async (headers) => {
        const answer = await client.check({
          method: 'GET',
          host: 'orders.example.com',
          path: '/orders/1',
          headers,
        });
        return answer.status?.code === 0
          ? 'allowed'
          : String(answer.dynamicMetadata?.fields?.reason?.stringValue);
      },
      metric: async (name) => {
        const text = await (await fetch(`${admin}/metrics`)).text();
        return Number(
          text
            .split('\n')
            .find((line) => line.startsWith(`oidc_authz_${name} `))
            ?.split(' ')[1],
        );
      },
    };
  };
  return { redis, issuer, start };
}

async function revoke(...args: readonly string[]) {
  const command = startCommand(process.execPath, ['src/main.ts', 'revoke', ...args]);
  return { exitCode: await command.exit, output: command.output(), errors: command.errors() };
}

/** Asks all workers: connections go to them in turn. */
const askAll = (replica: Replica, headers: Readonly<Record<string, string>>) =>
  Promise.all([1, 2, 3, 4].map(() => replica.http(headers)));

describeWith('two replicas with two workers each and a redis-server', await findRedis(), (path) => {
  let key: SigningKey;
  beforeAll(async () => {
    key = await createSigningKey('c', 'ES256');
  });
  const boundToken = async (issuer: FakeIssuer) =>
    issuer.mint({ claims: { sub: 'carol', cnf: { jkt: await thumbprint(key) } } });
  const withProof = async (token: string) => ({
    authorization: `DPoP ${token}`,
    dpop: await makeProof(key, token),
  });

  test('accept a proof once, of 200 at the same time over HTTP and gRPC', async () => {
    const fleet = await createFleet(path);
    const replicas = [await fleet.start(), await fleet.start()];
    const token = await boundToken(fleet.issuer);
    for (const round of [1, 2, 3, 4, 5]) {
      const headers = await withProof(token);
      const results = await Promise.all(
        Array.from({ length: 200 }, (_, at) => {
          const replica = replicas[at % 2];
          return at % 4 < 2 ? replica?.http(headers) : replica?.grpc(headers);
        }),
      );
      const counts = Object.fromEntries(
        [...Map.groupBy(results, (one) => one)].map(([result, all]) => [result, all.length]),
      );
      const { allowed, 401: http = 0, proof_invalid: grpc = 0, ...others } = counts;
      expect([round, allowed, http + grpc, others]).toEqual([round, 1, 199, {}]);
    }
    const asked = await Promise.all(
      replicas.map(({ metric }) => metric('dpop_shared_proofs_total{result="new"}')),
    );
    expect(asked.reduce((sum, count) => sum + count, 0)).toBe(5);
    // Another proof of the same client is accepted.
    expect(await replicas[1]?.grpc(await withProof(token))).toBe('allowed');
  });

  test('deny a token within 1 s of a revocation at one of them, in every worker, until it is lifted', async () => {
    const fleet = await createFleet(path);
    const [a, b] = [await fleet.start(), await fleet.start()];
    const token = await fleet.issuer.mint({ claims: { sub: 'alice' } });
    const bob = { authorization: `Bearer ${await fleet.issuer.mint({ claims: { sub: 'bob' } })}` };
    const alice = { authorization: `Bearer ${token}` };
    for (const one of [a, b]) expect(await askAll(one, alice)).toEqual(Array(4).fill('allowed'));

    const { exitCode, output } = await revoke('--admin', a.admin, '--issuer', 'main', '--sub', 'alice');
    expect([exitCode, output.split(' ')[0]]).toEqual([0, 'added']);
    for (const one of [a, b])
      await until(async () => (await askAll(one, alice)).every((status) => status === '401'), 1);
    expect(await b.grpc(alice)).toBe('token_revoked');
    expect(await askAll(b, bob)).toEqual(Array(4).fill('allowed'));

    const [, id = ''] = /^added (\w+)/.exec(output) ?? [];
    expect((await revoke('--admin', b.admin, '--lift', id)).exitCode).toBe(0);
    for (const one of [a, b])
      await until(async () => (await askAll(one, alice)).every((status) => status === 'allowed'), 1);
  });

  test('keep the list while the server is dead, say that nothing is revoked, and recover', async () => {
    const fleet = await createFleet(path);
    const a = await fleet.start();
    const alice = { authorization: `Bearer ${await fleet.issuer.mint({ claims: { sub: 'alice' } })}` };
    const bob = { authorization: `Bearer ${await fleet.issuer.mint({ claims: { sub: 'bob' } })}` };
    const bound = await boundToken(fleet.issuer);
    expect((await revoke('--admin', a.admin, '--issuer', 'main', '--sub', 'alice')).exitCode).toBe(0);
    await until(async () => (await askAll(a, alice)).every((status) => status === '401'));

    await fleet.redis.kill();
    await until(async () => (await a.grpc(await withProof(bound))) === 'proofs_unavailable');
    expect(await askAll(a, alice)).toEqual(Array(4).fill('401'));
    expect(await askAll(a, bob)).toEqual(Array(4).fill('allowed'));
    const failed = await revoke('--admin', a.admin, '--issuer', 'main', '--sub', 'bob');
    expect(failed).toMatchObject({ exitCode: 1, output: '' });
    expect(failed.errors).toMatch(/answers 503: nothing was revoked: the store cannot be used: /);

    await fleet.redis.start();
    await until(async () => (await a.grpc(await withProof(bound))) === 'allowed');
    await until(
      async () => (await revoke('--admin', a.admin, '--issuer', 'main', '--sub', 'bob')).exitCode === 0,
    );
    await until(async () => (await askAll(a, bob)).every((status) => status === '401'), 1);
    // A replica that starts now reads both entries before its first check.
    const c = await fleet.start();
    expect([...(await askAll(c, alice)), ...(await askAll(c, bob))]).toEqual(Array(8).fill('401'));
  });

  test('with `local`, accept a proof once in each process while the server does not answer', async () => {
    const fleet = await createFleet(path, 'local');
    const a = await fleet.start();
    const bound = await boundToken(fleet.issuer);
    expect(await a.grpc(await withProof(bound))).toBe('allowed');
    fleet.redis.freeze();
    const proofs = await Promise.all(Array.from({ length: 40 }, () => withProof(bound)));
    expect(await Promise.all(proofs.map(a.grpc))).toEqual(Array(40).fill('allowed'));
    // One connection of gRPC belongs to one worker.
    expect(new Set(await Promise.all(proofs.map(a.grpc)))).toEqual(new Set(['proof_invalid']));
    const record = await a.process.record(({ option }) => option === 'dpop.store');
    expect(record).toMatchObject({
      level: 'warn',
      msg: 'DPoP proofs were accepted once in this process only, because the store of used proofs is away',
    });
    fleet.redis.thaw();
    await until(async () => {
      await a.grpc(await withProof(bound));
      return (await a.metric('dpop_shared_proofs_total{result="new"}')) > 1;
    });
  });

  test('deny the session of a person within 1 s, and let the person sign in again after --issued-before now', async () => {
    const redis = await startRedis(path);
    onTestFinished(redis.stop);
    const valkey = `urls: ["${redis.url}"]`;
    const fleet = await startFleet({
      replicas: [{ valkey }, { valkey, workers: 2 }],
      more: 'denyList: {store: true}\n',
    });
    onTestFinished(fleet.stop);
    const [alice, bob] = [await fleet.signIn('alice'), await fleet.signIn('bob')];
    const answers = async (cookie: string) =>
      Promise.all(
        fleet.replicas
          .flatMap((replica) => [replica, replica])
          .map(async ({ httpPort }) => {
            const { answer } = await askReplica(httpPort, cookie);
            return typeof answer === 'string' ? answer : answer.unexpected;
          }),
      );
    for (const { cookie } of [alice, bob]) expect(await answers(cookie())).toEqual(Array(4).fill('allowed'));

    const admin = `http://127.0.0.1:${fleet.replicas[0]?.adminPort}`;
    const who = ['--issuer', 'main', '--sub', 'alice', '--issued-before', 'now'];
    expect((await revoke('--admin', admin, ...who)).exitCode).toBe(0);
    await until(async () => (await answers(alice.cookie())).every((answer) => answer === 'denied'), 1);
    expect(await answers(bob.cookie())).toEqual(Array(4).fill('allowed'));
    // A login in the same second counts as one before.
    await until(async () => {
      const again = await fleet.signIn('alice', 1).catch(() => undefined);
      return again !== undefined && (await answers(again.cookie())).every((answer) => answer === 'allowed');
    });
  });
});
