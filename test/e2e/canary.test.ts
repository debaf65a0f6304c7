/** The command `canary` as a process, through a real Envoy that is configured as istiod does it, with and without the mistake. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { startIssuer } from '../../demo/issuer.ts';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar } from '../../tools/istio.ts';
import { fileFor, startApp, until } from '../support/app.ts';
import { startProcess } from '../support/process.ts';
import { describeWith } from '../support/real-servers.ts';

const rules = `rules:
  - {name: health, match: {paths: [/healthz]}, allow: anonymous}
  - {name: rest, require: {}}
`;

interface Report {
  readonly results: readonly { readonly probe: string; readonly result: string; readonly found: string }[];
}

const folder = mkdtempSync(join(tmpdir(), 'canary-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const path = join(folder, randomUUID());
  writeFileSync(path, text);
  return path;
}

async function startEchoWorkload() {
  const workload = startProcess(['canary', '--listen', '0']);
  await until(() => /port \d+/.test(workload.output()));
  return { ...workload, listensOn: Number(/port (\d+)/.exec(workload.output())?.[1]) };
}

async function runCanary(args: readonly string[]) {
  const run = startProcess(['canary', ...args, '--output', 'json']);
  const exit = await run.exit;
  const { results } = (run.output() === '' ? { results: [] } : JSON.parse(run.output())) as Report;
  const resultOf = (probe: string) => results.find((one) => one.probe === probe);
  return { exit, results, resultOf, output: run.output(), errors: run.errors() };
}

describeWith('a real Envoy', await findEnvoy(), (path) => {
  async function canary(transport: 'http' | 'grpc', mesh: object) {
    const file = (issuer: string) => `${fileFor(issuer)}${rules}`;
    const service = await startApp({ file: file('ISSUER') });
    const workload = await startEchoWorkload();
    const envoy = await startEnvoy(path, (ports) =>
      istioSidecar(
        {
          transport,
          authorizers: [transport === 'http' ? service.httpPort : service.grpcPort],
          workload: workload.listensOn,
          includeRequestHeadersInCheck: ['authorization'],
          ...mesh,
        },
        ports,
      ),
    );
    onTestFinished(() => envoy.stop());
    const token = await service.issuer.mint({ claims: { sub: 'alice', email: 'a@example.com' } });
    const run = await runCanary([
      ...[fileWith(file(service.issuer.url)), '--url', `http://127.0.0.1:${envoy.port}/orders`],
      ...['--token-file', fileWith(token), '--anonymous-path', '/healthz'],
    ]);
    return { ...run, token };
  }

  test.each(['http', 'grpc'] as const)(
    'finds nothing over %s if the entry lists the identity headers',
    async (transport) => {
      const { exit, results, resultOf, output, token } = await canary(transport, {
        headersToUpstreamOnAllow: ['x-auth-request-*'],
      });
      expect(results.filter(({ result }) => result === 'failed' || result === 'unknown')).toEqual([]);
      expect(exit).toBe(0);
      expect(results.length).toBe(9);
      // The token has neither groups nor a preferred user name.
      expect(resultOf('the identity headers of a valid token')?.result).toBe('warning');
      expect(output).not.toContain(token);
    },
  );

  // Over gRPC, Envoy sets every header of an allow, so no list can drop one.
  test('fails over HTTP if the entry lists other headers', async () => {
    const { exit, resultOf } = await canary('http', { headersToUpstreamOnAllow: ['x-other'] });
    expect(exit).toBe(1);
    const forged = resultOf('a valid token, forged identity headers');
    expect(forged?.result).toBe('failed');
    expect(forged?.found).toContain('x-auth-request-user');
    expect(resultOf('the identity headers of a valid token')?.result).toBe('failed');
    expect(resultOf('no token on the anonymous path, forged identity headers')?.result).toBe('passed');
  });
});

test('fails if nothing asks the authorizer, with a token from the issuer, and ends on SIGTERM', async () => {
  const issuer = await startIssuer();
  onTestFinished(() => issuer.close());
  const workload = await startEchoWorkload();
  const { exit, resultOf, errors } = await runCanary([
    ...[fileWith(fileFor(issuer.url)), '--url', `http://127.0.0.1:${workload.listensOn}/`],
    ...['--client-id', 'orders-client', '--client-secret-file', fileWith('demo-secret\n')],
  ]);
  expect([exit, errors]).toEqual([1, '']);
  expect(resultOf('a request without a token')?.result).toBe('failed');
  workload.child.kill('SIGTERM');
  expect(await workload.exit).toBe(0);
});

test('reports a client that gets no token, without its secret', async () => {
  const issuer = await startIssuer();
  onTestFinished(() => issuer.close());
  const { exit, errors } = await runCanary([
    ...[fileWith(fileFor(issuer.url)), '--url', 'http://127.0.0.1:1/'],
    ...['--client-id', 'orders-client', '--client-secret-file', fileWith('another-secret')],
  ]);
  expect(exit).toBe(3);
  expect(errors).toContain(
    `the issuer ${issuer.url} gives no token: it rejects the client or its secret (status 401)`,
  );
  expect(errors).not.toContain('another-secret');
});

test('tests nothing if the URL does not respond', async () => {
  const args = [fileWith(fileFor('https://a.example.com')), '--token-file', fileWith('a.b.c')];
  const { exit, results } = await runCanary([...args, '--url', 'http://127.0.0.1:1/']);
  expect(exit).toBe(2);
  expect(results).toMatchObject([{ probe: 'the URL', result: 'unknown' }]);
});

test.each([
  [['--token-file', '/nowhere'], '(flag --url): missing'],
  [['--url', 'ftp://a/', '--token-file', 'TOKEN'], 'expected an http or https URL'],
  [['--url', 'http://a/'], 'write either --token-file, or --client-id'],
  [['--url', 'http://a/', '--token-file', '/nowhere'], 'cannot read the file'],
  [['--url', 'http://a/', '--client-id', 'a'], '(flag --client-secret-file): missing'],
  [['--url', 'http://a/', '--token-file', 'TOKEN', '--timeout', '0'], 'expected milliseconds'],
  [['--listen', 'http'], 'expected a port'],
])('rejects the command line %j', async (args, message) => {
  const token = fileWith('a.b.c');
  const file = fileWith(fileFor('https://a.example.com'));
  const { exit, errors } = await runCanary([file, ...args.map((arg) => (arg === 'TOKEN' ? token : arg))]);
  expect(errors).toContain(message);
  expect(exit).toBe(3);
});
