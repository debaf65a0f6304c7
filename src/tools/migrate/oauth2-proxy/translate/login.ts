/** What browsers logged in with, and what became of those who did not: there is no login here. */
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet, findingUnlessRefused } from './findings.ts';
import type { Part, TreeComment } from './part.ts';
import { isOn, isSet, listOf, quotedList, textOf } from './setting-values.ts';

/** Translates sessions, logins and refusals. */
export function translateLogin(installation: Installation, compat: boolean): Part {
  const isForbidden = !isOn(installation, 'bearer-token-login-fallback', true);
  const scopes = neededScopes(installation);
  return {
    config: compat
      ? { compat: 'oauth2-proxy', ...(isForbidden ? { compatInvalidTokenStatus: 403 } : {}) }
      : {},
    findings: [
      ...judgeBearer(installation, compat, isForbidden),
      ...judgeErrors(installation, compat),
      ...judgeSessions(installation),
      ...judgeUpstreams(installation),
      ...findingIfSet(installation, 'scope', 'meaningless', scopeText(scopes)),
    ],
    comments: scopeComments(scopes),
  };
}

function judgeBearer(installation: Installation, compat: boolean, isForbidden: boolean): readonly Finding[] {
  const fallback = 'bearer-token-login-fallback';
  const ours = compat
    ? '`compat: oauth2-proxy` with `compatInvalidTokenStatus: 403`'
    : 'a token that is not good is 401 with a challenge (RFC 6750); with `compat: oauth2-proxy` and `compatInvalidTokenStatus: 403` it is 403 again';
  return [
    ...(isOn(installation, 'skip-jwt-bearer-tokens')
      ? findingIfSet(
          installation,
          'skip-jwt-bearer-tokens',
          'kept',
          'what this service does: a good bearer token passes',
        )
      : findingUnlessRefused(
          installation,
          'skip-jwt-bearer-tokens',
          'refused',
          'without it no bearer token was looked at, and sessions of browsers were the only way in. If it is accepted, BEARER TOKENS PASS THAT DID NOT, and sessions no longer do',
        )),
    ...(isForbidden
      ? findingIfSet(installation, fallback, compat ? 'kept' : 'changed', ours)
      : findingIfSet(
          installation,
          fallback,
          'meaningless',
          'a token that is not good is 401, and there is no login to fall back to',
        )),
  ];
}

function judgeErrors(installation: Installation, compat: boolean): readonly Finding[] {
  const isJson = isOn(installation, 'force-json-errors');
  const redirect = textOf(installation, 'redirect-url') !== '';
  const old = compat
    ? '`compat: oauth2-proxy` gives the answers of before'
    : 'clients that need the answers of before get them by `compat: oauth2-proxy`';
  const html = `who has no token gets 401 with JSON and is not sent to a login page; ${old}`;
  return [
    ...(isJson
      ? findingIfSet(
          installation,
          'force-json-errors',
          'kept',
          `what always happens: a refusal has a JSON body; ${old}`,
        )
      : redirect
        ? findingIfSet(installation, 'force-json-errors', 'changed', html)
        : findingUnlessRefused(installation, 'force-json-errors', 'changed', html)),
    ...(isJson || !redirect
      ? findingIfSet(installation, 'redirect-url', 'meaningless', 'nobody is sent to a login')
      : findingIfSet(
          installation,
          'redirect-url',
          'refused',
          'browsers log in there, and nothing here does that; keep oauth2-proxy for them. Without it browsers that have no token get 401',
        )),
  ];
}

function judgeSessions(installation: Installation): readonly Finding[] {
  const type = textOf(installation, 'session-store-type');
  const users = 'users with a password no longer pass; nothing here checks passwords';
  return [
    ...(type === 'redis'
      ? findingIfSet(
          installation,
          'session-store-type',
          'refused',
          'sessions of browsers are kept there, and none is kept here. Without it who has a session and no token gets 401',
        )
      : findingIfSet(installation, 'session-store-type', 'meaningless', 'no session is kept')),
    ...['htpasswd-file', 'htpasswd-user-group'].flatMap((flag) =>
      isSet(installation, flag) && listOf(installation, flag).length > 0
        ? findingIfSet(installation, flag, 'refused', users)
        : [],
    ),
  ];
}

function judgeUpstreams(installation: Installation): readonly Finding[] {
  const flag = 'upstream';
  const upstreams = listOf(installation, flag);
  const statics = upstreams.filter((upstream) => upstream.startsWith('static://'));
  // What is no number stands for 200.
  const codes = statics.map((upstream) => /^static:\/\/(\d+)\/?$/.exec(upstream)?.[1] ?? '200');
  if (upstreams.length === 0)
    return findingUnlessRefused(
      installation,
      flag,
      'changed',
      'without `static://200` a good token ended in 404, which Envoy takes for a refusal, unless checks were sent to /oauth2/auth; here it passes',
    );
  if (codes.some((code) => code !== '200'))
    return findingIfSet(
      installation,
      flag,
      'refused',
      `Envoy lets a request pass only on 200, so with ${quotedList(statics)} none ever passed. If it is accepted, GOOD TOKENS PASS FROM NOW ON`,
    );
  if (codes.length === upstreams.length)
    return findingIfSet(
      installation,
      flag,
      'kept',
      'what this service does: it answers by itself, and Envoy sends the request on',
    );
  const others = quotedList(upstreams.filter((upstream) => !statics.includes(upstream)));
  return codes.length > 0
    ? findingIfSet(
        installation,
        flag,
        'changed',
        `nothing is sent on from here, so ${others} gets nothing; all paths are answered alike`,
      )
    : findingIfSet(
        installation,
        flag,
        'refused',
        `requests were sent on to ${others}, and nothing is sent on from here: Envoy asks, and sends the request itself. Without it whoever reached that upstream through oauth2-proxy must reach it through Envoy`,
      );
}

/** The scopes that a token could be asked for; those of OpenID Connect itself are about the login. */
function neededScopes(installation: Installation): readonly string[] {
  const ofLogin = ['openid', 'profile', 'email', 'offline_access', 'address', 'phone'];
  const scopes = textOf(installation, 'scope').split(/\s+/);
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
