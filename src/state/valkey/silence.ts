/** Leaves a connection that stays silent: a frozen server or a broken network closes none. Later operations then fail at once. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { Link, Linked } from './link.ts';

/** Watches connections. */
export interface Silence {
  /** The server answered, even if late or with an error. */
  readonly answered: (linked: Linked) => void;
  /** A command had no answer in time. @param sentAt when it was sent, in milliseconds of the monotonic clock */
  readonly late: (link: Link, linked: Linked, sentAt: number) => void;
}

/** Creates a watch. @param patience how long a late server may stay silent, in milliseconds */
export function createSilence(patience: number, clock: Clock): Silence {
  const answeredAt = new WeakMap<Linked, number>();
  const watched = new WeakSet<Linked>();
  return {
    answered: (linked) => void answeredAt.set(linked, clock.monotonic()),
    late: (link, linked, sentAt) => {
      if (watched.has(linked)) return;
      watched.add(linked);
      clock.after(patience, () => {
        // After a pause of this process, answers can be in the next input of the event loop.
        setImmediate(() => {
          watched.delete(linked);
          if ((answeredAt.get(linked) ?? Number.NEGATIVE_INFINITY) < sentAt)
            link.drop(linked, 'the store does not answer');
        });
      });
    },
  };
}
