/** The bundled program, unpacked from the package: it does what the sources do, with the flags of the image and without packages. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { originalPlaces } from '../../scripts/bundle/original-places.ts';
import { findRedis } from '../../tools/redis.ts';
import { fileFor, until } from '../support/app.ts';
import { startFakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { temporaryFile } from '../support/login-issuer.ts';
import { signIn } from '../support/login-provider.ts';
import { shop, startLoginParts } from '../support/login-service.ts';
import { type PackedProgram, packProgram } from '../support/packed-program.ts';
import { type ServiceProcess, startCommand } from '../support/process.ts';
import { describeWith } from '../support/real-servers.ts';
import { startRedis } from '../support/redis/server.ts';
import { shopFile } from '../support/shop-service.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const codeFlag = '--disallow-code-generation-from-strings';
let packed: PackedProgram;

beforeAll(async () => {
  packed = await packProgram();
});

/** Starts a service with the flags of the image, and waits until it has keys. */
async function serve(file: string, without: readonly string[] = [], more: readonly string[] = []) {
  const flags = packed.imageFlags.filter((flag) => !without.includes(flag));
  const args = [...flags, ...more, packed.main, '--config', temporaryFile('oidc-authz.yaml', file)];
  const service = startCommand(process.execPath, args);
  await service.record(({ state }) => state === 'ready');
  return service;
}

async function statusOf(service: ServiceProcess, headers: readonly string[] = [], path = '/') {
  return (await exchange(await service.port('http'), request('GET', path, headers)))?.status;
}

async function issuerOfTest() {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  return issuer;
}

const admin = async (service: ServiceProcess, path: string) => {
  const response = await fetch(`http://127.0.0.1:${await service.port('admin')}${path}`);
  return { status: response.status, body: await response.text() };
};

describe('a service', () => {
  test('answers checks over HTTP and gRPC, has metrics, compares with jose, and evaluates expressions', async () => {
    const issuer = await issuerOfTest();
    const rule = `{name: own, match: {paths: ["/own/{**}"]}, require: {expression: 'claims.sub == request.segments[1]'}}`;
    const service = await serve(
      `${fileFor(issuer.url)}crossCheck: 1\nrules: [${rule}, {name: rest, match: {}, require: {}}]\n`,
    );
    const authorization = `authorization: Bearer ${await issuer.mint({ claims: { sub: 'alice' } })}`;
    expect([
      await statusOf(service),
      await statusOf(service, [authorization]),
      await statusOf(service, [authorization], '/own/alice'),
      await statusOf(service, [authorization], '/own/bob'),
    ]).toEqual([401, 200, 200, 403]);
    const client = connectGrpc(await service.port('grpc'));
    onTestFinished(client.close);
    const { status } = await client.check({ path: '/', headers: { authorization: authorization.slice(15) } });
    expect(status?.code).toBe(0);
    // jose compares after the response.
    const agreed = /oidc_authz_cross_checks_total\{result="agreed"\} [1-9]/;
    await until(async () => agreed.test((await admin(service, '/metrics')).body));
    const { body } = await admin(service, '/metrics');
    for (const name of ['oidc_authz_checks_total', 'oidc_authz_build_info', 'process_cpu_seconds_total'])
      expect(body).toContain(name);
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
    expect(service.errors()).toBe('');
  });

  test('starts workers', async () => {
    const issuer = await issuerOfTest();
    const service = await serve(`${fileFor(issuer.url)}workers: 2\n`, [], ['--allow-child-process']);
    const authorization = `authorization: Bearer ${await issuer.mint()}`;
    for (let times = 0; times < 4; times++) expect(await statusOf(service, [authorization])).toBe(200);
    expect((await admin(service, '/metrics')).body).toMatch(/oidc_authz_workers\S* 2/);
  });

  test('serves the console', async () => {
    const issuer = await issuerOfTest();
    const file = fileFor(issuer.url).replace(
      /^admin: .*$/m,
      'admin: {host: 127.0.0.1, port: 0, console: {enabled: true}}',
    );
    const service = await serve(file, [codeFlag]);
    expect((await admin(service, '/console')).status).toBe(200);
  });

  test('signs people in, on the check listener and on the listener of the login', async () => {
    const parts = await startLoginParts('refresh: true');
    onTestFinished(() => parts.provider.close());
    const file = shopFile(parts).replace(
      `{hosts: [${shop}]}`,
      `{hosts: [${shop}], listener: {enabled: true, host: 127.0.0.1, port: 0}}`,
    );
    const service = await serve(file, [codeFlag]);
    const mesh = await parts.mesh('http', await service.port('http'));
    onTestFinished(() => mesh.close());
    const page = await signIn(parts.browser(mesh), `https://${shop}/cart`, 'alice');
    expect(JSON.parse(page.body).headers).toMatchObject({ 'x-user': 'alice' });
    expect(await service.port('login')).toBeGreaterThan(0);
  });
});

describeWith('with a redis-server', await findRedis(), (path) => {
  test('a service shares sessions in the store', async () => {
    const store = await startRedis(path);
    const parts = await startLoginParts('store: valkey');
    onTestFinished(async () => {
      await store.stop();
      await parts.provider.close();
    });
    const service = await serve(shopFile(parts, `state: {valkey: {urls: ["${store.url}"]}}`));
    const mesh = await parts.mesh('http', await service.port('http'));
    onTestFinished(() => mesh.close());
    const page = await signIn(parts.browser(mesh), `https://${shop}/cart`, 'alice');
    expect(JSON.parse(page.body).headers).toMatchObject({ 'x-user': 'alice' });
    expect(Number(await store.command('DBSIZE'))).toBeGreaterThan(0);
  });
});

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command of the sources or of the bundle in a folder. */
function run(main: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd }, (error, output, errors) =>
      resolve({ code: Number(error?.code ?? 0), output, errors }),
    );
  });
}

