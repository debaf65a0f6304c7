/** Members of lists: a token's list is as long as its issuer made it, and the configuration's as its owner did, but not both at once. */

/** Beyond so many values, a look at each of them for each member of the other list would cost more than a set of them. */
const fewValues = 4;

/** Makes what says whether something is one of some values. */
export function createIsOneOf<T>(values: readonly T[]): (value: T) => boolean {
  if (values.length <= fewValues) return (value) => values.includes(value);
  const set = new Set(values);
  return (value) => set.has(value);
}

/** Makes what says whether a list has all of some values. */
export function createHasAll<T>(values: readonly T[]): (list: readonly T[]) => boolean {
  if (values.length <= fewValues) return (list) => values.every((value) => list.includes(value));
  const wanted = new Set(values);
  return (list) => {
    const found = new Set<T>();
    for (const member of list) if (wanted.has(member)) found.add(member);
    return found.size === wanted.size;
  };
}
