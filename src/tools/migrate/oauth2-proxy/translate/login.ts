/** Translates logins, sessions and denials. The converted configuration has no login. */
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet, findingUnlessRefused } from './findings.ts';
import type { Part, TreeComment } from './part.ts';
import { isOn, isSet, listOf, quotedList, textOf } from './setting-values.ts';

/** Translates all settings for logins, sessions and denials. */
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
    : 'an invalid token gets 401 with a challenge (RFC 6750); for 403 set `compat: oauth2-proxy` and `compatInvalidTokenStatus: 403`';
  return [
    ...(isOn(installation, 'skip-jwt-bearer-tokens')
      ? findingIfSet(
          installation,
          'skip-jwt-bearer-tokens',
          'kept',
          'the normal behavior: a valid bearer token is allowed',
        )
      : findingUnlessRefused(
          installation,
          'skip-jwt-bearer-tokens',
          'refused',
          'without it oauth2-proxy ignores bearer tokens, and only browser sessions are allowed. If you accept it, BEARER TOKENS ARE ALLOWED FROM NOW ON, and sessions are not, unless you add a login (docs/migrating-logins.md)',
        )),
    ...(isForbidden
      ? findingIfSet(installation, fallback, compat ? 'kept' : 'changed', ours)
      : findingIfSet(
          installation,
          fallback,
          'meaningless',
          'an invalid token gets 401, and there is no login to fall back to',
        )),
  ];
}

function judgeErrors(installation: Installation, compat: boolean): readonly Finding[] {
  const isJson = isOn(installation, 'force-json-errors');
  const redirect = textOf(installation, 'redirect-url') !== '';
  const old = compat
    ? '`compat: oauth2-proxy` keeps the responses of oauth2-proxy'
    : 'if clients need the responses of oauth2-proxy, set `compat: oauth2-proxy`';
  const html = `a client without a token gets 401 with JSON and is not sent to a login page; ${old}`;
  return [
    ...(isJson
      ? findingIfSet(
          installation,
          'force-json-errors',
          'kept',
          `the normal behavior: a denial has a JSON body; ${old}`,
        )
      : redirect
        ? findingIfSet(installation, 'force-json-errors', 'changed', html)
        : findingUnlessRefused(installation, 'force-json-errors', 'changed', html)),
    ...(isJson || !redirect
      ? findingIfSet(installation, 'redirect-url', 'meaningless', 'no client is sent to a login')
      : findingIfSet(
          installation,
          'redirect-url',
          'refused',
          'browsers log in at this URL, and the converted configuration has no login; add one (docs/migrating-logins.md), or keep oauth2-proxy for them. Without it browsers without a token get 401',
        )),
  ];
}

function judgeSessions(installation: Installation): readonly Finding[] {
  const type = textOf(installation, 'session-store-type');
  const users = 'oidc-authz checks no passwords, so users with a password are no longer allowed';
  return [
    ...(type === 'redis'
      ? findingIfSet(
          installation,
          'session-store-type',
          'refused',
          'oauth2-proxy stores browser sessions there, and the converted configuration has no sessions; add a login (docs/migrating-logins.md). Without it a client with a session and no token gets 401',
        )
      : findingIfSet(
          installation,
          'session-store-type',
          'meaningless',
          'the converted configuration has no sessions',
        )),
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
  // Anything that is not a number means 200.
  const codes = statics.map((upstream) => /^static:\/\/(\d+)\/?$/.exec(upstream)?.[1] ?? '200');
  if (upstreams.length === 0)
    return findingUnlessRefused(
      installation,
      flag,
      'changed',
      'without `static://200` oauth2-proxy answers 404 for a valid token, which Envoy treats as a denial, unless checks go to /oauth2/auth; here the token is allowed',
    );
  if (codes.some((code) => code !== '200'))
    return findingIfSet(
      installation,
      flag,
      'refused',
      `Envoy allows a request only for status 200, so oauth2-proxy allows none with ${quotedList(statics)}. If you accept it, VALID TOKENS ARE ALLOWED FROM NOW ON`,
    );
  if (codes.length === upstreams.length)
    return findingIfSet(
      installation,
      flag,
      'kept',
      'the normal behavior: oidc-authz answers the check, and Envoy forwards the request',
    );
  const others = quotedList(upstreams.filter((upstream) => !statics.includes(upstream)));
  return codes.length > 0
    ? findingIfSet(
        installation,
        flag,
        'changed',
        `oidc-authz forwards no requests, so ${others} gets none; checks on all paths get the same answer`,
      )
    : findingIfSet(
        installation,
        flag,
        'refused',
        `oauth2-proxy forwards requests to ${others}, and oidc-authz forwards none: Envoy calls it and forwards the request itself. Without it clients must reach that upstream through Envoy`,
      );
}

/** The scopes that a token could be required to have; those of OpenID Connect itself only affect the login. */
function neededScopes(installation: Installation): readonly string[] {
  const ofLogin = ['openid', 'profile', 'email', 'offline_access', 'address', 'phone'];
  const scopes = textOf(installation, 'scope').split(/\s+/);
  return [...new Set(scopes)].filter(
    (scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope) && !ofLogin.includes(scope),
  );
}

function scopeText(scopes: readonly string[]): string {
  const never = 'oauth2-proxy only requests it at a login, and never requires it in a token';
  const login = 'a login requests `issuers[].login.scopes` (docs/migrating-logins.md)';
  return scopes.length === 0
    ? `${never}; to require scopes, set \`requiredScopes\`; ${login}`
    : `${never}; to require it, set \`requiredScopes: [${scopes.join(', ')}]\`; ${login}`;
}

function scopeComments(scopes: readonly string[]): readonly TreeComment[] {
  if (scopes.length === 0) return [];
  const text = `oauth2-proxy never required its scope of a token. This would require it:\nrequiredScopes: [${scopes.map((scope) => JSON.stringify(scope)).join(', ')}]`;
  return [{ path: ['issuers', 0], text }];
}
