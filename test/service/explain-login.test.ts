/** `explain` for a configuration with a login, without a running service: who is sent to log in, and which session counts. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSessionKeys } from '../../src/config/session/session-keys.ts';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { readCookies } from '../../src/session/read-cookies.ts';
import { explainAsJson } from '../support/explain-command.ts';
import { type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { createTestStore, plainPlace, randomKeys } from '../support/sessions.ts';

const keysText = randomBytes(32).toString('base64');
const keys = readSessionKeys(keysText);
const secretPath = 'code=a-secret-of-the-page';
/** Writes a text to a file of its own. */
function fileFor(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-explain-')), 'oidc-authz.yaml');
  writeFileSync(file, text);
  return file;
}

let issuer: FakeIssuer;
let config: string;

beforeAll(async () => {
  issuer = await startFakeIssuer();
  issuer.discovery = (_, response) => {
    const { url } = issuer;
    response.end(
      JSON.stringify({
        issuer: url,
        jwks_uri: `${url}/jwks`,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        code_challenge_methods_supported: ['S256'],
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      }),
    );
  };
  config = fileFor(`
issuers:
  - issuer: ${issuer.url}
    name: main
    audiences: [shop]
    login: {clientId: shop, clientSecretFile: ${fileFor('secret')}}
login: {hosts: [shop.example.com]}
sessions: {keysFile: ${fileFor(keysText)}}
rules:
  - {name: tokens, match: {paths: [/tokens]}, require: {}}
  - {name: shop, match: {hosts: [shop.example.com]}, require: {login: [main], claims: {groups: [staff]}}}
`);
});

afterAll(() => issuer.close());

/** Explains a request to the host of the login. */
const asked = (headers: Readonly<Record<string, string>>, path = `/orders?${secretPath}`, file = config) =>
  explainAsJson([
    file,
    '--host=shop.example.com',
    `--path=${path}`,
    ...Object.entries(headers).map(([name, value]) => `--header=${name}: ${value}`),
  ]);
const page = { accept: 'text/html' };

/** A session cookie, sealed with the keys of the configuration. */
async function cookieOf(groups: readonly string[], sealedBy = keys): Promise<string> {
  const now = Math.floor(systemClock.now() / 1_000);
  const { store } = createTestStore({ clock: systemClock, keys: sealedBy });
  const saved = await store.save(
    {
      id: randomBytes(16).toString('base64url'),
      policy: '',
      issuer: issuer.url,
      subject: 'alice',
      claims: { groups, email: 'alice@example.com' },
      audiences: ['shop'],
      scopes: ['openid'],
      startedAt: now,
      seenAt: now,
      renewedAt: now,
    },
    readCookies([]),
    plainPlace,
  );
  if ('tooLarge' in saved) throw new TypeError('too large');
  return saved.cookies.map((line) => line.split(';', 1)[0]).join('; ');
}

const namesOf = (steps: readonly { readonly step: string }[] = []) => steps.map(({ step }) => step);

describe('a request without a session', () => {
  test('is sent to log in if it opens a page, and the answer has no query of the request', async () => {
    const result = await asked(page);
    expect(result).toMatchObject({ outcome: 'deny', reason: 'login_required', rule: 'shop', issuer: 'main' });
    expect(result.answer?.http.status).toBe(302);
    expect(result.answer?.http.headers).toContainEqual(['location', '/.oidc-authz/start']);
    expect(namesOf(result.steps)).toEqual(expect.arrayContaining(['rule', 'session', 'login']));
    expect(JSON.stringify(result.steps)).toContain('to issuer main');
    expect(JSON.stringify(result)).not.toContain('a-secret-of-the-page');
    expect(result.notes).toEqual([]);
  });

  test('gets 401 with the address of the login if it does not', async () => {
    const result = await asked({ 'sec-fetch-mode': 'cors' });
    expect(result).toMatchObject({ outcome: 'deny', reason: 'login_required' });
    expect(result.answer?.http.status).toBe(401);
    const header = result.answer?.http.headers.find(([name]) => name === 'x-oidc-authz-login')?.[1];
    expect(header).toBe('/.oidc-authz/start');
    expect(JSON.stringify(result)).not.toContain('a-secret-of-the-page');
  });

  test('is not sent to log in if only tokens count', async () => {
    const result = await asked(page, '/tokens');
    expect(result).toMatchObject({ outcome: 'deny', reason: 'token_missing', rule: 'tokens' });
    expect(namesOf(result.steps)).not.toContain('login');
  });

  test('begins no login: the issuer gets no request but for its metadata and its keys', async () => {
    const before = { ...issuer.hits };
    await asked(page);
    expect(issuer.hits.discovery - before.discovery).toBe(1);
    expect(issuer.hits.jwks - before.jwks).toBe(1);
  });
});

describe('a session cookie', () => {
  test('is opened with the keys of the configuration, and its claims are judged', async () => {
    const cookie = await cookieOf(['staff']);
    const result = await asked({ ...page, cookie: `theme=dark; ${cookie}` });
    expect(result).toMatchObject({ outcome: 'allow', reason: 'allowed', rule: 'shop', issuer: 'main' });
    expect(namesOf(result.steps)).toContain('session');
    expect(JSON.stringify(result)).not.toContain(cookie.split('=')[1] ?? '');
    expect(JSON.stringify(result)).not.toContain('alice@example.com');
  });

  test('without the claim is a denial, and no login', async () => {
    const result = await asked({ ...page, cookie: await cookieOf(['guests']) });
    expect(result).toMatchObject({ outcome: 'deny', reason: 'claim_not_allowed', rule: 'shop' });
    expect(result.answer?.http.status).toBe(403);
  });

  test('of other keys does not count', async () => {
    const result = await asked({ ...page, cookie: await cookieOf(['staff'], randomKeys()) });
    expect(result).toMatchObject({ outcome: 'deny', reason: 'session_invalid' });
  });

  test('cannot be opened without the keys, which a note says', async () => {
    const cookie = await cookieOf(['staff']);
    const text = `issuers: [{issuer: "${issuer.url}", name: main, audiences: [a], login: {clientId: a, clientAuthentication: none}}]
login: {hosts: [shop.example.com]}
sessions: {keysFile: /nowhere/keys}
`;
    const result = await asked({ cookie }, '/', fileFor(text));
    expect(result.outcome).toBe('deny');
    expect(result.notes.join()).toContain('no session can be opened');
  });
});

test('a path of the login is never an allow', async () => {
  const cookie = await cookieOf(['staff']);
  for (const path of ['callback?code=a&state=b', 'start', 'user', 'unknown']) {
    const result = await asked({ cookie }, `/.oidc-authz/${path}`);
    expect([path, result.outcome]).toEqual([path, 'deny']);
  }
});
