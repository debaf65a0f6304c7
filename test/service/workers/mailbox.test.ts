/** The messages about the state, for a worker that is slow to acknowledge them. */
import { expect, test } from 'vitest';
import { createMailbox } from '../../../src/service/workers/mailbox.ts';
import type { StateMessage, ToWorker } from '../../../src/service/workers/protocol.ts';

type Kind = StateMessage['kind'];

/** The messages after the first one, if changes arrive before the worker has acknowledged it. */
function sentAfter(changes: readonly Kind[]): readonly string[] {
  const sent: ToWorker[] = [];
  const mailbox = createMailbox(
    (kind) => ({ kind, config: {}, denyList: [], issuers: [], sessionKeys: '', isServing: true }) as never,
    (message) => void sent.push(message),
  );
  mailbox.stateChanged('configuration');
  for (const kind of changes) mailbox.stateChanged(kind);
  mailbox.acknowledged();
  mailbox.acknowledged();
  return sent.slice(1).map(({ kind }) => kind);
}

test.each<[readonly Kind[], Kind]>([
  [['changed', 'changed'], 'changed'],
  [['denyList', 'changed'], 'denyList'],
  [['changed', 'denyList'], 'denyList'],
  [['denyList', 'denyList', 'changed', 'changed'], 'denyList'],
  [['configuration', 'denyList', 'changed'], 'configuration'],
  [['changed', 'denyList', 'configuration'], 'configuration'],
])('the changes %j are sent as one message, %s, which has them all', (changes, kind) => {
  expect(sentAfter(changes)).toEqual([kind]);
});
