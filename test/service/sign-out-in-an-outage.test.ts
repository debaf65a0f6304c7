/** A running service with the usual `limits.meshTimeout`: a sign-out while the store of the sessions cannot be used. */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { signIn } from '../support/login-provider.ts';
import { shop as host, startLoginParts } from '../support/login-service.ts';
import { shopFile, startShop } from '../support/shop-service.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';

const page = `https://${host}/cart`;

test.each([
  ['valkey', 'away'],
  ['valkey', 'timeout'],
  ['valkey', 'full'],
  ['cookie', 'away'],
  ['cookie', 'full'],
] as const)(
  'sessions.store: %s, the store is %s: no cookie is left, and the issuer is visited',
  async (place, failure) => {
    const parts = await startLoginParts(`refresh: true, store: ${place}`);
    const client = createMemoryServer(systemClock).connect();
    const file = shopFile(parts, 'state: {valkey: {urls: ["redis://valkey.example.com"]}}');
    const { mesh } = await startShop(parts, { store: client, file });
    const browser = parts.browser(mesh);
    expect((await signIn(browser, page, 'alice')).status).toBe(200);
    client.fail(failure);
    const answer = await browser.request(`https://${host}/.oidc-authz/sign-out`);
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toContain('id_token_hint=');
    expect(answer.headers['set-cookie']?.join('\n')).toContain('__Host-oidc-authz=;');
    client.fail(undefined);
  },
);
