/** The runtime packages, and their installation. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runtimePackages } from '../../scripts/packages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** Raise this only with a row in docs/adr/0009-runtime-dependencies.md. */
const maxPackages = 101;

/** Packages that declare an install script. npm never runs it, because .npmrc sets `ignore-scripts`. */
const withUnusedScripts = ['protobufjs'];

/** Licenses that only require attribution. */
const licences = new Set(['Apache-2.0', 'MIT', 'ISC', 'BlueOak-1.0.0', 'BSD-3-Clause']);

describe('the runtime', () => {
  test('has at most 101 packages', () => {
    expect(runtimePackages().length).toBeGreaterThan(0);
    expect(runtimePackages().length).toBeLessThanOrEqual(maxPackages);
  });

  test('has only compatible licenses', () => {
    expect(runtimePackages().filter(({ licence }) => !licences.has(licence))).toEqual([]);
  });

  test('needs no install script, and has no native code', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { hasInstallScript?: boolean; dev?: boolean }>;
    };
    const names = new Set(runtimePackages().map(({ name }) => name));
    // A package can be below the package that needs it.
    const folders = Object.entries(packages).filter(
      ([path, { dev }]) => !dev && names.has(path.replace(/^.*node_modules\//, '')),
    );
    expect(folders.length).toBeGreaterThanOrEqual(names.size);
    const scripted = folders.filter(([, { hasInstallScript }]) => hasInstallScript);
    expect(scripted.map(([path]) => path.replace(/^.*node_modules\//, ''))).toEqual(withUnusedScripts);
    const native = folders.flatMap(([path]) => globSync(`${path}/**/*.node`, { cwd: root }));
    expect(native).toEqual([]);
  });
});

describe('npm ci', () => {
  test('runs no scripts and installs no version younger than some days', () => {
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
    expect(Number(/^min-release-age=(\d+)$/m.exec(read('.npmrc'))?.[1])).toBeGreaterThanOrEqual(1);
    expect(read('.ci/run')).toContain('npm ci');
    expect(read('.ci/run')).not.toMatch(/npm (install|i)\b/);
    expect(read('Dockerfile').match(/npm ci --ignore-scripts/g)).toHaveLength(1);
  });

  test('verifies every package by its hash', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { integrity?: string; link?: boolean }>;
    };
    const unhashed = Object.entries(packages).filter(
      ([path, one]) => path !== '' && !/^sha512-/.test(one.integrity ?? ''),
    );
    expect(unhashed.map(([path]) => path)).toEqual([]);
  });
});
