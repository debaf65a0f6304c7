/** Counters by name and reason: checks increment them, a scrape reads them. */
import { type Outcome, type Reason, reasons } from '../model/reasons.ts';

/** The value of one counter. */
export interface ReasonCount {
  readonly name: string;
  readonly reason: Reason;
  readonly outcome: Outcome;
  readonly count: number;
}

/** Counters that are created at their first increment. */
export interface ReasonCounters {
  readonly add: (name: string, reason: Reason) => void;
  readonly read: () => readonly ReasonCount[];
}

/** Creates an empty set of counters. */
export function createReasonCounters(): ReasonCounters {
  const counters = new Map<string, Map<Reason, { count: number }>>();
  return {
    add: (name, reason) => {
      const byReason = counters.getOrInsertComputed(name, () => new Map<Reason, { count: number }>());
      byReason.getOrInsertComputed(reason, () => ({ count: 0 })).count++;
    },
    read: () =>
      [...counters].flatMap(([name, byReason]) =>
        [...byReason].map(([reason, { count }]) => ({
          name,
          reason,
          outcome: reasons[reason].outcome,
          count,
        })),
      ),
  };
}
