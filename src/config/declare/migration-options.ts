/** The options for replacing oauth2-proxy: its response format, and the incumbent during the migration. */
import { z } from '../schema/schema.ts';
import { duration, oneOf } from '../values/schemas.ts';
import { isOrigin } from '../values/urls.ts';

const incumbentUrl = () =>
  z
    .string()
    .refine(
      (value) => value === '' || isOrigin(value),
      'must be http:// or https:// and a host, without a path, because the path of each check is added; remove the path',
    )
    .default('')
    .meta({ title: '"" or a URL such as http://oauth2-proxy.oauth2-proxy.svc.cluster.local' });

/** The options for the format of HTTP responses. */
export const compatOptions = {
  compat: oneOf('none', 'oauth2-proxy')
    .default('none')
    .describe(
      "Format of HTTP responses. `none`: the format of this service. `oauth2-proxy`: the format of oauth2-proxy, for clients and filters that depend on it. It never changes a decision. It also sets `gap-auth`, which the mesh's entry must list; `identityHeaders: remove` removes `gap-auth` too. It changes three defaults: `outputTokenToHeader` is `x-auth-request-access-token`, `setAuthorizationHeader` is true, and the subject replaces an absent email.",
    ),
  compatInvalidTokenStatus: z
    .union([z.literal(401), z.literal(403)])
    .default(401)
    .meta({ title: '401 or 403' })
    .describe(
      'With `compat: oauth2-proxy`, the status for an invalid token. oauth2-proxy sends 403 if `bearer-token-login-fallback` is false.',
    ),
};

/** The incumbent: the authorizer that decides while `shadow.authorizer` is set. */
export const shadowOptions = z
  .strictObject({
    authorizer: incumbentUrl().describe(
      'URL of the incumbent (the authorizer that decides while this option is set), such as oauth2-proxy. Every check is forwarded to it, and its response is returned unchanged. The decision of this service is only compared with it, logged and counted. With https:// the system must trust its certificate (`NODE_EXTRA_CA_CERTS` adds CA certificates). Empty: no incumbent.',
    ),
    timeout: duration({ from: '100ms', to: '30s' })
      .prefault('1500ms')
      .describe(
        'Timeout of a request to the incumbent, at least 20 % below `limits.meshTimeout`. After it the check ends with `incumbent_unavailable`.',
      ),
  })
  .prefault({});
