/** Twelve causes of a wrong answer behind a real Envoy: with the client's answer only, at most two commands find the cause and the fix. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { findEnvoy } from '../../../tools/envoy.ts';
import type { Received } from '../../../tools/workload.ts';
import { until } from '../../support/app.ts';
import { type Manifests, type Ran, startScene, untilAllowed } from '../../support/causes.ts';
import { causesOfPage, expectOnPage } from '../../support/causes-page.ts';
import { type Endpoint, startFakeIssuer } from '../../support/fake-issuer.ts';
import type { RawResponse } from '../../support/http1.ts';
import { createSigningKey } from '../../support/keys.ts';
import { startProcess } from '../../support/process.ts';
import { describeWith } from '../../support/real-servers.ts';

/** The measured rows, for the output with CAUSES_TABLE=1. */
const table: (readonly string[])[] = [['cause', 'answer', 'commands', 'seconds']];

/** Runs the commands of one cause, compares their outputs with the page, and measures from the answer to the last output. */
async function finding(
  cause: string,
  answer: RawResponse,
  transport: string,
  ...steps: readonly (() => Promise<Ran>)[]
): Promise<string> {
  const from = performance.now();
  const ran: Ran[] = [];
  for (const step of steps) ran.push(await step());
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  const commands = ran
    .map(({ args: [name = '', first = ''] }) => (/^[a-z2-7]{13}$/.test(first) ? `${name} ID` : name))
    .join(', ');
  const text = textOf(answer);
  table.push([`${cause} (${transport})`, text, commands, seconds]);
  const output = ran.map((one) => one.output).join('\n');
  if (process.env.CAUSES_OUTPUT === '1') process.stdout.write(`===== ${cause}\n${output}\n`);
  expectOnPage(cause, { answer: text, commands, output });
  return output;
}

/** The part of an answer that the table has. */
function textOf({ status, body }: RawResponse): string {
  if (status === 200) return '200';
  return `${status} ${body.startsWith('{') ? JSON.parse(body).error : body}`;
}

const userOf = ({ body }: RawResponse) =>
  (JSON.parse(body) as Received).headers.filter(([name]) => name === 'x-auth-request-user');

