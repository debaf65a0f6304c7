/** The options of a header that carries something of a token to the workload. */
import * as z from 'zod';
import { claimName, headerName, oneOf } from '../values/schemas.ts';

const encodings = ['plain', 'percent', 'base64url', 'json'] as const;

/** How a value is written into a header. */
export type HeaderEncoding = (typeof encodings)[number];

/** The headers that claims are forwarded in. */
export const claimHeaders = () =>
  z.array(
    z
      .strictObject({
        header: headerName().describe('Name of the header.'),
        claim: claimName()
          .optional()
          .describe('The claim: its name, a dotted path, or the list of the names on the way to it.'),
        from: oneOf('email', 'groups', 'token', 'claims')
          .optional()
          .describe(
            'Instead of `claim`: the e-mail or the groups as the issuer is configured, the token, or all claims.',
          ),
        separator: z
          .string()
          .regex(/^[\x20-\x7e]{1,8}$/)
          .optional()
          .meta({ title: 'one to eight characters of printable ASCII' })
          .describe(
            'What stands between the members of a list, with the encodings `plain` and `percent`. Default: a comma. A member that holds it is left out.',
          ),
        encoding: oneOf(...encodings)
          .optional()
          .describe(
            '`plain`, the default: as it is, for printable ASCII alone. `percent`: UTF-8, percent-encoded (RFC 3986). `base64url`: of the UTF-8 text, or of the JSON of what is not a text; without padding; the default of `from: claims`. `json`: JSON in ASCII.',
          ),
      })
      .superRefine(fitTogether, { when: () => true }),
  );

/** What percent-encoding itself writes (RFC 3986 section 2), so that it cannot separate what is encoded. */
const ofPercent = /[A-Za-z0-9._~%-]/;

/** Runs beside problems of single fields, so nothing has a sure type yet. */
function fitTogether(entry: unknown, context: z.RefinementCtx): void {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return;
  const { claim, from, separator, encoding } = entry as Readonly<Record<string, unknown>>;
  const problem = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if ((claim === undefined) === (from === undefined))
    problem([], 'expected either `claim`, or `from` with one of email, groups, token, claims');
  if (from === 'token' && encoding !== undefined && encoding !== 'plain')
    problem(['encoding'], 'the token goes as it is; leave out `encoding`');
  if (from === 'claims' && encoding === 'plain')
    problem(['encoding'], 'all claims are JSON, which `plain` cannot carry; use base64url, json or percent');
  if (separator === undefined) return;
  if (from === 'token' || from === 'claims' || encoding === 'json' || encoding === 'base64url')
    problem(['separator'], 'this value is not a list with separators; leave out `separator`');
  else if (encoding === 'percent' && typeof separator === 'string' && ofPercent.test(separator))
    problem(
      ['separator'],
      `percent-encoding writes ${JSON.stringify(ofPercent.exec(separator)?.[0])} itself; use a separator without letters, digits and any of . _ ~ % -`,
    );
}
