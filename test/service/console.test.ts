/** The console with the state of a real service. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { certificatesOf } from '../../src/service/certificate-ends.ts';
import { fileFor, startApp } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { exchange, request } from '../support/http1.ts';

const file = `${fileFor('ISSUER').replace('port: 0}\nshutdown', 'port: 0, console: {enabled: true}}\nshutdown')}
rules:
  - {name: orders, match: {paths: ['/orders/{**}']}, require: {scopes: [orders.read]}}
  - {name: trial, match: {paths: ['/trial/{**}']}, require: {}, mode: shadow}
  - {name: unused, match: {paths: ['/unused']}, require: {}}
`;

async function startWithConsole() {
  const running = await startApp({ file });
  const page = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`http://127.0.0.1:${running.adminPort}/console${path}`, init);
    return { status: answer.status, body: await answer.text() };
  };
  const check = (path: string, token?: string) =>
    exchange(
      running.httpPort,
      request('GET', path, [
        'host: orders.example.com',
        ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
      ]),
    );
  const send = async (path: string, fields: Record<string, string>) => {
    const { body } = await page('/explain');
    const [, form_token = ''] = /name="form_token" value="([^"]+)"/.exec(body) ?? [];
    return page(path, {
      method: 'POST',
      headers: {
        origin: `http://127.0.0.1:${running.adminPort}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ form_token, ...fields }),
    });
  };
  return { ...running, page, check, send };
}

test('shows the state, the issuer and its key', async () => {
  const { page, issuer, adminPort } = await startWithConsole();
  const state = (await page('')).body;
  expect(state).toContain('ready');
  expect(state).toContain(`127.0.0.1:${adminPort}`);
  const issuers = (await page('/issuers')).body;
  expect(issuers).toContain(issuer.url);
  expect(issuers).toContain('<code>k1</code>');
});

test('shows a reload that failed', async () => {
  const { app, page } = await startWithConsole();
  app.reloadFailed(new Error('issuers[0].issuer: must be an https URL'));
  expect((await page('')).body).toContain('issuers[0].issuer: must be an https URL');
});

test('fetches the keys of an issuer on request, then not for keys.minRefreshInterval', async () => {
  const { issuer, send } = await startWithConsole();
  const before = issuer.hits.jwks;
  expect((await send('/issuers/fetch', { issuer: 'main' })).status).toBe(200);
  expect((await send('/issuers/fetch', { issuer: 'main' })).status).toBe(429);
  expect((await send('/issuers/fetch', { issuer: 'other' })).status).toBe(404);
  expect(issuer.hits.jwks).toBeLessThanOrEqual(before + 1);
});

test('counts the hits of each rule, and marks a rule that no request has matched', async () => {
  const { check, page, issuer } = await startWithConsole();
  const token = await issuer.mint({ claims: { scope: 'orders.read' } });
  await check('/orders/1', token);
  await check('/orders/1');
  await check('/trial/1');
  const { body } = await page('/checks');
  const row = (rule: string) => new RegExp(`<tr><th scope="row"><code>${rule}</code>.*</tr>`).exec(body)?.[0];
  const numbers = (rule: string) =>
    [...(row(rule) ?? '').matchAll(/class="number">(\d+)</g)].map(([, one]) => one);
  expect(numbers('orders')).toEqual(['2', '1', '1', '0']);
  expect(numbers('trial')).toEqual(['1', '1', '0', '1']);
  expect(row('unused')).toContain('never hit');
});

test('explains a request with the keys and rules of the service, and does not count it as a check', async () => {
  const { page, send, issuer, logText } = await startWithConsole();
  const token = await issuer.mint({ claims: { scope: 'other', email: 'claim-4711@example.com' } });
  const { status, body } = await send('/explain', { path: '/orders/1', host: 'orders.example.com', token });
  expect(status).toBe(200);
  expect(body).toContain('scope_insufficient');
  expect(body).toContain('orders.read');
  for (const hidden of [token, token.split('.')[2] ?? '', 'claim-4711'])
    expect(body + logText()).not.toContain(hidden);
  expect((await page('/checks')).body).toContain('No check has ended in this period.');
});

test('says why a request cannot be explained', async () => {
  const { send } = await startWithConsole();
  const { status, body } = await send('/explain', { path: '/orders 1' });
  expect(status).toBe(400);
  expect(body).toContain('role="alert"');
});

test('finds the expiry of certificates, and files that cannot be read', () => {
  const { caFile } = createAuthority();
  const tls = { certFile: caFile, keyFile: caFile, minVersion: 'TLSv1.2' } as const;
  const read = (path: string) => {
    if (path === '/gone') throw new Error('ENOENT');
    return path === '/empty' ? 'nothing' : readFileSync(path, 'utf8');
  };
  const found = certificatesOf(
    {
      http: { tls: { ...tls, clientCaFile: '/gone' } },
      grpc: {},
      admin: {},
      issuers: [{ name: 'main', caFile: ['/empty'] }],
    } as never,
    read,
  );
  expect(found).toEqual([
    { use: 'http listener', file: caFile, expires: expect.any(Number) },
    {
      use: 'client certificates of the http listener',
      file: '/gone',
      expires: undefined,
      problem: 'the file cannot be read',
    },
    { use: 'CA of the issuer main', file: '/empty', expires: undefined },
  ]);
});
