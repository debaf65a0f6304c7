/** The options for the email and the groups of a token, and for access by them. */
import { z } from '../schema/schema.ts';
import { boolean, claimName, oneOf, text } from '../values/schemas.ts';

const domain = () =>
  z
    .string()
    .regex(/^(\*\.)?([a-z0-9_-]+\.)*[a-z0-9_-]+$/i)
    .toLowerCase()
    .meta({ title: 'a domain such as example.com, or *.example.com for its subdomains' });

const address = () =>
  z
    .string()
    .regex(/^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/)
    .toLowerCase()
    .meta({ title: 'an email address' });

/** The options for the email of a token. */
export const emailOptions = z
  .strictObject({
    claim: claimName()
      .default('email')
      .describe('The claim with the email. It is looked up by its name first, then as a dotted path.'),
    fallbackClaim: z
      .union([z.literal(''), claimName()])
      .default('')
      .meta({ title: '"", a claim name, or a list with the name at each level' })
      .describe('The claim to use if the email is absent or empty, for example `sub`. Empty: none.'),
    requireVerified: boolean()
      .default(false)
      .describe('Deny a token, as `claim_invalid`, if its `email_verified` is present and not true.'),
    allowedDomains: z
      .array(domain())
      .min(1)
      .optional()
      .meta({ title: 'a list of domains' })
      .describe(
        'Allowed email domains, in any case. `*.example.com` matches its subdomains. A token without an email is denied.',
      ),
    allowedAddresses: z
      .array(address())
      .min(1)
      .optional()
      .meta({ title: 'a list of email addresses' })
      .describe('Allowed email addresses, in any case, in addition to `allowedDomains`.'),
  })
  .prefault({});

/** The options for the groups of a token. */
export const groupsOptions = z
  .strictObject({
    claim: claimName()
      .default('groups')
      .describe(
        'The claim with the groups, a string or a list. It is looked up by its name first, then as a dotted path.',
      ),
    from: oneOf('values', 'names')
      .default('values')
      .describe(
        "Whether the groups are the claim's values, or the member names of a claim that is an object (as Zitadel's roles are). A member that is null or false is not a group.",
      ),
    keycloakRoles: boolean()
      .default(false)
      .describe(
        "Whether Keycloak's roles are groups too: `role:NAME` for a role in `realm_access.roles`, `role:CLIENT:NAME` for a role in `resource_access.CLIENT.roles`.",
      ),
    allowed: z
      .array(text('a group name'))
      .min(1)
      .optional()
      .meta({ title: 'a list of group names' })
      .describe('Allowed groups. The token must have at least one of them.'),
  })
  .prefault({});
