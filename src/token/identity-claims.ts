/** What of a token's claims is its e-mail, and what its groups, as its issuer is configured. */
import type { Claims } from '../check/types.ts';
import type { IssuerConfig } from '../config/options.ts';
import { findClaim } from './claims.ts';

/** The e-mail of a token: the claim, or the one that stands for it where it is absent or empty; of any type. */
export function emailOf(claims: Claims, { claim, fallbackClaim }: IssuerConfig['email']): unknown {
  const email = findClaim(claims, claim);
  const isAbsent = email === undefined || email === null || email === '';
  return isAbsent && fallbackClaim !== '' ? findClaim(claims, fallbackClaim) : email;
}

/** The groups of a token, one or a list; with Keycloak's roles among them where that is wanted, always a list. */
export function groupsOf(claims: Claims, { claim, keycloakRoles }: IssuerConfig['groups']): unknown {
  const groups = findClaim(claims, claim);
  return keycloakRoles ? [...listOf(groups).filter((group) => group !== ''), ...rolesOf(claims)] : groups;
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
  const clients = findClaim(claims, 'resource_access');
  const ofClients =
    typeof clients === 'object' && clients !== null
      ? Object.entries(clients).flatMap(([client, access]) =>
          rolesIn(access).map((role) => `role:${client}:${role}`),
        )
      : [];
  return [...rolesIn(findClaim(claims, 'realm_access')).map((role) => `role:${role}`), ...ofClients];
}

function rolesIn(access: unknown): string[] {
  if (typeof access !== 'object' || access === null || !('roles' in access)) return [];
  return listOf(access.roles).filter((role) => typeof role === 'string');
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
