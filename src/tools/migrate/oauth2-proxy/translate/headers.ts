/** The headers that oauth2-proxy put into its answer, for the mesh to hand on to the workload. */
import type { Mapping } from '../../../../config/values/mapping.ts';
import type { Given } from '../read/settings.ts';
import { isOn, judged, type Part } from './by-kind.ts';
import { injectedHeaders } from './injected.ts';

/** Flags that an alpha configuration rules out. */
const headerFlags = ['set-xauthrequest', 'pass-access-token', 'set-authorization-header', 'set-basic-auth'];

/** The headers of `set-xauthrequest`, with what they hold: an e-mail falls back to `sub`, and roles are groups. */
const authRequestHeaders: readonly Mapping[] = [
  { header: 'x-auth-request-user', claim: 'sub' },
  { header: 'x-auth-request-email', from: 'email' },
  { header: 'x-auth-request-groups', from: 'groups' },
  { header: 'x-auth-request-preferred-username', claim: 'preferred_username' },
];

/** Translates the headers of an answer that lets pass. */
export function translateHeaders(given: Given): Part {
  if (given.injectedHeaders !== undefined) {
    const reason = 'the alpha configuration says which headers there are (`injectResponseHeaders`)';
    const ruledOut = headerFlags.flatMap((flag) => judged(given, flag, 'meaningless', reason));
    const { config, findings } = injectedHeaders(given.injectedHeaders);
    return { config, findings: [...findings, ...ruledOut] };
  }
  const isSet = isOn(given, 'set-xauthrequest');
  const hasToken = isSet && isOn(given, 'pass-access-token');
  const isAuthorized = isOn(given, 'set-authorization-header');
  return {
    config: {
      ...(isSet ? { outputClaimToHeaders: authRequestHeaders } : { identityHeaders: 'remove' }),
      ...(hasToken ? { outputTokenToHeader: 'x-auth-request-access-token' } : {}),
      ...(isAuthorized ? { setAuthorizationHeader: true } : {}),
    },
    findings: [
      ...(isSet
        ? judged(given, 'set-xauthrequest', 'kept', `\`outputClaimToHeaders\` with the same names; ${list}`)
        : judged(given, 'set-xauthrequest', 'kept', `\`identityHeaders: remove\`: ${removed}`)),
      ...(hasToken
        ? judged(given, 'pass-access-token', 'kept', '`outputTokenToHeader: x-auth-request-access-token`')
        : judged(
            given,
            'pass-access-token',
            'meaningless',
            'without `set-xauthrequest` it changed only the request to the upstream of oauth2-proxy itself',
          )),
      ...(isAuthorized
        ? judged(
            given,
            'set-authorization-header',
            'kept',
            '`setAuthorizationHeader: true`; the header of the client reaches the workload without it too (`forwardOriginalToken`)',
          )
        : judged(given, 'set-authorization-header', 'meaningless', 'it is off')),
    ],
  };
}

const list = 'the entry of the mesh must list them, or they are dropped and those of the client pass';
const removed = 'no identity header is set, and none of a client passes under the default names';
