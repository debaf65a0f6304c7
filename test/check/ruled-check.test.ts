/** A check with rules in which our own code throws. */
import { expect, test } from 'vitest';
import { createRuledCheck, type RuledCheckParts } from '../../src/check/ruled-check.ts';
import { checkRequest } from '../support/requests.ts';

const forwarding = () => ({
  set: [],
  remove: [],
  withheld: [],
  answers: { http: undefined, grpc: undefined },
});

const noContext = () => {
  throw new TypeError('no expression is evaluated here');
};

const noDetail = () => {
  throw new TypeError('nothing is described here');
};

const parts: RuledCheckParts = {
  rules: [],
  select: () => 'none',
  noRuleMatches: 'token',
  mode: 'enforce',
  maxTokenSize: 16 * 1024,
  authenticate: () => ({ outcome: 'deny', reason: 'token_missing' }),
  forwardOf: () => forwarding,
  contextOf: Object.assign(noContext, { withPort: noContext }),
  forwardNothing: forwarding,
  places: { rules: 'rules', noRuleMatches: 'noRuleMatches', mode: 'mode' },
  details: { noRule: noDetail, path: noDetail, host: noDetail, trace: () => {} },
};

test('without an exception, authentication decides', () => {
  expect(createRuledCheck(parts)(checkRequest())).toMatchObject({ outcome: 'deny', reason: 'token_missing' });
});

test.each(['enforce', 'shadow'] as const)(
  'in mode %s an exception in the selection of a rule ends in an error, never in an allow',
  (mode) => {
    const cause = new Error('the selection failed');
    const select = () => {
      throw cause;
    };
    const check = createRuledCheck({ ...parts, mode, select });
    expect(check(checkRequest())).toMatchObject({ outcome: 'error', reason: 'internal_error', cause });
  },
);
