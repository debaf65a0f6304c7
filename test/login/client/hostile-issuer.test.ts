import { hash } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sendJson } from '../../support/fake-issuer.ts';
import { createSigningKey } from '../../support/keys.ts';
import {
  loginStart,
  startLoginIssuer,
  type TestLoginIssuer,
  temporaryFile,
} from '../../support/login-issuer.ts';
import { type IssuerWithTokenEndpoint, startIssuerWithTokenEndpoint } from '../../support/token-endpoint.ts';

const secret = 'SECRET-OF-THE-CLIENT';
const begun = loginStart();
const callback = new URL(`${begun.redirectUri}?code=SECRET-CODE&state=${begun.state}`);

async function start(
  metadata: Record<string, unknown> = {},
  options: Record<string, unknown> = { limits: { meshTimeout: '1250ms', checkDeadline: '1s' } },
): Promise<TestLoginIssuer & { readonly hostile: IssuerWithTokenEndpoint }> {
  const hostile = await startIssuerWithTokenEndpoint();
  hostile.metadata = metadata;
  const login = await startLoginIssuer(hostile.fake.url, {
    login: { clientId: 'shop', clientSecretFile: temporaryFile('secret', secret) },
    options,
  });
  onTestFinished(login.stop);
  return { ...login, hostile };
}

const nonce = { nonce: begun.nonce };

