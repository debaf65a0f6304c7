/** Runs operations: each is sent at most once, and has a time limit. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { StateEvents, StateOperation } from '../state-events.ts';
import { StateError } from '../state-store.ts';
import { bounded } from './bounded.ts';
import type { Argument } from './client.ts';
import { failureOf, isOfConnection } from './failures.ts';
import type { Link, Linked } from './link.ts';

/** Runs one command. It rejects only with a {@link StateError}. */
export type Run = (
  operation: StateOperation,
  command: string,
  ...args: readonly Argument[]
) => Promise<unknown>;

/** The dependencies. */
export interface RunDependencies {
  readonly link: Link;
  /** Maximum time of an operation, in milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly events: Pick<StateEvents, 'operation'>;
}

/** Maximum number of operations that wait for an answer. It limits the memory while the store is silent. */
const maxWaiting = 10_000;

/** Creates the function that runs operations. */
export function createRun({ link, timeout, clock, events }: RunDependencies): Run {
  let waiting = 0;
  let answeredAt = Number.NEGATIVE_INFINITY;
  let isWatched = false;

  /** A server that stays silent for one more `timeout` is replaced. Each later operation then fails at once. */
  const watch = (linked: Linked, sentAt: number) => {
    if (isWatched) return;
    isWatched = true;
    clock.after(timeout, () => {
      // After a pause of this process, answers can be in the next input of the event loop.
      setImmediate(() => {
        isWatched = false;
        if (answeredAt < sentAt) link.drop(linked, 'the store does not answer');
      });
    });
  };
  const send = async (linked: Linked, command: string, args: readonly Argument[]): Promise<unknown> => {
    const sentAt = clock.monotonic();
    waiting++;
    const answer = linked.client.call(command, ...args).then(
      (value) => {
        answeredAt = clock.monotonic();
        return value;
      },
      (error) => {
        if (isOfConnection(error)) link.drop(linked, failureOf(error).message);
        throw error;
      },
    );
    const settled = () => {
      waiting--;
    };
    answer.then(settled, settled);
    return bounded(answer, timeout, clock, () => watch(linked, sentAt));
  };

  return async (operation, command, ...args) => {
    const startedAt = clock.monotonic();
    const record = (result: 'success' | StateError['failure']) =>
      events.operation(operation, result, (clock.monotonic() - startedAt) / 1_000);
    try {
      const linked = link.current();
      if (linked === undefined)
        throw new StateError('away', link.status().problem ?? 'the store is not connected yet');
      if (waiting >= maxWaiting) throw new StateError('timeout', 'too many operations wait for the store');
      const answer = await send(linked, command, args);
      record('success');
      return answer;
    } catch (error) {
      const failure = failureOf(error);
      record(failure.failure);
      throw failure;
    }
  };
}
