/** What was changed and not taken: the previous content stays in use, which an operator has to hear. */
import type { Clock } from '../../runtime/time/clock.ts';
import { createReminder } from '../../runtime/time/reminder.ts';
import type { ReloadProblem } from './readiness.ts';

/** Keeps what was not taken. */
export interface Untaken {
  /** Notes that new content was refused; what is refused again and again is so since the first time. */
  readonly refused: (what: ReloadProblem['what'], files: readonly string[], problem: string) => void;
  /** Notes that the content of those files is in use. */
  readonly taken: (what: ReloadProblem['what'], files: readonly string[]) => void;
  /** Forgets what was refused of files that are used no more; `used` are the others. */
  readonly keepOnly: (what: ReloadProblem['what'], used: readonly (readonly string[])[]) => void;
  readonly problems: () => readonly ReloadProblem[];
  readonly stop: () => void;
}

/** Makes it, with nothing in it. @param repeat tells once more of what is still not taken */
export function createUntaken(clock: Clock, repeat: (problem: ReloadProblem) => void): Untaken {
  const refusals = new Map<string, ReloadProblem>();
  const reminder = createReminder(clock, () => {
    for (const refusal of refusals.values()) repeat(refusal);
  });
  const forget = (key: string) => {
    refusals.delete(key);
    if (refusals.size === 0) reminder.stop();
  };
  const keyOf = (what: ReloadProblem['what'], files: readonly string[]) => JSON.stringify([what, files]);
  return {
    refused: (what, files, problem) => {
      const key = keyOf(what, files);
      const since = refusals.get(key)?.since ?? clock.now();
      if (refusals.size === 0) reminder.start();
      refusals.set(key, { what, files, problem, since });
    },
    taken: (what, files) => forget(keyOf(what, files)),
    keepOnly: (what, used) => {
      const kept = new Set(used.map((files) => keyOf(what, files)));
      for (const [key, refusal] of refusals) if (refusal.what === what && !kept.has(key)) forget(key);
    },
    stop: reminder.stop,
    problems: () => [...refusals.values()],
  };
}
