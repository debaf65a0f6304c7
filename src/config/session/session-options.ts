/** The options of the sessions of signed-in people. */
import { z } from '../schema/schema.ts';
import { boolean, duration, filePath, oneOf, text } from '../values/schemas.ts';

/** `sessions`. */
export const sessionOptions = z
  .strictObject({
    keysFile: filePath().describe(
      'A file with the keys that seal session cookies: one or more lines, each the base64 of 32 random bytes (`openssl rand -base64 32`). The first key seals, every key opens; reloaded when it changes. Use the same file for all replicas.',
    ),
    maxAge: duration({ from: '1m', to: '720h' })
      .prefault('12h')
      .describe('Maximum age of a session, from its login. It is never extended.'),
    idleTimeout: duration({ from: '1m', to: '720h' })
      .prefault('1h')
      .describe('A session ends after this time without a request.'),
    refresh: boolean()
      .default(true)
      .describe(
        'Whether to renew the tokens of a session with its refresh token. With sessions in cookies, this is safe only with one replica and one worker: most issuers accept a refresh token once.',
      ),
    recheck: duration({ from: '1m', to: '24h' })
      .prefault('15m')
      .describe(
        'Maximum time between two renewals of a session that has a refresh token. It limits how long a person stays signed in after the issuer disabled the account.',
      ),
    store: oneOf('cookie', 'valkey')
      .optional()
      .describe(
        'The place of sessions. `cookie`: sealed in the cookie. `valkey`: in the store of `state`, encrypted with a key that only the cookie has. Absent: `valkey` with `state`, otherwise `cookie`.',
      ),
    grace: duration({ from: '0s', to: '10m' })
      .prefault('30s')
      .describe(
        'How long a process uses the sessions that it has cached while the store is away. After that, and for other sessions, the check ends with `sessions_unavailable`. No cookie is deleted.',
      ),
    backChannelLogout: boolean()
      .default(false)
      .describe(
        'Whether issuers can end sessions with OpenID Connect Back-Channel Logout, at `/back-channel-logout/ISSUER` of the listener of the login. It needs `state` and `login.listener.enabled`.',
      ),
    frontChannelLogout: boolean()
      .default(false)
      .describe(
        'Whether issuers can end sessions with OpenID Connect Front-Channel Logout, at `/front-channel-logout/ISSUER` of the listener of the login. Everyone who knows a `sid` can use it. Prefer `backChannelLogout`. It needs `state` and `login.listener.enabled`.',
      ),
    cookie: z
      .strictObject({
        name: text('a cookie name')
          .max(64)
          .regex(/^[A-Za-z0-9._-]+$/)
          .default('oidc-authz')
          .describe('Name of the session cookie, after the prefix `__Host-`.'),
        domain: text('a domain such as example.com')
          .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
          .optional()
          .describe(
            'Domain of the session cookie, to share a session between hosts. Every host below it receives the cookie and can replace it. Absent: each host has its own sessions, which is safer.',
          ),
        sameSite: oneOf('lax', 'none')
          .default('lax')
          .describe('`none` sends the cookie in frames of other sites too, as a partitioned cookie.'),
      })
      .prefault({}),
  })
  .optional()
  .describe('Sessions of signed-in people. Required with `login`.');