describeWith('a real Envoy', await findEnvoy(), (envoyPath) => {
  afterAll(() => {
    if (process.env.CAUSES_TABLE !== '1') return;
    const widths = (table[0] ?? []).map((_, column) =>
      Math.max(...table.map((row) => row[column]?.length ?? 0)),
    );
    for (const row of table)
      process.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`);
  });
  const start = (options: Omit<Parameters<typeof startScene>[0], 'envoyPath'> = {}) =>
    startScene({ envoyPath, ...options });

  test('the page has twelve causes', () => {
    expect(causesOfPage).toHaveLength(12);
  });

  describe.each(['http', 'grpc'] as const)('over %s', (transport) => {
    test('wrong audience', async () => {
      const scene = await start({ transport });
      const token = await scene.issuer.mint({ claims: { aud: 'account' } });
      const answer = await scene.ask(token);
      expect(answer.status).toBe(401);
      const output = await finding('wrong audience', answer, transport, () => scene.diagnose(answer));
      expect(output).toContain('expected audience orders-api, found account');
      expect(output).toMatch(/^option +issuers\[0\]\.audiences$/m);
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
      const output = await finding('no rule matches', answer, transport, () => scene.diagnose(answer));
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
    const output = await finding('rotated key', answer, 'http', () => scene.diagnose(answer));
    expect(output).toMatch(
      /^detail .*kid k2 is not in the key set \(1 key: k1; .*; a fetch did not add it\)$/m,
    );
    expect(output).toContain('Publish the new key at the issuer before it signs tokens.');
    scene.issuer.keys = [next, ...scene.issuer.keys];
    await untilAllowed(() => scene.ask(token));
  });

  test('rotated key that the service cannot fetch', async () => {
    const scene = await start({ config: 'keys: {minRefreshInterval: 500ms}\n' });
    const { jwks } = scene.issuer;
    scene.issuer.jwks = (_, response) => response.writeHead(502).end();
    scene.issuer.keys = [await createSigningKey('k2')];
    const token = await scene.issuer.mint();
    const answer = await scene.ask(token);
    expect(answer.status).toBe(401);
    const { output } = await scene.diagnose(answer);
    expect(output).toMatch(/^detail .*kid k2 is not in the key set .*problem: .*status 502 instead of 200/m);
    scene.issuer.jwks = jwks;
    await untilAllowed(() => scene.ask(token));
  });

  test.each([
    ['http', 403],
    ['grpc', 503],
  ] as const)('issuer down, over %s', async (transport, status) => {
    const away = await startFakeIssuer();
    await away.close();
    const scene = await start({ issuer: away, untilReady: false, transport });
    const token = await away.mint();
    const answer = await scene.ask(token);
    expect(answer.status).toBe(status);
    const output = await finding('issuer down', answer, transport, () => scene.diagnose(answer));
    expect(output).toMatch(/^detail .*the issuer has no usable keys: .*ECONNREFUSED/m);
    expect(output).toContain('Make the address in the detail reachable');
    const issuer = await startFakeIssuer({ port: away.port, keys: away.keys });
    onTestFinished(() => issuer.close());
    await untilAllowed(() => scene.ask(token));
    expect((await scene.diagnose(answer)).output).toMatch(/^note +the issuer main is ready now/m);
  });

  test('issuer down, with whenUnavailable: error: the answer has no id, and doctor names the issuer', async () => {
    const away = await startFakeIssuer();
    await away.close();
    const scene = await start({ issuer: away, untilReady: false, config: 'whenUnavailable: error\n' });
    const token = await away.mint();
    const answer = await scene.ask(token);
    expect([answer.status, answer.body]).toEqual([403, '']);
    const { output, args } = await scene.diagnose(answer);
    expect(args[0]).toBe('doctor');
    expect(output).toMatch(/^K83 [\s\S]*?^ {2}cause: {2}The issuer is waiting: .*ECONNREFUSED/m);
    const issuer = await startFakeIssuer({ port: away.port, keys: away.keys });
    onTestFinished(() => issuer.close());
    await untilAllowed(() => scene.ask(token));
  });

  test.each([
    ['ahead', 300, 'deny: token_not_yet_valid'],
    ['behind', -900, 'deny: token_expired'],
  ])('clock skew: the clock of the issuer is %s', async (_, seconds, decision) => {
    const scene = await start();
    const now = () => Math.floor(Date.now() / 1000) + seconds;
    const { discovery, jwks } = scene.issuer;
    const withDate =
      (handler: Endpoint): Endpoint =>
      (message, response) => {
        response.setHeader('date', new Date(now() * 1000).toUTCString());
        handler(message, response);
      };
    Object.assign(scene.issuer, { discovery: withDate(discovery), jwks: withDate(jwks) });
    const answer = await scene.ask(await scene.issuer.mint({ claims: { iat: now(), exp: now() + 300 } }));
    expect(answer.status).toBe(401);
    const explained = await scene.diagnose(answer);
    expect(explained.output).toContain(decision);
    // The output names the second command.
    expect(explained.output).toMatch(/run `doctor --config FILE --live --admin URL`/i);
    const output =
      seconds > 0
        ? await finding('clock skew', answer, 'http', () => scene.diagnose(answer), scene.doctor)
        : (await scene.doctor()).output;
    expect(output).toMatch(
      /^ {2}cause: {2}The clock of the service is .* (behind|ahead of) the clock of the issuer main; `clockTolerance` is 30s\.$/m,
    );
    Object.assign(scene.issuer, { discovery, jwks });
    expect((await scene.ask(await scene.issuer.mint())).status).toBe(200);
  });

  test('missing scope', async () => {
    const scene = await start({
      config: `rules: [{name: orders, match: {paths: ['/orders/{**}']}, require: {scopes: [orders.read]}}]\n`,
    });
    const answer = await scene.ask(await scene.issuer.mint({ claims: { scope: 'email profile' } }));
    expect(answer.status).toBe(403);
    const output = await finding('missing scope', answer, 'http', () => scene.diagnose(answer));
    expect(output).toContain('missing scope orders.read; the token has email, profile');
    expect(output).toMatch(/^option +rules\[0\]\.require\.scopes$/m);
    expect(output).toContain('Request the scope in the client');
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
      'http',
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
    const output = await finding('cached token whose key is gone', denied, 'http', () =>
      scene.diagnose(denied),
    );
    expect(output).toMatch(/^detail .*kid k1 is no longer in the key set, since \d{4}-.*Z/m);
    expect(output).toContain('If the detail says that the key is no longer in the key set, get a new token.');
    expect((await scene.ask(await scene.issuer.mint())).status).toBe(200);
  });

  test('overload', async () => {
    const scene = await start({ config: 'limits: {maxVerificationsInFlight: 1}\n' });
    const burst = async () => {
      const tokens = await Promise.all(
        // A token that was sent before can be in the cache, and then needs no verification.
        Array.from({ length: 40 }, () => scene.issuer.mint({ claims: { jti: randomUUID() } })),
      );
      return Promise.all(tokens.map((token) => scene.ask(token)));
    };
    let answer: RawResponse | undefined;
    await until(async () => {
      answer = (await burst()).find(({ status }) => status !== 200);
      return answer !== undefined;
    });
    if (answer === undefined) throw new Error('no request was denied');
    const denied = answer;
    expect([denied.status, denied.headers['retry-after']]).toEqual([403, expect.any(String)]);
    const output = await finding('overload', denied, 'http', () => scene.diagnose(denied));
    expect(output).toMatch(/^option +limits\.maxVerificationsInFlight$/m);
    expect(output).toContain('the limit in the detail is too low: raise it');
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
    const output = await finding('deny list', answer, 'http', () => scene.diagnose(answer));
    expect(output).toContain('entries[0]');
    expect(output).toMatch(/^option +denyList\.file$/m);
    expect(output).toContain('If the entry is a mistake, remove it.');
    writeFileSync(file, '[]\n');
    await untilAllowed(() => scene.ask(token));
  });

  test('failed reload', async () => {
    const scene = await start({ issuerOptions: 'audiences: [other-api]' });
    const token = await scene.issuer.mint();
    scene.configure('limts: {maxTokenSize: 16Ki}\n', 'audiences: [other-api, orders-api]');
    await until(async () => (await (await fetch(`${scene.admin}/readyz`)).text()).includes('"problems"'));
    const answer = await scene.ask(token);
    expect(answer.status).toBe(401);
    const output = await finding('failed reload', answer, 'http', () => scene.diagnose(answer));
    expect(output).toContain('expected audience other-api, found orders-api');
    expect(output).toMatch(/^note .*oidc-authz\.yaml.*invalid since/m);
    expect(output).toMatch(/^how to fix it:\n {2}- Correct .*oidc-authz\.yaml first\./m);
    expect(output).toContain('limts');
    scene.configure('', 'audiences: [other-api, orders-api]');
    await untilAllowed(() => scene.ask(token));
  });

  test('two authorizers on one workload', async () => {
    const two: Manifests = { policies: ['oidc-authz', 'oauth2-proxy'] };
    const scene = await start({ manifests: two });
    const token = await scene.issuer.mint();
    const answer = await scene.ask(token);
    expect([answer.status, answer.body]).toEqual([403, 'RBAC: access denied']);
    const output = await finding('two authorizers on one workload', answer, 'http', () =>
      scene.diagnose(answer),
    );
    expect(output).toMatch(/^K20 /m);
    expect(output).toContain('Name the same authorizer in both: `oidc-authz` or `oauth2-proxy`.');
    await scene.apply({ policies: ['oidc-authz', 'oidc-authz'] });
    expect((await scene.ask(token)).status).toBe(200);
  });
});
