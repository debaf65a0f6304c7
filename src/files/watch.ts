/** Notices that a file has changed, also where a mounted ConfigMap or Secret swaps a symbolic link above it. */
import { statSync } from 'node:fs';
import type { Clock } from '../time/clock.ts';

/** How often a file is looked at, in milliseconds. */
const interval = 1_000;

/**
 * Calls back each time one of some files has become another, or has come into being; where it is wanted, also when one
 * has gone.
 *
 * It looks at the files again and again instead of asking the kernel, since neither a swapped link nor a network
 * file system is told of reliably, and a look costs microseconds.
 *
 * @returns stops watching
 */
export function watchFiles(
  paths: readonly string[],
  clock: Clock,
  onChange: () => void,
  { missingToo = false } = {},
): () => void {
  let seen = paths.map(versionOf);
  let cancel = () => {};
  const look = () => {
    const current = paths.map(versionOf);
    const hasChanged = current.some(
      (version, index) => version !== seen[index] && (missingToo || version !== undefined),
    );
    seen = current;
    cancel = clock.after(interval, look);
    if (hasChanged) onChange();
  };
  cancel = clock.after(interval, look);
  return () => cancel();
}

/** What tells one content of a file from the next without reading it; undefined where none can be had. */
function versionOf(path: string): string | undefined {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch {
    return undefined;
  }
}
