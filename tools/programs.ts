/** Other programs that tests run: found on the PATH, or fetched with the usual client of their registry. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder, onPath } from './cache.ts';

const run = promisify(execFile);
const timeout = 300_000;

/** The path of a program, or why it is missing. */
export type FoundProgram = { readonly path: string } | { readonly missing: string };

/** Whether tests must have every program, even if fetching it takes minutes. */
export const mustFetch = process.env.REQUIRE_REAL_SERVERS === '1';

/**
 * Searches for a program in the cache. If it is not there and tests must have it, fetches it.
 *
 * @param path its path after the fetch
 */
export async function findOrFetch(path: string, fetch: () => Promise<unknown>): Promise<FoundProgram> {
  if (existsSync(path)) return { path };
  if (!mustFetch) return { missing: 'not installed; set REQUIRE_REAL_SERVERS=1 to fetch it' };
  try {
    await fetch();
    return existsSync(path) ? { path } : { missing: `the fetched files do not contain ${path}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return { missing: `cannot fetch it: ${reason}` };
  }
}

/**
 * Finds or installs a command of a Python package, in its own virtual environment.
 *
 * @param requirement the package and its version, in pip's notation
 * @param ready prepares the environment before its first use
 */
export async function pythonProgram(
  command: string,
  requirement: string,
  ready: (python: string) => Promise<unknown> = async () => {},
): Promise<FoundProgram> {
  const folder = cacheFolder(`python-${command}`);
  const at = (program: string) => join(folder, 'bin', program);
  return findOrFetch(at(command), async () => {
    await run('python3', ['-m', 'venv', folder], { timeout });
    await run(at('pip'), ['install', '--quiet', '--disable-pip-version-check', requirement], { timeout });
    await ready(at('python'));
  });
}

/**
 * Finds or builds a command of a Go module.
 *
 * @param module the path of the command's package, and its version
 */
export async function goProgram(command: string, module: string): Promise<FoundProgram> {
  if (onPath('go') === undefined) return { missing: 'Go is not on the PATH' };
  const folder = cacheFolder('go');
  const env = { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' };
  return findOrFetch(join(folder, command), () => run('go', ['install', module], { env, timeout }));
}

/** Finds or builds a Go program of this project, from the folder of that name in `tools/`. */
export async function ownGoProgram(name: string): Promise<FoundProgram> {
  if (onPath('go') === undefined) return { missing: 'Go is not on the PATH' };
  const path = join(cacheFolder('go'), name);
  if (!mustFetch && !existsSync(path))
    return { missing: 'not built; set REQUIRE_REAL_SERVERS=1 to build it' };
  try {
    const cwd = fileURLToPath(new URL(name, import.meta.url));
    await run('go', ['build', '-buildvcs=false', '-o', path, '.'], { cwd, timeout: 600_000 });
    return { path };
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return { missing: `cannot build it: ${reason}` };
  }
}

/**
 * Finds or fetches a program from Debian packages, which are unpacked but not installed.
 *
 * @param program its path in the package, without the leading slash
 */
export async function debianProgram(program: string, packages: readonly string[]): Promise<FoundProgram> {
  const name = program.slice(program.lastIndexOf('/') + 1);
  const known = onPath(name);
  if (known !== undefined) return { path: known };
  if (onPath('apt-get') === undefined) return { missing: `neither ${name} nor apt-get is on the PATH` };
  const folder = cacheFolder(`debian-${name}`);
  return findOrFetch(join(folder, program), async () => {
    await run('apt-get', ['download', ...packages], { cwd: folder, timeout }).catch(async () => {
      await run('apt-get', ['update', '--quiet'], { timeout });
      await run('apt-get', ['download', ...packages], { cwd: folder, timeout });
    });
    for (const file of readdirSync(folder).filter((one) => one.endsWith('.deb')))
      await run('dpkg-deb', ['--extract', join(folder, file), folder], { timeout });
  });
}
