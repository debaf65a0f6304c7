import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../../src/model/decision.ts';
import type { Identity } from '../../../../src/model/identity.ts';
import { type Reason, reasons } from '../../../../src/model/reasons.ts';
import { verified } from '../../../../src/transport/grpc/check/check-response.ts';
import { createToResponse } from '../../../../src/transport/grpc/check/decision-response.ts';
import type { Frame } from '../../../../src/transport/grpc/message/framing.ts';
import type { CallFailure } from '../../../../src/transport/grpc/status.ts';
import { noMemory } from '../../../support/identity-memory.ts';
import { loadCheckCodec } from '../../../support/proto-codec.ts';

const codec = loadCheckCodec();
const noDefect = (error: unknown) => {
  throw error;
};
const dpop = { origins: [], maxAge: 60_000, maxProofs: 1 };
const identity: Identity = {
  issuer: 'https://i',
  issuerName: 'i',
  subject: 'alice\ud800',
  audiences: ['a'],
  scopes: ['s'],
  expiresAt: 5,
  text: '{}',
  form: 'json',
  confirmation: undefined,
  memory: noMemory(),
};
const allow: Decision = {
  outcome: 'allow',
  reason: 'allowed',
  identity,
  forwarding: { set: [], remove: [], withheld: [], answers: { http: undefined, grpc: undefined } },
  cached: false,
};

const refusals = (Object.keys(reasons) as Reason[])
  .filter((reason) => reason !== 'allowed')
  .map((reason) => ({ outcome: reasons[reason].outcome, reason }) as Decision);

describe('only an allow carries code 0', () => {
  const toResponse = createToResponse({ realm: '', dpop, whenUnavailable: 'deny', forwarded: [] }, noDefect);

  test.each(refusals)('$reason does not', (decision) => {
    const bytes = messageOf(toResponse(decision));
    expect(bytes.length).toBeGreaterThan(0);
    expect(codec.readResponse(bytes).status.code).toBe(reasons[decision.reason].grpcCode);
    expect(codec.readResponse(bytes).deniedResponse).toBeDefined();
  });

  test('an allow has code 0, and its text is valid UTF-8', () => {
    const bytes = messageOf(toResponse(allow));
    expect(codec.readResponse(bytes).status.code).toBe(0);
    expect(codec.readResponse(bytes).dynamicMetadata.fields.subject).toEqual({ stringValue: 'alice�' });
  });
});

test('an error fails the call only if it is configured and no client can cause it', () => {
  const toResponse = createToResponse({ realm: '', dpop, whenUnavailable: 'error', forwarded: [] }, noDefect);
  for (const reason of ['keys_unavailable', 'overloaded', 'internal_error'] as const) {
    const answer = toResponse({ outcome: 'error', reason });
    expect([reason, 'frame' in answer]).toEqual([reason, reason !== 'keys_unavailable']);
  }
  expect(toResponse({ outcome: 'error', reason: 'keys_unavailable' })).toMatchObject({ status: 14 });
});

test('a denial has its own rule, policy and scopes, not those of an earlier denial', () => {
  const toResponse = createToResponse({ realm: '', dpop, whenUnavailable: 'deny', forwarded: [] }, noDefect);
  const textsOf = (decision: object) => {
    const bytes = messageOf(toResponse({ outcome: 'deny', ...decision } as Decision));
    const { dynamicMetadata, deniedResponse } = codec.readResponse(bytes);
    const { rule, policy } = dynamicMetadata.fields as Record<string, { stringValue?: string }>;
    return [rule?.stringValue, policy?.stringValue, JSON.stringify(deniedResponse)] as const;
  };
  for (const rule of [undefined, 'a', 'b'])
    for (const policy of [undefined, 'a', 'b'])
      expect(textsOf({ reason: 'rule_denied', rule, policy }).slice(0, 2)).toEqual([rule, policy]);
  for (const scope of ['read', 'write'])
    expect(textsOf({ reason: 'scope_insufficient', requiredScopes: [scope] })[2]).toContain(
      `scope=\\"${scope}\\"`,
    );
});

describe('a response that does not match its decision', () => {
  const codeZero = codec.writeResponse({ status: { code: 0 } } as Parameters<typeof codec.writeResponse>[0]);
  const okWithoutCode = Buffer.from([0x0a, 0, 0x1a, 0]);
  const okWithCodeZero = Buffer.from([0x0a, 2, 8, 0, 0x1a, 0]);
  const deniedWithCodeZero = Buffer.from([0x0a, 2, 8, 0, 0x12, 0]);
  const deniedWithCode16 = Buffer.from([0x0a, 2, 8, 16, 0x12, 0]);
  const bothWithCode16 = Buffer.concat([deniedWithCode16, Buffer.from([0x1a, 0])]);
  const both = Buffer.concat([okWithCodeZero, Buffer.from([0x12, 0])]);

  test('is not sent', () => {
    expect(verified(okWithCodeZero, true)).toBe(okWithCodeZero);
    expect(verified(deniedWithCode16, false)).toBe(deniedWithCode16);
    for (const bytes of [Buffer.alloc(0), codeZero, okWithoutCode, both, bothWithCode16, deniedWithCode16])
      expect(() => verified(bytes, true)).toThrow(/does not match/);
    for (const bytes of [
      Buffer.alloc(0),
      codeZero,
      okWithoutCode,
      okWithCodeZero,
      deniedWithCodeZero,
      both,
      bothWithCode16,
    ])
      expect(() => verified(bytes, false)).toThrow(/does not match/);
    expect(() => verified(Buffer.from([0x0a, 9]), false)).toThrow();
  });

  test('becomes a denial, and so does one that cannot be created', () => {
    const defects: unknown[] = [];
    const toResponse = createToResponse(
      { realm: '', dpop, whenUnavailable: 'deny', forwarded: [] },
      (error) => defects.push(error),
    );
    const broken = { ...allow, forwarding: undefined } as unknown as Decision;
    const bytes = messageOf(toResponse(broken));
    expect(codec.readResponse(bytes).status.code).toBe(14);
    expect(defects).toHaveLength(1);
  });
});

/** The message in a response, if it has one. */
function messageOf(answer: Frame | CallFailure): Buffer {
  if ('status' in answer) throw new TypeError('a message was expected');
  expect([answer.frame[0], answer.frame.readUInt32BE(1)]).toEqual([0, answer.frame.length - 5]);
  return answer.frame.subarray(5);
}
