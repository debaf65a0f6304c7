/** Which keys a token is tried with, when that is worth a fetch, and what a client can make of it. */
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Decision } from '../../src/check/types.ts';
import type { VerificationKey } from '../../src/issuer/key-set.ts';
import { createTokenCache } from '../../src/token/cache.ts';
import { createVerifier } from '../../src/token/verifier.ts';
import { configOf, fileFor, until } from '../support/app.ts';
import { createTestClock, settled, type TestClock } from '../support/clock.ts';
import { startCore, type TestCore } from '../support/core.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { createSigningKey, type SigningKey } from '../support/keys.ts';
import { checkRequest } from '../support/requests.ts';
import { base64url } from '../support/tokens.ts';

let keys: SigningKey[];

beforeAll(async () => {
  keys = await Promise.all(Array.from({ length: 6 }, () => createSigningKey('k1')));
});

interface Bench {
  readonly issuer: FakeIssuer;
  readonly core: TestCore;
  readonly clock: TestClock;
  readonly reasonOf: (token: string) => Promise<string>;
}

/** An issuer that publishes some keys, with its verifier. */
async function bench(published: SigningKey[], flags: readonly string[] = []): Promise<Bench> {
  const issuer = await startFakeIssuer({ keys: published });
  const clock = createTestClock();
  const core = await startCore(await configOf(fileFor(issuer.url), flags), clock);
  onTestFinished(async () => {
    core.stop();
    await issuer.close();
  });
  const reasonOf = async (token: string) => {
    const decision: Decision = await core.check(checkRequest({ authorization: [`Bearer ${token}`] }));
    return decision.reason;
  };
  return { issuer, core, clock, reasonOf };
}

/** One of the keys under a name; null for none. */
const key = (index: number, kid: string | null = 'k1'): SigningKey => {
  const one = keys[index];
  if (one === undefined) throw new TypeError('no such key');
  const { kid: _, ...publicJwk } = one.publicJwk;
  return { ...one, kid: kid ?? '', publicJwk: kid === null ? publicJwk : { ...publicJwk, kid } };
};

/** So many tokens of one key, each another. */
const tokensOf = (
  issuer: FakeIssuer,
  signer: SigningKey,
  count: number,
  kid: string | undefined = signer.kid,
) =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      issuer.mint({ key: signer, header: { kid }, claims: { sub: `user-${index}` } }),
    ),
  );

describe('an issuer that replaces a key under its name', () => {
  test('costs one fetch and no refusal', async () => {
    const { issuer, clock, reasonOf } = await bench([key(0)]);
    expect(await reasonOf(await issuer.mint())).toBe('allowed');
    await clock.advance(11_000);
    issuer.keys = [key(1)];
    const tokens = await tokensOf(issuer, key(1), 5);
    expect(new Set(await Promise.all(tokens.map(reasonOf)))).toEqual(new Set(['allowed']));
    expect(issuer.hits.jwks).toBe(2);
  });

  test('without any names costs one fetch and no refusal', async () => {
    const { issuer, clock, reasonOf } = await bench([key(0, null)]);
    await clock.advance(11_000);
    issuer.keys = [key(1, null)];
    expect(await reasonOf(await issuer.mint({ header: { kid: undefined } }))).toBe('allowed');
    expect(issuer.hits.jwks).toBe(2);
  });

  test('has the tokens of the old key refused from then on', async () => {
    const { issuer, clock, reasonOf } = await bench([key(0)]);
    const old = await issuer.mint();
    expect(await reasonOf(old)).toBe('allowed');
    await clock.advance(11_000);
    issuer.keys = [key(1)];
    expect(await reasonOf(await issuer.mint())).toBe('allowed');
    expect(await reasonOf(old)).toBe('signature_invalid');
  });

  test('within minRefreshInterval of a fetch is noticed after it', async () => {
    const { issuer, clock, reasonOf } = await bench([key(0)]);
    issuer.keys = [key(1)];
    const token = await issuer.mint();
    expect(await reasonOf(token)).toBe('signature_invalid');
    expect(issuer.hits.jwks).toBe(1);
    await clock.advance(10_000);
    expect(await reasonOf(token)).toBe('allowed');
  });
});

