import { expect, test } from 'vitest';
import { errorBody } from '../../src/check/challenge.ts';
import { leftToEnvoy, type Reason, reasons } from '../../src/model/reasons.ts';

const rows = Object.entries(reasons) as [Reason, (typeof reasons)[Reason]][];

test('only `allowed` allows a request, on both transports', () => {
  for (const [reason, { outcome, httpStatus, grpcCode }] of rows) {
    expect([reason, httpStatus === 200]).toEqual([reason, outcome === 'allow']);
    expect([reason, grpcCode === 0]).toEqual([reason, outcome === 'allow']);
  }
});

test('no reason has a 5xx over HTTP, which Envoy can turn into an allow', () => {
  expect(rows.filter(([, { httpStatus }]) => httpStatus >= 500)).toEqual([]);
});

test("no error that a client can cause is left to Envoy's failure mode", () => {
  expect([...leftToEnvoy]).toEqual(['keys_unavailable']);
});

test('reasons with the same error code have the same body, except for the decision ID', () => {
  const refusals = rows.filter(([reason]) => reason !== 'allowed') as [
    Exclude<Reason, 'allowed'>,
    (typeof reasons)[Reason],
  ][];
  // Without an error code, a client sees the reason in other ways: its path, its page, or `x-oidc-authz-login`.
  const bodies = Map.groupBy(
    refusals.filter(([, { error }]) => error !== null),
    ([, { error }]) => error,
  );
  expect(bodies.size).toBe(4);
  for (const [error, group] of bodies) {
    expect([error, new Set(group.map(([reason]) => errorBody(reason, 'mzxw6ytboi2dk'))).size]).toEqual([
      error,
      1,
    ]);
  }
});

test('no body of a login or a session speaks of a bearer token only, and a client cannot tell why a session does not count', () => {
  const described = (reason: Exclude<Reason, 'allowed'>) => {
    const { error, error_description: text } = JSON.parse(errorBody(reason, undefined));
    return [error, text];
  };
  expect(described('token_missing')).toEqual(['unauthorized', 'A bearer token is required.']);
  for (const reason of ['login_required', 'session_expired', 'session_invalid'] as const)
    expect(described(reason)).toEqual(['unauthorized', 'A login or a bearer token is required.']);
  expect(described('origin_not_allowed')).toEqual([
    'forbidden',
    'A page of another origin cannot make this request for a signed-in person.',
  ]);
  for (const reason of ['login_failed', 'login_cancelled', 'session_too_large', 'signed_out'] as const)
    expect(described(reason)).toEqual(['forbidden', 'The login has ended, or did not succeed.']);
  expect(described('login_path')[0]).toBe('not_found');
});
