import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createFetch } from '../../../src/issuer/fetch/fetch.ts';
import { readNoProxy } from '../../../src/issuer/fetch/no-proxy.ts';
import { alike, beyond } from '../../support/no-proxy-cases.ts';

const isProxied = (list: string, url: string) => !readNoProxy(list)(new URL(url));

test.each(alike)('NO_PROXY=%j and %s', (list, url, expected) => {
  expect(isProxied(list, url)).toBe(expected);
});

test.each(beyond)('NO_PROXY=%j and %s, beyond what Go reads', (list, url) => {
  expect(isProxied(list, url)).toBe(false);
});

test.each([
  ['10.1.2.9-10.1.2.1', 'https://10.1.2.3/'],
  ['*example.com', 'https://example.com/'],
  ['https://example.com', 'https://example.com/'],
  ['10.0.0.0/8/8', 'https://10.0.0.1/'],
  ['/', 'https://10.0.0.1/'],
  ['.', 'https://example.com/'],
  ['::ffff:10.0.0.0/8', 'https://10.1.2.3/'],
])('an invalid entry matches nothing: %s', (list, url) => {
  expect(isProxied(list, url)).toBe(true);
});

test.each([
  ['NO_PROXY', '10.0.0.0/8,127.0.0.2'],
  ['no_proxy', 'direct.invalid,.invalid'],
])('a fetch reads %s', async (name, list) => {
  const seen: string[] = [];
  const proxy = http.createServer((request, response) => {
    seen.push(request.url ?? '');
    response.end('{"by":"proxy"}');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  const { port } = proxy.address() as AddressInfo;
  const fetch = createFetch({
    timeout: 5_000,
    maxBytes: 1_000,
    insecureHttp: true,
    extraCa: undefined,
    trustSystemCas: true,
    proxy: 'env',
    environment: { HTTP_PROXY: `127.0.0.1:${port}`, [name]: list },
  });
  expect((await fetch('http://192.0.2.1/keys')).body).toBe('{"by":"proxy"}');
  // This machine is always reached directly.
  expect((await fetch(`http://127.0.0.1:${port}/direct`)).body).toBe('{"by":"proxy"}');
  expect(seen).toEqual(['http://192.0.2.1/keys', '/direct']);
});
