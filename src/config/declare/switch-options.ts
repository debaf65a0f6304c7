/** The options for taking the place of oauth2-proxy: its answers over HTTP, and the time in which it still decides. */
import * as z from 'zod';
import { duration, oneOf } from '../values/schemas.ts';
import { isOrigin } from '../values/urls.ts';

const incumbentUrl = () =>
  z
    .string()
    .refine(
      (value) => value === '' || isOrigin(value),
      'expected http:// or https:// and a host, with nothing behind it: the path is that of the check',
    )
    .default('')
    .meta({ title: '"" or a URL such as http://oauth2-proxy.oauth2-proxy.svc.cluster.local' });

/** How answers over HTTP are written. */
export const compatOptions = {
  compat: oneOf('none', 'oauth2-proxy')
    .default('none')
    .describe(
      'How an answer over HTTP is written: our own way, or as oauth2-proxy writes it, for clients and filters that depend on that. It never changes what is decided. It sets `gap-auth` too, which the entry of the mesh must list; with `identityHeaders: remove` it is removed like the others. Headers that nobody configured are then those of its usual settings: `outputTokenToHeader` is `x-auth-request-access-token`, `setAuthorizationHeader` is true, and the e-mail is the subject where there is none.',
    ),
  compatInvalidTokenStatus: z
    .union([z.literal(401), z.literal(403)])
    .default(401)
    .meta({ title: '401 or 403' })
    .describe(
      'With `compat: oauth2-proxy`, the status for a token that is not good: 403 is what `bearer-token-login-fallback=false` makes of it.',
    ),
};

/** The one that decides until this one does. */
export const shadowOptions = z
  .strictObject({
    authorizer: incumbentUrl().describe(
      'The authorizer that decides for the time being, such as an oauth2-proxy: it is asked each check, its answer is given unchanged, and our own is only compared, logged and counted. Over https:// its certificate must be one that the system trusts (`NODE_EXTRA_CA_CERTS` adds to those). Empty: none.',
    ),
    timeout: duration({ from: '100ms', to: '30s' })
      .prefault('1500ms')
      .describe(
        'Longest wait for its answer, at least 20 % below `limits.meshTimeout`; then the check ends as `incumbent_unavailable`.',
      ),
  })
  .prefault({});
