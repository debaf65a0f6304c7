/** Translates the response headers that oauth2-proxy sets for the workload. */
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet } from './findings.ts';
import { injectedHeaders } from './injected-headers.ts';
import type { Part } from './part.ts';
import { isOn } from './setting-values.ts';

/** Flags that an alpha configuration replaces. */
const headerFlags = ['set-xauthrequest', 'pass-access-token', 'set-authorization-header', 'set-basic-auth'];

/** The headers of `set-xauthrequest` with their sources: the email falls back to `sub`, and roles are groups. */
const authRequestHeaders: readonly Mapping[] = [
  { header: 'x-auth-request-user', claim: 'sub' },
  { header: 'x-auth-request-email', from: 'email' },
  { header: 'x-auth-request-groups', from: 'groups' },
  { header: 'x-auth-request-preferred-username', claim: 'preferred_username' },
];

/** Translates the headers of an allowed request. */
export function translateHeaders(installation: Installation): Part {
  if (installation.injectedHeaders !== undefined) {
    const reason = 'the alpha configuration sets the headers (`injectResponseHeaders`)';
    const ruledOut = headerFlags.flatMap((flag) => findingIfSet(installation, flag, 'meaningless', reason));
    const { config, findings } = injectedHeaders(installation.injectedHeaders);
    return { config, findings: [...findings, ...ruledOut] };
  }
  const isSet = isOn(installation, 'set-xauthrequest');
  const hasToken = isSet && isOn(installation, 'pass-access-token');
  const isAuthorized = isOn(installation, 'set-authorization-header');
  return {
    config: {
      ...(isSet ? { outputClaimToHeaders: authRequestHeaders } : { identityHeaders: 'remove' }),
      ...(hasToken ? { outputTokenToHeader: 'x-auth-request-access-token' } : {}),
      ...(isAuthorized ? { setAuthorizationHeader: true } : {}),
    },
    findings: [
      ...(isSet
        ? findingIfSet(
            installation,
            'set-xauthrequest',
            'kept',
            `\`outputClaimToHeaders\` with the same names; ${list}`,
          )
        : findingIfSet(installation, 'set-xauthrequest', 'kept', `\`identityHeaders: remove\`: ${removed}`)),
      ...(hasToken
        ? findingIfSet(
            installation,
            'pass-access-token',
            'kept',
            '`outputTokenToHeader: x-auth-request-access-token`',
          )
        : findingIfSet(
            installation,
            'pass-access-token',
            'meaningless',
            'without `set-xauthrequest` it changes only the request from oauth2-proxy to its own upstream',
          )),
      ...(isAuthorized
        ? findingIfSet(
            installation,
            'set-authorization-header',
            'kept',
            '`setAuthorizationHeader: true`; the `authorization` header of the client reaches the workload even without it (`forwardOriginalToken`)',
          )
        : findingIfSet(installation, 'set-authorization-header', 'meaningless', 'it is off')),
    ],
  };
}

const list =
  'list them in the mesh entry; otherwise the mesh drops them and the workload gets those of the client';
const removed = 'no identity header is set, and a client cannot send one under the default names';
