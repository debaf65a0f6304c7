/** The options of the deny list: tokens and sessions that are revoked before they expire. */
import { z } from '../schema/schema.ts';
import { boolean, filePath } from '../values/schemas.ts';

/** `denyList`. */
export const denyListOptions = z
  .strictObject({
    file: filePath()
      .optional()
      .describe(
        'A file that lists revoked tokens, by issuer and `jti`, `sub`, `sid` or `client_id`; reloaded when it changes. Write a list without entries as `[]`; an empty file is an error.',
      ),
    store: boolean()
      .default(false)
      .describe(
        'Whether entries that `oidc-authz revoke` adds count too. They are in the store, and reach every replica within 1 s. It needs `state`.',
      ),
  })
  .prefault({});
