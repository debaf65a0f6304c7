/** The cross-check of a service whose verifier has a defect: it accepts every signature. */
import { expect, test, vi } from 'vitest';
import { fileFor, startApp, until } from '../support/app.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';

vi.mock('../../src/issuer/keys/public-key.ts', () => ({ importPublicKey: () => () => true }));

test('counts and logs a forged token that the verifier accepts, without the token and its claims', async () => {
  const { issuer, httpPort, adminPort, records, logText } = await startApp({
    file: `${fileFor('ISSUER')}crossCheck: 1\nlog: {checks: none}\n`,
  });
  const stranger = await createSigningKey(issuer.keys[0]?.kid ?? '');
  const forged = async (subject: string) => issuer.mint({ key: stranger, claims: { sub: subject } });
  const tokens = await Promise.all(['canary-0', 'canary-1', 'canary-2', 'canary-3'].map(forged));
  for (const token of tokens) {
    const answer = await exchange(httpPort, request('GET', '/', [`authorization: Bearer ${token}`]));
    expect(answer?.status).toBe(200);
  }
  await until(async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    return metrics.includes('oidc_authz_cross_checks_total{result="differed"} 4');
  });
  const found = records.filter(({ msg }) => String(msg).startsWith('jose judges a token differently'));
  expect(found[0]).toMatchObject({
    level: 'error',
    reason: 'allowed',
    jose: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    issuer: 'main',
    kid: stranger.kid,
    alg: 'RS256',
  });
  // At most one record a second.
  expect(found.length).toBeLessThan(4);
  expect(logText()).not.toContain('canary');
  for (const token of tokens) for (const part of token.split('.')) expect(logText()).not.toContain(part);
});
