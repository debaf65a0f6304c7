import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLogger } from '../../src/observe/logger.ts';
import { fileFor, startApp, until } from '../support/app.ts';
import { sendJson, startFakeIssuer } from '../support/fake-issuer.ts';
import { connectGrpc } from '../support/grpc-client.ts';
import { exchange, request } from '../support/http1.ts';
import { goodClaims, goodHeader, signTexts } from '../support/tokens.ts';

const checks = (records: readonly Record<string, unknown>[]) => records.filter(({ msg }) => msg === 'check');

describe('a record, and /readyz,', () => {
  test('escape control and invisible characters', async () => {
    const odd = 'a\x7f\x9b2J\u202eb\u2066\u200b\u2028\u00ad\u{e0041}\ufeff';
    const lines: string[] = [];
    const logger = createLogger('info', { write: (line) => void lines.push(line) });
    logger.info({ odd, error: new Error(odd) }, odd);
    logger.info({ plain: 'Åsa 名前 😀' }, 'plain');
    const [first = '', second = ''] = lines;
    expect(first).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(first)).toMatchObject({ odd, msg: odd, error: { message: odd } });
    expect(second).toContain('Åsa 名前 😀');

    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    issuer.jwks = (_, response) =>
      sendJson(response, {
        keys: [{ kty: 'oct', kid: odd }, ...issuer.keys.map(({ publicJwk }) => publicJwk)],
      });
    const { adminPort } = await startApp({ issuer });
    const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
    const text = await answer.text();
    expect(text).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(text).issuers[0].unusedKeys).toEqual([`${odd}: symmetric`]);
  });
});

test('the record of a key change counts keys', async () => {
  // An RSA key without `alg` verifies six algorithms.
  const { issuer, records, app, config } = await startApp();
  const all = await Promise.all([1, 2, 3].map(() => generateKeyPair('RS256', { extractable: true })));
  const keys = await Promise.all(
    all.map(async ({ publicKey }, index) => ({ ...(await exportJWK(publicKey)), kid: `new-${index}` })),
  );
  const publish = async (published: readonly object[]) => {
    issuer.jwks = (_, response) => sendJson(response, { keys: published });
    const before = issuer.hits.jwks;
    await app.reload(config);
    await until(() => issuer.hits.jwks > before);
  };
  const keyChanges = () =>
    records.filter(({ msg }) => msg === 'the keys of the issuer have changed').slice(1);
  await publish(keys);
  await until(() => keyChanges().length === 1);
  await publish(keys.slice(1));
  await until(() => keyChanges().length === 2);
  expect(keyChanges()).toMatchObject([
    { added: 3, removed: 1, keys: 3 },
    { added: 0, removed: 1, keys: 2 },
  ]);
});

