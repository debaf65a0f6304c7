/** Sizes and costs that may depend on the current member of a loop. The weights of all members add up to the weight of the list. */

/** A fixed amount, plus an amount for each unit of the weight of the current member. */
export interface Amount {
  readonly fixed: number;
  readonly perMember: number;
}

/** A loop over a list. */
export interface Loop {
  /** The weight of all members together, which is also the maximum weight of one. */
  readonly weight: number;
  /** Maximum members that are visited. */
  readonly visits: number;
  /** How often the loop itself runs. */
  readonly outside: number;
}

/** An amount that does not depend on a loop. */
export function constant(fixed: number): Amount {
  return { fixed, perMember: 0 };
}

/** The sum of two amounts. */
export function plus(a: Amount, b: Amount): Amount {
  return { fixed: a.fixed + b.fixed, perMember: a.perMember + b.perMember };
}

/** An amount times a factor. */
export function times(a: Amount, factor: number): Amount {
  return { fixed: a.fixed * factor, perMember: a.perMember * factor };
}

/** An amount that is at least as large as both. */
export function larger(a: Amount, b: Amount): Amount {
  return { fixed: Math.max(a.fixed, b.fixed), perMember: Math.max(a.perMember, b.perMember) };
}

/** The amount for all visits of a loop. */
export function totalOf(a: Amount, { visits, weight }: Loop): number {
  return visits * a.fixed + weight * a.perMember;
}

/** The maximum of an amount for any one member. */
export function largest(a: Amount, loop: Loop | undefined): number {
  return a.fixed + a.perMember * (loop?.weight ?? 0);
}

/** The smaller of two amounts, compared by their total for all visits. */
export function smaller(a: Amount, b: Amount, loop: Loop | undefined): Amount {
  if (loop === undefined) return a.fixed <= b.fixed ? a : b;
  return totalOf(a, loop) <= totalOf(b, loop) ? a : b;
}
