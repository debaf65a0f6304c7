/** Runs operations: each takes effect at most once, and has a time limit. */
import type { Clock } from '../../runtime/time/clock.ts';
import type { StateEvents, StateOperation } from '../state-events.ts';
import { StateError } from '../state-store.ts';
import { bounded } from './bounded.ts';
import type { Argument } from './client.ts';
import { failureOf, isAnswer, isOfConnection } from './failures.ts';
import type { Link } from './link.ts';
import type { Nodes } from './nodes.ts';
import { createSilence } from './silence.ts';

/** Runs a command for a key. It rejects only with a {@link StateError}. */
export type Run = (operation: StateOperation, key: string, command: Command) => Promise<unknown>;

/** A command with its arguments. */
export type Command = readonly [name: string, ...args: readonly Argument[]];

/** The dependencies. */
export interface RunDependencies {
  readonly nodes: Nodes;
  /** Maximum time of an operation, in milliseconds. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly events: Pick<StateEvents, 'operation'>;
}

/** Maximum number of operations that wait for an answer. It limits the memory while the store is silent. */
const maxWaiting = 10_000;

/** Creates the function that runs operations. */
export function createRun({ nodes, timeout, clock, events }: RunDependencies): Run {
  let waiting = 0;
  const silence = createSilence(timeout, clock);

  /** @param commands sent together. The answer is that of the last one */
  const send = (link: Link, ...commands: readonly Command[]): Promise<unknown> => {
    const linked = link.current();
    if (linked === undefined)
      throw new StateError('away', link.status().problem ?? 'the store is not connected yet');
    const sentAt = clock.monotonic();
    const sent = commands.map(([name, ...args]) => linked.client.call(name, ...args));
    waiting++;
    const answer = Promise.all(sent)
      .then(
        (all) => {
          silence.answered(linked);
          return all.at(-1);
        },
        (error) => {
          if (isAnswer(error)) silence.answered(linked);
          if (isOfConnection(error)) link.drop(linked, failureOf(error).message);
          throw error;
        },
      )
      .finally(() => waiting--);
    return bounded(answer, timeout, clock, () => silence.late(link, linked, sentAt));
  };
  const sendTo = async (key: string, command: Command): Promise<unknown> => {
    const link = nodes.linkOf(key);
    if (link === undefined)
      throw new StateError('away', nodes.status().problem ?? 'the store is not connected yet');
    try {
      return await send(link, command);
    } catch (error) {
      // The server did not execute the command.
      const other = nodes.redirect(error);
      if (other === undefined) throw error;
      return await (other.isOnce ? send(other.link, ['ASKING'], command) : send(other.link, command));
    }
  };

  return async (operation, key, command) => {
    const startedAt = clock.monotonic();
    const record = (result: 'success' | StateError['failure']) =>
      events.operation(operation, result, (clock.monotonic() - startedAt) / 1_000);
    try {
      if (waiting >= maxWaiting) throw new StateError('timeout', 'too many operations wait for the store');
      const answer = await sendTo(key, command);
      record('success');
      return answer;
    } catch (error) {
      const failure = failureOf(error);
      record(failure.failure);
      throw failure;
    }
  };
}
