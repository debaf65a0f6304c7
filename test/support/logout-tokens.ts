/** Logout tokens, good and forged. Each forgery differs from a good token in one thing. */
import { CompactSign } from 'jose';
import type { SigningKey } from './keys.ts';

/** The client that the tokens are for. */
export const logoutClient = 'shop';

/** The event of a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4). */
export const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** Changes to a good token. A value of undefined removes a member. */
export interface LogoutTokenChanges {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Changes the text of the payload before it is signed. */
  readonly text?: (payload: string) => string;
}

/** The claims of a good token. @param now seconds since the epoch */
export function logoutClaims(issuer: string, now: number): Readonly<Record<string, unknown>> {
  return {
    iss: issuer,
    aud: logoutClient,
    sub: 'alice',
    sid: 'the-sid',
    iat: now,
    exp: now + 120,
    jti: crypto.randomUUID(),
    events: { [logoutEvent]: {} },
  };
}

/** Signs a token. */
export async function signLogoutToken(
  issuer: string,
  now: number,
  key: SigningKey,
  { header = {}, claims = {}, text = (payload) => payload }: LogoutTokenChanges = {},
): Promise<string> {
  const payload = text(JSON.stringify({ ...logoutClaims(issuer, now), ...claims }));
  const alg = key.algorithm;
  return new CompactSign(Buffer.from(payload))
    .setProtectedHeader({ alg, kid: key.kid, typ: 'logout+jwt', ...header })
    .sign(key.privateKey);
}

/** A token with its JSON doubled: `"name":first,"name":second`. */
const doubled = (name: string, second: unknown) => (payload: string) =>
  payload.replace(/\}$/, `,${JSON.stringify(name)}:${JSON.stringify(second)}}`);

/** Forgeries that their issuer's key signs: a wrong, a missing or a doubled member. @param now seconds since the epoch */
export function logoutForgeries(
  issuer: string,
  now: number,
): readonly (readonly [name: string, changes: LogoutTokenChanges, problem: string])[] {
  const claims = (changes: Readonly<Record<string, unknown>>) => ({ claims: changes });
  const named = logoutEvent;
  return [
    ['another iss', claims({ iss: 'https://evil.example.com' }), 'iss'],
    ['an iss with a slash more', claims({ iss: `${issuer}/` }), 'iss'],
    ['a list of iss', claims({ iss: [issuer] }), 'iss'],
    ['no iss', claims({ iss: undefined }), 'iss'],
    ['two iss', { text: doubled('iss', issuer) }, 'JSON'],
    ['another aud', claims({ aud: 'other' }), 'aud'],
    ['an aud that begins like it', claims({ aud: 'shop-admin' }), 'aud'],
    ['a list without the client', claims({ aud: ['other'] }), 'aud'],
    ['an aud of objects', claims({ aud: [{ shop: 1 }] }), 'aud'],
    ['no aud', claims({ aud: undefined }), 'aud'],
    ['two aud', { text: doubled('aud', logoutClient) }, 'JSON'],
    ['no iat', claims({ iat: undefined }), 'iat'],
    ['an iat that is a text', claims({ iat: String(now) }), 'iat'],
    ['an iat in milliseconds', claims({ iat: now * 1_000 }), 'iat'],
    ['an iat in the future', claims({ iat: now + 31 }), 'not valid yet'],
    ['an old iat with a late exp', claims({ iat: now - 331, exp: now + 3_600 }), 'too old'],
    ['an old iat without exp', claims({ iat: now - 151, exp: undefined }), 'too old'],
    ['two iat', { text: doubled('iat', now) }, 'JSON'],
    ['an exp in the past', claims({ exp: now - 31 }), 'too old'],
    ['an exp that is a text', claims({ exp: String(now + 120) }), 'exp'],
    ['two exp', { text: doubled('exp', now + 120) }, 'JSON'],
    ['an nbf in the future', claims({ nbf: now + 31 }), 'not valid yet'],
    ['an nbf that is a text', claims({ nbf: 'now' }), 'nbf'],
    ['no jti', claims({ jti: undefined }), 'jti'],
    ['an empty jti', claims({ jti: '' }), 'jti'],
    ['a jti that is a number', claims({ jti: 1 }), 'jti'],
    ['two jti', { text: doubled('jti', 'other') }, 'JSON'],
    ['no events', claims({ events: undefined }), 'events'],
    ['a list of events', claims({ events: [named] }), 'events'],
    ['events that are a text', claims({ events: named }), 'events'],
    ['another event', claims({ events: { 'https://example.com/event': {} } }), 'events'],
    ['an event that begins like it', claims({ events: { [`${named}/x`]: {} } }), 'events'],
    ['an event whose value is a text', claims({ events: { [named]: 'x' } }), 'events'],
    ['an event whose value is null', claims({ events: { [named]: null } }), 'events'],
    ['an event whose value is a list', claims({ events: { [named]: [] } }), 'events'],
    ['two events', { text: doubled('events', { [named]: {} }) }, 'JSON'],
    ['neither sid nor sub', claims({ sid: undefined, sub: undefined }), 'neither'],
    ['an empty sid', claims({ sid: '' }), 'sid'],
    ['a sid that is a number', claims({ sid: 1 }), 'sid'],
    ['an empty sub', claims({ sub: '' }), 'sub'],
    ['a sub that is a list', claims({ sub: ['alice'] }), 'sub'],
    ['two sid', { text: doubled('sid', 'other') }, 'JSON'],
    ['two sub', { text: doubled('sub', 'bob') }, 'JSON'],
    ['a nonce', claims({ nonce: 'the nonce' }), 'nonce'],
    ['an empty nonce', claims({ nonce: '' }), 'nonce'],
    ['a nonce that is null', claims({ nonce: null }), 'nonce'],
    ['at_hash', claims({ at_hash: 'x' }), 'at_hash'],
    ['typ of an access token', { header: { typ: 'at+jwt' } }, 'typ'],
    ['typ of another event', { header: { typ: 'secevent+jwt' } }, 'typ'],
    ['typ that is a number', { header: { typ: 1 } }, 'typ'],
    ['an extension that is critical', { header: { crit: ['b64'], b64: true } }, 'header'],
    ['a payload that is a list', { text: () => '[]' }, 'JSON'],
    ['a payload of another text', { text: () => 'logout' }, 'JSON'],
  ];
}

/** An ID token and an access token of the same issuer for the same client. @param now seconds since the epoch */
export function otherTokens(
  issuer: string,
  now: number,
): readonly (readonly [name: string, changes: LogoutTokenChanges])[] {
  const common = { events: undefined, sid: 'the-sid', exp: now + 300 };
  return [
    [
      'an ID token',
      { header: { typ: 'JWT' }, claims: { ...common, nonce: 'n', at_hash: 'h', azp: logoutClient } },
    ],
    ['an ID token of a refresh, without nonce', { header: { typ: 'JWT' }, claims: { ...common, typ: 'ID' } }],
    ['an access token', { header: { typ: 'at+jwt' }, claims: { ...common, scope: 'openid' } }],
    ['an access token with typ JWT', { header: { typ: 'JWT' }, claims: { ...common, typ: 'Bearer' } }],
    ['an access token of a header without typ', { header: { typ: undefined }, claims: common }],
    ['an ID token with the event', { header: { typ: 'JWT' }, claims: { nonce: 'n', iss: issuer } }],
  ];
}
