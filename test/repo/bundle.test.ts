/** The bundle: what it contains, its licenses, its bill of materials and its source maps. */
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bundle, bundle } from '../../scripts/bundle/bundle.ts';
import { originalPlaces } from '../../scripts/bundle/original-places.ts';
import { unusedPackages } from '../../scripts/bundle/unused-packages.ts';
import { writeBundle } from '../../scripts/bundle/write-bundle.ts';
import { writePackage } from '../../scripts/bundle/write-package.ts';
import { runtimePackages } from '../../scripts/packages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-bundle-'));
const other = join(folder, 'another/place');
let built: Bundle;

/** A clone of the repository in another folder. */
function clone(): void {
  for (const name of ['src', 'scripts', 'package.json', 'package-lock.json', '.npmrc', 'protos', 'schema'])
    cpSync(join(root, name), join(other, name), { recursive: true });
  for (const name of ['LICENSE', 'README.md']) cpSync(join(root, name), join(other, name));
  symlinkSync(join(root, 'node_modules'), join(other, 'node_modules'));
}

beforeAll(async () => {
  clone();
  built = await bundle(root);
  await writeBundle(root, join(folder, 'first'));
  await writeBundle(other, other);
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (path: string) => readFileSync(join(folder, path), 'utf8');

/** The packages of the modules in the bundle, each as `name version`: read from the paths, and from the lock file. */
function packagesOfModules(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  const paths = Object.keys(packages).toSorted((a, b) => b.length - a.length);
  const found = built.modules
    .filter((module) => module.includes('node_modules/'))
    .map((module) => paths.find((path) => path !== '' && module.startsWith(`${path}/`)) ?? module);
  return [...new Set(found)].map(
    (path) => `${path.replace(/^.*node_modules\//, '')} ${packages[path]?.version}`,
  );
}

describe('two builds', () => {
  test('have the same bytes in two folders', () => {
    for (const name of ['dist', 'source-maps']) {
      const [first, second] = [join('first', name), join('another/place', name)];
      const files = globSync('**/*', { cwd: join(folder, first) }).toSorted();
      expect(files.length).toBeGreaterThan(50);
      expect(globSync('**/*', { cwd: join(folder, second) }).toSorted()).toEqual(files);
      const different = files.filter((file) => read(join(first, file)) !== read(join(second, file)));
      expect(different).toEqual([]);
    }
  });

  test('contain no absolute path of the machine', () => {
    for (const part of [root, folder])
      for (const { name, text } of [...built.files, ...built.maps])
        expect([name, text.includes(part)]).toEqual([name, false]);
  });
});

describe('the packages', () => {
  const helpers = () =>
    `rolldown ${JSON.parse(readFileSync(join(root, 'node_modules/rolldown/package.json'), 'utf8')).version}`;

  test('are runtime packages', () => {
    const runtime = new Set(runtimePackages().map(({ name, version }) => `${name} ${version}`));
    expect(packagesOfModules().length).toBeGreaterThan(60);
    expect(packagesOfModules().filter((one) => !runtime.has(one))).toEqual([]);
  });

  test('have their licenses and notices in licenses.txt', () => {
    const text = read('first/dist/licenses.txt');
    const titles = [...text.matchAll(/^-{80}\n\n(.+) (\S+) \(.+\)\n/gm)].map(
      ([, name, version]) => `${name} ${version}`,
    );
    expect(titles.toSorted()).toEqual([...packagesOfModules(), helpers()].toSorted());
    for (const module of built.modules.filter((one) => one.includes('node_modules/'))) {
      const [path = ''] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module) ?? [];
      for (const file of globSync('{LICEN[CS]E,licen[cs]e,Licen[cs]e,COPYING,NOTICE}*', {
        cwd: join(root, path),
      }))
        expect(text).toContain(
          readFileSync(join(root, path, file), 'utf8')
            .replaceAll('\r\n', '\n')
            .trim(),
        );
    }
    // The only package without a license text.
    expect(
      [...text.matchAll(/^(.*)\n\nThis package contains no license text\./gm)].map(([, title]) => title),
    ).toEqual(['abstract-logging 2.0.1 (MIT)']);
  });

  test('are in the bill of materials, each with its license and its hash', () => {
    const { bomFormat, components } = JSON.parse(read('first/dist/oidc-authz.cdx.json')) as {
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
    expect(components.map(({ name, version }) => `${name} ${version}`).toSorted()).toEqual(
      [...packagesOfModules(), helpers()].toSorted(),
    );
    const licences = new Map(
      runtimePackages().map(({ name, version, licence }) => [`${name} ${version}`, licence]),
    );
    for (const { name, version, purl, hashes, licenses } of components) {
      expect(licenses?.[0]?.license.id).toBe(licences.get(`${name} ${version}`) ?? 'MIT');
      expect(purl).toMatch(/^pkg:npm\//);
      expect(hashes?.[0]?.alg).toBe('SHA-512');
    }
  });

  test('that are left out are required by these modules only, for what no source uses', () => {
    const names = Object.keys(unusedPackages).map((name) => RegExp.escape(name));
    const requires = new RegExp(`\\b(?:require\\(|from |import )\\s*['"](?:${names.join('|')})['"/]`);
    const requiring = built.modules.filter(
      (module) =>
        module.startsWith('node_modules/') && requires.test(readFileSync(join(root, module), 'utf8')),
    );
    expect(requiring).toEqual([
      'node_modules/pino/lib/transport.js',
      'node_modules/prom-client/lib/metrics/processCpuTotal.js',
      'node_modules/prom-client/lib/timeWindowQuantiles.js',
    ]);
    const usersOf = (name: string) =>
      globSync('src/**/*.ts', { cwd: root })
        .map((path) => readFileSync(join(root, path), 'utf8'))
        .filter((text) => text.includes(`from '${name}'`));
    const [metrics, logs] = [usersOf('prom-client'), usersOf('pino')];
    expect([metrics.length, logs.length]).toEqual([4, 1]);
    for (const text of metrics) expect(text).not.toMatch(/\bSummary\b|exemplar/i);
    for (const text of logs) expect(text).not.toMatch(/\btransport\b/);
  });

  test('keep the legal comments of their sources', () => {
    const texts = built.files.map(({ text }) => text).join('');
    expect(texts).toMatch(/\/\*!|@license|@preserve/);
  });
});

test('npm run sbom prints the bill of materials of the build', () => {
  const text = execFileSync('npm', ['run', '--silent', 'sbom'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString();
  expect(text).toBe(read('first/dist/oidc-authz.cdx.json'));
});

test('the package contains only the build, the schema, the protos, the license and the README, and installs without a network', () => {
  writePackage(root, join(folder, 'first'), join(folder, 'package'));
  const npm = (...args: string[]) =>
    execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] }).toString();
  const [{ files, filename }] = JSON.parse(npm('pack', './package', '--json')) as [
    { files: { path: string }[]; filename: string },
  ];
  const others = files.map(({ path }) => path).filter((path) => !/^dist\/[\w.-]+\.js$/.test(path));
  expect(others.toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'dist/licenses.txt',
    'dist/oidc-authz.cdx.json',
    'package.json',
    'protos/external_auth.proto',
    'protos/health.proto',
    'schema/config.schema.json',
    'schema/explain.schema.json',
  ]);
  expect(files.map(({ path }) => path)).toContain('dist/main.js');
  npm('install', '--offline', '--prefix', join(folder, 'installed'), filename);
  expect(globSync('node_modules/*', { cwd: join(folder, 'installed') })).toEqual(['node_modules/oidc-authz']);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const program = join(folder, 'installed/node_modules/.bin/oidc-authz');
  expect(execFileSync(process.execPath, [program, 'version']).toString()).toContain(version);
});

describe('the chunks', () => {
  test('import no package', () => {
    const outside = built.chunks
      .flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])
      .filter((name) => !isBuiltin(name) && !built.chunks.some(({ fileName }) => fileName === name));
    expect(outside).toEqual([]);
  });

  test('main.js loads nothing that an older Node could not load', () => {
    const [main] = built.chunks.filter(({ fileName }) => fileName === 'main.js');
    const early = built.chunks.filter(
      ({ fileName, name }) => fileName === 'main.js' || name === 'command-line',
    );
    expect(main?.imports.filter((name) => !isBuiltin(name))).toEqual([
      early.find(({ fileName }) => fileName !== 'main.js')?.fileName,
    ]);
    // An older Node may have no getBuiltinModule, so it is called after the check of the version.
    for (const { code } of early) expect(code).not.toMatch(/^(?:const|let|var) .*getBuiltinModule/m);
    const [before = '', after = ''] = main?.code.split('requireNode(process.versions.node);') ?? [];
    expect(before).not.toContain('getBuiltinModule');
    expect(after).toContain('getBuiltinModule');
  });

  test('others take the modules of Node without reading all of their exports', () => {
    const late = built.chunks.filter(({ isEntry, name }) => !isEntry && name !== 'command-line');
    const importing = late.filter(({ code }) =>
      [...code.matchAll(/^import .* from "([^".]+)";$/gm)].some(([, from = '']) => isBuiltin(from)),
    );
    expect(importing.map(({ fileName }) => fileName)).toEqual([]);
    expect(late.some(({ code }) => code.includes('process.getBuiltinModule("node:crypto")'))).toBe(true);
  });

  test('keep the names of functions and classes, which logs contain', () => {
    const code = built.files.map(({ text }) => text).join('\n');
    for (const name of ['ConfigError = class extends Error', 'function createApp(', 'function loadConfig('])
      expect(code).toContain(name);
    // The second of two classes with one name in a chunk gets a number. This one is cel-js's, which sets its name.
    const numbered = code.match(/\b(?:\w+\$\d+ = class|class \w+\$\d+)\b/g);
    expect(numbered).toEqual(['TypeError$1 = class']);
  });

  test('have no character beyond Latin-1, so V8 holds them in one byte for each character', () => {
    const wide = built.files.filter(({ text }) => /[^\0-\xff]/.test(text));
    expect(wide.map(({ name }) => name)).toEqual([]);
    expect(built.files.some(({ text }) => text.includes('"must not have a fragment (#\\u2026)"'))).toBe(true);
  });

  test('do not refer to their source maps', () => {
    expect(
      built.files.filter(({ text }) => text.includes('sourceMappingURL')).map(({ name }) => name),
    ).toEqual([]);
  });
});

