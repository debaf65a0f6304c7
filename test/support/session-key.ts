/** Keys of sessions. */
import { randomBytes } from 'node:crypto';

/** A new key, as a line of `sessions.keysFile`. */
export function newSessionKey(): string {
  return `${randomBytes(32).toString('base64')}\n`;
}
