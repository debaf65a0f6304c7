/** Who has access to the guarded routes of the admin listener. */
import { describe, expect, test } from 'vitest';
import { type AdminPeer, accessOf, isCrossSite, isProxyHeader } from '../../../src/transport/admin/access.ts';

const local: AdminPeer = {
  address: '127.0.0.1',
  hasVerifiedCertificate: false,
  host: ['localhost:8081'],
  authorization: [],
  isForwarded: false,
  isCrossSite: false,
};
const remote: AdminPeer = { ...local, address: '10.1.2.3', host: ['authz.example.com:8081'] };

describe('without a token and a certificate', () => {
  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('a client at %s has access', (address) => {
    expect(accessOf({ ...local, address }, undefined)).toBe('granted');
  });

  test.each([
    '127.0.0.6',
    '127.0.0.2',
    '::ffff:127.0.0.6',
    '10.1.2.3',
    '::ffff:10.1.2.3',
    '2001:db8::1',
    '0.0.0.0',
    '::',
    '127.0.0.10',
    '',
    undefined,
  ])('a client at %s is denied with any host', (address) => {
    expect(accessOf({ ...local, address }, undefined)).toBe('denied');
  });

  test.each(['localhost', 'LOCALHOST:8081', '127.0.0.1', '127.0.0.1:8081', '[::1]', '[::1]:65535'])(
    'the host %s gives access on this machine',
    (host) => {
      expect(accessOf({ ...local, host: [host] }, undefined)).toBe('granted');
    },
  );

  test.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:8081',
    'localhost:8081.evil.example',
    'localhost:',
    'localhost@evil.example',
    '127.0.0.6',
    '127.0.0.1.nip.io',
    '0.0.0.0:8081',
    '::1',
    'authz:8081',
    ' localhost',
    '',
  ])('the host "%s" is denied on this machine', (host) => {
    expect(accessOf({ ...local, host: [host] }, undefined)).toBe('denied');
  });

  test('a request without a host is denied', () => {
    expect(accessOf({ ...local, host: [] }, undefined)).toBe('denied');
  });

  test('a request that a proxy of this machine forwarded is denied', () => {
    expect(accessOf({ ...local, isForwarded: true }, undefined)).toBe('denied');
  });
});

test.each([
  'forwarded',
  'via',
  'x-real-ip',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-envoy-external-address',
])('the header %s is one of a proxy', (name) => {
  expect(isProxyHeader(name)).toBe(true);
});

test.each(['host', 'x-request-id', 'authorization', 'traceparent'])(
  'the header %s is not one of a proxy',
  (name) => {
    expect(isProxyHeader(name)).toBe(false);
  },
);

describe('a request that a browser sends for a page of another origin', () => {
  const sent = (site: string | undefined, mode = 'no-cors', dest = 'image', method = 'GET') => {
    const headers = new Map([
      ['sec-fetch-site', site],
      ['sec-fetch-mode', mode],
      ['sec-fetch-dest', dest],
    ]);
    return isCrossSite(method, (name) => headers.get(name));
  };

  test('is recognized by sec-fetch-site, except a link', () => {
    expect(sent('cross-site')).toBe(true);
    expect(sent('same-site')).toBe(true);
    expect(sent('cross-site', 'navigate', 'iframe')).toBe(true);
    expect(sent('cross-site', 'navigate', 'document')).toBe(false);
    expect(sent('cross-site', 'navigate', 'document', 'POST')).toBe(true);
    expect(sent('same-origin', 'navigate', 'document', 'POST')).toBe(false);
    expect(sent('same-origin', 'cors', 'empty')).toBe(false);
    expect(sent('none', 'navigate', 'document')).toBe(false);
    expect(sent(undefined)).toBe(false);
  });

  test('has no access from this machine or with a certificate, but with the token', () => {
    const peer = { ...local, isCrossSite: true };
    expect(accessOf(peer, undefined)).toBe('denied');
    expect(accessOf({ ...peer, hasVerifiedCertificate: true }, undefined)).toBe('denied');
    expect(accessOf({ ...peer, authorization: ['Bearer secret'] }, 'secret')).toBe('granted');
  });
});

test('a verified client certificate gives access from any address and with any host', () => {
  expect(accessOf({ ...remote, hasVerifiedCertificate: true }, undefined)).toBe('granted');
});

describe('the token of admin.tokenFile', () => {
  const bearer = (token: string): AdminPeer => ({ ...remote, authorization: [`Bearer ${token}`] });

  test('gives access from any address, with any host and through a proxy', () => {
    expect(accessOf(bearer('secret'), 'secret')).toBe('granted');
    expect(accessOf({ ...bearer('secret'), isForwarded: true, host: [] }, 'secret')).toBe('granted');
    expect(accessOf({ ...remote, authorization: ['bearer  secret'] }, 'secret')).toBe('granted');
  });

  test.each(['wrong', 'secre', 'secret2', 'SECRET', ''])('denies the token "%s"', (token) => {
    expect(accessOf(bearer(token), 'secret')).toBe('denied');
  });

  test.each(['secret', 'Basic secret', 'Bearer secret secret', 'Bearersecret', ''])(
    'denies the authorization "%s"',
    (authorization) => {
      expect(accessOf({ ...remote, authorization: [authorization] }, 'secret')).toBe('denied');
    },
  );

  test('gives no access if no token is configured, or an empty one', () => {
    for (const authorization of [['Bearer '], ['Bearer'], [''], ['Bearer undefined'], []])
      for (const token of [undefined, ''])
        expect(accessOf({ ...remote, authorization }, token)).toBe('denied');
  });

  test('is not required on this machine', () => {
    expect(accessOf(local, 'secret')).toBe('granted');
  });
});

test('a request with two lines of host or authorization is ambiguous', () => {
  expect(accessOf({ ...local, host: ['localhost', 'localhost'] }, undefined)).toBe('ambiguous');
  const authorization = ['Bearer secret', 'Bearer secret'];
  expect(accessOf({ ...local, authorization }, 'secret')).toBe('ambiguous');
  expect(accessOf({ ...remote, authorization, hasVerifiedCertificate: true }, 'secret')).toBe('ambiguous');
});
