/** The user's own Node: the installation prints no warning, and an old Node says what to do. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The oldest Node in README.md. */
const oldest = [20, 19, 0] as const;

interface Locked {
  readonly engines?: { readonly node?: string };
  readonly optional?: boolean;
  readonly deprecated?: string;
  readonly hasInstallScript?: boolean;
}

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };

/** Whether a range of npm contains a version (https://github.com/npm/node-semver#ranges), for the forms in `engines`. */
function contains(range: string, [major, minor, patch]: readonly [number, number, number]): boolean {
  const compared = (numbers: readonly (number | undefined)[]) =>
    major - (numbers[0] ?? 0) || minor - (numbers[1] ?? 0) || patch - (numbers[2] ?? 0);
  const one = (comparator: string): boolean => {
    const [, operator = '', version = ''] = /^(>=|<=|>|<|\^|~|=)?v?(.*)$/.exec(comparator) ?? [];
    if (/^[*x]?$/.test(version)) return true;
    const numbers = version.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : undefined));
    if (numbers[0] === undefined) throw new Error(`unsupported range: ${range}`);
    if (operator === '>=') return compared(numbers) >= 0;
    if (operator === '<') return compared(numbers) < 0;
    if (operator === '^') return compared(numbers) >= 0 && major === numbers[0];
    if (operator === '' || operator === '=')
      return [major, minor, patch].every((part, index) => part === (numbers[index] ?? part));
    throw new Error(`unsupported range: ${range}`);
  };
  const alternatives = range.replaceAll(/(>=|<=|>|<|\^|~|=)\s+/g, '$1').split('||');
  return alternatives.some((all) => all.trim().split(/\s+/).every(one));
}

describe('npm ci on Node 20', () => {
  test('installs no package that needs a newer Node', () => {
    const asking = Object.entries(packages)
      .filter(([, { optional }]) => optional !== true)
      .filter(([, { engines }]) => !contains(engines?.node ?? '*', oldest))
      .map(([path, { engines }]) => `${path === '' ? 'package.json' : path}: ${engines?.node}`);
    expect(asking).toEqual([]);
  });

  test('installs no deprecated package', () => {
    const deprecated = Object.entries(packages).filter(([, one]) => one.deprecated !== undefined);
    expect(deprecated.map(([path]) => path)).toEqual([]);
  });

  test('matches package.json and README.md', () => {
    expect(JSON.parse(read('package.json')).engines).toEqual({ node: '>=20' });
    expect(packages['']?.engines).toEqual({ node: '>=20' });
    expect(read('README.md')).toContain('Node 20 or newer');
  });

  test('reads ranges as npm does', () => {
    const read = (range: string) => contains(range, [20, 19, 0]);
    for (const good of ['*', '>=20', '>= 18', '20 || >=22', '^20.19.0 || >=22.12.0', '>=14 <21', '20.x'])
      expect([good, read(good)]).toEqual([good, true]);
    for (const bad of ['>=22', '^22.12.0 || ^24.0.0 || >=26.0.0', '>=20.20', '18 || >=22', '>=14 <20'])
      expect([bad, read(bad)]).toEqual([bad, false]);
  });
});

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Creates a checkout with scripts/node. Its own Node and the one on the PATH print their version. */
function checkout({ own, other }: { own: boolean; other: string | undefined }) {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = (path: string, version: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    const text = `#!/bin/sh\n[ "$1" = --version ] && echo ${version} || echo "${version} runs $*"\n`;
    writeFileSync(join(folder, path), text, { mode: 0o755 });
  };
  mkdirSync(join(folder, 'scripts'));
  copyFileSync(join(root, 'scripts/node'), join(folder, 'scripts/node'));
  const name = `node-linux-${process.arch}`;
  if (own) program(`node_modules/${name}/bin/node`, 'v26.10.0');
  if (other !== undefined) program('elsewhere/node', other);
  return (...args: string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const env = { PATH: `${join(folder, 'elsewhere')}:/usr/bin:/bin` };
      execFile(join(folder, 'scripts/node'), args, { env }, (error, output, errors) =>
        resolve({ code: Number(error?.code ?? 0), output, errors }),
      );
    });
}

describe('scripts/node', () => {
  test('starts every command of package.json that is written in TypeScript', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const bare = Object.entries(scripts).filter(([, text]) => /(?<!scripts\/)\b(node|vitest) /.test(text));
    expect(bare).toEqual([]);
    for (const name of ['start', 'demo', 'test']) expect(scripts[name]).toMatch(/^exec scripts\/node /);
  });

  test("prefers the project's own Node to the one on the PATH", async () => {
    for (const other of [undefined, 'v20.19.0', 'v27.0.0'])
      expect(await checkout({ own: true, other })('src/main.ts', 'a b')).toEqual({
        code: 0,
        output: 'v26.10.0 runs src/main.ts a b\n',
        errors: '',
      });
  });

  test('uses the Node on the PATH if it is new enough and the project has none', async () => {
    expect(await checkout({ own: false, other: 'v26.0.0' })('x.ts')).toMatchObject({
      code: 0,
      output: 'v26.0.0 runs x.ts\n',
    });
  });

  test('fails and says what to do if the Node on the PATH is too old', async () => {
    for (const other of ['v20.19.0', 'v25.9.0']) {
      const { code, output, errors } = await checkout({ own: false, other })('x.ts');
      expect([code, output]).toEqual([1, '']);
      expect(errors).toContain(`oidc-authz runs on Node 26 or newer; this is ${other}.\n`);
      expect(errors).toContain('npm ci');
    }
  });
});

test('the program says that it needs a newer Node when an older one starts it', async () => {
  const pretend = `Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.19.0"}})`;
  const args = [
    '--import',
    `data:text/javascript,${encodeURIComponent(pretend)}`,
    'src/main.ts',
    '--version',
  ];
  const ended = await new Promise<Ended>((resolve) => {
    execFile(process.execPath, args, { cwd: root }, (error, output, errors) =>
      resolve({ code: Number(error?.code ?? 0), output, errors }),
    );
  });
  expect(ended).toEqual({
    code: 1,
    output: '',
    errors: expect.stringMatching(/^oidc-authz: it runs on Node 26 or newer, and this is Node 20\.19\.0;/),
  });
});
