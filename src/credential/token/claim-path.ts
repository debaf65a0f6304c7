/** Reads the claim that a configuration names from the claims of a token. */

import { type ClaimName, exactNames } from '../../config/values/claim-names.ts';
import type { Claims } from '../../model/identity.ts';

/** Reads one claim. Returns undefined if it is absent or null. */
export type ReadClaim = (claims: Claims) => unknown;

/** The possible member names at one position of a dotted path, each with the position after it. */
type Steps = readonly { readonly name: string; readonly next: number }[];

/**
 * Creates the reader of a claim.
 *
 * A string is the exact name of a claim or a dotted path. A name in a path can contain dots: at each level, the longest name that the
 * object has is used, and shorter names are not tried. A list of names is used name by name. A null member counts as absent. Only
 * own members of objects are found, never those of prototypes, lists or strings.
 *
 * @param prefix the prefix of each name in the claims
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

/** The names that start at each position, longest first. */
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

/** Whether a value of a token is an object. */
export function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
