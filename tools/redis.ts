/** Redis, for tests of the store. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { debianProgram, type FoundProgram } from './programs.ts';

/** The package of the program, and packages with its libraries. */
const packages = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'];

/** Searches for redis-server on the PATH and in the cache. If it is not there, fetches it. It is also the sentinel. */
export function findRedis(): Promise<FoundProgram> {
  return debianProgram('usr/bin/redis-server', packages);
}

/** The environment of a redis-server: the libraries of its packages, if these are only unpacked. */
export function redisEnvironment(path: string): NodeJS.ProcessEnv {
  const libraries = join(dirname(path), '..', 'lib');
  const folders = readdirSync(libraries).filter((name) => name.endsWith('-linux-gnu'));
  return {
    ...process.env,
    LD_LIBRARY_PATH: folders.map((name) => join(libraries, name)).join(':'),
  };
}