describe('whoever makes up signatures', () => {
  /** How many fetches there are in a time in which somebody sends tokens that nobody signed, one each second. */
  const fetchesIn = async (
    seconds: number,
    kid: (second: number) => string | undefined,
    published = [key(0)],
  ) => {
    const { issuer, clock, reasonOf } = await bench(published);
    const forger = key(5);
    for (let second = 0; second < seconds; second++) {
      const token = await issuer.mint({
        key: forger,
        header: { kid: kid(second) },
        claims: { sub: `${second}` },
      });
      expect(await reasonOf(token)).toMatch(/^(signature_invalid|key_not_found)$/);
      await clock.advance(1_000);
      await settled();
    }
    return issuer.hits.jwks;
  };

  // Nine or ten fetches come by themselves in 45 minutes. Forced ones come when the keys are 10, 20, 40, 80 and 160 s old, and then
  // no more.
  test.each([
    ['under a known kid', 'k1'],
    ['without kid', undefined],
  ])('%s does not have more fetched for long than is fetched anyhow', async (_, kid) => {
    expect(await fetchesIn(2_700, () => kid)).toBeLessThanOrEqual(1 + 10 + 5);
  });

  test('under known and unknown kids in turn has no more fetched than with unknown ones alone', async () => {
    const limit = 1 + 30 + 1;
    expect(await fetchesIn(300, (second) => `u${second}`)).toBeLessThanOrEqual(limit);
    expect(await fetchesIn(300, (second) => (second % 2 === 0 ? 'k1' : `u${second}`))).toBeLessThanOrEqual(
      limit,
    );
  });

  test('under any kid, beside a key without one, has no more fetched than with unknown ones', async () => {
    const hits = await fetchesIn(300, (second) => `u${second}`, [key(0, null)]);
    expect(hits).toBeLessThanOrEqual(1 + 30 + 1);
  });

  test('once in a while has the keys fetched once each time', async () => {
    const { issuer, clock, reasonOf } = await bench([key(0)], ['--keys-refresh-interval=100s']);
    /** Lets the keys be fetched by themselves, and become so old that they may be fetched anew. */
    const nextTime = async () => {
      const before = issuer.hits.jwks;
      await clock.advance(100_000);
      await until(() => issuer.hits.jwks > before);
      await settled();
      await clock.advance(11_000);
    };
    for (const token of await tokensOf(issuer, key(5), 5)) {
      await nextTime();
      const before = issuer.hits.jwks;
      expect([await reasonOf(token), issuer.hits.jwks - before]).toEqual(['signature_invalid', 1]);
    }
    await nextTime();
    issuer.keys = [key(1)];
    const exp = Math.floor(clock.now() / 1000) + 300;
    expect(await reasonOf(await issuer.mint({ claims: { exp } }))).toBe('allowed');
  });

  test('does not keep an unknown key from being found', async () => {
    const { issuer, clock, reasonOf } = await bench([key(0)]);
    await clock.advance(11_000);
    const forged = await issuer.mint({ key: key(5) });
    expect(await reasonOf(forged)).toBe('signature_invalid');
    issuer.keys = [key(1, 'k2'), key(0)];
    await clock.advance(10_000);
    expect(await reasonOf(await issuer.mint())).toBe('allowed');
  });

  test('waits no longer than for an unknown kid where the issuer hangs', async () => {
    const { issuer, clock, reasonOf } = await bench([key(0)]);
    await clock.advance(11_000);
    const good = await issuer.mint();
    issuer.jwks = () => {};
    const waiting = reasonOf(await issuer.mint({ key: key(5) }));
    await until(() => issuer.hits.jwks === 2);
    expect(await reasonOf(good)).toBe('allowed');
    await clock.advance(1_500);
    expect(await waiting).toBe('signature_invalid');
  });
});

describe('a key without kid', () => {
  test('verifies a token of any kid without a fetch', async () => {
    const { issuer, reasonOf, clock } = await bench([key(0, null), key(1, null)]);
    await clock.advance(60_000);
    for (const signer of [key(0), key(1)])
      expect(await reasonOf(await issuer.mint({ key: signer, header: { kid: 'x' } }))).toBe('allowed');
    expect(issuer.hits.jwks).toBe(1);
  });

  test('beside which the key of a kid is published later is no obstacle to it', async () => {
    const { issuer, reasonOf } = await bench([key(0, null)]);
    issuer.keys = [key(1, 'x'), key(0, null)];
    expect(await reasonOf(await issuer.mint())).toBe('allowed');
    expect(issuer.hits.jwks).toBe(2);
  });
});

