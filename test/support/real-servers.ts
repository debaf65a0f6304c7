/** Real servers that a test needs: without one it is skipped and says why, or fails where they are required. */
import { describe } from 'vitest';
import { mustFetch } from '../../tools/programs.ts';

/** A real server's program, or why there is none. */
export type Found = { readonly path: string } | { readonly missing: string };

/** A suite that needs a real server. */
export function describeWith(name: string, found: Found, suite: (path: string) => void): void {
  if ('path' in found) {
    describe(name, () => suite(found.path));
    return;
  }
  if (mustFetch) throw new Error(`${name}: ${found.missing}`);
  describe.skip(`${name} (skipped: ${found.missing})`, () => suite(''));
}
