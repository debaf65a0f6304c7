/** Sizes and costs that may grow with the member of a list that a loop is at: all members together weigh what the list weighs. */

/** So much, and so much more for each unit of the weight of the innermost loop's member. */
export interface Amount {
  readonly fixed: number;
  readonly perMember: number;
}

/** A list that is gone through. */
export interface Loop {
  /** What all its members weigh together; each of them can weigh that much. */
  readonly weight: number;
  /** How many members are visited at most. */
  readonly visits: number;
  /** How often the loop itself runs. */
  readonly outside: number;
}

/** An amount that no loop changes. */
export function constant(fixed: number): Amount {
  return { fixed, perMember: 0 };
}

/** Both together. */
export function plus(a: Amount, b: Amount): Amount {
  return { fixed: a.fixed + b.fixed, perMember: a.perMember + b.perMember };
}

/** A multiple. */
export function times(a: Amount, factor: number): Amount {
  return { fixed: a.fixed * factor, perMember: a.perMember * factor };
}

/** An amount that is at least either. */
export function worst(a: Amount, b: Amount): Amount {
  return { fixed: Math.max(a.fixed, b.fixed), perMember: Math.max(a.perMember, b.perMember) };
}

/** An amount for all visits of a loop. */
export function totalOf(a: Amount, { visits, weight }: Loop): number {
  return visits * a.fixed + weight * a.perMember;
}

/** The largest that an amount is at any one member. */
export function largest(a: Amount, loop: Loop | undefined): number {
  return a.fixed + a.perMember * (loop?.weight ?? 0);
}

/** The smaller of two, by what they are for all visits. */
export function atMost(a: Amount, b: Amount, loop: Loop | undefined): Amount {
  if (loop === undefined) return a.fixed <= b.fixed ? a : b;
  return totalOf(a, loop) <= totalOf(b, loop) ? a : b;
}
