import { describe, expect, test } from 'vitest';
import { createCheck } from '../../src/check/check.ts';
import type { CheckRequest, Identity } from '../../src/check/types.ts';
import type { Verdict } from '../../src/token/verifier.ts';

const request: CheckRequest = {
  method: 'GET',
  host: '',
  path: '/',
  requestId: '',
  authorization: ['Bearer x'],
};
const boom = new Error('boom');
const verified: Verdict = { outcome: 'verified', identity: { payload: '{}' } as Identity, cached: false };
const nothing = { set: [], remove: [], withheld: [], answers: { http: undefined, grpc: undefined } };

describe('whatever goes wrong inside is an error, never an allow', () => {
  test.each([
    [
      'a verifier that throws',
      () => {
        throw boom;
      },
      () => nothing,
    ],
    ['a verifier that rejects', () => Promise.reject(boom), () => nothing],
    [
      'a forwarder that throws',
      () => verified,
      () => {
        throw boom;
      },
    ],
    [
      'a forwarder that throws later',
      () => Promise.resolve(verified),
      () => {
        throw boom;
      },
    ],
  ])('%s', async (_, verify, forward) => {
    expect(await createCheck(verify, forward)(request)).toEqual({
      outcome: 'error',
      reason: 'internal_error',
      cause: boom,
    });
  });
});
