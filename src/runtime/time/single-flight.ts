/** Shares one run of some work among all callers that wait for it. */

/**
 * Runs work once at a time. Callers that come during a run share the next run, so every caller gets the result of a run
 * that began after its call. At most one run waits.
 */
export function onceAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let current: Promise<void> | undefined;
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    const result = work();
    const ended = () => {
      current = undefined;
    };
    current = result.then(ended, ended);
    return result;
  };
  const beginNext = () => {
    next = undefined;
    return begin();
  };
  return () => {
    if (next !== undefined) return next;
    if (current === undefined) return begin();
    next = current.then(beginNext);
    return next;
  };
}