describe('a token endpoint', () => {
  test('that is well: the login succeeds', async () => {
    const { client, hostile } = await start();
    hostile.answer = async (_, response) => sendJson(response, await hostile.tokens(nonce));
    expect(await client.finish(callback, begun)).toMatchObject({
      claims: { sub: 'alice' },
      refreshToken: 'refresh-token',
      isAccessTokenVerified: false,
    });
    expect(Object.fromEntries(hostile.requests[0]?.body ?? [])).toEqual({
      grant_type: 'authorization_code',
      code: 'SECRET-CODE',
      code_verifier: begun.codeVerifier,
      redirect_uri: begun.redirectUri,
    });
  });

  test('that never answers ends in time', async () => {
    const { client, hostile } = await start();
    hostile.answer = () => {};
    const problem = await client.finish(callback, begun);
    expect(problem).toEqual({ kind: 'unavailable', detail: expect.stringContaining('within 937 ms') });
  });

  test('that breaks the connection is unavailable, and is not asked again, because the code may be used', async () => {
    const { client, hostile } = await start();
    hostile.answer = (_, response) => void response.destroy();
    const problem = await client.finish(callback, begun);
    expect(problem).toMatchObject({ kind: 'unavailable' });
    expect(problem).not.toHaveProperty('isUnsent');
    expect(hostile.requests).toHaveLength(1);
  });

  test('that does not listen is unavailable, and the code is unused', async () => {
    const { client } = await start({ token_endpoint: 'http://127.0.0.1:1/token' });
    expect(await client.finish(callback, begun)).toEqual({
      kind: 'unavailable',
      isUnsent: true,
      detail: expect.stringContaining('nothing listens there'),
    });
  });

  test.each([301, 302, 303, 307, 308])('that redirects with %i is not followed', async (status) => {
    const { client, hostile } = await start();
    hostile.answer = (_, response) => void response.writeHead(status, { location: '/other' }).end();
    expect(await client.finish(callback, begun)).toEqual({
      kind: 'unavailable',
      detail: `the token endpoint answered ${status}`,
    });
    expect(hostile.requests).toHaveLength(1);
  });

  test('that sends 10 MB is not read', async () => {
    const { client, hostile } = await start();
    let written = 0;
    hostile.answer = async (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (written < 10_000_000) {
          written += 65_536;
          if (!response.write('x'.repeat(65_536))) return void response.once('drain', more);
        }
        response.end();
      };
      response.once('error', () => {});
      more();
    };
    expect(await client.finish(callback, begun)).toMatchObject({
      kind: 'unavailable',
      detail: expect.stringContaining('larger than'),
    });
    expect(written).toBeLessThan(10_000_000);
  });

  test.each([500, 502, 503, 429])('that answers %i keeps the session', async (status) => {
    const { client, hostile } = await start();
    hostile.answer = (_, response) => void response.writeHead(status).end('broken');
    expect(await client.refresh('refresh-token', {})).toEqual({
      kind: 'unavailable',
      detail: expect.stringContaining(`the token endpoint answered ${status}`),
    });
  });

  test.each([
    ['invalid_grant', 400, 'ended'],
    ['invalid_client', 401, 'unavailable'],
    ['unauthorized_client', 401, 'unavailable'],
    ['invalid_request', 400, 'unavailable'],
    ['slow_down', 429, 'unavailable'],
  ])('that answers a refresh with %s: %s', async (error, status, kind) => {
    const { client, hostile } = await start();
    hostile.answer = (_, response) =>
      void response
        .writeHead(status, { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="x"' })
        .end(JSON.stringify({ error }));
    expect(await client.refresh('refresh-token', {})).toMatchObject({ kind, code: error });
  });

  test.each<[string, number, boolean]>([
    ['access_denied', 400, true],
    ['interaction_required', 400, true],
    ['user is blocked', 403, true],
    ['server_error', 400, false],
    ['slow_down', 400, false],
    ['unsupported_grant_type', 400, false],
    ['invalid_client', 401, false],
    ['access_denied', 429, false],
    ['access_denied', 500, false],
  ])(
    'that answers a refresh with %s and %i: whether that is about the session only: %j',
    async (error, status, is) => {
      const { client, hostile } = await start();
      hostile.answer = (_, response) =>
        void response
          .writeHead(status, { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="x"' })
          .end(JSON.stringify({ error }));
      const problem = await client.refresh('refresh-token', {});
      expect(problem).toMatchObject({ kind: 'unavailable' });
      expect('isOfSession' in problem).toBe(is);
    },
  );

  test('that rejects the client: the problem says which methods the issuer lists', async () => {
    const { client, hostile } = await start({
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'LEAKED'],
    });
    hostile.answer = (_, response) =>
      void response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}');
    const problem = await client.refresh('refresh-token', {});
    expect(problem).toMatchObject({
      detail: expect.stringContaining(
        'does not list client_secret_basic, only client_secret_post, private_key_jwt',
      ),
    });
    expect(JSON.stringify(problem)).not.toContain('LEAKED');
  });

  test.each([204, 205, 304, 599, 600, 999])(
    'that answers with the odd status %i is unavailable',
    async (status) => {
      const { client, hostile } = await start();
      hostile.answer = (_, response) => void response.writeHead(status).end();
      expect(await client.finish(callback, begun)).toMatchObject({ kind: 'unavailable' });
    },
  );

  test.each([
    ['HTML', 'text/html', '<html>'],
    ['no JSON', 'application/json', 'oops'],
    ['a list', 'application/json', '[]'],
    ['no access token', 'application/json', '{}'],
    ['numbers', 'application/json', '{"access_token":1,"token_type":2}'],
  ])('that answers a refresh with %s keeps the session', async (_, type, body) => {
    const { client, hostile } = await start();
    hostile.answer = (_request, response) => void response.writeHead(200, { 'content-type': type }).end(body);
    expect(await client.refresh('refresh-token', {})).toMatchObject({ kind: 'unavailable' });
  });

  test('whose client clock is 20 s off is tolerated, 5 minutes are not', async () => {
    const { client, hostile } = await start();
    const now = Math.floor(Date.now() / 1000);
    const answerAt = (offset: number) => {
      hostile.answer = async (_, response) =>
        sendJson(
          response,
          await hostile.tokens({ ...nonce, iat: now + offset, nbf: now + offset, exp: now + offset + 300 }),
        );
    };
    answerAt(20);
    expect(await client.finish(callback, begun)).toHaveProperty('claims.sub', 'alice');
    answerAt(300);
    expect(await client.finish(callback, begun)).toMatchObject({ kind: 'rejected' });
    answerAt(-600);
    expect(await client.finish(callback, begun)).toMatchObject({ kind: 'rejected' });
  });
});

describe('LG-20: callbacks', () => {
  test('with a bad state cost no request', async () => {
    const { client, hostile } = await start();
    const before = { ...hostile.fake.hits };
    for (let count = 0; count < 1_000; count++) {
      const bad = new URL(`${begun.redirectUri}?code=x&state=${count}`);
      expect(await client.finish(bad, begun)).toMatchObject({ kind: 'rejected' });
    }
    expect(hostile.requests).toHaveLength(0);
    expect(hostile.fake.hits).toEqual(before);
  });

  test('wait in a number of at most 64', async () => {
    const { client, hostile } = await start({}, { limits: { meshTimeout: '6s' } });
    const { promise: isFull, resolve } = Promise.withResolvers<void>();
    const waiting: (() => void)[] = [];
    hostile.answer = (_, response) => {
      waiting.push(() => response.writeHead(503).end());
      if (waiting.length === 64) resolve();
    };
    const calls = Array.from({ length: 200 }, () => client.finish(callback, begun));
    await isFull;
    for (const release of waiting) release();
    const problems = await Promise.all(calls);
    expect(problems.filter((one) => 'isUnsent' in one)).toHaveLength(200 - 64);
    expect(hostile.requests).toHaveLength(64);
    hostile.answer = async (_, response) => sendJson(response, await hostile.tokens(nonce));
    expect(await client.finish(callback, begun)).toHaveProperty('claims');
  });
});

describe('LG-25: no secret reaches a problem', () => {
  const leak = 'LEAKED-BY-THE-ISSUER';
  const inBody = {
    error: leak,
    error_description: leak,
    error_uri: leak,
    access_token: leak,
    refresh_token: leak,
    id_token: leak,
    token_type: leak,
    scope: leak,
    [leak]: leak,
  };
  const everywhere = [200, 201, 302, 400, 401, 403, 404, 429, 500].flatMap((status) =>
    [
      JSON.stringify(inBody),
      JSON.stringify({ ...inBody, error: 'invalid_grant' }),
      JSON.stringify({ ...inBody, error: undefined }),
      JSON.stringify({ access_token: leak, token_type: 'bearer', id_token: `${leak}.${leak}.${leak}` }),
      JSON.stringify({ access_token: leak, token_type: 'bearer', expires_in: leak }),
      `${leak} is not JSON`,
    ].map((body) => [status, body] as const),
  );

  test.each(everywhere)('status %i and body %s', async (status, body) => {
    const { client, hostile } = await start();
    hostile.answer = (_, response) =>
      void response
        .writeHead(status, `${leak}`, {
          'content-type': 'application/json',
          'www-authenticate': `Basic realm="${leak}", error="${leak}"`,
          location: `https://example.com/?${leak}`,
          'set-cookie': leak,
        })
        .end(body);
    const problems = [
      await client.finish(callback, begun),
      await client.refresh('SECRET-REFRESH-TOKEN', { iss: 'x', sub: 'alice' }),
      await client.revoke('SECRET-REFRESH-TOKEN'),
    ];
    for (const problem of problems) {
      const text = JSON.stringify(problem ?? null);
      expect(text).not.toContain(leak);
      expect(text).not.toContain('SECRET');
      expect(text).not.toContain(begun.codeVerifier);
    }
  });

  test.each(['nonce', 'aud', 'azp', 'iss', 'sub', 'exp', 'typ', 'at_hash'])(
    'the claim %s of a forged ID token',
    async (claim) => {
      const { client, hostile } = await start();
      hostile.answer = async (_, response) =>
        sendJson(response, await hostile.tokens({ ...nonce, [claim]: leak }));
      const problem = await client.finish(callback, begun);
      expect(JSON.stringify(problem)).not.toMatch(claim === 'sub' || claim === 'typ' ? /never/ : /LEAKED/);
    },
  );
});

describe('LG-10: a forged ID token is rejected by the client', () => {
  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claimsOf = (login: IssuerWithTokenEndpoint) => ({
    iss: login.fake.url,
    aud: 'shop',
    sub: 'alice',
    iat: now,
    exp: now + 300,
    ...nonce,
  });

  test.each([
    ['without a signature (none)', async (login) => `${base64({ alg: 'none' })}.${base64(claimsOf(login))}.`],
    [
      'signed with the client secret (HS256)',
      async (login) =>
        new SignJWT(claimsOf(login)).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret.repeat(2))),
    ],
    [
      'signed with the public key as a secret',
      async (login) =>
        new SignJWT(claimsOf(login))
          .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
          .sign(Buffer.from(JSON.stringify(login.fake.keys[0]?.publicJwk))),
    ],
    [
      'signed with another key of the same kid',
      async (login) => login.fake.mint({ claims: claimsOf(login), key: await createSigningKey('k1') }),
    ],
    [
      'signed with a key that the issuer does not publish',
      async (login) => login.fake.mint({ claims: claimsOf(login), key: await createSigningKey('k2') }),
    ],
    [
      'with a key in its header',
      async (login) => {
        const key = await createSigningKey('k1');
        return login.fake.mint({ claims: claimsOf(login), key, header: { jwk: key.publicJwk } });
      },
    ],
    [
      'for another client',
      async (login) => login.fake.mint({ claims: { ...claimsOf(login), aud: 'other' } }),
    ],
    [
      'for several clients without azp',
      async (login) => login.fake.mint({ claims: { ...claimsOf(login), aud: ['shop', 'other'] } }),
    ],
    ['with another azp', async (login) => login.fake.mint({ claims: { ...claimsOf(login), azp: 'other' } })],
    ['with an old nonce', async (login) => login.fake.mint({ claims: { ...claimsOf(login), nonce: 'old' } })],
    [
      'without a nonce',
      async (login) => login.fake.mint({ claims: { ...claimsOf(login), nonce: undefined } }),
    ],
    [
      'of another issuer',
      async (login) => login.fake.mint({ claims: { ...claimsOf(login), iss: 'https://x.example' } }),
    ],
    ['without a sub', async (login) => login.fake.mint({ claims: { ...claimsOf(login), sub: undefined } })],
    ['with an empty sub', async (login) => login.fake.mint({ claims: { ...claimsOf(login), sub: '' } })],
    ['that is expired', async (login) => login.fake.mint({ claims: { ...claimsOf(login), exp: now - 60 } })],
    [
      'with the hash of another access token',
      async (login) =>
        login.fake.mint({
          claims: {
            ...claimsOf(login),
            at_hash: hash('sha256', 'other', 'buffer').subarray(0, 16).toString('base64url'),
          },
        }),
    ],
    [
      'that is a logout token',
      async (login) =>
        login.fake.mint({
          claims: {
            ...claimsOf(login),
            events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
          },
        }),
    ],
    [
      'that is an access token',
      async (login) => login.fake.mint({ claims: claimsOf(login), header: { typ: 'at+jwt' } }),
    ],
    ['that is encrypted', async () => 'a.b.c.d.e'],
  ] satisfies readonly (readonly [string, (login: IssuerWithTokenEndpoint) => Promise<string>])[])(
    '%s',
    async (_, forge) => {
      const { client, hostile } = await start();
      hostile.answer = async (_request, response) =>
        sendJson(response, await hostile.tokens({}, { id_token: await forge(hostile) }));
      expect(await client.finish(callback, begun)).toMatchObject({ detail: expect.any(String) });
      const { kind } = (await client.finish(callback, begun)) as { kind: string };
      expect(['rejected', 'unavailable']).toContain(kind);
    },
  );

  test('a key that the issuer published just now is fetched once', async () => {
    const { client, hostile } = await start();
    const next = await createSigningKey('k2');
    hostile.fake.keys = [next, ...hostile.fake.keys];
    hostile.answer = async (_, response) =>
      sendJson(
        response,
        await hostile.tokens(
          {},
          { id_token: await hostile.fake.mint({ claims: claimsOf(hostile), key: next }) },
        ),
      );
    const before = hostile.fake.hits.jwks;
    expect(await client.finish(callback, begun)).toHaveProperty('claims.sub', 'alice');
    expect(hostile.fake.hits.jwks).toBe(before + 1);
  });

  test('an access token of another issuer causes no fetch of keys', async () => {
    const { client, hostile } = await start();
    const access_token = await hostile.fake.mint({
      claims: { iss: 'https://other.example.com' },
      key: await createSigningKey('unknown'),
    });
    hostile.answer = async (_, response) => sendJson(response, await hostile.tokens(nonce, { access_token }));
    const before = hostile.fake.hits.jwks;
    expect(await client.finish(callback, begun)).toMatchObject({ isAccessTokenVerified: false });
    expect(hostile.fake.hits.jwks).toBe(before);
  });

  test('an access token is not verified if it is an ID token, is bound, or is of another issuer', async () => {
    const { client, hostile } = await start();
    const accessTokens = [
      {},
      { nonce: 'x' },
      { typ: 'ID' },
      { cnf: { jkt: 'x' } },
      { iss: 'https://other.example.com' },
      { exp: now - 100 },
    ];
    const verified: boolean[] = [];
    for (const claims of accessTokens) {
      const access_token = await hostile.fake.mint({ claims });
      hostile.answer = async (_, response) =>
        sendJson(response, await hostile.tokens(nonce, { access_token }));
      const result = await client.finish(callback, begun);
      verified.push('isAccessTokenVerified' in result && result.isAccessTokenVerified);
    }
    expect(verified).toEqual([true, false, false, false, false, false]);
  });
});

