/** Compares a list of a token with a configured list. Either can be long, so the cost must not be the product of both lengths. */

/** With more values than this, a set is faster than a search in the list. */
const fewValues = 4;

/** Creates a test whether a value is one of several. */
export function createIsOneOf<T>(values: readonly T[]): (value: T) => boolean {
  if (values.length <= fewValues) return (value) => values.includes(value);
  const set = new Set(values);
  return (value) => set.has(value);
}

/** Creates a test whether a list has all of several values. */
export function createHasAll<T>(values: readonly T[]): (list: readonly T[]) => boolean {
  if (values.length <= fewValues) return (list) => values.every((value) => list.includes(value));
  const wanted = new Set(values);
  return (list) => {
    const found = new Set<T>();
    for (const member of list) if (wanted.has(member)) found.add(member);
    return found.size === wanted.size;
  };
}
