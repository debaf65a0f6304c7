/** How large the values of an expression can be. */
import { type Amount, constant, plus } from './amounts.ts';

/** How large a value can be. */
export interface Shape {
  /** Its characters, or those of all that it holds, and one for each member. */
  readonly weight: Amount;
  /** The members that it has if it is a list or a map. */
  readonly members: Amount;
}

/** A number, or true or false. */
export const scalar: Shape = { weight: constant(8), members: constant(0) };

/** A member of a list that is gone through. */
export const member: Shape = {
  weight: { fixed: 0, perMember: 1 },
  members: { fixed: 0, perMember: 1 },
};

/** A value that is written out. */
export function shapeOfLiteral(value: unknown): Shape {
  const length = typeof value === 'string' || value instanceof Uint8Array ? value.length : 6;
  return { weight: constant(length + 2), members: constant(0) };
}

/** Two values behind each other. */
export function joined(a: Shape, b: Shape): Shape {
  return { weight: plus(a.weight, b.weight), members: plus(a.members, b.members) };
}

/** A list or a map of parts; what is taken out of it has at most the members of all of them. */
export function together(parts: readonly { readonly shape: Shape }[]): Shape {
  const none: Shape = { weight: constant(parts.length), members: constant(parts.length) };
  return parts.reduce((all, { shape }) => joined(all, shape), none);
}

/** A value of which each size is changed. */
export function shapeBy({ weight, members }: Shape, change: (amount: Amount) => Amount): Shape {
  return { weight: change(weight), members: change(members) };
}
