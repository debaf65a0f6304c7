/** A key that its issuer removes while a token waits for verification. */

import { expect, test } from 'vitest';
import { createTokenCache } from '../../../src/credential/token/cache.ts';
import { createVerifier } from '../../../src/credential/token/verifier.ts';
import type { VerificationKey } from '../../../src/issuer/keys/key-set.ts';
import { describeKeys } from '../../../src/issuer/keys/keys-description.ts';
import { configOf, fileFor } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';

const issuer = 'https://issuer.example.com';
const key: VerificationKey = {
  id: 'k1',
  algorithm: 'RS256',
  fingerprint: '',
  material: '',
  verify: () => true,
};

const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (exp: number) =>
  `${segment({ alg: 'RS256', kid: 'k1' })}.${segment({ iss: issuer, aud: 'orders-api', exp })}.AAAA`;

async function verifierOf(held: Set<VerificationKey>) {
  const config = await configOf(fileFor(issuer));
  const clock = createTestClock();
  const keys = {
    hasKeys: () => true,
    findKeys: () => [key],
    knowsKeyId: () => true,
    holds: (one: VerificationKey) => held.has(one),
    published: () => undefined,
    describeKeys: () => describeKeys(undefined, undefined, undefined, undefined),
    fetchForUnknownKey: () => undefined,
  };
  const verify = createVerifier({
    issuers: config.issuers.map((one) => ({ config: one, issuer: keys })),
    denyList: () => [],
    cache: createTokenCache(config.cache),
    limits: config.limits,
    clock,
    onLookup: () => {},
  });
  return () => verify(token(clock.now() / 1000 + 60));
}

test('a token is verified while the issuer has the key', async () => {
  const verify = await verifierOf(new Set([key]));
  expect(await verify()).toMatchObject({ outcome: 'verified' });
});

test('a token is denied if its key is removed before the verification starts', async () => {
  const held = new Set([key]);
  const verify = await verifierOf(held);
  const verdict = verify();
  held.delete(key);
  expect(await verdict).toMatchObject({ outcome: 'deny', reason: 'key_not_found' });
});
