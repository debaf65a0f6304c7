/** The page of a host that a login returns to if no other one is known. */
import type { LoginPaths } from './login-paths.ts';
import type { LoginPlace } from './logins.ts';

/** The path: `/`, except at a central host without pages of its own, where it is a page that says that the person is signed in. */
export function homeOf({ isOnlyCentral }: LoginPlace, { complete }: Pick<LoginPaths, 'complete'>): string {
  return isOnlyCentral === true ? (complete ?? '/') : '/';
}