describe('the record of a check', () => {
  test('has exactly these fields', async () => {
    const { httpPort, issuer, records } = await startApp({ flags: ['--log-checks=all'] });
    const headers = [`authorization: Bearer ${await issuer.mint()}`, 'x-request-id: r-1', 'cookie: secret=1'];
    for (let index = 0; index < 2; index++)
      await exchange(httpPort, request('PUT', '/orders/1?token=secret#x', headers));
    const [first, second] = checks(records);
    expect(first).toEqual({
      level: 'info',
      time: expect.any(String),
      msg: 'check',
      outcome: 'allow',
      reason: 'allowed',
      transport: 'http',
      method: 'PUT',
      host: 'orders.example.com',
      path: '/orders/1',
      issuer: 'main',
      durationMs: expect.any(Number),
      cached: false,
      requestId: 'r-1',
    });
    expect(second).toMatchObject({ cached: true });
  });

  test('is the same over gRPC', async () => {
    const { grpcPort, records } = await startApp();
    const client = connectGrpc(grpcPort);
    await client.check({ method: 'GET', path: '/a?b', host: 'h', headers: { 'x-request-id': 'r-2' } });
    client.close();
    expect(checks(records)).toMatchObject([
      {
        transport: 'grpc',
        outcome: 'deny',
        reason: 'token_missing',
        method: 'GET',
        path: '/a',
        host: 'h',
        requestId: 'r-2',
        issuer: 'none',
      },
    ]);
  });

  test.each([
    ['all', ['allow', 'deny']],
    ['denied', ['deny']],
    ['none', []],
  ])('log.checks: %s', async (option, outcomes) => {
    const { httpPort, issuer, records } = await startApp({ flags: [`--log-checks=${option}`] });
    await exchange(httpPort, request('GET', '/', [`authorization: Bearer ${await issuer.mint()}`]));
    await exchange(httpPort, request('GET', '/'));
    expect(checks(records).map(({ outcome }) => outcome)).toEqual(outcomes);
  });

  test('a request that is allowed only in shadow mode is logged by default', async () => {
    const rules = 'mode: shadow\nrules: [{name: tried, match: {paths: [/tried]}, require: {}}]\n';
    const { httpPort, issuer, records } = await startApp({ file: `${fileFor('ISSUER')}${rules}` });
    expect((await exchange(httpPort, request('GET', '/tried')))?.status).toBe(200);
    await exchange(httpPort, request('GET', '/tried', [`authorization: Bearer ${await issuer.mint()}`]));
    expect(checks(records)).toMatchObject([{ outcome: 'allow', rule: 'tried', shadow: 'token_missing' }]);
  });

  test('at level debug, all checks are logged', async () => {
    const { httpPort, issuer, records } = await startApp({
      flags: ['--log-checks=none', '--log-level=debug'],
    });
    await exchange(httpPort, request('GET', '/', [`authorization: Bearer ${await issuer.mint()}`]));
    await exchange(httpPort, request('GET', '/'));
    expect(checks(records).map(({ outcome, level }) => [outcome, level])).toEqual([
      ['allow', 'debug'],
      ['deny', 'debug'],
    ]);
  });

  test('has the subject only if log.subject is set', async () => {
    const service = await startApp({ flags: ['--log-checks=all', '--log-subject'] });
    await exchange(
      service.httpPort,
      request('GET', '/', [
        `authorization: Bearer ${await service.issuer.mint({ claims: { sub: 'carol' } })}`,
      ]),
    );
    expect(checks(service.records)).toMatchObject([{ subject: 'carol' }]);
  });

  test('is not written for log.excludePaths, which match exactly', async () => {
    const { httpPort, records } = await startApp({
      file: `${fileFor('ISSUER')}log: {excludePaths: [/healthz]}`,
    });
    for (const path of ['/healthz', '/healthz?a=b', '/healthz/', '/x/healthz', '/Healthz'])
      await exchange(httpPort, request('GET', path));
    expect(checks(records).map(({ path }) => path)).toEqual(['/healthz/', '/x/healthz', '/Healthz']);
  });

  test('has the request ID of the configured header', async () => {
    const { httpPort, grpcPort, records } = await startApp({ flags: ['--log-request-id-header=X-Trace'] });
    await exchange(httpPort, request('GET', '/', ['X-Request-Id: one', 'x-trace: two']));
    await exchange(httpPort, request('GET', '/', ['x-request-id: one']));
    const client = connectGrpc(grpcPort);
    await client.check({ method: 'GET', path: '/', headers: { 'x-trace': 'three' } });
    client.close();
    expect(checks(records).map(({ requestId }) => requestId)).toEqual(['two', '', 'three']);
  });

  test('is one line of limited length, with any request', async () => {
    const { grpcPort, records, logText } = await startApp();
    const client = connectGrpc(grpcPort);
    const evil = `\u001b[31m"}\n{"level":"info","msg":"forged"}\r\n${'x'.repeat(5_000)}`;
    await client.check({
      method: evil,
      path: evil,
      host: evil,
      headers: { 'x-request-id': evil, authorization: evil },
    });
    client.close();
    expect(logText().trimEnd().split('\n')).toHaveLength(records.length);
    expect(records.some(({ msg }) => msg === 'forged')).toBe(false);
    expect(JSON.stringify(checks(records)[0]).length).toBeLessThan(4_000);
  });
});

