/** Builds the image with buildah, on base images that it creates, because no image registry can be reached. */
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder, onPath } from './cache.ts';
import { type FoundProgram, mustFetch } from './programs.ts';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../', import.meta.url));
const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** Programs and the names of their Debian packages. */
const programs = { buildah: 'buildah', runc: 'runc', mmdebstrap: 'mmdebstrap' };

/** Finds buildah and the programs it needs, or says why they are missing. Installs them if tests must have them. */
export async function findImageTools(): Promise<FoundProgram> {
  const missing = Object.entries(programs).filter(([program]) => find(program) === undefined);
  if (missing.length > 0) {
    if (!mustFetch || process.getuid?.() !== 0 || onPath('apt-get') === undefined)
      return { missing: `${missing.map(([program]) => program).join(', ')}: not on the PATH` };
    const names = missing.map(([, name]) => name);
    const install = ['install', '--yes', '--quiet', '--no-install-recommends', ...names];
    const options = { timeout: 300_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    try {
      await execute('apt-get', install, options).catch(async () => {
        await execute('apt-get', ['update', '--quiet'], options);
        await execute('apt-get', install, options);
      });
    } catch (error) {
      return { missing: `cannot install the packages: ${error instanceof Error ? error.message : error}` };
    }
  }
  if (process.getuid?.() !== 0) return { missing: 'building a container needs root' };
  const path = find('buildah');
  return path === undefined ? { missing: 'buildah is not on the PATH' } : { path };
}

function find(program: string): string | undefined {
  // Some of them are in folders that only root's PATH contains.
  return onPath(program) ?? [`/usr/sbin/${program}`, `/sbin/${program}`].find(existsSync);
}

/** A built image. */
export interface BuiltImage {
  /** The folder with its files. */
  readonly rootfs: string;
  /** Its configuration from `buildah inspect`. */
  readonly config: {
    readonly User: string;
    readonly Entrypoint: readonly string[];
    readonly Env: readonly string[];
    readonly WorkingDir: string;
    readonly Labels: Readonly<Record<string, string>>;
    readonly ExposedPorts: Readonly<Record<string, object>>;
  };
}

/** Builds the Dockerfile of this project and unpacks the image. */
export async function buildImage(buildah: string): Promise<BuiltImage> {
  const folder = cacheFolder('image');
  const run = (...args: string[]) =>
    execute(
      buildah,
      [
        '--root',
        join(folder, 'storage'),
        '--runroot',
        join(folder, 'run'),
        '--storage-driver',
        'vfs',
        ...args,
      ],
      { timeout: 600_000, maxBuffer: 64 * 1024 * 1024 },
    );
  const build = (tag: string, context: string, ...args: string[]) =>
    run(
      ...['build', '--isolation', 'chroot', '--network', 'host', '--layers=false', '--quiet'],
      ...['--tag', tag, ...args, context],
    );

  const [base, buildBase] = [`base-${process.version}`, `build-base-${process.version}`].map((name) =>
    join(folder, name),
  ) as [string, string];
  await makeBase(base);
  await build('oidc-authz-base', base);
  await makeBuildBase(buildBase);
  await build('oidc-authz-build', buildBase);
  const images = ['BASE_IMAGE=localhost/oidc-authz-base', 'BUILD_IMAGE=localhost/oidc-authz-build'];
  await build('oidc-authz', root, ...images.flatMap((image) => ['--build-arg', image]));

  const { stdout: container } = await run('from', '--pull-never', 'localhost/oidc-authz');
  const { stdout: mounted } = await run('mount', container.trim());
  const { stdout: inspected } = await run('inspect', '--type', 'image', 'localhost/oidc-authz');
  const rootfs = join(folder, 'rootfs');
  rmSync(rootfs, { recursive: true, force: true });
  await execute('cp', ['--archive', mounted.trim(), rootfs]);
  await run('rm', container.trim());
  return { rootfs, config: JSON.parse(inspected).OCIv1.config };
}

/** Creates a base like the distroless images of Node: the C library, certificates, a user and Node, without a shell. */
async function makeBase(folder: string): Promise<void> {
  const files = join(folder, 'files');
  if (existsSync(join(folder, 'Dockerfile'))) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await debootstrap(
    'extract',
    ['base-files', 'libatomic1', 'libc6', 'libgcc-s1', 'libstdc++6', 'netbase'],
    files,
  );
  put(join(files, 'etc/passwd'), 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n');
  put(join(files, 'etc/group'), 'nonroot:x:65532:\n');
  put(join(files, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  copy(certificates, join(files, certificates));
  copy(process.execPath, join(files, 'nodejs/bin/node'));
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY files /\n');
}

/** Creates a base like the official images of Node: a small Debian with Node, npm and this machine's certificates. */
async function makeBuildBase(folder: string): Promise<void> {
  const files = join(folder, 'files');
  if (existsSync(join(folder, 'Dockerfile'))) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await debootstrap('essential', ['libatomic1', 'libstdc++6'], files);
  await execute('cp', ['--recursive', '--dereference', npmPackage(), join(files, 'usr/lib/npm')]);
  put(join(files, 'usr/bin/npm'), '#!/bin/sh\nexec node /usr/lib/npm/bin/npm-cli.js "$@"\n', 0o755);
  copy(process.execPath, join(files, 'usr/bin/node'));
  copy(certificates, join(files, certificates));
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM scratch\nCOPY files /\nENV PATH=/usr/bin:/bin NODE_EXTRA_CA_CERTS=${certificates}\n`,
  );
}

/** Finds the folder of the npm package, from the link of its command. */
function npmPackage(): string {
  const command = onPath('npm');
  if (command === undefined) throw new Error('npm is not on PATH; install it to build the image');
  return dirname(dirname(realpathSync(command)));
}

/** Unpacks Debian packages from this machine's mirror. Retries, because a mirror can be unavailable for a moment. */
async function debootstrap(variant: 'extract' | 'essential', packages: readonly string[], folder: string) {
  const sources = ['/etc/apt/sources.list.d', '/etc/apt']
    .flatMap((at) => (existsSync(at) ? readdirSync(at).map((name) => join(at, name)) : []))
    .filter((name) => /\/(debian\.sources|sources\.list)$/.test(name));
  const { stdout: suite } = await execute('sh', ['-c', '. /etc/os-release && echo "$VERSION_CODENAME"']);
  const options = ['--quiet', `--variant=${variant}`, `--include=${packages.join(',')}`];
  const args = [...options, '--aptopt=Acquire::Retries "5"', suite.trim(), folder, ...sources.slice(0, 1)];
  for (let attemptsLeft = 2; ; attemptsLeft--)
    try {
      rmSync(folder, { recursive: true, force: true });
      await execute('mmdebstrap', args, { timeout: 300_000, maxBuffer: 16 * 1024 * 1024 });
      return;
    } catch (error) {
      if (attemptsLeft === 0) throw error;
      await setTimeout(5_000);
    }
}

function put(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  rmSync(to, { force: true });
  copyFileSync(from, to);
}
