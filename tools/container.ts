/** Runs an unpacked image as Kubernetes does: as its own user, on a read-only root, without capabilities. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuiltImage } from './image.ts';

/** The options of a container. */
export interface ContainerOptions {
  readonly args: readonly string[];
  /** A program that replaces the image's own. */
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Folders of this machine by their read-only mount path. */
  readonly mounts?: Readonly<Record<string, string>>;
}

/** A running container. */
export interface Container {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Sends a signal to its first process. */
  readonly signal: (name: string) => void;
  readonly exit: Promise<number>;
}

/** Starts a container on this machine's network. */
export function startContainer({ rootfs, config }: BuiltImage, options: ContainerOptions): Container {
  const bundle = mkdtempSync(join(tmpdir(), 'oidc-authz-bundle-'));
  const [uid, gid] = config.User.split(':').map(Number);
  const env = [...config.Env, ...Object.entries(options.environment ?? {}).map((pair) => pair.join('='))];
  const binds = Object.entries(options.mounts ?? {}).map(([destination, source]) => ({
    destination,
    source,
    type: 'bind',
    options: ['rbind', 'ro', 'nosuid', 'nodev', 'noexec'],
  }));
  writeFileSync(
    join(bundle, 'config.json'),
    JSON.stringify({
      ociVersion: '1.0.2',
      root: { path: rootfs, readonly: true },
      process: {
        user: { uid, gid },
        cwd: config.WorkingDir,
        args: [...(options.entrypoint ?? config.Entrypoint), ...options.args],
        env,
        noNewPrivileges: true,
        capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
      },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
        ...binds,
      ],
      linux: { namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })) },
    }),
  );
  const id = `oidc-authz-${randomUUID()}`;
  const child = spawn('runc', ['run', '--bundle', bundle, id], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return {
    child,
    output: () => output,
    signal: (name) =>
      void spawnSync('runc', ['kill', id, name], { env: { PATH: '/usr/sbin:/sbin:/usr/bin' } }),
    exit: new Promise((resolve) => child.once('close', (code) => resolve(code ?? -1))),
  };
}