/** Replaces what the time and the process change. */
function withoutTimes({ code, output, errors }: Ended): Ended {
  const changing = /\d{4}-\d\d-\d\dT[\d:.]+(?:Z|…)|\b\d+ m?s ago *|"(?:rss|pid|uptime\w*|heap\w*)": ?\d+/g;
  return { code, output: output.replaceAll(changing, '-'), errors };
}

describe('each command prints what the sources print', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-commands-'));
  const fixtures = join(root, 'test/tools/doctor/fixtures/K02-istio');
  let service: ServiceProcess;

  beforeAll(async () => {
    const issuer = await startFakeIssuer();
    writeFileSync(join(folder, 'oidc-authz.yaml'), fileFor(issuer.url));
    writeFileSync(join(folder, 'token'), await issuer.mint({ claims: { aud: 'account' } }));
    writeFileSync(
      join(folder, 'proxy.toml'),
      'provider = "oidc"\noidc_issuer_url = "https://a.example.com"\nskip_jwt_bearer_tokens = true\nclient_id = "orders"\nemail_domains = ["*"]\n',
    );
    writeFileSync(join(folder, 'apirule.yaml'), apiRule);
    writeFileSync(join(folder, 'tests.yaml'), 'tests: [{name: none, expect: deny}]\n');
    writeFileSync(join(folder, 'tokens'), readFileSync(join(folder, 'token')));
    return () => issuer.close();
  });

  test.each([
    ['help'],
    ['--version'],
    ['unknown-command'],
    ['migrate --help'],
    ['check-config oidc-authz.yaml'],
    ['check-config oidc-authz.yaml --token-file token'],
    ['check-config oidc-authz.yaml --test tests.yaml'],
    ['check-config nothing.yaml'],
    ['explain oidc-authz.yaml --token-file token'],
    ['explain --grpc 127.0.0.1:1'],
    [`doctor ${fixtures}`],
    ['doctor --config oidc-authz.yaml'],
    ['doctor --config oidc-authz.yaml --format sarif'],
    ['generate istio --config oidc-authz.yaml'],
    ['generate envoy --config oidc-authz.yaml'],
    ['migrate oauth2-proxy proxy.toml'],
    ['migrate apirule apirule.yaml'],
    ['canary --url http://127.0.0.1:1 --config oidc-authz.yaml --token-file token'],
    ['compare --config oidc-authz.yaml --oauth2-proxy http://127.0.0.1:1 --tokens tokens'],
    ['revoke --admin http://127.0.0.1:1 --list'],
    ['support-bundle oidc-authz.yaml --admin http://127.0.0.1:1'],
  ])('%s', async (line) => {
    const args = line.split(' ');
    const [sources, bundled] = await Promise.all([
      run(`${root}src/main.ts`, args, folder),
      run(packed.main, args, folder),
    ]);
    expect(withoutTimes(bundled)).toEqual(withoutTimes(sources));
  });

  test('explain asks the service over gRPC, with the protos of the package', async () => {
    service = await serve(readFileSync(join(folder, 'oidc-authz.yaml'), 'utf8'));
    const args = ['explain', '--grpc', `127.0.0.1:${await service.port('grpc')}`, '--token-file', 'token'];
    const { code, output, errors } = await run(packed.main, args, folder);
    expect([code, errors]).toEqual([1, '']);
    expect(output).toContain('deny: audience_mismatch');
  });
});

test('npm run stack-trace finds the sources of a real stack trace', async () => {
  const file = temporaryFile(
    'crash.cjs',
    "process.nextTick(() => { const on = process.on; process.on = function (name) { if (name === 'SIGTERM') throw new Error('made by the test'); return on.apply(this, arguments); }; });",
  );
  const { errors } = await new Promise<Ended>((resolve) => {
    execFile(process.execPath, ['--require', file, packed.main], (error, output, errors) =>
      resolve({ code: Number(error?.code ?? 0), output, errors }),
    );
  });
  const readMap = (name: string) => {
    const map = join(packed.maps, name);
    return existsSync(map) ? readFileSync(map, 'utf8') : undefined;
  };
  const [, file_ = '', line] =
    /at runService \((.*?):(\d+):\d+\)/.exec(originalPlaces(errors, readMap)) ?? [];
  expect(file_).toBe('src/cli/serve/run.ts');
  expect(readFileSync(join(root, file_), 'utf8').split('\n')[Number(line) - 1]).toContain(
    "process.on('SIGTERM'",
  );
});

const apiRule = `
apiVersion: gateway.kyma-project.io/v1beta1
kind: APIRule
metadata: {name: orders, namespace: shop}
spec:
  gateway: kyma-system/kyma-gateway
  host: orders.example.com
  service: {name: orders, port: 80}
  rules:
    - path: /.*
      methods: [GET]
      accessStrategies:
        - {handler: jwt, config: {trusted_issuers: ["https://a.example.com"], jwks_urls: ["https://a.example.com/keys"]}}
`;
