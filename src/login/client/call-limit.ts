/** Limits the calls to one issuer that run at the same time. */

/** Runs a call; undefined if too many run. */
export type CallLimit = <T>(call: () => Promise<T>) => Promise<T> | undefined;

/** Creates a limit. */
export function createCallLimit(most: number): CallLimit {
  let running = 0;
  return (call) => {
    if (running >= most) return undefined;
    running++;
    return call().finally(() => {
      running--;
    });
  };
}
