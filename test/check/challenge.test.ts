import { expect, test } from 'vitest';
import { challenge } from '../../src/check/challenge.ts';

test('without a token the challenge has no error', () => {
  expect(challenge({ outcome: 'deny', reason: 'token_missing' }, '')).toBe('Bearer');
  expect(challenge({ outcome: 'deny', reason: 'token_missing' }, 'orders')).toBe('Bearer realm="orders"');
});

test('a bad token is told by its error code alone', () => {
  expect(challenge({ outcome: 'deny', reason: 'token_expired' }, '')).toBe(
    'Bearer error="invalid_token", error_description="The bearer token is not valid here."',
  );
});

test('an insufficient scope names what is required', () => {
  const requiredScopes = ['orders.read', 'orders.write'];
  expect(challenge({ outcome: 'deny', reason: 'scope_insufficient', requiredScopes }, 'orders')).toBe(
    'Bearer realm="orders", error="insufficient_scope", error_description="The bearer token does not permit this request.", scope="orders.read orders.write"',
  );
});

test('quotes and backslashes of a realm are escaped', () => {
  expect(challenge({ outcome: 'deny', reason: 'token_missing' }, 'a "b" \\')).toBe(
    'Bearer realm="a \\"b\\" \\\\"',
  );
});
