/** Decisions on tokens with the key sets of real providers, and with unusual ones, compared with jose. */
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { audience } from '../../support/fake-issuer.ts';
import { allowedAlgorithms, issuerUrl, verifiersOf } from '../../support/key-choice.ts';
import { type KeySetCase, providerCases, toleratedCases } from '../../support/key-set-cases.ts';

/** Whether jose accepts a token. If it finds several keys, each is tried, as its documentation says. */
async function isTakenByJose(jwks: string, token: string): Promise<boolean> {
  const terms = { issuer: issuerUrl, audience, algorithms: [...allowedAlgorithms] };
  try {
    await jwtVerify(token, createLocalJWKSet(JSON.parse(jwks) as JSONWebKeySet), terms);
    return true;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return false;
    for await (const key of error) {
      const isSigned = await jwtVerify(token, key, terms).then(
        () => true,
        () => false,
      );
      if (isSigned) return true;
    }
    return false;
  }
}

const runAll = (cases: readonly KeySetCase[]) =>
  test.each(cases)('$name: $reason', async ({ jwks, token, reason, others, why, more }) => {
    const { owned, mirrored, stop } = await verifiersOf(jwks, more);
    onTestFinished(stop);
    expect([await owned(token), await mirrored(token), await isTakenByJose(jwks, token)]).toEqual([
      reason,
      reason,
      others.jose,
    ]);
    // A token that another library accepts is denied for a documented reason.
    if (reason !== 'allowed') expect(why !== undefined).toBe(others.jose || others.goOidc);
  });

describe('a token of a provider', () => runAll(providerCases));
describe('tolerated key sets, and similar ones that are not:', () => runAll(toleratedCases));
