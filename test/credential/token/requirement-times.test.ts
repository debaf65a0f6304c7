/** The times of a token in a trace, as operators read them. */
import { expect, test } from 'vitest';
import type { Facts } from '../../../src/credential/token/facts.ts';
import { createRequirementDetails } from '../../../src/credential/token/requirement-details.ts';
import { configOf } from '../../support/app.ts';

const now = Date.UTC(2026, 10, 26, 12) / 1000;
const { issuers } = await configOf('issuers: [{issuer: https://a.example.com, audiences: [a]}]\n');
const [issuer] = issuers;
if (issuer === undefined) throw new Error('the configuration has an issuer');
const details = createRequirementDetails(issuer, 'issuers[0]');
const facts = (times: Partial<Facts>) => times as Facts;

test('an expiry and the time of the check are in ISO 8601', () => {
  const { failed, text } = details.expiry(facts({ expiresAt: now - 90 }), now + 0.7);
  expect(failed).toMatchObject({
    expected: 'later than 2026-11-26T12:00:00Z (clockTolerance 30 s)',
    found: '2026-11-26T11:58:30Z',
  });
  expect(text).toContain(`(exp ${now - 90},`);
});

test.each<[string, Partial<Facts>, string]>([
  ['the later of nbf and iat', { notBefore: now + 60, issuedAt: now }, 'nbf 2026-11-26T12:01:00Z'],
  ['iat alone', { issuedAt: now }, 'iat 2026-11-26T12:00:00Z'],
  ['neither of them', {}, 'none'],
  ['a time that is not a date', { issuedAt: 1e300 }, 'iat 1e+300'],
])('the start of a token shows %s', (_, times, found) => {
  expect(details.start(facts(times), now).failed).toMatchObject({
    expected: 'not after 2026-11-26T12:00:00Z (clockTolerance 30 s)',
    found,
  });
});
