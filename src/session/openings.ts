/** The cookies that are being opened. */

/**
 * Opens a cookie once, even if several checks with it wait.
 *
 * @param digest the SHA-256 of the cookie
 * @returns undefined if too many others are being opened
 */
export type OpenOnce<T> = (digest: string, open: () => Promise<T>) => Promise<T> | undefined;

/** Creates the function. @param most the most cookies that are opened at the same time */
export function createOpenOnce<T>(most: number): OpenOnce<T> {
  const pending = new Map<string, Promise<T>>();
  return (digest, open) => {
    const running = pending.get(digest);
    if (running !== undefined) return running;
    if (pending.size >= most) return undefined;
    const opening = open().finally(() => pending.delete(digest));
    pending.set(digest, opening);
    return opening;
  };
}
