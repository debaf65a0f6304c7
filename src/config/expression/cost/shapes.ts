/** Sizes of the values of an expression. */
import { type Amount, constant, plus } from './amounts.ts';

/** The size of a value. */
export interface Shape {
  /** Its characters, or those of all its members, plus one per member. */
  readonly weight: Amount;
  /** The number of members of a list or a map. */
  readonly members: Amount;
}

/** A number, or true or false. */
export const scalar: Shape = { weight: constant(8), members: constant(0) };

/** A member of an iterated list. */
export const member: Shape = {
  weight: { fixed: 0, perMember: 1 },
  members: { fixed: 0, perMember: 1 },
};

/** The size of a literal. */
export function shapeOfLiteral(value: unknown): Shape {
  const length = typeof value === 'string' || value instanceof Uint8Array ? value.length : 6;
  return { weight: constant(length + 2), members: constant(0) };
}

/** The size of two concatenated values. */
export function joined(a: Shape, b: Shape): Shape {
  return { weight: plus(a.weight, b.weight), members: plus(a.members, b.members) };
}

/** The size of a list or map with these parts. A value that is read from it has at most as many members as all parts together. */
export function combined(parts: readonly { readonly shape: Shape }[]): Shape {
  const none: Shape = { weight: constant(parts.length), members: constant(parts.length) };
  return parts.reduce((all, { shape }) => joined(all, shape), none);
}

/** A value with both sizes changed. */
export function mapShape({ weight, members }: Shape, change: (amount: Amount) => Amount): Shape {
  return { weight: change(weight), members: change(members) };
}
