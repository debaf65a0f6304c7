/** Keeps a map small that forgets its oldest entries first. */

/**
 * Removes the oldest entries: those that are over, up to the first that is not, and those beyond a number.
 *
 * @param most the most entries that stay
 * @param isOver whether an entry is of no use any more; absent: none is
 */
export function forgetOldest<K, V>(
  entries: Map<K, V>,
  most: number,
  isOver: (value: V) => boolean = () => false,
): void {
  for (const [oldest, value] of entries) {
    if (entries.size <= most && !isOver(value)) return;
    entries.delete(oldest);
  }
}
