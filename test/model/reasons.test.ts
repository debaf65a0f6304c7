import { expect, test } from 'vitest';
import { errorBody } from '../../src/check/challenge.ts';
import { leftToEnvoy, type Reason, reasons } from '../../src/model/reasons.ts';

const rows = Object.entries(reasons) as [Reason, (typeof reasons)[Reason]][];

test('only the allow lets a request go on, on both transports', () => {
  for (const [reason, { outcome, httpStatus, grpcCode }] of rows) {
    expect([reason, httpStatus === 200]).toEqual([reason, outcome === 'allow']);
    expect([reason, grpcCode === 0]).toEqual([reason, outcome === 'allow']);
  }
});

test('no reason has a 5xx over HTTP, which Envoy may take for an allow', () => {
  expect(rows.filter(([, { httpStatus }]) => httpStatus >= 500)).toEqual([]);
});

test('nothing that a client can cause is left to the failure mode of Envoy', () => {
  expect([...leftToEnvoy]).toEqual(['keys_unavailable']);
});

test('the body is the same for every reason that shares an error code', () => {
  const refusals = rows.filter(([reason]) => reason !== 'allowed') as [
    Exclude<Reason, 'allowed'>,
    (typeof reasons)[Reason],
  ][];
  const bodies = Map.groupBy(refusals, ([, { error }]) => error);
  for (const [error, group] of bodies) {
    expect([error, new Set(group.map(([reason]) => errorBody(reason))).size]).toEqual([error, 1]);
  }
});
