/** Reads the email address and the groups of a token, as configured for its issuer. */

import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Claims } from '../../model/identity.ts';
import { namesInOrder } from './claim-order.ts';
import { createReadClaim, isObject, type ReadClaim } from './claim-path.ts';
import { claimOf } from './claims.ts';

/** The readers for the tokens of one issuer. */
export interface IdentityClaims {
  /** Reads `email.claim`, or `email.fallbackClaim` if the former is absent or empty. The value can have any type. */
  readonly email: ReadClaim;
  /**
   * Reads one group or a list of groups. With `groups.keycloakRoles`, it is always a list and includes the roles.
   *
   * @param payload the JSON text of the claims, if the order of groups matters
   */
  readonly groups: (claims: Claims, payload?: string) => unknown;
}

/** Creates the readers of an issuer. */
export function createIdentityClaims({
  email,
  groups,
}: Pick<IssuerConfig, 'email' | 'groups'>): IdentityClaims {
  const readEmail = createReadClaim(email.claim);
  const readFallback = email.fallbackClaim === '' ? undefined : createReadClaim(email.fallbackClaim);
  const readGroups = groups.from === 'names' ? createReadNames(groups.claim) : createReadClaim(groups.claim);
  return {
    email: (claims) => {
      const value = readEmail(claims);
      return value === undefined || value === '' ? (readFallback?.(claims) ?? value) : value;
    },
    groups: (claims, payload) => {
      const value = readGroups(claims, payload);
      return groups.keycloakRoles
        ? [...listOf(value).filter((group) => group !== ''), ...rolesOf(claims)]
        : value;
    },
  };
}

/**
 * Creates the reader of groups that are the member names of an object. A null or false member is not a group. A value that is not an
 * object is returned inside a list, so that it counts as a group of a wrong type.
 */
function createReadNames(
  claim: IssuerConfig['groups']['claim'],
): (claims: Claims, payload: string | undefined) => unknown {
  const read = createReadClaim(claim);
  const orderOf = namesInOrder(claim);
  return (claims, payload) => {
    const value = read(claims);
    if (value === undefined) return undefined;
    if (!isObject(value)) return [[value]];
    const isGroup = (name: string) => name !== '' && value[name] !== null && value[name] !== false;
    return orderOf(value, payload).filter(isGroup);
  };
}

/** Whether the email address is verified. An absent flag counts as verified; issuers write the flag as boolean, string or number. */
export function isEmailVerified({ email_verified: verified }: Claims): boolean {
  return (
    verified === undefined ||
    verified === null ||
    verified === true ||
    verified === 1 ||
    (typeof verified === 'string' && /^(1|t|T|true|True|TRUE)$/.test(verified))
  );
}

/** The roles of Keycloak: `role:NAME` for realm roles, `role:CLIENT:NAME` for client roles. */
function rolesOf(claims: Claims): string[] {
  const clients = claimOf(claims, 'resource_access');
  const ofClients = isObject(clients)
    ? Object.entries(clients).flatMap(([client, access]) =>
        rolesIn(access).map((role) => `role:${client}:${role}`),
      )
    : [];
  return [...rolesIn(claimOf(claims, 'realm_access')).map((role) => `role:${role}`), ...ofClients];
}

function rolesIn(access: unknown): string[] {
  if (typeof access !== 'object' || access === null || !('roles' in access)) return [];
  return listOf(access.roles).filter((role) => typeof role === 'string');
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
