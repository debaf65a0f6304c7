import { describe, expect, test } from 'vitest';
import { onceAtATime } from '../../../src/runtime/time/single-flight.ts';
import { settled } from '../../support/clock.ts';

/** Work whose runs the test ends. */
function turns() {
  const begun: PromiseWithResolvers<number>[] = [];
  let [active, most] = [0, 0];
  const ask = onceAtATime(async () => {
    const turn = Promise.withResolvers<number>();
    begun.push(turn);
    most = Math.max(most, ++active);
    return turn.promise.finally(() => active--);
  });
  return { begun, ask, most: () => most };
}

describe('onceAtATime', () => {
  test('runs twice for 300 calls at once: for the first, and for all others together', async () => {
    const { begun, ask, most } = turns();
    const answers = Promise.all(Array.from({ length: 300 }, ask));
    await settled();
    expect(begun).toHaveLength(1);
    begun[0]?.resolve(0);
    await settled();
    expect(begun).toHaveLength(2);
    begun[1]?.resolve(1);
    expect((await answers).filter((turn) => turn === 0)).toHaveLength(1);
    expect((await answers).filter((turn) => turn === 1)).toHaveLength(299);
    expect(most()).toBe(1);
  });

  test('runs after every call, also if the call is made when a run ends', async () => {
    const { begun, ask, most } = turns();
    const first = ask();
    const late = first.then(ask);
    const waiting = ask();
    begun[0]?.resolve(0);
    await settled();
    begun[1]?.resolve(1);
    await settled();
    begun[2]?.resolve(2);
    expect([await first, await waiting, (await late) > 0]).toEqual([0, 1, true]);
    expect(most()).toBe(1);
  });

  test('continues after a failed run, which rejects only for its callers', async () => {
    const { begun, ask } = turns();
    const [first, second] = [ask().catch(String), ask()];
    begun[0]?.reject(new Error('boom'));
    await settled();
    begun[1]?.resolve(1);
    expect([await first, await second]).toEqual(['Error: boom', 1]);
  });
});
