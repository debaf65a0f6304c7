/** Reloads that failed. The previous content stays in use, which the log repeats and `/readyz` lists. */
import type { Clock } from '../../runtime/time/clock.ts';
import { createReminder } from '../../runtime/time/reminder.ts';
import type { ReloadProblem } from './readiness.ts';

/** The failed reloads. */
export interface FailedReloads {
  /** Records that a reload of these files failed. Repeated failures count from the first one. */
  readonly failed: (what: ReloadProblem['what'], files: readonly string[], problem: string) => void;
  /** Records that a reload of these files succeeded. */
  readonly succeeded: (what: ReloadProblem['what'], files: readonly string[]) => void;
  /** Removes the failures of files that are no longer used. @param used the files that are */
  readonly keepOnly: (what: ReloadProblem['what'], used: readonly (readonly string[])[]) => void;
  readonly problems: () => readonly ReloadProblem[];
  readonly stop: () => void;
}

/** Creates an empty list. @param repeat logs a failure again, every 5 minutes */
export function createFailedReloads(clock: Clock, repeat: (problem: ReloadProblem) => void): FailedReloads {
  const failures = new Map<string, ReloadProblem>();
  const reminder = createReminder(clock, () => {
    for (const failure of failures.values()) repeat(failure);
  });
  const remove = (key: string) => {
    failures.delete(key);
    if (failures.size === 0) reminder.stop();
  };
  const keyOf = (what: ReloadProblem['what'], files: readonly string[]) => JSON.stringify([what, files]);
  return {
    failed: (what, files, problem) => {
      const key = keyOf(what, files);
      const since = failures.get(key)?.since ?? clock.now();
      if (failures.size === 0) reminder.start();
      failures.set(key, { what, files, problem, since });
    },
    succeeded: (what, files) => remove(keyOf(what, files)),
    keepOnly: (what, used) => {
      const usedKeys = new Set(used.map((files) => keyOf(what, files)));
      for (const [key, failure] of failures) if (failure.what === what && !usedKeys.has(key)) remove(key);
    },
    stop: reminder.stop,
    problems: () => [...failures.values()],
  };
}
