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
  // A path that does not exist says so.
  const bodies = Map.groupBy(refusals, ([, { error, httpStatus }]) =>
    httpStatus === 404 ? 'not_found' : error,
  );
  for (const [error, group] of bodies) {
    expect([error, new Set(group.map(([reason]) => errorBody(reason, 'mzxw6ytboi2dk'))).size]).toEqual([
      error,
      1,
    ]);
  }
});