test('no part of a token, no claim, no cookie and no key is in the log, the metrics or a response', async () => {
  const { httpPort, grpcPort, adminPort, issuer, logText } = await startApp({
    flags: ['--log-checks=all', '--log-level=trace'],
  });
  const client = connectGrpc(grpcPort);
  const secrets = ['alice-secret', 'mail-secret@example.com', 'cookie-secret'];
  // Parts of the header that a detail may contain. Clients and scrapers never receive them.
  const headerParts = ['kid-secret', 'alg-secret'];
  const claims = { sub: 'alice-secret', email: 'mail-secret@example.com' };
  const tokens = [
    await issuer.mint({ claims }),
    await issuer.mint({ claims: { ...claims, exp: 1 } }),
    await issuer.mint({ claims: { ...claims, aud: 'x' } }),
    await issuer.mint({ claims, header: { kid: 'kid-secret' } }),
    ...[{ alg: 'alg-secret' }, { crit: ['alg-secret'] }].map((more) => {
      const [key] = issuer.keys;
      if (key === undefined) throw new TypeError('no key');
      return signTexts(
        JSON.stringify(goodHeader(issuer, more)),
        JSON.stringify(goodClaims(issuer, claims)),
        key,
      );
    }),
  ];
  const answers: string[] = [];
  for (const token of tokens) {
    const response = await exchange(
      httpPort,
      request('GET', `/?access_token=${token}`, [`authorization: Bearer ${token}`, 'cookie: cookie-secret']),
    );
    if (response?.status !== 200) answers.push(JSON.stringify(response));
    const checked = await client.check({
      path: `/?t=${token}`,
      headers: { authorization: `Bearer ${token}`, cookie: 'cookie-secret' },
    });
    if (checked.status?.code !== 0) answers.push(JSON.stringify(checked));
  }
  client.close();
  const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const readyz = await (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).text();
  const denials = await (await fetch(`http://127.0.0.1:${adminPort}/decisions`)).text();
  const responses = [metrics, readyz, ...answers].join('\n');
  const everything = [logText(), denials, responses].join('\n');
  const segments = tokens.flatMap((token) => token.split('.'));
  for (const text of [...secrets, ...segments])
    expect([text, everything.includes(text)]).toEqual([text, false]);
  for (const text of headerParts) expect([text, responses.includes(text)]).toEqual([text, false]);
});

test('a flood of denials is limited in the log, and dropped records are counted', async () => {
  const { httpPort, adminPort, records } = await startApp();
  await Promise.all(Array.from({ length: 600 }, () => exchange(httpPort, request('GET', '/'))));
  const keyChanges = checks(records).length;
  expect(keyChanges).toBeGreaterThanOrEqual(200);
  expect(keyChanges).toBeLessThan(600);
  const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  expect(metrics).toContain(`oidc_authz_check_records_left_out_total ${600 - keyChanges}`);
  expect(metrics).toContain('reason="token_missing",issuer="none"} 600');
  await until(() => records.some(({ leftOut }) => leftOut === 600 - keyChanges), 15);
});

test('the number of series does not depend on requests', async () => {
  const { httpPort, adminPort, issuer } = await startApp({ flags: ['--log-checks=none'] });
  const series = async () => {
    const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    return text.match(/^oidc_authz_\w+({[^}]*})?/gm) ?? [];
  };
  const ask = async (index: number) =>
    exchange(
      httpPort,
      request('GET', `/${index}`, [
        `host: h${index}`,
        `x-request-id: ${index}`,
        `authorization: Bearer ${await issuer.mint({ header: { kid: `unknown-${index}` }, claims: { sub: `s${index}` } })}`,
      ]),
    );
  await ask(0);
  const before = await series();
  for (let index = 1; index < 300; index++) await ask(index);
  expect(await series()).toEqual(before);
});
