/** What of a token's claims is its e-mail, and what its groups, as its issuer is configured. */

import type { IssuerConfig } from '../../config/declare/options.ts';
import type { Claims } from '../../model/identity.ts';
import { namesInOrder } from './claim-order.ts';
import { createReadClaim, isObject, type ReadClaim } from './claim-path.ts';
import { claimOf } from './claims.ts';

/** Reads what an issuer's tokens say of who asks. */
export interface IdentityClaims {
  /** The e-mail of a token: the claim, or the one that stands for it where it is absent or empty; of any type. */
  readonly email: ReadClaim;
  /**
   * The groups of a token, one or a list; with Keycloak's roles among them where that is wanted, always a list.
   *
   * @param payload the text of the claims, where the order of groups matters
   */
  readonly groups: (claims: Claims, payload?: string) => unknown;
}

/** Makes what reads the tokens of an issuer. */
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
 * Makes what reads groups that are the names of an object's members. A member that is null or false is no group. What is
 * not an object has no names: it is given as it is, in a list, so that it is no group and is counted as one of a wrong type.
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

/** Whether a token's e-mail was verified, as far as it says; an issuer may write the flag as text or number. */
export function isEmailVerified({ email_verified: verified }: Claims): boolean {
  return (
    verified === undefined ||
    verified === null ||
    verified === true ||
    verified === 1 ||
    (typeof verified === 'string' && /^(1|t|T|true|True|TRUE)$/.test(verified))
  );
}

/** Roles of the realm as `role:NAME`, those of a client as `role:CLIENT:NAME`. */
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
