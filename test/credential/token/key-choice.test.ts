/** The keys that verify a token, the fetches for unknown keys, and the limits for hostile clients. */

import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createTokenCache } from '../../../src/credential/token/cache.ts';
import { createVerifier } from '../../../src/credential/token/verifier.ts';
import { planIssuer } from '../../../src/issuer/issuer-plan.ts';
import type { VerificationKey } from '../../../src/issuer/keys/key-set.ts';
import { describeKeys } from '../../../src/issuer/keys/keys-description.ts';
import type { Decision } from '../../../src/model/decision.ts';
import { configOf, fileFor, until } from '../../support/app.ts';
import { createTestClock, settled, type TestClock } from '../../support/clock.ts';
import { quietContext, startCore, type TestCore } from '../../support/core.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts';
import { createIssuerMirror } from '../../support/issuer-mirror.ts';
import { createSigningKey, type SigningKey } from '../../support/keys.ts';
import { checkRequest } from '../../support/requests.ts';
import { base64url } from '../../support/tokens.ts';

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

/** An issuer with keys, and its verifier. */
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

/** An issuer with keys, and a verifier that gets them from another process. */
async function mirroredBench(
  published: SigningKey[],
  flags: readonly string[] = [],
): Promise<Omit<Bench, 'core'>> {
  const issuer = await startFakeIssuer({ keys: published });
  const clock = createTestClock();
  const config = await configOf(fileFor(issuer.url), flags);
  const [issuerConfig] = config.issuers;
  if (issuerConfig === undefined) throw new TypeError('no issuer');
  const owner = planIssuer(issuerConfig, config, quietContext(clock)).create();
  owner.start();
  await owner.firstKeys;
  onTestFinished(async () => {
    owner.stop();
    await issuer.close();
  });
  const mirror = createIssuerMirror(owner, issuerConfig, config, clock);
  const verify = createVerifier({
    issuers: [{ config: issuerConfig, issuer: mirror }],
    denyList: () => [],
    cache: createTokenCache(config.cache),
    limits: config.limits,
    clock,
    onLookup: () => {},
  });
  const reasonOf = async (token: string) => {
    const verdict = await verify(token);
    return verdict.outcome === 'verified' ? 'allowed' : verdict.reason;
  };
  return { issuer, clock, reasonOf };
}

const benches = [
  ['of the process that fetches', bench],
  ['of a process that does not fetch', mirroredBench],
] as const;

/** A key with this kid; null for none. */
const key = (index: number, kid: string | null = 'k1'): SigningKey => {
  const one = keys[index];
  if (one === undefined) throw new TypeError('no such key');
  const { kid: _, ...publicJwk } = one.publicJwk;
  return { ...one, kid: kid ?? '', publicJwk: kid === null ? publicJwk : { ...publicJwk, kid } };
};

/** Different tokens of one key. */
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

describe('an issuer that replaces a key', () => {
  test.each([
    ['with the same kid', 'k1'],
    ['without a kid', null],
  ])('%s: the next background refresh finds it and removes the old tokens', async (_, kid) => {
    const { issuer, clock, reasonOf } = await bench([key(0, kid)], ['--keys-refresh-interval=60s']);
    const header = { kid: kid ?? undefined };
    const old = await issuer.mint({ header });
    expect(await reasonOf(old)).toBe('allowed');
    issuer.keys = [key(1, kid)];
    const token = await issuer.mint({ header });
    await clock.advance(53_000);
    expect([await reasonOf(token), issuer.hits.jwks]).toEqual(['signature_invalid', 1]);
    await clock.advance(7_000);
    await until(async () => (await reasonOf(token)) === 'allowed');
    expect(await reasonOf(old)).toBe('signature_invalid');
    expect(issuer.hits.jwks).toBe(2);
  });

  test('by one with a new kid causes one fetch and no denial', async () => {
    const { issuer, reasonOf } = await bench([key(0)]);
    issuer.keys = [key(1, 'k2')];
    const tokens = await tokensOf(issuer, key(1, 'k2'), 5);
    expect(new Set(await Promise.all(tokens.map(reasonOf)))).toEqual(new Set(['allowed']));
    expect(issuer.hits.jwks).toBe(2);
  });
});

