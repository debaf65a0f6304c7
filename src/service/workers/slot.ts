/** The slots of a pool: each has one worker, or waits for one. */
import type { Member } from './member.ts';

/** A slot for one worker. */
export interface Slot {
  member: Member | undefined;
  /** Started because `member` does not respond. It takes the slot if it listens before `member` responds. */
  replacement: Member | undefined;
  /** Exits in a row. */
  exits: number;
  /** Cancels the pause before the next start. Undefined without a pause. */
  cancelStart: (() => void) | undefined;
}

/** Creates an empty slot. */
export function createSlot(): Slot {
  return { member: undefined, replacement: undefined, exits: 0, cancelStart: undefined };
}
