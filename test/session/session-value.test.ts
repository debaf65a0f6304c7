/** The sealed form of a session. */
import { expect, test } from 'vitest';
import type { Session } from '../../src/session/session.ts';
import { readSessionValue, valueOfSession } from '../../src/session/session-value.ts';

const session: Session = {
  id: 'id',
  policy: 'team-a',
  issuer: 'https://issuer.example.com',
  subject: 'alice',
  sid: 'sid',
  claims: { email: 'alice@example.com' },
  claimNames: ['email'],
  audiences: ['shop'],
  scopes: ['openid'],
  startedAt: 1,
  seenAt: 2,
  renewedAt: 3,
  tokensEndAt: 4,
  refreshToken: 'refresh',
  accessToken: 'access',
  idToken: 'id-token',
};
const sealed = (value: Session): Record<string, unknown> =>
  JSON.parse(JSON.stringify(valueOfSession(value, 'shop.example.com')));

test('reads what was sealed, with and without what is optional', () => {
  expect(readSessionValue(sealed(session))).toEqual({ session, host: 'shop.example.com' });
  const shared = JSON.parse(JSON.stringify(valueOfSession(session)));
  expect(readSessionValue(shared)).toEqual({ session, host: undefined });
  const { sid, claimNames, tokensEndAt, refreshToken, accessToken, idToken, ...smallest } = session;
  expect([sid, claimNames, tokensEndAt, refreshToken, accessToken, idToken]).not.toContain(undefined);
  expect(readSessionValue(sealed(smallest))).toMatchObject({ session: smallest });
  expect(readSessionValue(sealed({ ...smallest, policy: '', audiences: [], scopes: [] }))).toMatchObject({
    session: { policy: '' },
  });
});

test('rejects a value with one member of another type', () => {
  const value = sealed(session);
  const wrong = [null, true, -1, 1.5, 2 ** 60, '', {}, [1], [[]]];
  const accepted = Object.keys(value).flatMap((member) =>
    wrong
      .filter((other) => readSessionValue({ ...value, [member]: other }) !== undefined)
      .map((other) => `${member}: ${JSON.stringify(other)}`),
  );
  // An empty policy is the absence of policies, and claims can be any object.
  expect(accepted).toEqual(['pol: ""', 'c: {}']);
});

test('rejects a value without a required member, with one more, or of another version', () => {
  const value = sealed(session);
  const required = Object.keys(value).filter((member) => {
    const { [member]: _, ...rest } = value;
    return readSessionValue(rest) === undefined;
  });
  expect(required).toEqual(['v', 'id', 'pol', 'iss', 'sub', 'aud', 'scp', 'st', 'se', 're', 'c']);
  expect(readSessionValue({ ...value, x: 1 })).toBeUndefined();
  expect(readSessionValue({ ...value, v: 2 })).toBeUndefined();
  for (const other of [null, undefined, 'x', 1, [], [value]]) expect(readSessionValue(other)).toBeUndefined();
});
