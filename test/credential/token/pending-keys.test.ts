/** Checks that wait for a key: how many, how long, and the effect of a check that gives up on later checks. */
import { describe, expect, test } from 'vitest';
import { createKeyWaits } from '../../../src/credential/token/pending-keys.ts';
import { createTestClock, settled } from '../../support/clock.ts';

const maxWait = 900;

/** Waits with a test clock, for fetches that the test ends. */
function createWorld(maxWaiting = 100) {
  const clock = createTestClock();
  const waits = createKeyWaits({ maxWaiting, maxWait, clock });
  /** The result of each wait, in order: its time, and whether the fetch has ended. */
  const ends: ({ after: number; hasEnded: boolean } | 'refused' | undefined)[] = [];
  const ask = (fetching: Promise<void> | undefined) => {
    const index = ends.push(undefined) - 1;
    const begun = clock.monotonic();
    const waiting = waits.wait(() => fetching);
    if (waiting === undefined) ends[index] = 'refused';
    void waiting?.then((hasEnded) => {
      ends[index] = { after: Math.round(clock.monotonic() - begun), hasEnded };
    });
  };
  return { clock, ask, ends };
}

describe('a check that waits for a key', () => {
  test('waits until the fetch has ended', async () => {
    const { clock, ask, ends } = createWorld();
    const fetching = Promise.withResolvers<void>();
    ask(fetching.promise);
    await clock.advance(maxWait - 1);
    expect(ends).toEqual([undefined]);
    fetching.resolve();
    await settled();
    expect(ends).toEqual([{ after: maxWait - 1, hasEnded: true }]);
    // Its timer is cancelled.
    await clock.advance(maxWait);
    ask(Promise.resolve());
    await settled();
    expect(ends[1]).toEqual({ after: 0, hasEnded: true });
  });

  test('gives up after the longest wait if the fetch hangs', async () => {
    const { clock, ask, ends } = createWorld();
    ask(new Promise(() => {}));
    await clock.advance(10 * maxWait);
    expect(ends).toEqual([{ after: maxWait, hasEnded: false }]);
  });

  test('does not wait if no fetch is due', () => {
    const { ask, ends } = createWorld();
    ask(undefined);
    expect(ends).toEqual(['refused']);
  });

  test('gives up after a third of that time if nine checks wait, and not if eight wait', async () => {
    for (const [count, longest] of [
      [8, maxWait],
      [9, maxWait / 3],
    ] as const) {
      const { clock, ask, ends } = createWorld();
      for (let index = 0; index < count; index++) ask(new Promise(() => {}));
      await clock.advance(10 * maxWait);
      // When the first of many checks give up, the others do too.
      for (const end of ends) expect([count, end]).toEqual([count, { after: longest, hasEnded: false }]);
    }
  });

  test('beyond the limit does not wait; a later one waits when another has ended', async () => {
    const { clock, ask, ends } = createWorld(3);
    const fetching = Promise.withResolvers<void>();
    for (let index = 0; index < 5; index++) ask(fetching.promise);
    expect(ends).toEqual([undefined, undefined, undefined, 'refused', 'refused']);
    fetching.resolve();
    await settled();
    for (let round = 0; round < 5; round++) {
      const next = Promise.withResolvers<void>();
      ask(next.promise);
      await clock.advance(1);
      next.resolve();
      await settled();
    }
    expect(ends.slice(5)).toEqual(Array.from({ length: 5 }, () => ({ after: 1, hasEnded: true })));
  });
});

describe('after a check has given up', () => {
  test('no check starts to wait while the fetch hangs, and waiting checks give up after a third of the time', async () => {
    const { clock, ask, ends } = createWorld();
    const fetching = Promise.withResolvers<void>();
    ask(fetching.promise);
    await clock.advance(maxWait - 10);
    ask(fetching.promise);
    await clock.advance(11);
    expect(ends).toEqual([{ after: maxWait, hasEnded: false }, undefined]);
    ask(fetching.promise);
    expect(ends[2]).toBe('refused');
    await clock.advance(maxWait);
    expect(ends[1]).toEqual({ after: maxWait / 3, hasEnded: false });
  });

  test('checks wait again after the fetch has ended', async () => {
    const { clock, ask, ends } = createWorld(1);
    for (let round = 0; round < 5; round++) {
      const fetching = Promise.withResolvers<void>();
      ask(fetching.promise);
      await clock.advance(maxWait + 1);
      expect(ends.at(-1)).toEqual({ after: maxWait, hasEnded: false });
      ask(fetching.promise);
      expect(ends.at(-1)).toBe('refused');
      fetching.resolve();
      await settled();
    }
  });
});
