import { describe, expect, test } from 'vitest';
import { compare } from '../../../src/check/incumbent/compare-decisions.ts';
import type { Decision } from '../../../src/model/decision.ts';
import type { IncumbentAnswer } from '../../../src/model/incumbent.ts';
import { type DenyReason, type ErrorReason, reasons } from '../../../src/model/reasons.ts';
import { checkRequest } from '../../support/requests.ts';

const answer = (status: number, headers: Record<string, string> = {}): IncumbentAnswer => ({
  status,
  statusText: '',
  headers: Object.entries(headers),
  body: '',
  isBodyless: false,
});
const allow = (set: Record<string, string>, remove: string[] = [], shadow?: DenyReason): Decision => ({
  outcome: 'allow',
  reason: 'allowed',
  identity: undefined,
  forwarding: {
    set: Object.entries(set),
    remove,
    withheld: [],
    answers: { http: undefined, grpc: undefined },
  },
  cached: false,
  ...(shadow !== undefined && { shadow }),
});
const deny = (reason: DenyReason | ErrorReason) => ({ outcome: reasons[reason].outcome, reason }) as Decision;
const statusOf = ({ reason }: Decision) => reasons[reason].httpStatus;
const compared = (own: Decision, incumbent: IncumbentAnswer) =>
  compare(own, incumbent, checkRequest(), statusOf);

describe('our decision and the answer of the incumbent', () => {
  test('are the same if both allow with the same identity', () => {
    const own = allow({ 'x-user': 'alice' }, ['x-email', 'x_user']);
    expect(compared(own, answer(200, { 'X-User': 'alice', 'content-type': 'text/plain' }))).toBe('same');
    expect(compared(own, answer(200, { 'x-user': 'alice', 'x-email': '' }))).toBe('same');
  });

  test.each([
    ['another value', { 'x-user': 'bob' }],
    ['none', {}],
    ['one more', { 'x-user': 'alice', 'x-email': 'a@b' }],
  ])('differ in headers: %s', (_, headers) => {
    expect(compared(allow({ 'x-user': 'alice' }, ['x-email']), answer(200, headers))).toBe('headers_differ');
  });

  test('are the same if both deny with the same status, and differ with another status', () => {
    expect(compared(deny('token_missing'), answer(401))).toBe('same');
    expect(compared(deny('token_missing'), answer(403))).toBe('status_differs');
    expect(compared(deny('token_missing'), answer(302))).toBe('status_differs');
    expect(compared(deny('keys_unavailable'), answer(403))).toBe('same');
  });

  test('report which one allows if only one does; only 200 allows', () => {
    expect(compared(deny('token_expired'), answer(200))).toBe('incumbent_allows');
    expect(compared(allow({}), answer(401))).toBe('incumbent_refuses');
    expect(compared(allow({}), answer(202))).toBe('incumbent_refuses');
    expect(compared(allow({}), answer(500))).toBe('incumbent_refuses');
  });

  test('a decision in shadow mode is compared as if it were enforced', () => {
    const shadowed = allow({}, [], 'token_expired');
    expect(compared(shadowed, answer(401))).toBe('same');
    expect(compared(shadowed, answer(200))).toBe('incumbent_allows');
  });
});
