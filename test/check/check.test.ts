import { describe, expect, test } from 'vitest';
import { createAuthenticate } from '../../src/check/authenticate.ts';
import type { BindingProblem } from '../../src/check/binding/binding-problem.ts';
import type { Prove } from '../../src/check/binding/verify-binding.ts';
import { createCheck } from '../../src/check/check.ts';
import type { Verdict } from '../../src/credential/token/verifier.ts';
import type { Identity } from '../../src/model/identity.ts';
import { checkRequest } from '../support/requests.ts';

const request = checkRequest({ authorization: ['Bearer x'] });
const boom = new Error('boom');
const verified: Verdict = {
  outcome: 'verified',
  identity: { text: '{}', form: 'json' } as Identity,
  cached: false,
};
const nothing = { set: [], remove: [], withheld: [], answers: { http: undefined, grpc: undefined } };

describe('an exception ends in an error, never in an allow', () => {
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
    expect(
      await createCheck(
        createAuthenticate({ verify, prove: () => undefined, schemes: ['bearer'] }),
        forward,
      )(request),
    ).toMatchObject({
      outcome: 'error',
      reason: 'internal_error',
      cause: boom,
    });
  });
});

describe('a client with a bound token', () => {
  const confirmation = { keyThumbprint: 'x', certificateThumbprint: undefined };
  const bound: Verdict = {
    outcome: 'verified',
    identity: { issuerName: 'main', text: '{}', form: 'json', confirmation } as unknown as Identity,
    cached: true,
  };
  const make = (prove: Prove, verify = () => bound) =>
    createCheck(createAuthenticate({ verify, prove, schemes: ['bearer', 'dpop'] }), () => nothing);

  test.each([
    ['that does', undefined, 'allow', 'allowed'],
    ['that does not', 'proof_invalid', 'deny', 'proof_invalid'],
    ['if the verification is overloaded', 'overloaded', 'error', 'overloaded'],
  ] as const)('%s', async (_, problem, outcome, reason) => {
    const result = problem && bindingProblem(problem);
    for (const prove of [() => result, () => Promise.resolve(result)])
      expect(await make(prove)(request)).toMatchObject({ outcome, reason });
  });

  test('gets internal_error if the verification of its proof throws', async () => {
    const prove = () => {
      throw boom;
    };
    expect(await make(prove)(request)).toMatchObject({ outcome: 'error' });
    expect(await make(() => Promise.reject(boom))(request)).toMatchObject({
      reason: 'internal_error',
    });
  });

  test('must also prove a token without a binding if it uses the DPoP scheme', async () => {
    const verify = () => verified;
    const dpop = checkRequest({ authorization: ['DPoP x'] });
    const check = make(() => bindingProblem('proof_invalid'), verify);
    expect(await check(dpop)).toMatchObject({ reason: 'proof_invalid' });
    expect(await check(request)).toMatchObject({ reason: 'allowed' });
  });
});

function bindingProblem(reason: BindingProblem['reason']): BindingProblem {
  const failed = { step: 'proof', subject: 'the proof' } as const;
  return { reason, detail: () => ({ text: 'invalid', failed }) };
}
