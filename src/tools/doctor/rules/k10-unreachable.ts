/** K10: a resource that blocks the connection to the authorizer, or from the service to its issuers. */
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';
import { blockedByAllowPolicies } from './k10-allow-policies.ts';
import { blockedByNetworkPolicies } from './k10-network-policies.ts';
import { hiddenBySidecars } from './k10-sidecars.ts';

/** All of them end in a 403 without a decision of the service, or in keys that never arrive. */
export const unreachable: Rule<World> = {
  id: 'K10',
  title: 'Resource that blocks the connection to the authorizer or to an issuer',
  severity: 'error',
  effect:
    'The checks fail, and the client gets an empty 403 or 503 without a decision ID. If an issuer is unreachable, the service has no keys and denies its tokens.',
  fix: 'Allow the connection in the resource that the finding names.',
  check: (world) => [
    ...hiddenBySidecars(world),
    ...blockedByNetworkPolicies(world),
    ...blockedByAllowPolicies(world),
  ],
};
