/** Declares the options of the log. */
import { z } from '../schema/schema.ts';
import { anyHeaderName, boolean, oneOf } from '../values/schemas.ts';

/** Headers whose values are credentials or describe them. */
const credentialHeaders = [
  'authorization',
  'cookie',
  'dpop',
  'proxy-authorization',
  'set-cookie',
  'x-forwarded-client-cert',
];

/** The options below `log`. */
export const logOptions = z
  .strictObject({
    level: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')
      .default('info')
      .describe('Minimum level of log records.'),
    format: oneOf('auto', 'json', 'text')
      .default('auto')
      .describe(
        'Format of log records. `json`: one JSON object per line. `text`: one readable line per record. `auto`: `text` on a terminal, otherwise `json`. `text` has colors on a terminal unless NO_COLOR is set or TERM is `dumb`; FORCE_COLOR enables them elsewhere.',
      ),
    checks: oneOf('all', 'denied', 'none')
      .default('denied')
      .describe(
        'Which checks are logged at `info`. `denied`: every check that is not allowed, and every check that is allowed only because of shadow mode. The other checks are logged at `debug`. `internal_error` is always logged, with its cause.',
      ),
    detail: boolean()
      .default(true)
      .describe(
        'Whether the log record of a denial contains `detail`: what the check expected and what it found. A detail never contains the token, its subject, or claim values other than `iss` and `aud`.',
      ),
    subject: boolean()
      .default(false)
      .describe("Whether the log record of a check contains the token's subject."),
    excludePaths: z
      .array(
        z
          .string()
          .regex(/^\/[^?#]*$/)
          .meta({ title: 'a path' }),
      )
      .default([])
      .describe(
        'Paths whose checks are not logged. Write each path without its query, exactly as the request has it.',
      ),
    requestIdHeader: anyHeaderName()
      .refine(
        (name) => !credentialHeaders.includes(name),
        'must not be a header with credentials, which must never reach a log; use another header',
      )
      .default('x-request-id')
      .describe('The header whose value the log records as `requestId`.'),
  })
  .prefault({});