describe('a refresh token', () => {
  test('that the response does not have stays', async () => {
    const { client, hostile } = await start();
    hostile.answer = async (_, response) =>
      sendJson(response, await hostile.tokens({}, { refresh_token: undefined, refresh_expires_in: 1800 }));
    const result = await client.refresh('mine', { iss: hostile.fake.url, sub: 'alice' });
    expect(result).toMatchObject({ refreshToken: 'mine' });
  });

  const second = () => Math.floor(Date.now() / 1000);
  test.each([
    ['is expired', () => ({ exp: second() - 3_600 })],
    ['is not valid yet', () => ({ iat: second() + 3_600, exp: second() + 7_200 })],
  ])('LG-29: is kept if the ID token %s by the clock of this machine', async (text, times) => {
    const { client, hostile } = await start();
    hostile.answer = async (_, response) =>
      sendJson(response, await hostile.tokens({ ...times(), nonce: undefined }, {}));
    expect(await client.refresh('mine', { iss: hostile.fake.url, sub: 'alice' })).toEqual({
      kind: 'unavailable',
      detail: expect.stringContaining(text),
      refreshToken: 'refresh-token',
    });
  });

  test('LG-29: is kept if the issuer signs with an algorithm that its metadata did not list', async () => {
    const { client, hostile } = await start({ id_token_signing_alg_values_supported: ['ES512'] });
    hostile.answer = async (_, response) =>
      sendJson(response, await hostile.tokens({ nonce: undefined }, {}));
    expect(await client.refresh('mine', { iss: hostile.fake.url, sub: 'alice' })).toEqual({
      kind: 'unavailable',
      detail: expect.stringContaining('does not list'),
      refreshToken: 'refresh-token',
    });
  });

  test('LG-29: is not kept if the ID token is for another person', async () => {
    const { client, hostile } = await start();
    hostile.answer = async (_, response) =>
      sendJson(response, await hostile.tokens({ exp: second() - 3_600, sub: 'bob' }, {}));
    expect(await client.refresh('mine', { iss: hostile.fake.url, sub: 'alice' })).toEqual({
      kind: 'rejected',
      detail: expect.any(String),
    });
  });

  test('whose end is 0 does not end', async () => {
    const { client, hostile } = await start();
    hostile.answer = async (_, response) =>
      sendJson(response, await hostile.tokens({}, { id_token: undefined, refresh_expires_in: 0 }));
    const result = await client.refresh('mine', { iss: hostile.fake.url, sub: 'alice' });
    expect(result).toMatchObject({
      refreshToken: 'refresh-token',
      claims: undefined,
    });
  });
});
