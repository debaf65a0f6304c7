/** `oidc-authz explain`: its command line, its exit codes, and its output with a configuration. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { stepNames } from '../../src/model/trace.ts';
import { outputOf } from '../../src/tools/explain/output.ts';
import { type ExplainResult, endOf } from '../../src/tools/explain/result.ts';
import { explainAsJson, runExplainCommand, stepsOfSchema } from '../support/explain-command.ts';
import { createSigningKey, type SigningKey } from '../support/keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-explain-'));
const issuer = 'https://issuer.example.com';

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

let key: SigningKey;
let config: string;
const mint = (claims: Readonly<Record<string, unknown>> = {}, signer = key, exp: string | number = '1h') =>
  new SignJWT({ sub: 'canary-subject', aud: 'orders-api', ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .setIssuer(issuer)
    .setIssuedAt()
    .setExpirationTime(exp)
    .sign(signer.privateKey);

beforeAll(async () => {
  key = await createSigningKey('k1');
  const jwks = write('jwks.json', JSON.stringify({ keys: [key.publicJwk] }));
  config = write(
    'config.yaml',
    `issuers: [{issuer: "${issuer}", audiences: [orders-api], name: main, jwksFile: ${jwks}}]
rules:
  - {name: public, match: {paths: ["/public/{**}"]}, allow: anonymous}
  - {name: orders, match: {hosts: [orders.test]}, require: {}}
`,
  );
});

test('the JSON Schema lists every step', () => expect(stepsOfSchema).toEqual(stepNames));

const onOrders = ['--host', 'orders.test', '--path', '/orders/1?canary=query'];

describe('the exit code', () => {
  test('is 0 for an allow, with the names of the headers but not their values', async () => {
    const { output, problem, exitCode } = await runExplainCommand(
      [config, '--token-file', '-', ...onOrders],
      await mint(),
    );
    expect([problem, exitCode]).toEqual(['', 0]);
    expect(output).toMatch(/^request {2,}GET orders\.test\/orders\/1, with a token$/m);
    expect(output).toMatch(/^decision {2,}allow$/m);
    expect(output).toMatch(/^rule {2,}orders$/m);
    expect(output).toMatch(/^sets {2,}x-auth-request-user$/m);
    expect(output).toMatch(/^jose {2,}accepts the token$/m);
    expect(output).not.toContain('canary');
  });

  test('is 1 for a denial, with the fix', async () => {
    const token = await mint({ aud: 'account' });
    const { output, exitCode } = await runExplainCommand(
      [config, '--token-file', '-', ...onOrders],
      `Bearer ${token}\n`,
    );
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^decision {2,}deny: audience_mismatch$/m);
    expect(output).toMatch(/^client {2,}401$/m);
    expect(output).toContain('www-authenticate: Bearer error="invalid_token"');
    expect(output).toContain('how to fix it:');
    expect(output).toContain('More: docs/reasons.md#audience_mismatch');
    expect(output).not.toContain('canary');
    for (const part of token.split('.')) expect(output).not.toContain(part);
  });

  test('is 1 for a request without a token, and 0 if a rule allows it', async () => {
    expect(await explainAsJson([config, ...onOrders])).toMatchObject({
      outcome: 'deny',
      reason: 'token_missing',
    });
    expect(await explainAsJson([config, '--path', '/public/1'])).toMatchObject({
      outcome: 'allow',
      rule: 'public',
    });
  });

  test('is 2 if there is no decision, because the keys cannot be fetched', async () => {
    const down = write(
      'down.yaml',
      `issuers: [{issuer: "${issuer}", audiences: [orders-api], name: main, jwksUri: "http://127.0.0.1:1/jwks", insecureHttp: true}]`,
    );
    const { output, exitCode } = await runExplainCommand([down, '--token-file', '-'], await mint());
    expect(exitCode).toBe(2);
    expect(output).toMatch(/^decision {2,}error: keys_unavailable$/m);
    expect(output).toMatch(/^note {2,}issuer main: its keys cannot be loaded: .*ECONNREFUSED/m);
    const local = await runExplainCommand(
      [down, '--token-file', '-', '--jwks', join(folder, 'jwks.json')],
      await mint(),
    );
    expect(local.exitCode).toBe(0);
  });

  test.each([
    ['--admin', 'http://127.0.0.1:1'],
    ['--http', 'http://127.0.0.1:1'],
    ['--grpc', '127.0.0.1:1'],
  ])('is 2 if %s does not answer', async (...args) => {
    const { output, problem, exitCode } = await runExplainCommand(args);
    expect([output, exitCode]).toEqual(['', 2]);
    expect(problem).toMatch(/^oidc-authz: no answer from .*127\.0\.0\.1:1: /);
  });
});

test('--at sets the time of the check, but not of the fetch of keys', async () => {
  const token = await mint();
  const at = (time: string) => explainAsJson([config, '--token-file', '-', '--at', time, ...onOrders], token);
  expect(await at('2000-01-01T00:00:00Z')).toMatchObject({
    reason: 'token_not_yet_valid',
    time: '2000-01-01T00:00:00.000Z',
    jose: { differs: false },
  });
  expect(await at('4102444800')).toMatchObject({ reason: 'token_expired', time: '2100-01-01T00:00:00.000Z' });
});

test('--show-claims prints the claims of a verified token, and only then', async () => {
  const args = [config, '--token-file', '-', '--show-claims', ...onOrders];
  expect((await explainAsJson(args, await mint())).claims).toMatchObject({ sub: 'canary-subject' });
  const forged = await mint({}, await createSigningKey('k1'));
  expect((await explainAsJson(args, forged)).claims).toBe(undefined);
  const { output } = await runExplainCommand(args, await mint());
  expect(output).toContain('sub: "canary-subject"');
});

test('escapes control characters and removes the token, even if a header or a path repeats it', async () => {
  const token = await mint();
  const file = write(
    'hostile.json',
    JSON.stringify({ path: `/public/${token}`, host: 'orders.test', token }),
  );
  const text = await runExplainCommand([config, file]);
  expect(text.output).not.toContain(token);
  expect(text.output).not.toContain(token.split('.')[2]);
  const odd = write('odd.json', JSON.stringify({ path: '/public/\u202ee', host: 'orders.test' }));
  expect((await runExplainCommand([config, odd])).output).toContain('/public/\\u202ee');
  expect((await runExplainCommand([config, odd, '--output', 'json'])).output).toContain('/public/\\u202ee');
});

test('has colors only on request', async () => {
  const args = [config, ...onOrders];
  expect((await runExplainCommand(args)).output).not.toContain('\u001b');
  expect((await runExplainCommand(args, '', true)).output).toContain(
    '\u001b[31mdeny: token_missing\u001b[39m',
  );
});

test('a token file can have the scheme DPoP, which is not Bearer', async () => {
  const args = [config, '--token-file', '-', ...onOrders];
  expect(await explainAsJson(args, `DPoP ${await mint()}`)).toMatchObject({
    reason: 'token_missing',
    request: { hasToken: true },
  });
  expect(await explainAsJson(args, `authorization: Bearer ${await mint()}`)).toMatchObject({
    outcome: 'allow',
  });
});

test('a policy is named as over gRPC, or selected by the path prefix as over HTTP', async () => {
  const policies = write(
    'policies.yaml',
    `issuers: [{issuer: "${issuer}", audiences: [orders-api], jwksFile: ${join(folder, 'jwks.json')}}]
policies:
  - {name: shop, pathPrefix: /shop-policy, rules: [{name: all, match: {paths: ["/open/{**}"]}, allow: anonymous}]}
`,
  );
  const byName = await explainAsJson([policies, '--policy', 'shop', '--path', '/open/1']);
  const byPrefix = await explainAsJson([policies, '--path-prefix', '/shop-policy', '--path', '/open/1']);
  for (const result of [byName, byPrefix])
    expect(result).toMatchObject({ outcome: 'allow', policy: 'shop', rule: 'shop/all' });
  expect(await explainAsJson([policies, '--path', '/open/1'])).toMatchObject({ reason: 'rule_denied' });
});

test('a verdict of jose that contradicts the service is a loud line and an error', () => {
  const result: ExplainResult = {
    mode: 'offline',
    from: 'config.yaml',
    outcome: 'allow',
    reason: 'allowed',
    time: '2026-11-26T12:00:00.000Z',
    jose: { verdict: 'rejects', text: 'ERR_JWT_EXPIRED: "exp" claim timestamp check failed', differs: true },
    notes: [],
  };
  expect(endOf(result)).toBe('error');
  expect(outputOf(result, 'text', false, [])).toMatch(
    /^jose {2,}DIFFERS: jose rejects the token \(ERR_JWT_EXPIRED.*\), this service says allow\. One of the two is wrong\./m,
  );
  expect(endOf({ ...result, jose: { verdict: 'accepts', differs: false } })).toBe('allow');
});

describe('a file with a request', () => {
  test('has the form of POST /explain', async () => {
    const file = write(
      'request.json',
      JSON.stringify({
        host: 'orders.test',
        path: '/',
        method: 'POST',
        headers: { 'x-a': ['1', '2'] },
        token: await mint(),
      }),
    );
    const result = await explainAsJson([config, file]);
    expect(result).toMatchObject({
      outcome: 'allow',
      request: { method: 'POST', headers: ['x-a', 'x-a'], hasToken: true },
    });
  });

  test.each([
    ['camel case', 'socketAddress', 'contextExtensions'],
    ['underscores', 'socket_address', 'context_extensions'],
  ])("is Envoy's CheckRequest, in %s", async (_, socket, extensions) => {
    const headers = {
      ':authority': 'orders.test',
      ':path': '/',
      authorization: `Bearer ${await mint()}`,
      'content-length': '0',
    };
    const attributes = {
      source: { address: { [socket]: { address: '192.0.2.1' } }, principal: 'spiffe://a' },
      request: { http: { method: 'PUT', host: 'orders.test', path: '/', headers } },
      [extensions]: {},
    };
    const file = write('envoy.json', JSON.stringify({ attributes }));
    expect(await explainAsJson([config, file])).toMatchObject({
      outcome: 'allow',
      request: { method: 'PUT', headers: [], hasToken: true },
    });
  });

  test('with two tokens is denied as a check with two tokens is', async () => {
    const headers = [
      ['authorization', 'Bearer a.b.c'],
      ['authorization', 'Bearer a.b.c'],
    ];
    const file = write('two.json', JSON.stringify({ host: 'orders.test', headers }));
    expect(await explainAsJson([config, file])).toMatchObject({ reason: 'token_duplicated' });
  });
});

describe('usage errors end with exit code 3:', () => {
  const token = 'a-token-that-nobody-may-see';
  test.each([
    [
      'a token on the command line',
      [`--token=${token}`],
      /flag --token\): a token on the command line is visible/,
    ],
    [
      'a token in a header',
      ['--header', `authorization: Bearer ${token}`],
      /flag --header\): a token on the command line/,
    ],
    ['two ways to ask', ['--admin', 'http://a', '--grpc', 'a:1'], /flag --grpc\): not allowed with --admin/],
    [
      'a service with a configuration',
      ['--admin', 'http://a', '--config', 'c.yaml'],
      /\(c\.yaml\): not allowed with --admin: a running service has its own/,
    ],
    ['a service with a FILE', ['--http', 'http://a', 'c.yaml'], /\(c\.yaml\): not allowed with --http/],
    [
      'a service with an option',
      ['--grpc', 'a:1', '--issuer', 'https://a'],
      /flag --issuer\): not allowed with --grpc/,
    ],
    [
      'an unknown flag',
      ['--admin', 'http://a', '--pathh', '/'],
      /flag --pathh\): unknown flag; did you mean --path\?/,
    ],
    [
      'an unknown flag with a configuration',
      ['CONFIG', '--pathh', '/'],
      /--pathh\): unknown flag; did you mean --path\?/,
    ],
    [
      '--at with a service',
      ['--admin', 'http://a', '--at', '5'],
      /flag --at\): only allowed with a configuration/,
    ],
    [
      '--policy over HTTP',
      ['--http', 'http://a', '--policy', 'p'],
      /flag --policy\): only allowed with a configuration \(FILE\), --admin, --grpc/,
    ],
    [
      '--path-prefix over gRPC',
      ['--grpc', 'a:1', '--path-prefix', '/p'],
      /flag --path-prefix\): only allowed with/,
    ],
    [
      'a CA without a service',
      ['CONFIG', '--ca-file', 'a'],
      /flag --ca-file\): only allowed with --admin, --grpc, --http/,
    ],
    ['a time that is not one', ['CONFIG', '--at', 'noon'], /flag --at\): expected a time such as/],
    [
      'a URL with a path',
      ['--admin', 'http://a/explain'],
      /flag --admin\): expected a URL such as .*, without a path/,
    ],
    ['an address without a port', ['--grpc', 'localhost'], /flag --grpc\): expected HOST:PORT/],
    [
      'an output that does not exist',
      ['CONFIG', '--output', 'yaml'],
      /flag --output\): must be text or json/,
    ],
    ['a flag without its value', ['CONFIG', '--path'], /flag --path\): must have a value/],
    ['a value for --show-claims', ['CONFIG', '--show-claims=yes'], /flag --show-claims\): takes no value/],
    [
      'an id without a service',
      ['7rkd2mq4xw3za'],
      /argument 7rkd2mq4xw3za\): a decision ID needs --admin URL/,
    ],
    [
      'an id with a request',
      ['7rkd2mq4xw3za', '--admin', 'http://a', '--path', '/'],
      /flag --path\): not allowed with a decision ID/,
    ],
    ['two requests', ['CONFIG', 'a.json', 'b.json'], /argument b\.json\): not allowed with a\.json/],
    [
      'a request and its path',
      ['CONFIG', 'a.json', '--path', '/'],
      /flag --path\): not allowed with a\.json/,
    ],
    [
      'a request that does not exist',
      ['CONFIG', 'absent.json'],
      /absent\.json\): cannot read the file: it does not exist/,
    ],
    [
      'a token file that does not exist',
      ['CONFIG', '--token-file', 'absent'],
      /absent\): cannot read the file: it does not exist/,
    ],
    ['a configuration that does not exist', ['absent.yaml'], /absent\.yaml.*does not exist/],
    ['an invalid configuration', ['--issuer', 'not-a-url'], /issuers\[0\]\.issuer/],
    ['no configuration', [], /at least one issuer/],
    [
      'a certificate without a key',
      ['--grpc', 'a:1', '--cert-file', 'CONFIG'],
      /flag --cert-file\): a certificate and its key belong together/,
    ],
    ['a header without a name', ['CONFIG', '--header', 'x'], /flag --header\): expected a name and a value/],
    ['a header of the connection', ['CONFIG', '--header', 'host: a'], /host is not allowed here/],
    ['a path with white space', ['CONFIG', '--path', '/a b'], /path: must be a path/],
  ])('%s', async (_, args, message) => {
    const { output, problem, exitCode } = await runExplainCommand(
      args.map((arg) => (arg === 'CONFIG' ? config : arg)),
    );
    expect([output, exitCode]).toEqual(['', 3]);
    expect(problem).toMatch(message);
    expect(problem).not.toContain(token);
  });

  test.each([
    ['nothing', '', /standard input\): it is empty/],
    ['two words', `${token} ${token}`, /standard input\): expected one token, without spaces/],
    [
      'the response of a token endpoint',
      `{"access_token":"${token}"}`,
      /use the value of its `access_token`/,
    ],
  ])('%s as the token', async (_, input, message) => {
    const { problem, exitCode } = await runExplainCommand([config, '--token-file', '-'], input);
    expect(exitCode).toBe(3);
    expect(problem).toMatch(message);
    expect(problem).not.toContain(token);
  });

  test.each([
    ['that is not JSON', `{"token": "${token}`, /is not JSON; write the request as docs\/explain\.md shows/],
    ['that is a configuration', '{"issuers": []}', /is a configuration; name it with --config/],
    ['with an unknown member', `{"Token": "${token}"}`, /"Token": unknown member; use method, host, path/],
    ['without HTTP attributes', '{"attributes": {}}', /attributes\.request\.http: missing/],
  ])('a request %s', async (_, text, message) => {
    const { problem, exitCode } = await runExplainCommand([config, write('wrong.json', text)]);
    expect(exitCode).toBe(3);
    expect(problem).toMatch(message);
    expect(problem).not.toContain(token);
  });

  test('two tokens', async () => {
    const file = write('with-token.json', JSON.stringify({ token }));
    const { problem, exitCode } = await runExplainCommand([config, file, '--token-file', '-'], token);
    expect(exitCode).toBe(3);
    expect(problem).toContain('has a token too; keep one of the two');
    expect(problem).not.toContain(token);
  });

  test('a key set without a usable key', async () => {
    const { problem, exitCode } = await runExplainCommand(
      [config, '--token-file', '-', '--jwks', write('none.json', '{"keys":[]}')],
      await mint(),
    );
    expect(exitCode).toBe(3);
    expect(problem).toMatch(/flag --jwks .*none\.json\): /);
  });
});
