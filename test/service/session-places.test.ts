/** A running service whose sessions move from cookies to the store, and back, by a reload. */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { configOf, until } from '../support/app.ts';
import { signIn } from '../support/login-provider.ts';
import { shop as host, startLoginParts } from '../support/login-service.ts';
import { shopFile, startShop } from '../support/shop-service.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';

const page = `https://${host}/cart`;
const cookieName = '__Host-oidc-authz';

test('a change of sessions.store signs people out once, in both directions, and leaves no cookie of the other kind', async () => {
  const parts = await startLoginParts('refresh: true, SESSIONS');
  const server = createMemoryServer(systemClock);
  const fileWith = (store: string, state = 'state: {valkey: {urls: ["redis://valkey.example.com"]}}') =>
    shopFile({ file: parts.file.replace('SESSIONS', `store: ${store}`) }, state);
  // The service begins without `state`, so nothing of the store is loaded.
  const options = { store: server.connect(), file: fileWith('cookie', '') };
  const { service, mesh } = await startShop(parts, options);
  const browser = parts.browser(mesh);
  const cookie = () => browser.cookies(host).get(cookieName) ?? '';
  const isInStore = () => server.dump().some((name) => name.startsWith('session:'));
  expect((await signIn(browser, page, 'alice')).status).toBe(200);
  const first = cookie();

  for (const [store, isShared] of [
    ['valkey', true],
    ['cookie', false],
    ['valkey', true],
  ] as const) {
    const before = cookie();
    await service.app.reload(await configOf(fileWith(store)));
    const answer = await browser.request(page, { headers: { cookie: `${cookieName}=${before}` } });
    expect(answer.status).toBe(302);
    expect(answer.headers['set-cookie']?.filter((line) => line.startsWith(`${cookieName}=;`))).toHaveLength(
      1,
    );
    await until(() => service.records.some(({ reason }) => reason === 'session_invalid'));
    expect((await signIn(browser, page, 'alice')).status).toBe(200);
    expect((await browser.open(page)).status).toBe(200);
    expect(cookie()).not.toBe(before);
    expect(cookie().length < 400).toBe(isShared);
    expect(isInStore()).toBe(true);
  }
  // The first cookie is of the kind of the first configuration, and counts there only.
  const old = await browser.request(page, { headers: { cookie: `${cookieName}=${first}` } });
  expect(old.status).toBe(302);
});
