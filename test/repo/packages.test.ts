/** The runtime packages, the installation, and the contents of this package. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
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

  test('has a bill of materials with every package, its license and its hash', () => {
    const text = execFileSync('npm', ['run', '--silent', 'sbom'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { bomFormat, components } = JSON.parse(text.toString()) as {
      bomFormat: string;
      components: {
        name: string;
        version: string;
        purl: string;
        hashes?: { alg: string }[];
        licenses?: { license: { id: string } }[];
      }[];
    };
    expect(bomFormat).toBe('CycloneDX');
    const found = components.map(({ name, version, licenses }) => [name, version, licenses?.[0]?.license.id]);
    const expected = runtimePackages().map(({ name, version, licence }) => [name, version, licence]);
    expect(found.toSorted()).toEqual(expected.toSorted());
    for (const { purl, hashes } of components) {
      expect(purl).toMatch(/^pkg:npm\//);
      expect(hashes?.[0]?.alg).toBe('SHA-512');
    }
  });
});

describe('npm ci', () => {
  test('runs no scripts and installs no version younger than some days', () => {
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
    expect(Number(/^min-release-age=(\d+)$/m.exec(read('.npmrc'))?.[1])).toBeGreaterThanOrEqual(1);
    expect(read('.ci/run')).toContain('npm ci');
    expect(read('.ci/run')).not.toMatch(/npm (install|i)\b/);
    expect(read('Dockerfile').match(/npm ci --ignore-scripts/g)).toHaveLength(2);
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

describe('the package', () => {
  const folderFor = () => {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return folder;
  };
  const contentsOf = (folder: string) =>
    Object.fromEntries(
      globSync('**/*.*', { cwd: folder })
        .toSorted()
        .map((path) => [
          path,
          createHash('sha256')
            .update(readFileSync(join(folder, path)))
            .digest('hex'),
        ]),
    );
  const build = (folder: string) => {
    execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', folder], { cwd: root });
    return contentsOf(folder);
  };

  test('has the same bytes after each build', () => {
    const [first, second] = [build(folderFor()), build(folderFor())];
    expect(Object.keys(first)).toContain('main.js');
    expect(first).toEqual(second);
  });

  test('contains only the build, the schema, the protos, the license and the README', () => {
    const text = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ files }] = JSON.parse(text.toString()) as [{ files: { path: string }[] }];
    const others = files
      .map(({ path }) => path)
      .filter((path) => !/^(dist\/.*\.js|schema\/.*\.json|protos\/.*\.proto)$/.test(path));
    expect(others.toSorted()).toEqual(['LICENSE', 'README.md', 'package.json']);
  });
});
