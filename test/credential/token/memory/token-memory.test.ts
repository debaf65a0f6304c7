/** The memory of cached tokens on the heap, in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Shape, shapeNames } from './shapes.ts';

const script = fileURLToPath(new URL('fill-cache.ts', import.meta.url));

interface Memory {
  /** The length of a token. */
  readonly size: number;
  readonly entries: number;
  readonly bytesPerToken: number;
  readonly estimatePerToken: number;
}

async function memoryOf(count: number, shape: Shape, transports: string): Promise<Memory> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--expose-gc', script, String(count), shape, transports]);
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

describe('the estimate is the memory', () => {
  test.each(shapeNames)('%s', async (shape) => {
    const { bytesPerToken, estimatePerToken } = await memoryOf(6_000, shape, 'http+grpc');
    expect(estimatePerToken / bytesPerToken).toBeGreaterThan(0.9);
    expect(estimatePerToken / bytesPerToken).toBeLessThan(1.25);
  });
});
