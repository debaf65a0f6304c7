import { describe, expect, onTestFinished, test } from 'vitest';
import { planIssuer } from '../../src/issuer/issuer-plan.ts';
import type { IssuerStatus } from '../../src/issuer/issuer-status.ts';
import { systemFiles } from '../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../src/runtime/files/follow.ts';
import { configOf, fileFor, until } from '../support/app.ts';
import { createTestClock, settled, type TestClock } from '../support/clock.ts';
import { type FakeIssuer, sendJson, startFakeIssuer } from '../support/fake-issuer.ts';
import { createSigningKey, type SigningKey } from '../support/keys.ts';

interface Bench {
  readonly fake: FakeIssuer;
  readonly clock: TestClock;
  readonly states: IssuerStatus[];
  readonly fetched: string[];
  readonly rejected: string[];
  readonly issuer: ReturnType<ReturnType<typeof planIssuer>['create']>;
  /** Advances the clock until the next fetch has ended. */
  readonly passUntil: (isSo: () => boolean, step?: number) => Promise<void>;
}

async function bench(
  flags: readonly string[] = [],
  more = fileFor,
  prepare: (fake: FakeIssuer) => void = () => {},
): Promise<Bench> {
  const fake = await startFakeIssuer();
  prepare(fake);
  const clock = createTestClock();
  const [states, fetched, rejected]: [IssuerStatus[], string[], string[]] = [[], [], []];
  const config = await configOf(more(fake.url), flags);
  const [issuerConfig] = config.issuers;
  if (issuerConfig === undefined) throw new TypeError('no issuer');
  const issuer = planIssuer(issuerConfig, config, {
    clock,
    random: () => 0.5,
    environment: {},
    files: followFiles(systemFiles, clock),
    eventsOf: () => ({
      onFetched: (kind, error) => fetched.push(`${kind} ${error === undefined ? 'success' : 'failure'}`),
      onTrustReload: () => {},
      onProblem: () => {},
      onStateChange: (status) => states.push(status),
      onUnusedKeys: (unused) => rejected.push(...unused.map(({ cause }) => cause)),
      onKeysChange: () => {},
    }),
  }).create();
  onTestFinished(async () => {
    issuer.stop();
    await fake.close();
  });
  issuer.start();
  const passUntil = async (isSo: () => boolean, step = 1_000) => {
    await until(async () => {
      if (isSo()) return true;
      await clock.advance(step);
      return isSo();
    });
  };
  return { fake, clock, states, fetched, rejected, issuer, passUntil };
}

describe('at the start', () => {
  test('discovers, fetches, and is ready', async () => {
    const { issuer, states, fetched } = await bench();
    await issuer.firstKeys;
    await until(() => states.length > 0);
    expect(states.map(({ state }) => state)).toEqual(['ready']);
    expect(fetched).toEqual(['discovery success', 'jwks success']);
    expect(issuer.status()).toMatchObject({ state: 'ready', keys: 1, problem: undefined });
  });

  test('retries at least every 2 s while the issuer is unavailable, and reports the problem', async () => {
    const { fake, clock, states, issuer } = await bench([], fileFor, (fake) => {
      fake.discovery = (_, response) => response.writeHead(503).end();
    });
    await until(() => states.length === 1);
    expect(states[0]).toMatchObject({ state: 'waiting', keys: 0 });
    expect(states[0]?.problem).toMatch(/discovery failed: .*status 503/);
    for (let tries = 2; tries < 30; tries++) {
      await clock.advance(2_000);
      await until(() => fake.hits.discovery >= tries);
      await settled();
    }
    expect(issuer.hasKeys()).toBe(false);
    fake.discovery = (_, response) => sendJson(response, { issuer: fake.url, jwks_uri: `${fake.url}/jwks` });
    await clock.advance(2_000);
    await issuer.firstKeys;
    expect(issuer.status().state).toBe('ready');
  });
});

