/** Decisions with answers for browsers, for the tests of both transports. */
import type { Decision } from '../../src/model/decision.ts';
import type { Identity } from '../../src/model/identity.ts';
import { noMemory } from './identity-memory.ts';

/** A redirect to the issuer, with three cookies. */
export const loginRedirect: Decision = {
  outcome: 'deny',
  reason: 'login_required',
  id: 'aaaaaaaaaaaaa',
  rule: 'shop',
  browser: {
    status: 302,
    location: 'https://issuer.example/authorize?state=%C3%BC',
    cookies: [
      '__Host-a=1; Path=/; Secure',
      '__Host-b=2; Path=/; Secure',
      `__Host-c=${'x'.repeat(4_000)}; Path=/`,
    ],
  },
};

/** A page with a status that means allow over HTTP. */
export const choicePage: Decision = {
  outcome: 'deny',
  reason: 'login_required',
  id: 'bbbbbbbbbbbbb',
  browser: {
    status: 200,
    cookies: [],
    headers: [['content-security-policy', "default-src 'none'"]],
    page: { type: 'text/html; charset=utf-8', body: (id) => `<p>Anmelden für 日本 ${id}</p>` },
  },
};

/** Answers that must not be sent unchanged: each would add a line, or is not text. */
export const unsendable: readonly (readonly [
  string,
  Partial<NonNullable<Extract<Decision, { outcome: 'deny' }>['browser']>>,
])[] = [
  ['a line break in the location', { location: 'https://a.example/\r\nset-cookie: a=b' }],
  ['a NUL in the location', { location: 'https://a.example/\0' }],
  ['a character outside ASCII in the location', { location: 'https://a.example/ü' }],
  ['a space in the location', { location: 'https://a.example/ x' }],
  ['a location of 9 KiB', { location: `https://a.example/${'x'.repeat(9 * 1024)}` }],
  ['an empty location', { location: '' }],
  ['a line break in a cookie', { cookies: ['a=b\r\nx: y'] }],
  ['a character outside ASCII in a cookie', { cookies: ['a=ü'] }],
  ['an empty cookie', { cookies: [''] }],
  ['a line break in a header', { headers: [['vary', 'a\nb']] }],
  ['a line break in the name of a header', { headers: [['vary\r\nx', 'a']] }],
  ['a length of its own', { headers: [['content-length', '0']] }],
  ['a transfer coding', { headers: [['transfer-encoding', 'chunked']] }],
  ['a line break in the type of the page', { page: { type: 'text/html\r\nx: y', body: () => 'x' } }],
];

/** An allow of a session. */
export function allowed(
  cookies: Extract<Decision, { outcome: 'allow' }>['cookies'],
): Extract<Decision, { outcome: 'allow' }> {
  const identity: Identity = {
    issuer: 'https://issuer.example',
    issuerName: 'main',
    subject: 'alice',
    audiences: [],
    scopes: [],
    expiresAt: 5,
    text: '{"sub":"alice"}',
    form: 'json',
    confirmation: undefined,
    memory: noMemory(),
  };
  return {
    outcome: 'allow',
    reason: 'allowed',
    identity,
    forwarding: {
      set: [['x-user', 'alice']],
      remove: ['x-email', 'x_user'],
      withheld: [],
      answers: { http: undefined, grpc: undefined },
    },
    cached: true,
    ...(cookies !== undefined && { cookies }),
  };
}
