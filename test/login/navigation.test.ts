/** Which requests are sent to log in: what Chromium sends for each kind of request, and what other clients send. */
import { describe, expect, test } from 'vitest';
import { isUpgrade, readOpening } from '../../src/login/navigation.ts';
import { requestOf } from './support/browser.ts';

type Headers = Readonly<Record<string, string | readonly string[]>>;

const html = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const navigate: Headers = { accept: html, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const openingOf = (
  headers: Headers,
  { method = 'GET', when = 'navigation' as 'navigation' | 'always', frames = false } = {},
) => readOpening(requestOf({ method, headers }), { when, frames }).opens;

describe('a browser', () => {
  test.each<[name: string, method: string, headers: Headers, opens: string]>([
    ['a link, a typed address or a GET form', 'GET', navigate, 'page'],
    ['HEAD of a page', 'HEAD', navigate, 'page'],
    ['a frame', 'GET', { ...navigate, 'sec-fetch-dest': 'iframe' }, 'frame'],
    ['an old frame', 'GET', { ...navigate, 'sec-fetch-dest': 'frame' }, 'frame'],
    ['an embedded page', 'GET', { ...navigate, 'sec-fetch-dest': 'embed' }, 'frame'],
    ['an object', 'GET', { ...navigate, 'sec-fetch-dest': 'object' }, 'frame'],
    ['a POST form', 'POST', { ...navigate, origin: 'https://shop.example.com' }, 'form'],
    ['a POST form in a frame', 'POST', { ...navigate, 'sec-fetch-dest': 'iframe' }, 'form'],
    ['a prefetch by speculation rules', 'GET', { ...navigate, 'sec-purpose': 'prefetch' }, 'other'],
    ['a prerender', 'GET', { ...navigate, 'sec-purpose': 'prefetch;prerender' }, 'other'],
    [
      'link rel=prefetch',
      'GET',
      { accept: '*/*', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty', 'sec-purpose': 'prefetch' },
      'other',
    ],
    ['fetch', 'GET', { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, 'other'],
    [
      'fetch that asks for HTML',
      'GET',
      { accept: html, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
      'other',
    ],
    [
      'an image',
      'GET',
      { accept: 'image/*', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      'other',
    ],
    ['a script', 'GET', { accept: '*/*', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }, 'other'],
    [
      'EventSource',
      'GET',
      { accept: 'text/event-stream', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
      'other',
    ],
    [
      'a service worker script',
      'GET',
      { accept: '*/*', 'sec-fetch-mode': 'same-origin', 'sec-fetch-dest': 'serviceworker' },
      'other',
    ],
    [
      'a WebSocket',
      'GET',
      { upgrade: 'websocket', connection: 'Upgrade', origin: 'https://shop.example.com' },
      'other',
    ],
    ['a WebSocket over HTTP/2', 'CONNECT', { origin: 'https://shop.example.com' }, 'other'],
    [
      'gRPC-web',
      'POST',
      { accept: '*/*', 'content-type': 'application/grpc-web+proto', 'sec-fetch-mode': 'cors' },
      'other',
    ],
    [
      'two lines of sec-fetch-mode',
      'GET',
      { ...navigate, 'sec-fetch-mode': ['navigate', 'navigate'] },
      'other',
    ],
    ['two lines of sec-fetch-dest', 'GET', { ...navigate, 'sec-fetch-dest': ['document', 'empty'] }, 'other'],
    ['a navigation without a destination', 'GET', { accept: html, 'sec-fetch-mode': 'navigate' }, 'other'],
    ['an empty mode', 'GET', { accept: html, 'sec-fetch-mode': '' }, 'other'],
  ])('%s opens %4$s', (_, method, headers, opens) => {
    expect(openingOf(headers, { method })).toBe(opens);
  });

  test('a frame opens a page with login.frames', () => {
    expect(openingOf({ ...navigate, 'sec-fetch-dest': 'iframe' }, { frames: true })).toBe('page');
  });
});

describe('a client without fetch metadata', () => {
  test.each<[accept: string, opens: string]>([
    [html, 'page'],
    ['text/html', 'page'],
    ['TEXT/HTML; charset=utf-8', 'page'],
    ['application/json, text/html;q=0.1', 'page'],
    ['*/*', 'other'],
    ['text/*', 'other'],
    ['text/html;q=0', 'other'],
    ['text/html; q=0.000', 'other'],
    ['application/json', 'other'],
    ['text/htmlx', 'other'],
    ['', 'other'],
  ])('accept %j opens %s', (accept, opens) => {
    expect(openingOf({ accept })).toBe(opens);
  });

  test('opens nothing without accept, as curl -H accept: does', () => {
    expect(openingOf({})).toBe('other');
  });

  test('opens nothing with x-requested-with', () => {
    expect(openingOf({ accept: html, 'x-requested-with': 'XMLHttpRequest' })).toBe('other');
  });

  test('opens nothing with an upgrade', () => {
    expect(openingOf({ accept: html, upgrade: 'websocket' })).toBe('other');
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'get', ''])('%s of HTML is a form', (method) => {
    expect(openingOf({ accept: html }, { method })).toBe('form');
  });
});

describe('with login: always', () => {
  test.each<[method: string, headers: Headers, opens: string]>([
    ['GET', {}, 'page'],
    ['HEAD', {}, 'page'],
    ['GET', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, 'page'],
    ['GET', { 'x-requested-with': 'XMLHttpRequest' }, 'page'],
    ['GET', { upgrade: 'websocket' }, 'other'],
    ['CONNECT', {}, 'other'],
    ['POST', {}, 'other'],
    ['POST', navigate, 'form'],
    ['PUT', { accept: '*/*' }, 'other'],
  ])('%s with %j opens %s', (method, headers, opens) => {
    expect(openingOf(headers, { method, when: 'always' })).toBe(opens);
  });
});

test('says by which header it decided', () => {
  const request = requestOf({ headers: { 'sec-fetch-mode': 'cors' } });
  expect(readOpening(request, { when: 'navigation', frames: false })).toEqual({
    opens: 'other',
    by: 'sec-fetch-mode',
    found: 'cors',
  });
});

test('an upgrade to any protocol is one', () => {
  expect(isUpgrade(requestOf({ headers: { upgrade: 'h2c' } }))).toBe(true);
  expect(isUpgrade(requestOf({}))).toBe(false);
});
