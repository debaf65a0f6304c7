/** Counts by a name and a reason: raised on the hot path, read at a scrape. */
import { type Outcome, type Reason, reasons } from '../model/reasons.ts';

/** One count. */
export interface ReasonCount {
  readonly name: string;
  readonly reason: Reason;
  readonly outcome: Outcome;
  readonly count: number;
}

/** Counts, of which there are as many as names and reasons have met. */
export interface ReasonCells {
  readonly add: (name: string, reason: Reason) => void;
  readonly read: () => readonly ReasonCount[];
}

/** Makes cells without any count. */
export function createReasonCells(): ReasonCells {
  const cells = new Map<string, Map<Reason, { count: number }>>();
  return {
    add: (name, reason) => {
      const byReason = cells.getOrInsertComputed(name, () => new Map<Reason, { count: number }>());
      byReason.getOrInsertComputed(reason, () => ({ count: 0 })).count++;
    },
    read: () =>
      [...cells].flatMap(([name, byReason]) =>
        [...byReason].map(([reason, { count }]) => ({
          name,
          reason,
          outcome: reasons[reason].outcome,
          count,
        })),
      ),
  };
}
