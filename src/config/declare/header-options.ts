/** The options of a header that forwards token data to the upstream. */
import type { RefinementCtx } from 'zod';
import { z } from '../schema/schema.ts';
import { claimName, headerName, oneOf } from '../values/schemas.ts';

const encodings = ['plain', 'percent', 'base64url', 'json'] as const;

/** How a value is encoded in a header. */
export type HeaderEncoding = (typeof encodings)[number];

/** Declares a list of headers and the claims that they carry. */
export const claimHeaders = () =>
  z.array(
    z
      .strictObject({
        header: headerName().describe('Name of the header.'),
        claim: claimName()
          .optional()
          .describe('The claim: its name, a dotted path, or a list with the name at each level.'),
        from: oneOf('email', 'groups', 'token', 'claims')
          .optional()
          .describe(
            'Replaces `claim`: the email or the groups as the issuer configures them, the token, or all claims.',
          ),
        separator: z
          .string()
          .regex(/^[\x20-\x7e]{1,8}$/)
          .optional()
          .meta({ title: '1 to 8 printable ASCII characters' })
          .describe(
            'Separator between the members of a list, with the encodings `plain` and `percent`. Default: a comma. A member that contains the separator is left out.',
          ),
        encoding: oneOf(...encodings)
          .optional()
          .describe(
            '`plain` (the default): the value itself, if it is printable ASCII. `percent`: UTF-8, percent-encoded (RFC 3986). `base64url`: the UTF-8 text, or the JSON of any other value, without padding; the default of `from: claims`. `json`: JSON in ASCII.',
          ),
      })
      .superRefine(checkAcrossFields, { when: () => true }),
  );

/** Characters of percent-encoded text (RFC 3986 section 2); none of them can separate encoded values. */
const percentCharacters = /[A-Za-z0-9._~%-]/;

/** Checks the fields of one entry together. It also runs if single fields are invalid, so it must not trust any type. */
function checkAcrossFields(entry: unknown, context: RefinementCtx): void {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return;
  const { claim, from, separator, encoding } = entry as Readonly<Record<string, unknown>>;
  const problem = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if ((claim === undefined) === (from === undefined))
    problem([], 'must have either `claim` or `from`; `from` is one of email, groups, token, claims');
  if (from === 'token' && encoding !== undefined && encoding !== 'plain')
    problem(['encoding'], 'the token is never encoded; remove `encoding`');
  if (from === 'claims' && encoding === 'plain')
    problem(['encoding'], '`plain` cannot carry all claims, which are JSON; use base64url, json or percent');
  if (separator === undefined) return;
  if (from === 'token' || from === 'claims' || encoding === 'json' || encoding === 'base64url')
    problem(['separator'], 'this value has no separators; remove `separator`');
  else if (encoding === 'percent' && typeof separator === 'string' && percentCharacters.test(separator))
    problem(
      ['separator'],
      `percent-encoded text can contain ${JSON.stringify(percentCharacters.exec(separator)?.[0])}; use a separator without letters, digits and . _ ~ % -`,
    );
}
