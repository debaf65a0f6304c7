import { describe, expect, test } from 'vitest';
import { type Reason, reasons } from '../../src/check/reasons.ts';
import type { Decision, Identity } from '../../src/check/types.ts';
import { createToResponse, loadCheckCodec } from '../../src/grpc/response.ts';

const codec = loadCheckCodec();
const noDefect = (error: unknown) => {
  throw error;
};
const identity: Identity = {
  issuer: 'https://i',
  issuerName: 'i',
  subject: 'alice\ud800',
  audiences: ['a'],
  scopes: ['s'],
  expiresAt: 5,
  payload: '{}',
};
const allow: Decision = {
  outcome: 'allow',
  reason: 'allowed',
  identity,
  forwarding: { set: [], remove: [], withheld: [] },
  cached: false,
};

const refusals = (Object.keys(reasons) as Reason[])
  .filter((reason) => reason !== 'allowed')
  .map((reason) => ({ outcome: reasons[reason].outcome, reason }) as Decision);

describe('only an allow carries code 0', () => {
  const toResponse = createToResponse(codec, { realm: '', whenUnavailable: 'deny' }, noDefect);

  test.each(refusals)('$reason does not', (decision) => {
    const bytes = toResponse(decision);
    if (!Buffer.isBuffer(bytes)) throw new TypeError('bytes were expected');
    expect(bytes.length).toBeGreaterThan(0);
    expect(codec.readResponse(bytes).status.code).toBe(reasons[decision.reason].grpcCode);
    expect(codec.readResponse(bytes).deniedResponse).toBeDefined();
  });

  test('an allow does, and its text is valid UTF-8', () => {
    const bytes = toResponse(allow) as Buffer;
    expect(codec.readResponse(bytes).status.code).toBe(0);
    expect(codec.readResponse(bytes).dynamicMetadata.fields.subject).toEqual({ stringValue: 'alice�' });
  });
});

test('an error is left to Envoy only where that is said, and only if no client can cause it', () => {
  const toResponse = createToResponse(codec, { realm: '', whenUnavailable: 'error' }, noDefect);
  for (const reason of ['keys_unavailable', 'overloaded', 'internal_error'] as const) {
    const answer = toResponse({ outcome: 'error', reason });
    expect([reason, Buffer.isBuffer(answer)]).toEqual([reason, reason !== 'keys_unavailable']);
  }
  expect(toResponse({ outcome: 'error', reason: 'keys_unavailable' })).toMatchObject({ status: 14 });
});

describe('a codec that fails or says something else', () => {
  const defects: unknown[] = [];
  const broken: [string, typeof codec.writeResponse][] = [
    ['nothing at all', () => Buffer.alloc(0)],
    [
      'a status without its code',
      (message) => codec.writeResponse({ ...message, status: {} as { code: number } }),
    ],
    [
      'a code that is no number',
      (message) =>
        codec.writeResponse({ ...message, status: { code: 'UNAUTHENTICATED' as unknown as number } }),
    ],
    [
      'an exception',
      () => {
        throw new Error('broken');
      },
    ],
  ];

  test.each(broken)('%s: a denial, and never an allow', (_, writeResponse) => {
    let isBroken = false;
    const faulty = {
      ...codec,
      writeResponse: (message: Parameters<typeof writeResponse>[0]) =>
        isBroken ? writeResponse(message) : codec.writeResponse(message),
    };
    const toResponse = createToResponse(faulty, { realm: '', whenUnavailable: 'deny' }, (error) =>
      defects.push(error),
    );
    isBroken = true;
    const bytes = toResponse({ outcome: 'deny', reason: 'token_expired' }) as Buffer;
    expect(codec.readResponse(bytes).status.code).toBe(14);
    expect(defects.length).toBeGreaterThan(0);
  });
});
