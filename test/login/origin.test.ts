/** Requests of other origins with the cookies of a person (LG-15). */
import { describe, expect, test } from 'vitest';
import { openBrowser, requestOf } from './support/browser.ts';
import { signIn } from './support/steps.ts';
import { createLoginWorld } from './support/world.ts';

const own = 'https://shop.example.com';
const listed = 'https://app.example.com';
const world = createLoginWorld({ login: { cors: [listed] }, place: { requireSameOrigin: true } });
const problemOf = (method: string, headers: Readonly<Record<string, string | readonly string[]>>) =>
  world.logins.originProblem(requestOf({ method, headers }), world.place);

describe('with requireSameOrigin', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'TRACE'])('%s of any origin is allowed', (method) => {
    expect(
      problemOf(method, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }),
    ).toBeUndefined();
  });

  const allowed: readonly Readonly<Record<string, string>>[] = [
    { origin: own },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { origin: own, 'sec-fetch-site': 'same-origin' },
  ];
  const refused: readonly Readonly<Record<string, string | readonly string[]>>[] = [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: '' },
    { origin: 'http://shop.example.com' },
    { origin: 'https://shop.example.com:8443' },
    { origin: 'https://shop.example.com.evil.example' },
    { origin: 'HTTPS://SHOP.EXAMPLE.COM' },
    { origin: listed },
    { origin: [own, own] },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': ['same-origin', 'same-origin'] },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  ];
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'get', '']) {
    test.each(allowed)(`${method} with %j is allowed`, (headers) => {
      expect(problemOf(method, headers)).toBeUndefined();
    });
    test.each(refused)(`${method} with %j is refused`, (headers) => {
      expect(problemOf(method, headers)?.().text).toContain(`expected origin ${own}`);
    });
  }
});

test('without requireSameOrigin, every method of any origin is allowed', () => {
  const request = requestOf({ method: 'POST', headers: { origin: 'https://evil.example' } });
  expect(world.logins.originProblem(request, { ...world.place, requireSameOrigin: false })).toBeUndefined();
});

describe('a WebSocket needs an origin of the host or a listed one, with and without requireSameOrigin', () => {
  const upgrade = { upgrade: 'websocket' };
  test.each([{ origin: own }, { origin: listed }])('%j is allowed', (headers) => {
    expect(problemOf('GET', { ...upgrade, ...headers })).toBeUndefined();
  });
  test.each([
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
  ])('%j is refused', (headers) => {
    const request = requestOf({ headers: { ...upgrade, ...headers } });
    const place = { ...world.place, requireSameOrigin: false };
    expect(world.logins.originProblem(request, place)?.().text).toContain(`${own}, ${listed}`);
  });
  test('CONNECT is one too', () => {
    expect(problemOf('CONNECT', { origin: 'https://evil.example' })).toBeDefined();
  });
});

test('a session does not open a WebSocket of another site', async () => {
  const browser = openBrowser();
  await signIn(world, browser);
  const headers = { upgrade: 'websocket', origin: 'https://evil.example' };
  expect(await world.answer(browser.request('/socket', headers))).toMatchObject({
    reason: 'origin_not_allowed',
  });
  expect(await world.answer(browser.request('/socket', { ...headers, origin: own }))).toMatchObject({
    outcome: 'allow',
  });
});
