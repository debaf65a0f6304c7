/** What one worker is told: the newest only, and nothing more before it has taken the last. */
import type { FetchedMessage, StateMessage, ToWorker } from './protocol.ts';

/** The messages that wait for one worker. However much happens, and however slow it is, they are few. */
export interface Mailbox {
  /** There is another configuration, or there are other keys; what the worker has not been told yet is told once. */
  readonly isOutdated: (kind: StateMessage['kind']) => void;
  /** Answers a fetch, behind the keys that came of it. */
  readonly fetched: (message: FetchedMessage) => void;
  /** The worker has taken what it was told last. */
  readonly wasTaken: () => void;
}

/**
 * Makes the mailbox of a worker.
 *
 * @param make makes a message of what is so now
 */
export function createMailbox(
  make: (kind: StateMessage['kind']) => StateMessage,
  send: (message: ToWorker) => void,
): Mailbox {
  let outdated: StateMessage['kind'] | undefined;
  let isTaking = false;
  let answers: FetchedMessage[] = [];

  const deliver = () => {
    if (isTaking && outdated !== undefined) return;
    if (outdated !== undefined) {
      const message = make(outdated);
      outdated = undefined;
      isTaking = true;
      send(message);
    }
    for (const answer of answers) send(answer);
    answers = [];
  };

  return {
    isOutdated: (kind) => {
      // A configuration brings the keys along.
      if (outdated !== 'configuration') outdated = kind;
      deliver();
    },
    fetched: (message) => {
      answers.push(message);
      deliver();
    },
    wasTaken: () => {
      isTaking = false;
      deliver();
    },
  };
}
