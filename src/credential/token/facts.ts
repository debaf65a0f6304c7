/** The facts that the requirements of an issuer are checked against. */
import type { ClaimsText, Confirmation, IdentityMemory } from '../../model/identity.ts';
import type { Read, wrongType } from './claims.ts';

/** The content of a token as read, before any requirement is checked. */
export interface Facts extends ClaimsText {
  /** The header's `typ` in lower case without `application/`; `jwt` if absent. `wrongType` also for a logout token, and for an ID token of an issuer with `login`. */
  readonly type: string | typeof wrongType;
  /** `unknown` if the token has a `cnf` that this service cannot verify. */
  readonly confirmation: Confirmation | 'unknown' | undefined;
  /** Times are in seconds since the epoch. */
  readonly expiresAt: Read<number>;
  readonly notBefore: Read<number>;
  readonly issuedAt: Read<number>;
  readonly audiences: Read<readonly string[]>;
  readonly scopes: Read<readonly string[]>;
  /** The memory of a token or session that is kept. Results about its claims are stored with it. */
  readonly memory: IdentityMemory | undefined;
}
