/** How long the start waits for a store that does not answer. */
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/declare/options.ts';
import type { Logger } from '../../src/observe/logger.ts';
import { createMetricMakers } from '../../src/observe/metric-makers.ts';
import { createServiceRevocations } from '../../src/service/service-revocations.ts';
import type { StateStore } from '../../src/state/state-store.ts';
import { createTestClock, settled } from '../support/clock.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';

test.each([
  ['nothing', 0, 2_000],
  ['1.5 s', 1_500, 500],
  ['2 s', 2_000, 0],
])(
  'after a wait of %s for the connection, the list is waited for so that it is 2 s in all',
  async (_, waited, rest) => {
    const clock = createTestClock();
    const silent: StateStore = {
      ...createMemoryServer(clock).connect(),
      feed: () => ({ add: async () => {}, completeAt: () => Number.NEGATIVE_INFINITY }),
    };
    const revocations = createServiceRevocations({
      state: { store: () => silent },
      sessionKeys: () => [],
      clock,
      randomBytes: (size) => new Uint8Array(size),
      logger: { info: () => {} } as unknown as Logger,
      metrics: { makers: createMetricMakers(new Registry()) },
      problems: { revocationsRead: () => {} },
      onChange: () => {},
    });
    let isOver = false;
    const config = { denyList: { store: true } } as unknown as Config;
    void revocations.prepare(config, waited)?.then(() => {
      isOver = true;
    });
    await import('../../src/service/revocations/revocations.ts');
    await settled();
    if (rest > 0) {
      await clock.advance(rest - 1);
      expect(isOver).toBe(false);
    }
    await clock.advance(20);
    await settled();
    expect(isOver).toBe(true);
    revocations.stop();
  },
);
