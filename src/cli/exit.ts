/** The exit of a process that serves. */

/** Exits without the log's own exit handler: that one waits without limit for a reader or a disk. */
export function exitNow(code: number): never {
  process.removeAllListeners('exit');
  process.exit(code);
}