describe('the discovery document', () => {
  const documents: [string, (fake: FakeIssuer) => unknown, RegExp][] = [
    [
      'of another issuer',
      () => ({ issuer: 'https://evil.example.com', jwks_uri: 'https://evil.example.com/jwks' }),
      /evil\.example\.com|issuer/,
    ],
    [
      'of the issuer with a slash',
      (fake) => ({ issuer: `${fake.url}/`, jwks_uri: `${fake.url}/jwks` }),
      /issuer/,
    ],
    ['without an issuer', (fake) => ({ jwks_uri: `${fake.url}/jwks` }), /issuer/],
    ['without a jwks_uri', (fake) => ({ issuer: fake.url }), /no jwks_uri/],
    [
      'with a jwks_uri on a link-local address',
      (fake) => ({ issuer: fake.url, jwks_uri: 'https://169.254.169.254/jwks' }),
      /link-local/,
    ],
    [
      'with a jwks_uri on plain http elsewhere',
      (fake) => ({ issuer: fake.url, jwks_uri: 'http://example.com/jwks' }),
      /plain http/,
    ],
    [
      'with a jwks_uri with another scheme',
      (fake) => ({ issuer: fake.url, jwks_uri: 'file:///etc/passwd' }),
      /must begin with https/,
    ],
    ['that is a list', () => [], /discovery failed/],
    ['that is text', () => 'x', /discovery failed/],
  ];
  test.each(['issuer', 'jwks_uri', 'access_token_issuer'])(
    'with two members %s is rejected',
    async (name) => {
      const { states, issuer } = await bench([], fileFor, (fake) => {
        fake.discovery = (_request, response) => {
          const whole = { issuer: fake.url, jwks_uri: `${fake.url}/jwks`, access_token_issuer: 'x' };
          const text = JSON.stringify(whole).replace('{', `{"${name}":"https://evil.example.com/jwks",`);
          response.end(text);
        };
      });
      await until(() => states.length > 0);
      expect(issuer.hasKeys()).toBe(false);
      expect(states[0]?.problem).toContain(`has two members named ${name}`);
    },
  );

  test('with two of any other member is read', async () => {
    const { issuer } = await bench([], fileFor, (fake) => {
      fake.discovery = (_request, response) =>
        response.end(
          `{"scopes_supported":[],"x":{"issuer":1,"issuer":2},"scopes_supported":["openid"],"issuer":"${fake.url}","jwks_uri":"${fake.url}/jwks"}`,
        );
    });
    await issuer.firstKeys;
    expect(issuer.status().state).toBe('ready');
  });

  test.each(documents)('%s is rejected', async (_, document, message) => {
    const { states, issuer } = await bench([], fileFor, (fake) => {
      fake.discovery = (_request, response) => sendJson(response, document(fake));
    });
    await until(() => states.length > 0);
    expect(issuer.hasKeys()).toBe(false);
    expect(states[0]?.problem).toMatch(message);
  });

  test('at another address must still name the configured issuer', async () => {
    const elsewhere = (url: string) =>
      fileFor('https://tenant.example.com').replace(
        'name: main',
        `name: main, discoveryUri: "${url}/.well-known/openid-configuration"`,
      );
    const good = await bench([], elsewhere, (fake) => {
      fake.discovery = (_, response) =>
        sendJson(response, { issuer: 'https://tenant.example.com', jwks_uri: `${fake.url}/jwks` });
    });
    await good.issuer.firstKeys;
    const bad = await bench([], elsewhere);
    await until(() => bad.states.length > 0);
    expect(bad.states[0]?.problem).toMatch(/names the issuer "http:\/\/127/);
  });

  test('that moves the keys to another host is rejected until a reload', async () => {
    const { fake, issuer, passUntil, fetched } = await bench();
    await issuer.firstKeys;
    const other = await startFakeIssuer();
    onTestFinished(() => other.close());
    fake.discovery = (_, response) =>
      sendJson(response, { issuer: fake.url, jwks_uri: `http://localhost:${other.port}/jwks` });
    await passUntil(() => fetched.includes('discovery failure'), 300_000);
    expect(other.hits.jwks).toBe(0);
    expect(issuer.hasKeys()).toBe(true);
    await issuer.refresh();
    expect(other.hits.jwks).toBe(1);
  });
});

describe('in the background', () => {
  test('keys are fetched again within the interval, less at most a tenth', async () => {
    const { fake, clock, issuer } = await bench(['--keys-refresh-interval=60s']);
    await issuer.firstKeys;
    await settled();
    await clock.advance(53_000);
    expect(fake.hits.jwks).toBe(1);
    await clock.advance(7_000);
    await until(() => fake.hits.jwks === 2);
    expect(fake.hits.discovery).toBe(1);
  });

  test.each([
    ['max-age=20', 20_000],
    ['public, max-age="20"', 20_000],
    ['max-age=1', 10_000],
    ['max-age=86400', 60_000],
    ['no-cache', 60_000],
    ['max-age=0', 60_000],
    ['nonsense', 60_000],
  ])('Cache-Control: %s has them fetched within %i ms', async (cacheControl, interval) => {
    const { fake, clock, issuer } = await bench(['--keys-refresh-interval=60s'], fileFor, (fake) => {
      fake.jwks = (_, response) =>
        sendJson(
          response,
          { keys: fake.keys.map(({ publicJwk }) => publicJwk) },
          { 'cache-control': cacheControl },
        );
    });
    await issuer.firstKeys;
    await settled();
    await clock.advance(interval * 0.94);
    expect(fake.hits.jwks).toBe(1);
    await clock.advance(interval * 0.06);
    await until(() => fake.hits.jwks === 2);
  });

  test('discovery is repeated every hour', async () => {
    const { fake, issuer, passUntil } = await bench();
    await issuer.firstKeys;
    await passUntil(() => fake.hits.discovery === 2, 60_000);
    expect(fake.hits.jwks).toBeGreaterThan(11);
  });
});

describe('when the issuer is unavailable', () => {
  test('keys stay in use for maxStale, the state shows it, and recovers when the issuer returns', async () => {
    const { fake, issuer, passUntil, states, clock } = await bench([
      '--keys-max-stale=1h',
      '--keys-refresh-interval=60s',
    ]);
    await issuer.firstKeys;
    const good = fake.jwks;
    fake.jwks = (_, response) => response.writeHead(500).end();
    await passUntil(() => states.at(-1)?.state === 'stale', 10_000);
    expect(issuer.hasKeys()).toBe(true);
    const hits = fake.hits.jwks;
    await passUntil(() => (issuer.status().keysAge ?? 0) > 3_500, 30_000);
    expect(issuer.hasKeys()).toBe(true);
    // At most 30 s between two attempts, so about 115 in an hour.
    expect(fake.hits.jwks - hits).toBeLessThan(260);
    await passUntil(() => states.at(-1)?.state === 'unavailable', 10_000);
    expect(issuer.hasKeys()).toBe(false);
    expect(issuer.status()).toMatchObject({ keys: 0, problem: expect.stringMatching(/status 500/) });
    fake.jwks = good;
    await clock.advance(2_000);
    await passUntil(() => issuer.hasKeys(), 1_000);
    expect(states.at(-1)?.state).toBe('ready');
  });

  test.each([
    ['garbage', '<html>'],
    ['no keys', '{"keys":[]}'],
    ['a list', '[]'],
    ['only bad keys', '{"keys":[{"kty":"oct","k":"AAAA"},null]}'],
    ['too much', JSON.stringify({ keys: [], pad: 'x'.repeat(600_000) })],
  ])('or responds with %s, the old keys stay in use', async (_, body) => {
    const { fake, issuer, states, passUntil, fetched } = await bench(['--keys-refresh-interval=60s']);
    await issuer.firstKeys;
    fake.jwks = (_request, response) => response.writeHead(200).end(body);
    await passUntil(() => states.at(-1)?.state === 'stale', 10_000);
    expect(issuer.findKeys('k1', 'RS256')).toHaveLength(1);
    expect(fetched.at(-1)).toBe('jwks failure');
  });
});

test('counts a rejected key once per key set', async () => {
  const { rejected, issuer, fake, passUntil } = await bench(
    ['--keys-refresh-interval=60s'],
    fileFor,
    (fake) => {
      fake.jwks = (_, response) =>
        sendJson(response, { keys: [null, ...fake.keys.map(({ publicJwk }) => publicJwk)] });
    },
  );
  await issuer.firstKeys;
  await passUntil(() => fake.hits.jwks === 4, 60_000);
  await settled();
  expect(rejected).toEqual(['not_an_object']);
});

test('finds a key that is published during the fetch for its kid with one fetch', async () => {
  const { fake, issuer } = await bench();
  await issuer.firstKeys;
  const next = await createSigningKey('k2');
  fake.keys = [next, ...fake.keys];
  await Promise.all([
    issuer.fetchForUnknownKey('k2'),
    issuer.fetchForUnknownKey('k2'),
    issuer.fetchForUnknownKey('k2'),
  ]);
  expect(issuer.findKeys('k2', 'RS256')).toHaveLength(1);
  expect(fake.hits.jwks).toBe(2);
  expect(issuer.fetchForUnknownKey('k3')).toBeUndefined();
});

test('finds a key that is published during another fetch with a second fetch', async () => {
  const { fake, issuer } = await bench();
  await issuer.firstKeys;
  const next = await createSigningKey('k2');
  const old = JSON.stringify({ keys: fake.keys.map(({ publicJwk }) => publicJwk) });
  const good = fake.jwks;
  let answer = () => {};
  fake.jwks = (_, response) => {
    answer = () => response.writeHead(200).end(old);
  };
  const background = issuer.refresh();
  await until(() => fake.hits.jwks === 2);
  fake.keys = [next];
  fake.jwks = good;
  const forKey = issuer.fetchForUnknownKey('k2');
  answer();
  await background;
  await forKey;
  expect(issuer.findKeys('k2', 'RS256')).toHaveLength(1);
  expect(fake.hits.jwks).toBe(3);
});

describe('for operators, the issuer', () => {
  test('lists its keys with their time of arrival, and the time until the next fetch', async () => {
    const { fake, clock, issuer, passUntil } = await bench();
    await issuer.firstKeys;
    await until(() => issuer.details().nextFetch !== undefined);
    const start = clock.now();
    const [first] = issuer.details().keys;
    expect(issuer.details().keys).toHaveLength(1);
    expect(first).toMatchObject({ algorithms: ['RS256'], since: start });
    expect(issuer.details().nextFetch).toBeGreaterThan(200_000);

    fake.keys = [await createSigningKey('next'), ...fake.keys];
    await passUntil(() => issuer.details().keys.length === 2, 60_000);
    expect(issuer.details().keys.find(({ id }) => id === first?.id)).toEqual(first);
    expect(issuer.details().keys.find(({ id }) => id === 'next')?.since).toBeGreaterThan(start);
  });

  test('lists the last 16 removed keys, and forgets one that is published again', async () => {
    const { fake, clock, issuer } = await bench();
    await issuer.firstKeys;
    const [first] = fake.keys;
    const renamed = (kid: string) =>
      ({ ...first, kid, publicJwk: { ...first?.publicJwk, kid } }) as SigningKey;
    const publish = async (kid: string) => {
      fake.keys = [renamed(kid)];
      await clock.advance(1_000);
      await issuer.refresh();
    };
    const removed = () => issuer.describeKeys().removed;
    expect(removed()).toEqual([]);
    await publish('n0');
    expect(removed()).toEqual([{ id: 'k1', since: clock.now() }]);
    await publish('k1');
    expect(removed()).toEqual([{ id: 'n0', since: clock.now() }]);
    for (let index = 1; index <= 20; index++) await publish(`n${index}`);
    expect(removed().map(({ id }) => id)).toEqual(Array.from({ length: 16 }, (_, index) => `n${index + 4}`));
  });

  test('describes the failure of a fetch for an unknown key until a fetch succeeds, and stays ready', async () => {
    const { fake, clock, issuer } = await bench();
    await issuer.firstKeys;
    const { jwks } = fake;
    fake.jwks = (_, response) => response.writeHead(502).end();
    await clock.advance(10_000);
    await issuer.fetchForUnknownKey('k2');
    expect(issuer.describeKeys().problem).toContain('status 502 instead of 200');
    expect(issuer.status()).toMatchObject({ state: 'ready', problem: undefined });
    fake.jwks = jwks;
    await clock.advance(10_000);
    await issuer.fetchForUnknownKey('k2');
    expect(issuer.describeKeys().problem).toBeUndefined();
  });

  test('fetches on request, at most once per minRefreshInterval', async () => {
    const { clock, fetched, issuer } = await bench(['--keys-min-refresh-interval=10s']);
    await issuer.firstKeys;
    expect(issuer.fetchNow()).toBe(true);
    expect(issuer.fetchNow()).toBe(false);
    await until(() => fetched.filter((one) => one === 'jwks success').length === 2);
    await clock.advance(9_999);
    expect(issuer.fetchNow()).toBe(false);
    await clock.advance(1);
    expect(issuer.fetchNow()).toBe(true);
  });

  test('does not fetch after it has stopped', async () => {
    const { issuer } = await bench();
    await issuer.firstKeys;
    issuer.stop();
    expect(issuer.fetchNow()).toBe(false);
    expect(issuer.details().nextFetch).toBeUndefined();
  });
});
