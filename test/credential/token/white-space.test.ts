/**
 * The payload of a token may have white space around its JSON (RFC 8259 section 2), and its user can choose a claim with dots. The first
 * check of a token reads its claims from other text than a later one. Both must give the verdict about the claims that jose reads.
 */
import { CompactSign, jwtVerify } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createReplayStore } from '../../../src/check/binding/used-proofs.ts';
import { readDenyList } from '../../../src/config/load/deny-list.ts';
import { configOf, fileFor } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { startCore } from '../../support/core.ts';
import { startFakeIssuer } from '../../support/fake-issuer.ts';
import { createSigningKey } from '../../support/keys.ts';
import { checkRequest } from '../../support/requests.ts';

interface Setting {
  /** Options of the issuer, and of the service. */
  readonly ofIssuer?: string;
  readonly options?: string;
  readonly denied?: object;
  /** Claims that it allows, and others. */
  readonly good: Record<string, unknown>;
  readonly bad: Record<string, unknown>;
}

const rule = (requirement: string) => `rules: [{name: a, require: {${requirement}}}]`;

const settings: Readonly<Record<string, Setting>> = {
  'required claims': {
    ofIssuer: 'requiredClaims: {tenant: t1}',
    good: { tenant: 't1' },
    bad: { tenant: 't2' },
  },
  'allowed groups': {
    ofIssuer: 'groups: {claim: roles, allowed: [r1]}',
    good: { roles: ['r1'] },
    bad: { roles: ['r2'] },
  },
  'allowed domains': {
    ofIssuer: 'email: {allowedDomains: [example.com]}',
    good: { email: 'a@example.com' },
    bad: { email: 'a@example.org' },
  },
  'a deny list': { denied: { sub: 'mallory' }, good: { sub: 'alice' }, bad: { sub: 'mallory' } },
  'a rule with claims': {
    options: rule('claims: {tenant: t1}'),
    good: { tenant: 't1' },
    bad: { tenant: 't2' },
  },
  'a rule with an expression': {
    options: rule(`expression: 'claims.tenant == "t1"'`),
    good: { tenant: 't1' },
    bad: { tenant: 't2' },
  },
};

const spaces = ['', ' ', '\t', '\n', '\r\n  '];

const key = await createSigningKey('k1', 'RS256');

describe.each(Object.entries(settings))('%s', (_, { ofIssuer, options = '', denied, good, bad }) => {
  test.each(spaces)('white space %j before and after the claims', async (space) => {
    const issuer = await startFakeIssuer({ keys: [key] });
    const clock = createTestClock();
    const named = ofIssuer === undefined ? 'name: main' : `name: main, ${ofIssuer}`;
    const file = `${fileFor(issuer.url).replace('name: main', named)}
outputClaimToHeaders: [{header: x-user, claim: sub}]
${options}`;
    const entries = denied === undefined ? [] : [{ issuer: issuer.url, ...denied }];
    const denyList = readDenyList(JSON.stringify(entries), 'list');
    const core = await startCore(await configOf(file, []), clock, createReplayStore(), denyList);
    onTestFinished(async () => {
      core.stop();
      await issuer.close();
    });
    const now = Math.floor(clock.now() / 1000);

    for (const [own, other] of [
      [good, bad],
      [bad, good],
    ]) {
      // The first dots of the JSON, if it were read as a token, hold the other claims.
      const hidden = Buffer.from(JSON.stringify({ sub: 'admin', ...other })).toString('base64url');
      const times = { iss: issuer.url, aud: 'orders-api', iat: now, exp: now + 300 };
      const claims = JSON.stringify({ note: `a.${hidden}.b`, ...times, sub: 'user', ...own });
      const token = await new CompactSign(Buffer.from(`${space}${claims}${space}`))
        .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'at+jwt' })
        .sign(key.privateKey);
      const { payload } = await jwtVerify(token, key.publicJwk, { currentDate: new Date(clock.now()) });
      const isGood = Object.entries(good).every(
        ([name, value]) => JSON.stringify(payload[name]) === JSON.stringify(value),
      );

      for (let time = 0; time < 3; time++) {
        const decision = await core.check(checkRequest({ authorization: [`Bearer ${token}`] }));
        expect(decision.outcome).toBe(isGood ? 'allow' : 'deny');
        if (decision.outcome === 'allow') expect(decision.forwarding.set).toEqual([['x-user', payload.sub]]);
      }
    }
  });
});
