/** Where in a token's claims the claim is that a configuration names. */

import { type ClaimName, exactNames } from '../../config/values/claim-names.ts';
import type { Claims } from '../../model/identity.ts';

/** Reads one claim; undefined where it is absent or null. */
export type ReadClaim = (claims: Claims) => unknown;

/** The ways to go on from one place of a dotted path: the name of a member, and the place behind it. */
type Steps = readonly { readonly name: string; readonly next: number }[];

/**
 * Makes what reads a claim.
 *
 * A text is the name of a claim as it stands, or else a dotted path, in which a name may have dots itself. At each level, the longest
 * name that the object itself has wins; what is shorter is not tried then, so that a path has one reading. A list of names is
 * taken name by name. A member that is null is as if absent. No name is found on a prototype, in a list or in a text.
 *
 * @param prefix stands before each name in the claims that are read
 */
export function createReadClaim(name: ClaimName, prefix = ''): ReadClaim {
  const levels = exactLevels(name, prefix) ?? dottedLevels(String(name), prefix);
  const [only, ...deeper] = levels;
  if (deeper.length === 0 && only?.[0] !== undefined) {
    const { name: plain } = only[0];
    return (claims) => ownMember(claims, plain);
  }
  return (claims) => {
    let value: unknown = claims;
    for (let place = 0; place < levels.length; ) {
      const from = value;
      const step = levels[place]?.find(({ name: member }) => ownMember(from, member) !== undefined);
      if (step === undefined) return undefined;
      value = ownMember(from, step.name);
      place = step.next;
    }
    return value;
  };
}

function exactLevels(name: ClaimName, prefix: string): readonly Steps[] | undefined {
  return exactNames(name)?.map((member, index) => [{ name: `${prefix}${member}`, next: index + 1 }]);
}

/** At each place, the names that begin there, longest first. */
function dottedLevels(path: string, prefix: string): readonly Steps[] {
  const parts = path.split('.');
  return parts.map((_, start) =>
    parts
      .slice(start)
      .map((_part, index) => {
        const next = start + index + 1;
        return { name: `${prefix}${parts.slice(start, next).join('.')}`, next };
      })
      .reverse(),
  );
}

function ownMember(value: unknown, name: string): unknown {
  if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
  return value[name] ?? undefined;
}

/** Whether a value out of a token has members with names. */
export function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
