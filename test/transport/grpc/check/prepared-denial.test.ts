/** Prepared denials: an id changes only its own places. */
import { expect, test } from 'vitest';
import type { Decision } from '../../../../src/model/decision.ts';
import { type Reason, reasons } from '../../../../src/model/reasons.ts';
import { createToResponse } from '../../../../src/transport/grpc/check/decision-response.ts';
import { prepareFrame } from '../../../../src/transport/grpc/check/prepared-denial.ts';
import { loadCheckCodec } from '../../../support/proto-codec.ts';

const codec = loadCheckCodec();
const noDefect = (error: unknown) => {
  throw error;
};
const dpop = { origins: [], maxAge: 60_000, maxProofs: 1 };
const options = { realm: 'aaaaaaaaaaaaa', dpop, whenUnavailable: 'deny', forwarded: [] } as const;
const denials = (Object.keys(reasons) as Reason[])
  .filter((reason) => reason !== 'allowed')
  .map((reason) => ({ outcome: reasons[reason].outcome, reason }) as Decision);

test.each(denials)('$reason: the header, the body and the metadata have the id', (decision) => {
  const toResponse = createToResponse(options, noDefect);
  // The rule and the realm look like ids, and must not be replaced.
  for (const id of ['mzxw6ytboi2dk', 'aaaaaaaaaaaaa', '7777777777776', 'bbbbbbbbbbbbb']) {
    const answer = toResponse({ ...decision, id, rule: 'bbbbbbbbbbbbb' });
    const whole = createToResponse(
      options,
      noDefect,
    )({
      ...decision,
      id,
      rule: 'bbbbbbbbbbbbb',
      requiredScopes: [],
    } as Decision);
    if ('status' in answer || 'status' in whole) return expect.unreachable('a message was expected');
    expect(answer.frame).toEqual(whole.frame);
    const { deniedResponse, dynamicMetadata } = codec.readResponse(answer.frame.subarray(5));
    const headers = JSON.stringify(deniedResponse);
    expect(headers).toContain(`"key":"x-oidc-authz-decision","value":"${id}"`);
    expect(JSON.parse(deniedResponse?.body ?? '').decision).toBe(id);
    expect(dynamicMetadata.fields).toMatchObject({
      decision: { stringValue: id },
      rule: { stringValue: 'bbbbbbbbbbbbb' },
    });
  }
});

test('two responses do not share their bytes', () => {
  const toResponse = createToResponse(options, noDefect);
  const [decision] = denials;
  const frames = ['mzxw6ytboi2dk', '7777777777776'].map((id) => toResponse({ ...decision, id } as Decision));
  const [first, second] = frames.map((answer) => ('frame' in answer ? answer.frame.toString('latin1') : ''));
  expect(first).toContain('mzxw6ytboi2dk');
  expect(second).toContain('7777777777776');
  expect(second?.replaceAll('7777777777776', 'mzxw6ytboi2dk')).toBe(first);
});

test('a decision without an id has a response without one', () => {
  const answer = createToResponse(options, noDefect)({ outcome: 'deny', reason: 'token_missing' });
  expect('frame' in answer && answer.frame.toString('latin1')).not.toContain('decision');
});

test('a call that fails has the id for its trailers', () => {
  const toResponse = createToResponse({ ...options, whenUnavailable: 'error' }, noDefect);
  expect(toResponse({ outcome: 'error', reason: 'keys_unavailable', id: 'mzxw6ytboi2dk' })).toEqual({
    status: 14,
    message: 'no verdict',
    decision: 'mzxw6ytboi2dk',
  });
});

test('an id that changes other bytes is rejected when the frame is prepared', () => {
  const frameOf = (text: string) => ({ frame: Buffer.from(text) });
  expect(() => prepareFrame((id) => frameOf(`${id} ${id === 'aaaaaaaaaaaaa' ? 0 : 1}`))).toThrow(
    'changes other bytes',
  );
  expect(() => prepareFrame((id) => frameOf(id === 'aaaaaaaaaaaaa' ? id : ''))).toThrow(
    'changes other bytes',
  );
  expect(prepareFrame((id) => frameOf(`${id}-${id}`))('mzxw6ytboi2dk').frame.toString()).toBe(
    'mzxw6ytboi2dk-mzxw6ytboi2dk',
  );
});
