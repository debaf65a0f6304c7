/** The payload of a token may have white space around its JSON (RFC 8259 section 2). A later check of the same token reads it again. */
import { CompactSign } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { configOf, fileFor } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { startCore } from '../../support/core.ts';
import { startFakeIssuer } from '../../support/fake-issuer.ts';
import { createSigningKey } from '../../support/keys.ts';
import { checkRequest } from '../../support/requests.ts';

/** Needs claims that only the text of the token has. */
const reading = 'name: main, requiredClaims: {tenant: t1}, groups: {claim: roles}';

test.each(['', ' ', '\t', '\n', '\r\n  '])('white space %j before and after the claims', async (space) => {
  const key = await createSigningKey('k1', 'RS256');
  const issuer = await startFakeIssuer({ keys: [key] });
  const clock = createTestClock();
  const file = `${fileFor(issuer.url).replace('name: main', reading)}
outputClaimToHeaders: [{header: x-groups, from: groups}]`;
  const core = await startCore(await configOf(file, []), clock);
  onTestFinished(async () => {
    core.stop();
    await issuer.close();
  });
  const now = Math.floor(clock.now() / 1000);
  const claims = {
    iss: issuer.url,
    aud: 'orders-api',
    iat: now,
    exp: now + 300,
    tenant: 't1',
    roles: ['r1'],
  };
  // The first dots of the text, if it were read as a token, hold other claims.
  const other = Buffer.from(JSON.stringify({ tenant: 't1', roles: ['admin'] })).toString('base64url');
  const payload = `${space}${JSON.stringify({ note: `a.${other}.b`, ...claims })}${space}`;
  const token = await new CompactSign(Buffer.from(payload))
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'at+jwt' })
    .sign(key.privateKey);

  for (const cached of [false, true]) {
    const decision = await core.check(checkRequest({ authorization: [`Bearer ${token}`] }));
    expect(decision).toMatchObject({ outcome: 'allow', cached });
    expect(decision.outcome === 'allow' && decision.forwarding.set).toEqual([['x-groups', 'r1']]);
  }
});
