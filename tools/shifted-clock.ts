/** Moves the wall clock of another program, as an administrator or NTP does. Its monotonic clock stays the same. */
import { execFile } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder, onPath } from './cache.ts';
import type { FoundProgram } from './programs.ts';

const run = promisify(execFile);

/** A clock that tests move. */
export interface ShiftedClock {
  /** The environment of the program. Programs that it starts have the same clock. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sets how far the clock is ahead, in seconds; negative: behind. */
  readonly set: (seconds: number) => void;
}

/** Builds the library with the C compiler of the machine. It takes less than a second. */
export async function findShiftedClock(): Promise<FoundProgram> {
  const compiler = onPath('cc');
  if (process.platform !== 'linux' || compiler === undefined)
    return { missing: 'needs Linux and a C compiler (cc) on the PATH' };
  const path = join(cacheFolder('shifted-clock'), 'shifted-clock.so');
  if (existsSync(path)) return { path };
  const source = fileURLToPath(new URL('shifted-clock/shifted-clock.c', import.meta.url));
  try {
    await run(compiler, ['-O1', '-Wall', '-Werror', '-shared', '-fPIC', '-o', path, source]);
    return { path };
  } catch (error) {
    return { missing: `cannot build it: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Creates a clock that is right. @param library the path of {@link findShiftedClock} */
export function createShiftedClock(library: string): ShiftedClock {
  const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-clock-')), 'shift');
  writeFileSync(file, Buffer.alloc(8));
  return {
    environment: { LD_PRELOAD: library, SHIFTED_CLOCK: file },
    set: (seconds) => {
      const shift = Buffer.alloc(8);
      shift.writeBigInt64LE(BigInt(seconds));
      // The program has mapped the file, so its size must not change.
      const open = openSync(file, 'r+');
      writeSync(open, shift, 0, 8, 0);
      closeSync(open);
    },
  };
}
