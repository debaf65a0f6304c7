/** A fleet renews sessions in random orders of faults, with an issuer that revokes a session at the second use of a refresh token. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { play, schedule } from '../support/login/refresh-schedule.ts';

test('no session is lost in any order of faults, unless its new tokens are', async () => {
  await fc.assert(
    fc.asyncProperty(schedule, async (one) => {
      expect((await play(one)).join('\n')).toBe('');
    }),
    { includeErrorInReport: true, numRuns: 60 },
  );
});
