/** Asks an idle server from time to time, so that a broken network is known before the first operation waits for it. */
import type { Clock } from '../../runtime/time/clock.ts';
import { bounded } from './bounded.ts';
import { isAnswer } from './failures.ts';
import type { Link, Linked } from './link.ts';

/** The mean time between two questions, in milliseconds. 500 processes then ask 100 times a second. */
const interval = 5_000;

/** The dependencies. */
export interface HeartbeatDependencies {
  /** How long to wait for the answer, in milliseconds. */
  readonly patience: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Leaves the connections of a link that do not answer. */
export function keepAsking(link: Link, { patience, clock, random }: HeartbeatDependencies): void {
  const ask = async (linked: Linked) => {
    if (link.current() !== linked) return;
    try {
      await bounded(linked.client.call('PING'), patience, clock);
    } catch (error) {
      if (!isAnswer(error)) return link.drop(linked, 'the store does not answer');
    }
    later(linked);
  };
  const later = (linked: Linked) =>
    void clock.after(interval * (0.75 + random() / 2), () => void ask(linked));
  link.onReady(later);
}
