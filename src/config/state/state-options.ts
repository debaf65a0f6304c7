/** The options of the store that several processes share. */
import { z } from '../schema/schema.ts';
import { duration, filePath, oneOf, text } from '../values/schemas.ts';

/** `state`. */
export const stateOptions = z
  .strictObject({
    keysFile: filePath()
      .optional()
      .describe(
        'A file with keys in the form of `sessions.keysFile`, for a service without a login. It protects what `denyList.store` writes. With a login, `sessions.keysFile` is used.',
      ),
    valkey: z
      .strictObject({
        urls: z
          .array(
            text('a URL such as rediss://valkey.example.svc:6379').regex(
              /^rediss?:\/\/[^/@\s?#]+(\/\d{1,4})?$/,
            ),
          )
          .min(1)
          .meta({ title: 'a list of at least one URL' })
          .describe(
            'Addresses of Valkey or Redis: `rediss://` with TLS, `redis://` without. `single`: one address, with the number of a database after a slash if it is not 0. `sentinel`: the sentinels. `cluster`: some nodes of the cluster.',
          ),
        mode: oneOf('single', 'sentinel', 'cluster').default('single').describe('The kind of installation.'),
        masterName: text()
          .optional()
          .describe('The name of the master that the sentinels watch. Required with `mode: sentinel`.'),
        usernameFile: filePath()
          .optional()
          .describe('A file with the name of an ACL user. Absent: `default`.'),
        passwordFile: filePath()
          .optional()
          .describe('A file with the password. It is read again for each connection.'),
        sentinelUsernameFile: filePath()
          .optional()
          .describe('A file with the name of the ACL user at the sentinels.'),
        sentinelPasswordFile: filePath()
          .optional()
          .describe('A file with the password at the sentinels, which have their own.'),
        caFile: filePath()
          .optional()
          .describe('A file with the certificate authorities for `rediss://`. Absent: those of Node.js.'),
        certFile: filePath().optional().describe('A file with the client certificate for `rediss://`.'),
        keyFile: filePath().optional().describe('A file with the key of `certFile`.'),
        prefix: text('a prefix such as oidc-authz')
          .regex(/^[A-Za-z0-9._:-]{1,64}$/)
          .default('oidc-authz')
          .describe(
            'Prefix of every key in the store. Installations that share a server and not their sessions need different ones.',
          ),
        timeout: duration({ from: '50ms', to: '1s' })
          .prefault('500ms')
          .describe(
            'Maximum time of one operation. A check that needs more than one stays within its own deadline.',
          ),
      })
      .describe('A Valkey or Redis server that you run. Version 7 of either, or later.'),
  })
  .optional()
  .describe(
    'The store that replicas and workers share. Absent: each process works alone, and sessions are in cookies.',
  );
