/** What of a token is its e-mail and what its groups, and who may pass by them. */
import * as z from 'zod';
import { claimName, flag, oneOf, text } from '../values/schemas.ts';

const domain = () =>
  z
    .string()
    .regex(/^(\*\.)?([a-z0-9_-]+\.)*[a-z0-9_-]+$/i)
    .toLowerCase()
    .meta({ title: 'a domain such as example.com, or *.example.com for those below it' });

const address = () =>
  z
    .string()
    .regex(/^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/)
    .toLowerCase()
    .meta({ title: 'an e-mail address' });

/** The e-mail of a token. */
export const emailOptions = z
  .strictObject({
    claim: claimName()
      .default('email')
      .describe('The claim that holds the e-mail; by its name as it stands first, then as a dotted path.'),
    fallbackClaim: z
      .union([z.literal(''), claimName()])
      .default('')
      .meta({ title: '"", the name of a claim, or a list of the names on the way to it' })
      .describe('The claim that stands for an e-mail that is absent or empty, e.g. `sub`; empty: none.'),
    requireVerified: flag()
      .default(false)
      .describe('Refuse, as `claim_invalid`, a token whose `email_verified` is there and is not true.'),
    allowedDomains: z
      .array(domain())
      .min(1)
      .optional()
      .meta({ title: 'a list of domains' })
      .describe(
        'Domains of which the e-mail must be one, in any case; `*.example.com` stands for those below it. A token without e-mail is refused.',
      ),
    allowedAddresses: z
      .array(address())
      .min(1)
      .optional()
      .meta({ title: 'a list of e-mail addresses' })
      .describe('Addresses that may pass, beside `allowedDomains`, in any case.'),
  })
  .prefault({});

/** The groups of a token. */
export const groupsOptions = z
  .strictObject({
    claim: claimName()
      .default('groups')
      .describe(
        'The claim that holds the groups, one or a list; by its name as it stands first, then as a dotted path.',
      ),
    from: oneOf('values', 'names')
      .default('values')
      .describe(
        "Whether the groups are the claim's values, or the names of its members where it is an object, as Zitadel's roles are. A member that is null or false is no group.",
      ),
    keycloakRoles: flag()
      .default(false)
      .describe(
        "Count Keycloak's roles among the groups: `role:NAME` for one in `realm_access.roles`, `role:CLIENT:NAME` for one in `resource_access.CLIENT.roles`.",
      ),
    allowed: z
      .array(text('the name of a group'))
      .min(1)
      .optional()
      .meta({ title: 'a list of names of groups' })
      .describe('Groups of which the token must have one.'),
  })
  .prefault({});
