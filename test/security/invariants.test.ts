/** Checks each invariant several hundred times. Repeat a failure with `npm run fuzz` and the printed seed. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configOf, fileFor } from '../support/app.ts';
import { startCore } from '../support/core.ts';
import { type FakeIssuer, startFakeIssuer } from '../support/fake-issuer.ts';
import { createSigningKey } from '../support/keys.ts';
import { checkRequest } from '../support/requests.ts';
import { createInvariants, type Invariant, tryEveryBit } from './invariants.ts';

let issuer: FakeIssuer;
let invariants: readonly Invariant[];
let stop: () => void;

beforeAll(async () => {
  issuer = await startFakeIssuer();
  ({ invariants, stop } = await createInvariants(issuer));
});

afterAll(async () => {
  stop();
  await issuer.close();
});

test('every invariant holds for random input', { timeout: 120_000 }, async () => {
  expect(invariants.length).toBeGreaterThan(8);
  for (const { name, property } of invariants) {
    const outcome = await fc.check(property, { numRuns: 300 });
    if (outcome.failed) throw new Error(`${name}: ${fc.defaultReportMessage(outcome)}`);
  }
});

describe('a valid token', () => {
  test.each(['RS256', 'PS256', 'ES256', 'EdDSA'])(
    'of %s is denied after a change of any bit',
    async (algorithm) => {
      const owner = await startFakeIssuer({ keys: [await createSigningKey('k1', algorithm)] });
      const core = await startCore(await configOf(fileFor(owner.url)));
      const token = await owner.mint();
      // Caches it, so a token that differs in one bit could match its entry.
      expect((await core.check(checkRequest({ authorization: [`Bearer ${token}`] }))).reason).toBe('allowed');
      expect(await tryEveryBit(core, token)).toBe(
        token.split('.').reduce((sum, segment) => sum + Buffer.from(segment, 'base64url').length * 8, 0),
      );
      core.stop();
      await owner.close();
    },
  );
});
