/** A certified OpenID provider ends sessions in two replicas that share a real store: with logout tokens, and with frames. */
import { expect, onTestFinished, test } from 'vitest';
import { findRedis } from '../../tools/redis.ts';
import { until } from '../support/app.ts';
import { shop } from '../support/fleet/fleet.ts';
import { cookieOf, startLogoutFleet } from '../support/fleet/logout-fleet.ts';
import type { LoginBrowser, Page } from '../support/login-browser.ts';
import { type LoginProvider, signIn, startLoginProvider } from '../support/login-provider.ts';
import { describeWith } from '../support/real-servers.ts';
import { startRedis } from '../support/redis/server.ts';

const client = { id: 'shop', secret: 'a-secret-that-is-long-enough-for-tests' };
const logoutUri = 'https://auth.example.com/back-channel-logout/main';

/** A provider whose requests to the logout URI go to a port, and the answers that it got. */
async function startProvider(sessionRequired: boolean) {
  const sent = { port: 0, forms: [] as URLSearchParams[], statuses: [] as number[] };
  const provider = await startLoginProvider({
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        backchannel_logout_uri: logoutUri,
        backchannel_logout_session_required: sessionRequired,
      },
    ],
    configuration: {
      features: { backchannelLogout: { enabled: true } },
      fetch: async (url, options) => {
        expect(String(url)).toBe(logoutUri);
        sent.forms.push(new URLSearchParams(String(options?.body)));
        const { method, headers, body } = options ?? {};
        const address = `http://127.0.0.1:${sent.port}/back-channel-logout/main`;
        const response = await fetch(address, { method, headers, body } as RequestInit);
        sent.statuses.push(response.status);
        return response;
      },
    },
  });
  onTestFinished(provider.close);
  return { provider, sent };
}

describeWith('oidc-provider', await findRedis(), (path) => {
  const start = async (provider: LoginProvider, sessions: string) => {
    const redis = await startRedis(path);
    onTestFinished(redis.stop);
    const fleet = await startLogoutFleet({
      issuer: { url: provider.url, client },
      store: redis.url,
      sessions,
      replicas: 2,
    });
    onTestFinished(fleet.stop);
    const login = async (name: string, at: number) => {
      const browser = fleet.browser(at);
      const first = await browser.open(`https://${shop}/orders`, (url) => url.origin === provider.url);
      const page = await signIn(browser, first.headers.location ?? '', name);
      if (page.status !== 200) throw new Error(`${name} is not signed in: ${page.status} ${page.body}`);
      return { browser, cookie: cookieOf(browser) };
    };
    return { fleet, login };
  };

  test.each([
    ['of one session', true, 'store: valkey', ['login', 'allowed', 'allowed']],
    ['of one session, in cookies', true, 'store: cookie', ['login', 'allowed', 'allowed']],
    ['of a person', false, 'store: valkey', ['login', 'login', 'allowed']],
  ] as const)(
    'sends a logout token %s, which ends it in every replica',
    async (_, isOne, place, expected) => {
      const { provider, sent } = await startProvider(isOne);
      const { fleet, login } = await start(provider, `backChannelLogout: true, ${place}, refresh: false`);
      sent.port = fleet.loginPorts[1] ?? 0;
      const people = [await login('anna', 0), await login('anna', 1), await login('ben', 0)];
      for (const { cookie } of people) expect(await fleet.ask(cookie)).toEqual(['allowed', 'allowed']);

      const [first] = people;
      if (first === undefined) throw new Error('a person is missing');
      await signOutAt(provider, first.browser);
      await until(async () => sent.statuses.length > 0);
      expect(sent.statuses).toEqual([200]);
      await until(async () => {
        const answers = await Promise.all(people.map(({ cookie }) => fleet.ask(cookie)));
        return answers.every((one, index) => one.every((answer) => answer === expected[index]));
      });

      // The same logout token counts once, at any replica.
      for (const port of fleet.loginPorts) {
        const again = await fetch(`http://127.0.0.1:${port}/back-channel-logout/main`, {
          method: 'POST',
          body: new URLSearchParams(sent.forms[0]),
        });
        expect([again.status, await again.json()]).toEqual([400, { error: 'invalid_request' }]);
      }
    },
  );

  test('an ID token of the person is not a logout token, and a frame with the sid ends the session', async () => {
    const { provider, sent } = await startProvider(true);
    const { fleet, login } = await start(
      provider,
      'backChannelLogout: true, frontChannelLogout: true, store: valkey',
    );
    sent.port = fleet.loginPorts[0] ?? 0;
    const idTokens: string[] = [];
    const isAnswer = (context: { body?: unknown }) => {
      const { id_token: token } = (context.body ?? {}) as { id_token?: string };
      if (token !== undefined) idTokens.push(token);
    };
    provider.provider.on('grant.success', isAnswer);
    const { cookie } = await login('anna', 0);
    const [idToken = ''] = idTokens;
    const claims = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ iss: provider.url, aud: client.id, sid: expect.any(String) });

    const [port] = fleet.loginPorts;
    const asLogoutToken = await fetch(`http://127.0.0.1:${port}/back-channel-logout/main`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: idToken }),
    });
    expect(asLogoutToken.status).toBe(400);
    expect(await fleet.ask(cookie)).toEqual(['allowed', 'allowed']);

    const query = new URLSearchParams({ iss: provider.url, sid: claims.sid });
    const frame = await fetch(`http://127.0.0.1:${port}/front-channel-logout/main?${query}`);
    expect([frame.status, frame.headers.get('cache-control')]).toEqual([200, 'no-store']);
    await until(async () => (await fleet.ask(cookie)).every((answer) => answer === 'login'));
    const other = await fleet.replicas[1]?.metric('oidc_authz_sessions_ended_total', 'cause="front_channel"');
    expect(other).toBe(1);
  });
});

/** Signs the browser out at the provider, which asks. */
async function signOutAt(provider: LoginProvider, browser: LoginBrowser): Promise<Page> {
  const question = await browser.open(`${provider.url}/session/end`);
  return browser.submit(question, { logout: 'yes' });
}