describe.each(benches)('a client with forged signatures, %s', (_, start) => {
  const flags = ['--keys-refresh-interval=24h'];

  /** A forged token, with a signature of the right length. */
  const forge = (issuer: FakeIssuer, kid: string | undefined) => {
    const payload = { iss: issuer.url, aud: audience, sub: 'mallory', exp: 2 ** 32 };
    const input = [{ alg: 'RS256', kid }, payload].map((part) => base64url(JSON.stringify(part)));
    return [...input, base64url(randomBytes(256))].join('.');
  };

  /** The number of fetches while a client sends one forged token per second. */
  const fetchesIn = async (
    seconds: number,
    kid: (second: number) => string | undefined,
    published = [key(0)],
  ) => {
    const { issuer, clock, reasonOf } = await start(published, flags);
    for (let second = 0; second < seconds; second++) {
      expect(await reasonOf(forge(issuer, kid(second)))).toMatch(/^(signature_invalid|key_not_found)$/);
      await clock.advance(1_000);
      await settled();
    }
    return issuer.hits.jwks - 1;
  };

  test.each([
    ['with a known kid', 'k1', () => [key(0)]],
    ['with a kid of two keys', 'k1', () => [key(0), key(1)]],
    ['with a known kid, next to a key without a kid,', 'k1', () => [key(0), key(1, null)]],
    ['without a kid', undefined, () => [key(0), key(1, 'k2')]],
    ['without a kid, to keys without a kid,', undefined, () => [key(0, null)]],
  ])('%s causes no fetch with 10,000 tokens', async (_name, kid, published) => {
    const { issuer, clock, reasonOf } = await start(published(), flags);
    const before = { ...issuer.hits };
    for (let round = 0; round < 200; round++) {
      const reasons = await Promise.all(Array.from({ length: 50 }, () => reasonOf(forge(issuer, kid))));
      expect(new Set(reasons)).toEqual(new Set(['signature_invalid']));
      await clock.advance(1_000);
    }
    expect(issuer.hits).toEqual(before);
    // They do not use the budget of unknown keys.
    issuer.keys = [key(2, 'new'), ...issuer.keys];
    expect(await reasonOf(await issuer.mint({ claims: { exp: 2 ** 32 } }))).toBe('allowed');
    expect(issuer.hits.jwks).toBe(before.jwks + 1);
  });

  // One fetch per 10 s in 300 s.
  test('with known and unknown kids in turn causes at most as many fetches as with unknown kids', async () => {
    expect(await fetchesIn(300, (second) => `u${second}`)).toBeLessThanOrEqual(31);
    const inTurn = await fetchesIn(300, (second) => (second % 2 === 0 ? 'k1' : `u${second}`));
    expect(inTurn).toBeLessThanOrEqual(31);
  });

  test.each([
    ['next to a key without a kid', () => [key(0), key(1, null)]],
    ['to keys without a kid', () => [key(0, null)]],
  ])('with any kid, %s, causes at most as many fetches as with unknown kids', async (_name, published) => {
    const hits = await fetchesIn(300, (second) => `u${second}`, published());
    expect(hits).toBeGreaterThan(0);
    expect(hits).toBeLessThanOrEqual(31);
  });

  test('with a known kid does not wait for a fetch that hangs', async () => {
    const { issuer, clock, reasonOf } = await start([key(0)], flags);
    issuer.jwks = () => {};
    const waiting = reasonOf(forge(issuer, 'unknown'));
    await until(() => issuer.hits.jwks === 2);
    expect(await reasonOf(forge(issuer, 'k1'))).toBe('signature_invalid');
    expect(await reasonOf(forge(issuer, undefined))).toBe('signature_invalid');
    await clock.advance(1_500);
    expect(await waiting).toBe('key_not_found');
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

  test.each(benches)(
    'does not prevent the use of a key with this kid that is published later, %s',
    async (_, start) => {
      const { issuer, reasonOf } = await start([key(0, null)]);
      issuer.keys = [key(1, 'x'), key(0, null)];
      expect(await reasonOf(await issuer.mint())).toBe('allowed');
      expect(issuer.hits.jwks).toBe(2);
    },
  );
});

describe('a token that was verified with one of several keys', () => {
  test.each([
    ['with a kid', 'k1'],
    ['without a kid', undefined],
  ])('%s is cached, and removed only with that key', async (_, kid) => {
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
    return [JSON.stringify({ alg: 'RS256', kid: 'new' }), JSON.stringify(claims), 'x']
      .map(base64url)
      .join('.');
  };

  /** A verifier whose keys count their verifications and reject every signature. */
  async function counting(sets: readonly number[], limit = 256) {
    let asked = 0;
    const make = (count: number) =>
      Array.from(
        { length: count },
        (_, index): VerificationKey => ({
          id: `${count}-${index}`,
          algorithm: 'RS256',
          fingerprint: '',
          material: '',
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
          knowsKeyId: () => false,
          holds: (one: VerificationKey) => current.includes(one),
          published: () => undefined,
          describeKeys: () => describeKeys(undefined, undefined, undefined, undefined),
          fetchForUnknownKey: () => {
            const next = published.shift();
            if (next === undefined) return undefined;
            current = next;
            return Promise.resolve();
          },
        },
      })),
      denyList: () => [],
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
  ])('of a token whose issuer has keys %j, before and after a fetch: %i', async (sets, most) => {
    const { verify, asked } = await counting(sets);
    expect(await verify(token('a'))).toMatchObject({ reason: 'signature_invalid' });
    expect(asked()).toBe(most);
  });

  test('with four keys each fill half of the queue four times as fast', async () => {
    const { verify } = await counting([4], 16);
    const verdicts = await Promise.all(['a', 'b', 'c', 'd'].map((sub) => verify(token(sub))));
    expect(verdicts.map((verdict) => 'reason' in verdict && verdict.reason)).toEqual([
      'signature_invalid',
      'signature_invalid',
      'overloaded',
      'overloaded',
    ]);
  });

  test('of one token, with a set of ten keys, are at most four', async () => {
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
