import { expect, test } from 'vitest';
import { adviceLines, type ChallengeOptions } from '../../src/check/challenge.ts';
import type { Denial } from '../../src/model/decision.ts';

/** The challenge of a 401. */
const challenge = (denial: Denial, options: ChallengeOptions) => adviceLines(denial, 401, options)[0]?.[1];

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
    'Bearer realm="orders", error="insufficient_scope", error_description="The credentials do not permit this request.", scope="orders.read orders.write"',
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

test('only a 401 and a reason with an error code have a challenge, and only an error has a time', () => {
  const options = { realm: '', dpop: noDpop };
  expect(adviceLines({ outcome: 'deny', reason: 'login_path' }, 404, options)).toEqual([]);
  expect(adviceLines({ outcome: 'deny', reason: 'login_required' }, 302, options)).toEqual([]);
  expect(adviceLines({ outcome: 'deny', reason: 'origin_not_allowed' }, 403, options)).toEqual([]);
  expect(adviceLines({ outcome: 'deny', reason: 'login_required' }, 401, options)).toEqual([
    ['www-authenticate', 'Bearer'],
  ]);
  expect(adviceLines({ outcome: 'deny', reason: 'path_ambiguous' }, 400, options)[0]?.[0]).toBe(
    'www-authenticate',
  );
  expect(adviceLines({ outcome: 'error', reason: 'overloaded' }, 403, options)).toEqual([
    ['retry-after', '5'],
  ]);
});
