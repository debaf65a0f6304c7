/** What browsers logged in with, and what became of those who did not: there is no login here. */
import type { Finding } from '../../finding.ts';
import type { Given } from '../read/setting.ts';
import {
  isGiven,
  isOn,
  judged,
  listed,
  listOf,
  noted,
  type Part,
  type TreeComment,
  textOf,
} from './setting-values.ts';

/** Translates sessions, logins and refusals. */
export function translateLogin(given: Given, compat: boolean): Part {
  const isForbidden = !isOn(given, 'bearer-token-login-fallback', true);
  const scopes = neededScopes(given);
  return {
    config: compat
      ? { compat: 'oauth2-proxy', ...(isForbidden ? { compatInvalidTokenStatus: 403 } : {}) }
      : {},
    findings: [
      ...judgeBearer(given, compat, isForbidden),
      ...judgeErrors(given, compat),
      ...judgeSessions(given),
      ...judgeUpstreams(given),
      ...judged(given, 'scope', 'meaningless', scopeText(scopes)),
    ],
    comments: scopeComments(scopes),
  };
}

function judgeBearer(given: Given, compat: boolean, isForbidden: boolean): readonly Finding[] {
  const fallback = 'bearer-token-login-fallback';
  const ours = compat
    ? '`compat: oauth2-proxy` with `compatInvalidTokenStatus: 403`'
    : 'a token that is not good is 401 with a challenge (RFC 6750); with `compat: oauth2-proxy` and `compatInvalidTokenStatus: 403` it is 403 again';
  return [
    ...(isOn(given, 'skip-jwt-bearer-tokens')
      ? judged(given, 'skip-jwt-bearer-tokens', 'kept', 'what this service does: a good bearer token passes')
      : noted(
          given,
          'skip-jwt-bearer-tokens',
          'refused',
          'without it no bearer token was looked at, and sessions of browsers were the only way in. If it is accepted, BEARER TOKENS PASS THAT DID NOT, and sessions no longer do',
        )),
    ...(isForbidden
      ? judged(given, fallback, compat ? 'kept' : 'changed', ours)
      : judged(
          given,
          fallback,
          'meaningless',
          'a token that is not good is 401, and there is no login to fall back to',
        )),
  ];
}

function judgeErrors(given: Given, compat: boolean): readonly Finding[] {
  const isJson = isOn(given, 'force-json-errors');
  const redirect = textOf(given, 'redirect-url') !== '';
  const old = compat
    ? '`compat: oauth2-proxy` gives the answers of before'
    : 'clients that need the answers of before get them by `compat: oauth2-proxy`';
  const html = `who has no token gets 401 with JSON and is not sent to a login page; ${old}`;
  return [
    ...(isJson
      ? judged(given, 'force-json-errors', 'kept', `what always happens: a refusal has a JSON body; ${old}`)
      : redirect
        ? judged(given, 'force-json-errors', 'changed', html)
        : noted(given, 'force-json-errors', 'changed', html)),
    ...(isJson || !redirect
      ? judged(given, 'redirect-url', 'meaningless', 'nobody is sent to a login')
      : judged(
          given,
          'redirect-url',
          'refused',
          'browsers log in there, and nothing here does that; keep oauth2-proxy for them. Without it browsers that have no token get 401',
        )),
  ];
}

function judgeSessions(given: Given): readonly Finding[] {
  const type = textOf(given, 'session-store-type');
  const users = 'users with a password no longer pass; nothing here checks passwords';
  return [
    ...(type === 'redis'
      ? judged(
          given,
          'session-store-type',
          'refused',
          'sessions of browsers are kept there, and none is kept here. Without it who has a session and no token gets 401',
        )
      : judged(given, 'session-store-type', 'meaningless', 'no session is kept')),
    ...['htpasswd-file', 'htpasswd-user-group'].flatMap((flag) =>
      isGiven(given, flag) && listOf(given, flag).length > 0 ? judged(given, flag, 'refused', users) : [],
    ),
  ];
}

function judgeUpstreams(given: Given): readonly Finding[] {
  const flag = 'upstream';
  const upstreams = listOf(given, flag);
  const statics = upstreams.filter((upstream) => upstream.startsWith('static://'));
  // What is no number stands for 200.
  const codes = statics.map((upstream) => /^static:\/\/(\d+)\/?$/.exec(upstream)?.[1] ?? '200');
  if (upstreams.length === 0)
    return noted(
      given,
      flag,
      'changed',
      'without `static://200` a good token ended in 404, which Envoy takes for a refusal, unless checks were sent to /oauth2/auth; here it passes',
    );
  if (codes.some((code) => code !== '200'))
    return judged(
      given,
      flag,
      'refused',
      `Envoy lets a request pass only on 200, so with ${listed(statics)} none ever passed. If it is accepted, GOOD TOKENS PASS FROM NOW ON`,
    );
  if (codes.length === upstreams.length)
    return judged(
      given,
      flag,
      'kept',
      'what this service does: it answers by itself, and Envoy sends the request on',
    );
  const others = listed(upstreams.filter((upstream) => !statics.includes(upstream)));
  return codes.length > 0
    ? judged(
        given,
        flag,
        'changed',
        `nothing is sent on from here, so ${others} gets nothing; all paths are answered alike`,
      )
    : judged(
        given,
        flag,
        'refused',
        `requests were sent on to ${others}, and nothing is sent on from here: Envoy asks, and sends the request itself. Without it whoever reached that upstream through oauth2-proxy must reach it through Envoy`,
      );
}

/** The scopes that a token could be asked for; those of OpenID Connect itself are about the login. */
function neededScopes(given: Given): readonly string[] {
  const ofLogin = ['openid', 'profile', 'email', 'offline_access', 'address', 'phone'];
  const scopes = textOf(given, 'scope').split(/\s+/);
  return [...new Set(scopes)].filter(
    (scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope) && !ofLogin.includes(scope),
  );
}

function scopeText(scopes: readonly string[]): string {
  const never = 'it looks enforced and never was: it was only asked for at a login';
  return scopes.length === 0
    ? `${never}; to ask tokens for scopes, say \`requiredScopes\``
    : `${never}; to ask tokens for it, say \`requiredScopes: [${scopes.join(', ')}]\``;
}

function scopeComments(scopes: readonly string[]): readonly TreeComment[] {
  if (scopes.length === 0) return [];
  const text = `The scope of oauth2-proxy was never asked of a token. This would ask for it:\nrequiredScopes: [${scopes.map((scope) => JSON.stringify(scope)).join(', ')}]`;
  return [{ path: ['issuers', 0], text }];
}
