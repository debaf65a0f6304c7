/** Programs of others that tests run: found on the PATH, or fetched with the ordinary client of their registry. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder, onPath } from './cache.ts';

const run = promisify(execFile);
const timeout = 300_000;

/** A program, or why there is none. */
export type FoundProgram = { readonly path: string } | { readonly missing: string };

/** Whether tests must have every real program, and so may take minutes and disk to get it. */
export const mustFetch = process.env.REQUIRE_REAL_SERVERS === '1';

/**
 * Looks for a program among what was fetched earlier; then fetches it, where it must be had.
 *
 * @param path where it is once it was fetched
 */
export async function findOrFetch(path: string, fetch: () => Promise<unknown>): Promise<FoundProgram> {
  if (existsSync(path)) return { path };
  if (!mustFetch) return { missing: 'not on this machine; REQUIRE_REAL_SERVERS=1 fetches it' };
  try {
    await fetch();
    return existsSync(path) ? { path } : { missing: `${path} is not in what was fetched` };
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return { missing: `it could not be fetched: ${reason}` };
  }
}

/**
 * A command of a Python package, in an environment of its own.
 *
 * @param requirement the package and its version, as pip takes it
 * @param ready prepares the environment before the first use, with its Python
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
 * A command of a Go module, built with the Go on the PATH.
 *
 * @param module the path of the command's package and its version
 */
export async function goProgram(command: string, module: string): Promise<FoundProgram> {
  if (onPath('go') === undefined) return { missing: 'no go on the PATH' };
  const folder = cacheFolder('go');
  const env = { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' };
  return findOrFetch(join(folder, command), () => run('go', ['install', module], { env, timeout }));
}

/** A program of our own in Go, built from the folder of that name beside this file. */
export async function ownGoProgram(name: string): Promise<FoundProgram> {
  if (onPath('go') === undefined) return { missing: 'no go on the PATH' };
  const path = join(cacheFolder('go'), name);
  if (!mustFetch && !existsSync(path)) return { missing: 'not built; REQUIRE_REAL_SERVERS=1 builds it' };
  try {
    const cwd = fileURLToPath(new URL(name, import.meta.url));
    await run('go', ['build', '-buildvcs=false', '-o', path, '.'], { cwd, timeout: 600_000 });
    return { path };
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return { missing: `it could not be built: ${reason}` };
  }
}

/**
 * A program out of Debian packages, which are unpacked and not installed.
 *
 * @param program its path in the package, without the leading slash
 */
export async function debianProgram(program: string, packages: readonly string[]): Promise<FoundProgram> {
  const name = program.slice(program.lastIndexOf('/') + 1);
  const known = onPath(name);
  if (known !== undefined) return { path: known };
  if (onPath('apt-get') === undefined) return { missing: `no ${name} and no apt-get on the PATH` };
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
