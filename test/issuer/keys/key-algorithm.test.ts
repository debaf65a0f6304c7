/** The `alg` of a published key binds it (RFC 7517 section 4.4): it verifies that algorithm and no other. */
import { exportJWK, generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import { supportedAlgorithms } from '../../../src/config/declare/issuer-options.ts';
import { readKeySet } from '../../../src/issuer/keys/read-key-set.ts';
import { lenientRules } from '../../support/keys.ts';

const { publicKey } = await generateKeyPair('RS256', { extractable: true });
const jwk = { ...(await exportJWK(publicKey)), kid: 'k1' };
const rsaAlgorithms = supportedAlgorithms.filter((algorithm) => /^[RP]S/.test(algorithm));

const foundBy = (members: object) => {
  const text = JSON.stringify({ keys: [{ ...jwk, ...members }] });
  const { keySet } = readKeySet(text, lenientRules);
  return supportedAlgorithms.filter((algorithm) => keySet.find('k1', algorithm).length > 0);
};

test('a key without alg verifies every algorithm of its type', () => {
  expect(foundBy({}).toSorted()).toEqual(rsaAlgorithms.toSorted());
});

test.each(rsaAlgorithms)('a key with alg %s verifies no other algorithm', (alg) => {
  expect(foundBy({ alg })).toEqual([alg]);
});
