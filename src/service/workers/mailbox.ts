/** Messages for one worker. Only the newest state is sent, and only after the worker has acknowledged the previous one. */
import type { FetchedMessage, StateMessage, ToWorker } from './protocol.ts';

/** The unsent messages for one worker. A slow worker does not make the list grow. */
export interface Mailbox {
  /** The configuration or the keys changed. Several changes are sent as one message. */
  readonly stateChanged: (kind: StateMessage['kind']) => void;
  /** Answers a fetch, after the keys that it returned are sent. */
  readonly fetched: (message: FetchedMessage) => void;
  /** The worker has acknowledged the last state. */
  readonly acknowledged: () => void;
}

/** The kinds by their contents: each message has those of the kinds with a lower number. */
const contents: Readonly<Record<StateMessage['kind'], number>> = {
  changed: 0,
  denyList: 1,
  configuration: 2,
};

/**
 * Creates the mailbox of a worker.
 *
 * @param make makes a message from the current state
 */
export function createMailbox(
  make: (kind: StateMessage['kind']) => StateMessage,
  send: (message: ToWorker) => void,
): Mailbox {
  let outdated: StateMessage['kind'] | undefined;
  let isUnacknowledged = false;
  let answers: FetchedMessage[] = [];

  const deliver = () => {
    if (isUnacknowledged && outdated !== undefined) return;
    if (outdated !== undefined) {
      const message = make(outdated);
      outdated = undefined;
      isUnacknowledged = true;
      send(message);
    }
    for (const answer of answers) send(answer);
    answers = [];
  };

  return {
    stateChanged: (kind) => {
      if (outdated === undefined || contents[kind] > contents[outdated]) outdated = kind;
      deliver();
    },
    fetched: (message) => {
      answers.push(message);
      deliver();
    },
    acknowledged: () => {
      isUnacknowledged = false;
      deliver();
    },
  };
}
