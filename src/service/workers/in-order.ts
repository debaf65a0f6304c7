/** Handles messages one after another, if the handling of one takes time. */

/**
 * Wraps a function that handles a message. While its promise is pending, later messages wait, in order.
 *
 * @param handle returns undefined if the message is handled
 *   A rejection ends the process, because nothing handles it
 */
export function inOrder<Args extends readonly unknown[]>(
  handle: (...args: Args) => Promise<void> | undefined,
): (...args: Args) => void {
  let waiting: Args[] | undefined;
  const receive = (...args: Args): void => {
    if (waiting !== undefined) {
      waiting.push(args);
      return;
    }
    const pending = handle(...args);
    if (pending === undefined) return;
    waiting = [];
    void pending.then(() => {
      const next = waiting ?? [];
      waiting = undefined;
      for (const one of next) receive(...one);
    });
  };
  return receive;
}
