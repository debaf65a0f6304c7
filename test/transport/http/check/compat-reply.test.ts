/** The replies of the oauth2-proxy mode, compared with its documentation and recorded responses. */
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../../src/model/decision.ts';
import { systemClock } from '../../../../src/runtime/time/clock.ts';
import { createToReply } from '../../../../src/transport/http/check/reply.ts';
import { configOf } from '../../../support/app.ts';
import { noMemory } from '../../../support/identity-memory.ts';
import { checkRequest } from '../../../support/requests.ts';

async function repliesWith(more: string) {
  const config = await configOf(
    `issuers: [{issuer: "https://a.example.com", audiences: [a], name: main}]\ncompat: oauth2-proxy\n${more}\n`,
  );
  return createToReply(config, systemClock);
}

const withToken = checkRequest({ authorization: ['Bearer x'] });
const allowed = (subject: string | undefined): Decision => ({
  outcome: 'allow',
  reason: 'allowed',
  identity: {
    issuer: 'https://a.example.com',
    issuerName: 'main',
    subject,
    audiences: [],
    scopes: [],
    expiresAt: 5,
    text: JSON.stringify({ sub: subject }),
    form: 'json',
    confirmation: undefined,
    memory: noMemory(),
  },
  forwarding: {
    set: [],
    remove: ['gap-auth', 'gap_auth', 'x-user'],
    withheld: [],
    answers: { http: undefined, grpc: undefined },
  },
  cached: false,
});

test('an invalid token and a missing token get different replies', async () => {
  for (const [status, expected] of [
    [401, 401],
    [403, 403],
  ] as const) {
    const toReply = await repliesWith(`compatInvalidTokenStatus: ${status}`);
    const denial: Decision = { outcome: 'deny', reason: 'token_expired' };
    expect(toReply(denial, withToken).status).toBe(expected);
    expect(toReply({ outcome: 'deny', reason: 'token_missing' }, checkRequest()).status).toBe(401);
  }
});

describe('an error', () => {
  test('counts as an invalid token only without keys', async () => {
    const toReply = await repliesWith('compatInvalidTokenStatus: 403');
    expect(toReply({ outcome: 'error', reason: 'keys_unavailable' }, withToken).body).toBe('Forbidden\n');
    for (const reason of ['overloaded', 'internal_error'] as const)
      expect(toReply({ outcome: 'error', reason }, withToken).body).not.toBe('Forbidden\n');
  });

  test('gets 503 for Envoy if it is configured', async () => {
    const toReply = await repliesWith('whenUnavailable: error');
    expect(toReply({ outcome: 'error', reason: 'keys_unavailable' }, withToken).status).toBe(503);
  });
});

describe('the header with the user', () => {
  const linesOf = async (subject: string | undefined) => {
    const { head, sharedHead } = (await repliesWith(''))(allowed(subject), withToken);
    const lines = (head + sharedHead).split('\r\n');
    const textOf = (name: string) =>
      lines.find((line) => line.toLowerCase().startsWith(`${name}: `))?.slice(name.length + 2);
    return { name: textOf('gap-auth'), removed: textOf('x-envoy-auth-headers-to-remove')?.split(',') };
  };

  test('is set, and only its other spellings are removed', async () => {
    expect(await linesOf('alice')).toEqual({ name: 'alice', removed: ['gap_auth', 'x-user'] });
    expect((await linesOf(undefined)).name).toBe('');
  });

  test('is removed and not set if the name cannot be a header value', async () => {
    for (const subject of ['a\r\nb: c', 'müller', 'x'.repeat(100_000)])
      expect(await linesOf(subject)).toEqual({
        name: undefined,
        removed: ['gap-auth', 'gap_auth', 'x-user'],
      });
  });
});
