/** A flood of forged tokens takes nothing from clients with good ones: the order of verdicts, counted in turns of the event loop. */

import { expect, test } from 'vitest';
import { createTokenCache } from '../../../src/credential/token/cache.ts';
import { createVerifier } from '../../../src/credential/token/verifier.ts';
import type { VerificationKey } from '../../../src/issuer/keys/key-set.ts';
import { describeKeys } from '../../../src/issuer/keys/keys-description.ts';
import { configOf, fileFor } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';

const issuer = 'https://issuer.example.com';
const good = Buffer.from('good').toString('base64url');
const forged = Buffer.from('forged').toString('base64url');

const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (subject: string, signature: string, keyId = 'k1') =>
  `${segment({ alg: 'RS256', kid: keyId })}.${segment({ iss: issuer, aud: 'orders-api', sub: subject, exp: 4_000_000_000 })}.${signature}`;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A verifier whose signatures take one millisecond each, and what it did. */
async function startVerifier() {
  const clock = createTestClock();
  const done = { signatures: 0, fetches: 0 };
  const key: VerificationKey = {
    id: 'k1',
    algorithm: 'RS256',
    fingerprint: '',
    material: '',
    verify: (_, signature) => {
      done.signatures++;
      clock.pass(1);
      return signature.toString() === 'good';
    },
  };
  const config = await configOf(fileFor(issuer));
  const keys = {
    hasKeys: () => true,
    findKeys: () => [key],
    knowsKeyId: (id: string) => id === 'k1',
    holds: () => true,
    published: () => undefined,
    describeKeys: () => describeKeys(undefined, undefined, undefined, undefined),
    fetchForUnknownKey: () => {
      done.fetches++;
      return Promise.resolve();
    },
  };
  const verify = createVerifier({
    issuers: config.issuers.map((one) => ({ config: one, issuer: keys })),
    denyList: () => [],
    cache: createTokenCache(config.cache),
    limits: config.limits,
    clock,
    onLookup: () => {},
  });
  return { verify, done };
}

test('a cached token is verified at once in every turn, and no forged one before it', async () => {
  const { verify, done } = await startVerifier();
  const cached = tokenOf('alice', good);
  await verify(cached);
  for (let round = 0; round < 10; round++) {
    const before = done.signatures;
    for (let index = 0; index < 100; index++) void verify(tokenOf(`${round} ${index}`, forged));
    expect(verify(cached)).toMatchObject({ outcome: 'verified', cached: true });
    expect(done.signatures).toBe(before);
    await turn();
    expect(done.signatures).toBe(before + 25);
  }
});

test('a new good token waits only for the tokens before it', async () => {
  const { verify, done } = await startVerifier();
  const flood = Array.from({ length: 60 }, (_, index) => verify(tokenOf(`forged ${index}`, forged)));
  const mine = verify(tokenOf('alice', good));
  const later = Array.from({ length: 60 }, (_, index) => verify(tokenOf(`later ${index}`, forged)));
  expect(await mine).toMatchObject({ outcome: 'verified' });
  // The third turn verifies the 51st to the 75th signature.
  expect(done.signatures).toBe(75);
  const verdicts = await Promise.all([...flood, ...later]);
  expect(verdicts.every((verdict) => verdict.outcome === 'deny')).toBe(true);
});

test('checks with the same forged token share one verification and one fetch of keys', async () => {
  const { verify, done } = await startVerifier();
  const token = tokenOf('mallory', forged, 'unknown');
  const verdicts = await Promise.all(Array.from({ length: 20 }, () => verify(token)));
  expect(verdicts.every(({ outcome }) => outcome === 'deny')).toBe(true);
  expect(done).toEqual({ signatures: 1, fetches: 1 });
});
