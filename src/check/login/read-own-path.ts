/** Says whether a path is one of the login. */
import { readPath } from '../rules/path.ts';

/** Without these, a path has one reading: itself. */
const needsReading = /[^\x21-\x7e]|[\\;#%]|\/[/.+]/;

/**
 * Reads a path: as one of the login, as another one, or as one that servers can read in both ways.
 *
 * @param path without its query
 * @param isOwnPath whether a path is one of the login, if it is read as it is written
 */
export function readOwnPath(
  path: string,
  isOwnPath: (path: string) => boolean,
): 'own' | 'other' | 'ambiguous' {
  if (path.charCodeAt(0) === 0x2f && !needsReading.test(path)) return isOwnPath(path) ? 'own' : 'other';
  const segments = readPath(path);
  if (segments === undefined) return 'ambiguous';
  const decoded = `/${segments.join('/')}`;
  if (decoded === path) return isOwnPath(path) ? 'own' : 'other';
  if (isOwnPath(path) && isCanonical(path, segments)) return 'own';
  return isOwnPath(path) || isOwnPath(decoded) ? 'ambiguous' : 'other';
}

/** Whether only the characters that need it are escaped, as in the redirect URI of an issuer. */
function isCanonical(path: string, segments: readonly string[]): boolean {
  return path === `/${segments.map(encodeURIComponent).join('/')}`;
}