describe('a token that was verified with one of several keys', () => {
  test.each([
    ['of its kid', 'k1'],
    ['of any name', undefined],
  ])('%s is cached, and goes with that key alone', async (_, kid) => {
    const { issuer, clock, reasonOf, core } = await bench([key(0), key(1)], ['--keys-refresh-interval=60s']);
    const [first = '', second = ''] = await Promise.all(
      [key(0), key(1)].map((signer) => issuer.mint({ key: signer, header: { kid } })),
    );
    for (const token of [first, second, first, second]) expect(await reasonOf(token)).toBe('allowed');
    expect(core.cache.size()).toBe(2);
    issuer.keys = [key(1)];
    await clock.advance(60_000);
    await until(() => issuer.hits.jwks === 2);
    await until(async () => (await reasonOf(first)) === 'signature_invalid');
    expect(await reasonOf(second)).toBe('allowed');
  });
});

describe('verifications', () => {
  const issuerName = 'https://issuer.example.com';
  const token = (sub: string) => {
    const claims = { iss: issuerName, aud: audience, sub, exp: Math.floor(Date.now() / 1000) + 300 };
    return [JSON.stringify({ alg: 'RS256' }), JSON.stringify(claims), 'x'].map(base64url).join('.');
  };

  /** A verifier whose keys count how often they are asked, and never find a signature good. */
  async function counting(sets: readonly number[], limit = 256) {
    let asked = 0;
    const make = (count: number) =>
      Array.from(
        { length: count },
        (_, index): VerificationKey => ({
          id: `${count}-${index}`,
          algorithm: 'RS256',
          fingerprint: '',
          verify: () => {
            asked++;
            return false;
          },
        }),
      );
    const published = sets.map(make);
    let current = published.shift() ?? [];
    const config = await configOf(fileFor(issuerName), [`--limits-max-verifications-in-flight=${limit}`]);
    const verify = createVerifier({
      issuers: config.issuers.map((one) => ({
        config: one,
        issuer: {
          hasKeys: () => true,
          findKeys: () => current,
          knowsKeyId: () => true,
          holds: (one: VerificationKey) => current.includes(one),
          fetchForUnknownKey: () => undefined,
          fetchForBadSignature: () => {
            const next = published.shift();
            if (next === undefined) return undefined;
            current = next;
            return Promise.resolve();
          },
        },
      })),
      denyList: [],
      cache: createTokenCache(config.cache),
      limits: config.limits,
      clock: createTestClock(),
      onLookup: () => {},
    });
    return { verify, asked: () => asked };
  }

  test.each([
    [[4, 4], 4],
    [[3, 4], 4],
    [[1, 4], 4],
    [[2, 1], 3],
    [[4], 4],
    [[1], 1],
  ])('of a token whose issuer has keys %j, before and after a fetch, are %i', async (sets, most) => {
    const { verify, asked } = await counting(sets);
    expect(await verify(token('a'))).toMatchObject({ reason: 'signature_invalid' });
    expect(asked()).toBe(most);
  });

  test('with four keys each fill the queue four times as fast', async () => {
    const { verify } = await counting([4], 8);
    const verdicts = await Promise.all(['a', 'b', 'c', 'd'].map((sub) => verify(token(sub))));
    expect(verdicts.map((verdict) => 'reason' in verdict && verdict.reason)).toEqual([
      'signature_invalid',
      'signature_invalid',
      'overloaded',
      'overloaded',
    ]);
  });

  test('of one key, of a real set of ten, are never more than four', async () => {
    const many = await Promise.all(Array.from({ length: 4 }, () => createSigningKey('more')));
    const all = [...[0, 1, 2, 3, 4, 5].map((index) => key(index, `k${index}`)), ...many];
    const { issuer, reasonOf } = await bench(all);
    const reasons = await Promise.all(
      all.map(async (signer) => reasonOf(await issuer.mint({ key: signer, header: { kid: undefined } }))),
    );
    expect(reasons).toEqual(all.map((_, index) => (index < 4 ? 'allowed' : 'signature_invalid')));
    const named = await Promise.all(all.map(async (signer) => reasonOf(await issuer.mint({ key: signer }))));
    expect(new Set(named)).toEqual(new Set(['allowed']));
  });
});
