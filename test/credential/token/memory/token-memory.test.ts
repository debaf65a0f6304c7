/** The memory of cached tokens on the heap, in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { settingNames } from './settings.ts';
import { type Shape, shapeNames } from './shapes.ts';

const script = fileURLToPath(new URL('fill-cache.ts', import.meta.url));

interface Memory {
  /** The length of a token. */
  readonly size: number;
  readonly entries: number;
  readonly bytesPerToken: number;
  readonly estimatePerToken: number;
}

async function memoryOf(count: number, shape: Shape, transports: string, setting = 'plain'): Promise<Memory> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [
    '--expose-gc',
    script,
    String(count),
    shape,
    transports,
    setting,
  ]);
  return JSON.parse(stdout) as Memory;
}

describe('a cached token of 850 characters takes at most 500 bytes, with its answers', () => {
  test.each(['http', 'grpc', 'http+grpc'])('over %s', async (transports) => {
    const { size, entries, bytesPerToken } = await memoryOf(24_000, 'usual', transports);
    expect(Math.abs(size - 850)).toBeLessThan(10);
    expect(entries).toBe(24_000);
    expect(bytesPerToken).toBeGreaterThan(250);
    expect(bytesPerToken).toBeLessThanOrEqual(500);
  });
});

/** Expects that the estimate of tokens is at most 10 % too low and 25 % too high. */
function expectEstimate({ bytesPerToken, estimatePerToken }: Memory): void {
  expect(estimatePerToken / bytesPerToken).toBeGreaterThan(0.9);
  expect(estimatePerToken / bytesPerToken).toBeLessThan(1.25);
}

describe('the estimate is the memory', () => {
  test.each(shapeNames)('%s', async (shape) => {
    expectEstimate(await memoryOf(6_000, shape, 'http+grpc'));
  });

  test.each(settingNames)('with %s', async (setting) => {
    expectEstimate(await memoryOf(4_000, 'usual', 'http+grpc', setting));
  });

  test.each(['16 KB', 'many groups'] as const)('with an expression, %s', async (shape) => {
    expectEstimate(await memoryOf(4_000, shape, 'http+grpc', 'an expression'));
  });
});
