/** A Kubernetes API server built from its Go module, and etcd from its Debian package. Without a kubelet, no pod runs. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, onPath } from './cache.ts';
import { debianProgram, type FoundProgram, findOrFetch } from './programs.ts';

const run = promisify(execFile);
const version = { major: 1, minor: 36, patch: 3 };
const tag = `v${version.major}.${version.minor}.${version.patch}`;
const command = 'k8s.io/kubernetes/cmd/kube-apiserver';

/** Builds the API server once, which takes up to 30 minutes, and returns its path. */
export async function findKubeApiserver(): Promise<FoundProgram> {
  if (process.env.KUBE_APISERVER_BIN !== undefined) return { path: process.env.KUBE_APISERVER_BIN };
  if (onPath('go') === undefined) return { missing: 'Go is not on the PATH' };
  const path = join(cacheFolder('go'), 'kube-apiserver');
  return findOrFetch(path, () => build(path));
}

/** Searches for etcd. If it is not there, fetches it. */
export function findEtcd(): Promise<FoundProgram> {
  return debianProgram('usr/bin/etcd', ['etcd-server']);
}

async function build(path: string): Promise<void> {
  const cwd = cacheFolder('kube-apiserver');
  const { stdout } = await run('go', ['mod', 'download', '-json', `k8s.io/kubernetes@${tag}`], {
    cwd,
    env: { ...process.env, GOFLAGS: '-mod=mod', GOWORK: 'off' },
    timeout: 600_000,
  });
  const { GoMod } = JSON.parse(stdout);
  writeFileSync(join(cwd, 'go.mod'), goMod(readFileSync(GoMod, 'utf8')));
  writeFileSync(join(cwd, 'tools.go'), `//go:build tools\n\npackage tools\n\nimport _ "${command}"\n`);
  const named = (name: string, value: string | number) => `-X k8s.io/component-base/version.${name}=${value}`;
  const flags = [
    '-s',
    '-w',
    named('gitVersion', tag),
    named('gitMajor', version.major),
    named('gitMinor', version.minor),
  ];
  const args = ['build', '-mod=mod', '-buildvcs=false', '-ldflags', flags.join(' '), '-o', path, command];
  await run('go', args, { cwd, timeout: 3_600_000, maxBuffer: 16 * 1024 * 1024 });
}

/**
 * Creates a Go module that can build a Kubernetes command. The module of Kubernetes replaces its libraries with folders that
 * are not in its archive. This one uses the library modules of the same release.
 */
function goMod(ofKubernetes: string): string {
  const libraries = [...ofKubernetes.matchAll(/^\s*(k8s\.io\/\S+) => \.\//gm)].map(([, library]) => library);
  if (libraries.length === 0)
    throw new Error(`k8s.io/kubernetes ${tag}: its go.mod has no replace directives`);
  const [, go] = /^go (\S+)$/m.exec(ofKubernetes) ?? [];
  const replaced = libraries.map(
    (library) => `\t${library} => ${library} v0.${version.minor}.${version.patch}`,
  );
  return `module kube\n\ngo ${go}\n\nrequire k8s.io/kubernetes ${tag}\n\nreplace (\n${replaced.join('\n')}\n)\n`;
}