describe('a stack trace', () => {
  const readMap = (name: string) => built.maps.find((map) => map.name === name)?.text;

  test.each([
    ['forkWorkerFor', 'src/cli/serve/service.ts'],
    ['createApp', 'src/service/app.ts'],
    ['askOverGrpc', 'src/tools/explain/as-envoy-grpc.ts'],
  ])('of %s leads to its line in %s', (name, file) => {
    const found = built.files.flatMap(({ name: chunk, text }) =>
      text.split('\n').flatMap((line, index) => {
        const column = line.search(new RegExp(`(?<=function )${name}\\(`));
        return column < 0 ? [] : [`    at ${name} (file:///app/dist/${chunk}:${index + 1}:${column + 1})`];
      }),
    );
    expect(found).toHaveLength(1);
    const [, path = '', line] = /\((.*):(\d+):\d+\)/.exec(originalPlaces(found[0] ?? '', readMap)) ?? [];
    expect(path).toBe(file);
    expect(readFileSync(join(root, path), 'utf8').split('\n')[Number(line) - 1]).toContain(
      `function ${name}(`,
    );
  });

  test('stays as it is if there is no map', () => {
    const text = 'Error\n    at main (file:///app/dist/unknown.js:1:2)\n    at node:internal/x:3:4\n';
    expect(originalPlaces(text, () => undefined)).toBe(text);
  });
});
