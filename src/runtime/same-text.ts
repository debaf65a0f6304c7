/** Compares secrets. */
import { hash, timingSafeEqual } from 'node:crypto';

/** Compares two texts in a time that does not depend on where they differ. The hashes have the same length, as the comparison requires. */
export function isSameText(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));
}
