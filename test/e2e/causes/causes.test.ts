/** Twelve causes of a wrong answer behind a real Envoy: with the client's answer only, at most two commands find the cause and the fix. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { findEnvoy } from '../../../tools/envoy.ts';
import type { Received } from '../../../tools/workload.ts';
import { until } from '../../support/app.ts';
import { type Manifests, type Ran, type Scene, startScene, untilAllowed } from '../../support/causes.ts';
import { startFakeIssuer } from '../../support/fake-issuer.ts';
import type { RawResponse } from '../../support/http1.ts';
import { createSigningKey } from '../../support/keys.ts';
import { startProcess } from '../../support/process.ts';
import { describeWith } from '../../support/real-servers.ts';

/** A row of the table. */
interface Row {
  readonly cause: string;
  readonly answer: string;
  readonly commands: string;
  readonly seconds: string;
}

const rows: Row[] = [];
const outputs = new Map<string, string>();

/** Runs the commands of one cause, and measures from the answer to the last output. */
async function finding(
  cause: string,
  answer: RawResponse,
  ...steps: readonly (() => Promise<Ran>)[]
): Promise<string> {
  const from = performance.now();
  const ran: Ran[] = [];
  for (const step of steps) ran.push(await step());
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  const { error } = /^\{/.test(answer.body) ? JSON.parse(answer.body) : { error: answer.body };
  rows.push({
    cause,
    answer: answer.status === 200 ? '200, wrong user' : `${answer.status} ${error}`,
    commands: ran
      .map(({ args: [name = '', first = ''] }) => (/^[a-z2-7]{13}$/.test(first) ? `${name} ID` : name))
      .join(', '),
    seconds,
  });
  const output = ran.map((one) => one.output).join('\n');
  outputs.set(cause, output);
  if (process.env.CAUSES_OUTPUT) console.info(`===== ${cause}\n${answer.status} ${answer.body}\n${output}`);
  return output;
}

const userOf = ({ body }: RawResponse) =>
  (JSON.parse(body) as Received).headers.filter(([name]) => name === 'x-auth-request-user');

describeWith('a real Envoy', await findEnvoy(), (envoyPath) => {
  afterAll(() => {
    if (process.env.CAUSES_TABLE === '1') console.table(rows);
  });
  const start = (options: Omit<Parameters<typeof startScene>[0], 'envoyPath'> = {}) =>
    startScene({ envoyPath, ...options });

  describe.each(['http', 'grpc'] as const)('over %s', (transport) => {
    test('wrong audience', async () => {
      const scene = await start({ transport });
      const token = await scene.issuer.mint({ claims: { aud: 'account' } });
      const answer = await scene.ask(token);
      expect(answer.status).toBe(401);
      const output = await finding(`wrong audience (${transport})`, answer, () => scene.diagnose(answer));
      expect(output).toContain('expected audience orders-api, found account');
      expect(output).toContain('issuers[0].audiences');
      expect(output).toContain('Configure the issuer to write your API into `aud`');
      expect((await scene.ask(await scene.issuer.mint({ claims: { aud: ['orders-api'] } }))).status).toBe(
        200,
      );
    });

    test('no rule matches', async () => {
      const rule = (path: string) => `rules: [{name: orders, match: {paths: ['${path}']}, require: {}}]\n`;
      const scene = await start({ transport, config: rule('/order/{**}') });
      const token = await scene.issuer.mint();
      const answer = await scene.ask(token);
      expect(answer.status).toBe(403);
      const output = await finding(`no rule matches (${transport})`, answer, () => scene.diagnose(answer));
      expect(output).toMatch(/^detail .*path \/orders\/1/m);
      expect(output).toContain('Add a rule');
      scene.configure(rule('/orders/{**}'));
      await untilAllowed(() => scene.ask(token));
    });
  });

  test('rotated key', async () => {
    const scene = await start({ config: 'keys: {minRefreshInterval: 500ms}\n' });
    const next = await createSigningKey('k2');
    const token = await scene.issuer.mint({ key: next });
    const answer = await scene.ask(token);
    expect(answer.status).toBe(401);
    const output = await finding('rotated key', answer, () => scene.diagnose(answer));
    expect(output).toContain('kid k2 is not in the key set');
    scene.issuer.keys = [next, ...scene.issuer.keys];
    await untilAllowed(() => scene.ask(token));
  });

  test('issuer down', async () => {
    const first = await startFakeIssuer();
    await first.close();
    const scene = await start({ issuer: first, untilReady: false });
    const token = await first.mint();
    const answer = await scene.ask(token);
    expect(answer.status).toBe(403);
    const output = await finding('issuer down', answer, () => scene.diagnose(answer));
    expect(output).toContain('ECONNREFUSED');
    const issuer = await startFakeIssuer({ port: first.port, keys: first.keys });
    onTestFinished(() => issuer.close());
    await untilAllowed(() => scene.ask(token));
  });

  test.each([
    ['ahead', 300, 'compare the clocks'],
    ['behind', -900, 'expired'],
  ])('clock of the issuer %s', async (name, seconds, text) => {
    const scene = await start();
    const now = () => Math.floor(Date.now() / 1000);
    const { discovery, jwks } = scene.issuer;
    for (const [endpoint, handler] of Object.entries({ discovery, jwks }))
      scene.issuer[endpoint as 'jwks'] = (message, response) => {
        response.setHeader('date', new Date((now() + seconds) * 1000).toUTCString());
        handler(message, response);
      };
    const times = { iat: now() + seconds, exp: now() + seconds + 300 };
    const answer = await scene.ask(await scene.issuer.mint({ claims: times }));
    expect(answer.status).toBe(401);
    const output = await finding(
      `clock of the issuer ${name}`,
      answer,
      () => scene.diagnose(answer),
      scene.doctor,
    );
    expect(output).toContain(text);
    expect(output).toContain('K16');
    Object.assign(scene.issuer, { discovery, jwks });
    expect((await scene.ask(await scene.issuer.mint())).status).toBe(200);
  });

  test('missing scope', async () => {
    const scene = await start({
      config: `rules: [{name: orders, match: {paths: ['/orders/{**}']}, require: {scopes: [orders.read]}}]\n`,
    });
    const answer = await scene.ask(await scene.issuer.mint({ claims: { scope: 'email profile' } }));
    expect(answer.status).toBe(403);
    const output = await finding('missing scope', answer, () => scene.diagnose(answer));
    expect(output).toContain('orders.read');
    const token = await scene.issuer.mint({ claims: { scope: 'orders.read' } });
    expect((await scene.ask(token)).status).toBe(200);
  });

  test('header not listed in the mesh', async () => {
    const echo = startProcess(['canary', '--listen', '0']);
    await until(() => /port \d+/.test(echo.output()));
    const scene = await start({
      workload: Number(/port (\d+)/.exec(echo.output())?.[1]),
      manifests: { toUpstream: ['x-auth-request-email'] },
    });
    const token = await scene.issuer.mint();
    const forged = ['x-auth-request-user: mallory'];
    const answer = await scene.ask(token, forged);
    expect([answer.status, userOf(answer)]).toEqual([200, [['x-auth-request-user', 'mallory']]]);
    const output = await finding(
      'header not listed in the mesh',
      answer,
      () => scene.diagnose(answer, token),
      scene.doctor,
    );
    expect(output).toContain('the workload saw the forged x-auth-request-user');
    expect(output).toContain('headersToUpstreamOnAllow');
    await scene.apply({});
    expect(userOf(await scene.ask(token, forged))).toEqual([['x-auth-request-user', 'alice']]);
  });

  test('cached token whose key is gone', async () => {
    const scene = await start({ config: 'keys: {refreshInterval: 1s, minRefreshInterval: 500ms}\n' });
    const token = await scene.issuer.mint();
    expect((await scene.ask(token)).status).toBe(200);
    expect((await scene.ask(token)).status).toBe(200);
    scene.issuer.keys = [await createSigningKey('k2')];
    let answer: RawResponse | undefined;
    await until(async () => {
      answer = await scene.ask(token);
      return answer.status !== 200;
    });
    if (answer === undefined) throw new Error('no answer');
    const denied = answer;
    expect(denied.status).toBe(401);
    const output = await finding('cached token whose key is gone', denied, () => scene.diagnose(denied));
    expect(output).toContain('kid k1');
    expect(output).toContain('Get a new token');
    expect((await scene.ask(await scene.issuer.mint())).status).toBe(200);
  });

  test('overload', async () => {
    const scene = await start({ config: 'limits: {maxVerificationsInFlight: 1}\n' });
    const burst = async () => {
      const tokens = await Promise.all(
        Array.from({ length: 40 }, (_, index) => scene.issuer.mint({ claims: { sub: `user-${index}` } })),
      );
      return Promise.all(tokens.map((token) => scene.ask(token)));
    };
    const answer = (await burst()).find(({ status }) => status !== 200);
    if (answer === undefined) throw new Error('no request was denied');
    expect([answer.status, answer.headers['retry-after']]).toEqual([403, expect.any(String)]);
    const output = await finding('overload', answer, () => scene.diagnose(answer));
    expect(output).toContain('limits.maxVerificationsInFlight');
    scene.configure('limits: {maxVerificationsInFlight: 256}\n');
    await until(async () => (await burst()).every(({ status }) => status === 200), 20);
  });

  test('deny list', async () => {
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-denied-')), 'denied.yaml');
    writeFileSync(file, `- {issuer: "${issuer.url}", sub: alice, note: laptop stolen}\n`);
    const scene = await start({ issuer, config: `denyList: {file: ${file}}\n` });
    const token = await issuer.mint();
    const answer = await scene.ask(token);
    expect(answer.status).toBe(401);
    const output = await finding('deny list', answer, () => scene.diagnose(answer));
    expect(output).toContain('entries[0]');
    expect(output).toContain('denyList.file');
    writeFileSync(file, '[]\n');
    await untilAllowed(() => scene.ask(token));
  });

  test('failed reload', async () => {
    const scene = await start({ issuerOptions: 'audiences: [other-api]' });
    const token = await scene.issuer.mint();
    scene.configure('limts: {maxTokenSize: 16Ki}\n', 'audiences: [other-api, orders-api]');
    await until(async () => (await (await fetch(`${scene.admin}/readyz`)).json()).problems !== undefined);
    const answer = await scene.ask(token);
    expect(answer.status).toBe(401);
    const output = await finding('failed reload', answer, () => scene.diagnose(answer));
    expect(output).toContain('expected audience other-api, found orders-api');
    expect(output).toMatch(/^note .*oidc-authz\.yaml.*invalid since/m);
    expect(output).toContain('limts');
    scene.configure('', 'audiences: [other-api, orders-api]');
    await untilAllowed(() => scene.ask(token));
  });

  test('two authorizers on one workload', async () => {
    const two: Manifests = { policies: ['oidc-authz', 'oauth2-proxy'] };
    const scene: Scene = await start({ manifests: two });
    const token = await scene.issuer.mint();
    const answer = await scene.ask(token);
    expect([answer.status, answer.body]).toEqual([403, 'RBAC: access denied']);
    const output = await finding('two authorizers on one workload', answer, () => scene.diagnose(answer));
    expect(output).toMatch(/^K20 /m);
    await scene.apply({ policies: ['oidc-authz', 'oidc-authz'] });
    expect((await scene.ask(token)).status).toBe(200);
  });
});
