/** The options of the login for browsers. */

import { host } from '../rules/host-option.ts';
import { z } from '../schema/schema.ts';
import { boolean, duration, oneOf, text } from '../values/schemas.ts';

/**
 * A path without empty segments, segments that end with a dot, a query or escapes, so that every server reads it in the same way. The
 * schema of the chart has this pattern, so it must have no lookahead.
 */
const path = () =>
  z
    .string()
    .regex(/^(\/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])+$/)
    .meta({ title: 'a path such as /oauth2/callback, without a slash at its end' });

const ownPath = (name: string) =>
  path().optional().describe(`Path of ${name}. Default: below \`login.paths.prefix\`.`);

/** `login`. The caller adds `listener`. */
export const loginFields = {
  hosts: z
    .array(host())
    .min(1)
    .meta({ title: 'a list of at least one host' })
    .describe(
      'Hosts where a login may begin and end: an exact name, or `*.` and a domain. A request to another host never gets a login.',
    ),
  httpHosts: z
    .array(host())
    .default([])
    .describe(
      'Hosts of `login.hosts` that browsers reach over plain `http://`, for development. Their cookies have neither `Secure` nor the prefix `__Host-`. The scheme is never taken from the request.',
    ),
  host: host()
    .optional()
    .describe(
      'A host of `login.hosts` where everyone signs in: the central host. It has the only redirect URI. After the login, it hands the session over to the host where the person began. Absent: each host has its own login and its own redirect URI.',
    ),
  issuers: z
    .array(text('an issuer name'))
    .min(1)
    .optional()
    .meta({ title: 'a list of issuer names' })
    .describe(
      'Names of the issuers that sign people in, for rules that do not name issuers themselves. With several, a page asks. Absent: every issuer with `login`.',
    ),
  when: oneOf('navigation', 'never')
    .default('navigation')
    .describe(
      'Who is sent to log in. `navigation`: a browser that opens a page; other requests get 401. `never`: no client; sessions still count.',
    ),
  timeout: duration({ from: '1m', to: '1h' })
    .prefault('10m')
    .describe('Maximum time from the start of a login to its end.'),
  paths: z
    .strictObject({
      prefix: path()
        .default('/.oidc-authz')
        .describe(
          'Prefix of the paths that this service answers itself on hosts with a login. The workload never receives requests below it.',
        ),
      callback: ownPath('the redirect URI, which you register at the issuer'),
      start: ownPath('the start of a login'),
      signOut: ownPath('the sign-out'),
      user: ownPath('the page about the signed-in person'),
    })
    .prefault({}),
  afterSignOut: z
    .string()
    .default('')
    .meta({ title: '"", a path, or an https:// URL on a host of login.hosts' })
    .describe('The address of the browser after a sign-out. Empty: a page that says so.'),
  cors: z
    .array(text('an origin such as https://app.example.com'))
    .default([])
    .describe('Origins of web applications that may read the 401 of a request without a session.'),
  frames: boolean()
    .default(false)
    .describe('Whether a page in a frame is sent to log in. Most issuers refuse to be shown in a frame.'),
  requireSameOrigin: boolean()
    .default(false)
    .describe(
      'Whether a session allows requests that change something (`POST`, `PUT`, `PATCH`, `DELETE` and unknown methods) only from pages of the same origin. Recommended. A rule can set its own value.',
    ),
};
