/** Chromium, for tests of pages and for pictures. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { onPath } from './cache.ts';
import { type FoundProgram, mustFetch } from './programs.ts';

const run = promisify(execFile);
const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** Searches for Chromium on the PATH. If tests must have it, installs the Debian package. */
export async function findChromium(): Promise<FoundProgram> {
  const find = () => names.map(onPath).find((path) => path !== undefined);
  const known = find();
  if (known !== undefined) return { path: known };
  if (!mustFetch) return { missing: 'not installed; set REQUIRE_REAL_SERVERS=1 to install it' };
  try {
    // A mirror can be away for some seconds.
    const retries = ['-o', 'Acquire::Retries=5'];
    const options = { timeout: 300_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    await run('apt-get', ['update', '--quiet', ...retries], options);
    await run(
      'apt-get',
      ['install', '--yes', '--quiet', '--no-install-recommends', ...retries, 'chromium'],
      options,
    );
  } catch (error) {
    return { missing: `cannot install it: ${error instanceof Error ? error.message : String(error)}` };
  }
  const path = find();
  return path === undefined ? { missing: 'the package chromium has no such program' } : { path };
}
