/** Real servers for tests. Without the server, a suite is skipped with the reason, or fails if servers are required. */
import { describe } from 'vitest';
import { mustFetch } from '../../tools/programs.ts';

/** The program of a real server, or why it is missing. */
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

/** A suite that needs several real servers. */
export function describeWithAll<Name extends string>(
  name: string,
  found: Readonly<Record<Name, Found>>,
  suite: (paths: Readonly<Record<Name, string>>) => void,
): void {
  const servers = Object.entries<Found>(found);
  const missing = servers.flatMap(([server, one]) => ('missing' in one ? [`${server}: ${one.missing}`] : []));
  const paths = servers.map(([server, one]) => [server, 'path' in one ? one.path : '']);
  describeWith(name, missing.length > 0 ? { missing: missing.join('; ') } : { path: '' }, () =>
    suite(Object.fromEntries(paths)),
  );
}
