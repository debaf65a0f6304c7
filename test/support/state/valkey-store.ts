/** Opens the store in a real server, and records its events. */
import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import type { StateStatus, StateStore } from '../../../src/state/state-store.ts';
import { createValkeyStore } from '../../../src/state/valkey/create-valkey-store.ts';
import type { ValkeyConfig } from '../../../src/state/valkey/valkey-config.ts';

/** A store under test. */
export interface OpenedStore {
  readonly store: StateStore;
  readonly statuses: StateStatus[];
  /** Each operation and its result, such as `get timeout`. */
  readonly operations: string[];
  /** The results of the attempts to connect. */
  readonly attempts: boolean[];
  readonly defects: unknown[];
  /** The policies that delete keys. */
  readonly evictions: string[];
}

/** Opens a store. It stops after the test. */
export function openValkeyStore(options: Partial<ValkeyConfig> & Pick<ValkeyConfig, 'urls'>): OpenedStore {
  const opened = { statuses: [], operations: [], attempts: [], defects: [], evictions: [] } as Omit<
    OpenedStore,
    'store'
  >;
  const store = createValkeyStore({
    options: { mode: 'single', prefix: 'test', timeout: 500, ...options },
    readFile: (path) => readFileSync(path, 'utf8'),
    clock: systemClock,
    random: Math.random,
    events: {
      operation: (operation, result) => void opened.operations.push(`${operation} ${result}`),
      statusChanged: (status) => void opened.statuses.push(status),
      connected: (isSuccess) => void opened.attempts.push(isSuccess),
      evicts: (policy) => void opened.evictions.push(policy),
      defect: (error) => void opened.defects.push(error),
    },
  });
  onTestFinished(store.stop);
  return { ...opened, store };
}

/** Runs an operation, and returns how it failed. */
export async function failureOfCall(
  call: () => Promise<unknown>,
): Promise<{ failure: string; message: string }> {
  try {
    await call();
  } catch (error) {
    return error as { failure: string; message: string };
  }
  return { failure: 'none', message: '' };
}
