import { expect, test } from 'vitest';
import { challenge } from '../../src/check/challenge.ts';

const noDpop = { origins: [], maxAge: 60_000, maxProofs: 1 };

test('a request without a token gets a challenge without an error', () => {
  expect(challenge({ outcome: 'deny', reason: 'token_missing' }, { realm: '', dpop: noDpop })).toBe('Bearer');
  expect(challenge({ outcome: 'deny', reason: 'token_missing' }, { realm: 'orders', dpop: noDpop })).toBe(
    'Bearer realm="orders"',
  );
});

test('an invalid token gets only the error code', () => {
  expect(challenge({ outcome: 'deny', reason: 'token_expired' }, { realm: '', dpop: noDpop })).toBe(
    'Bearer error="invalid_token", error_description="The bearer token is not valid here."',
  );
});

test('insufficient scope: the challenge lists the required scopes', () => {
  const requiredScopes = ['orders.read', 'orders.write'];
  expect(
    challenge(
      { outcome: 'deny', reason: 'scope_insufficient', requiredScopes },
      { realm: 'orders', dpop: noDpop },
    ),
  ).toBe(
    'Bearer realm="orders", error="insufficient_scope", error_description="The bearer token does not permit this request.", scope="orders.read orders.write"',
  );
});

test('quotes and backslashes in the realm are escaped', () => {
  expect(challenge({ outcome: 'deny', reason: 'token_missing' }, { realm: 'a "b" \\', dpop: noDpop })).toBe(
    'Bearer realm="a \\"b\\" \\\\"',
  );
});

test('with DPoP configured, both schemes are offered, and the failed one has the error', () => {
  const options = { realm: '', dpop: { ...noDpop, origins: ['https://orders.example.com'] } };
  const algs = 'algs="EdDSA ES256 RS256 PS256"';
  expect(challenge({ outcome: 'deny', reason: 'token_missing' }, options)).toBe(`Bearer, DPoP ${algs}`);
  expect(challenge({ outcome: 'deny', reason: 'proof_invalid' }, options)).toMatch(
    /^DPoP error="invalid_token", error_description="[^"]+", algs="EdDSA ES256 RS256 PS256"$/,
  );
  expect(challenge({ outcome: 'deny', reason: 'token_expired' }, options)).toMatch(
    /^Bearer error="invalid_token", error_description="[^"]+", DPoP algs="/,
  );
});
