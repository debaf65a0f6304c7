/** Looks whether the server deletes keys if its memory is full. Then sessions end, and revocations are forgotten. */
import { isAnswer } from './failures.ts';
import type { Nodes } from './nodes.ts';

/**
 * Asks the server at the first connection. A user may lack the permission: then this is the last question.
 *
 * @param key a key of the server that is asked
 * @param onEvicts called with the policy, if it is not `noeviction` and the memory has a limit
 */
export function watchEviction(nodes: Nodes, key: string, onEvicts: (policy: string) => void): void {
  let isOver = false;
  nodes.onReady(() => {
    const linked = isOver ? undefined : nodes.linkOf(key)?.current();
    if (linked === undefined) return;
    isOver = true;
    linked.client.call('INFO', 'memory').then(
      (answer) => {
        const field = (name: string) => new RegExp(`^${name}:([\\w-]+)`, 'm').exec(String(answer))?.[1];
        const policy = field('maxmemory_policy');
        if (policy !== undefined && policy !== 'noeviction' && Number(field('maxmemory')) > 0)
          onEvicts(policy);
      },
      (error) => {
        // Without an answer, the next connection is asked.
        isOver = isAnswer(error);
      },
    );
  });
}
