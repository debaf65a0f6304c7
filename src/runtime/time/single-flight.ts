/** Work that many ask for at once, done for all of them together. */

/**
 * Does work when it is asked for, once at a time. Whoever asks while it is being done shares the next turn with all who
 * ask until then, so that everybody has what came of work that began after the question; one turn waits at most.
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
