/** What a newcomer's own Node meets: it installs without a warning, and is told where it cannot run the service. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The oldest Node that README.md names. */
const oldest = [20, 19, 0] as const;

interface Locked {
  readonly engines?: { readonly node?: string };
  readonly optional?: boolean;
  readonly deprecated?: string;
  readonly hasInstallScript?: boolean;
}

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };

/** Whether a range of npm's takes a version (https://github.com/npm/node-semver#ranges): the forms that `engines` has. */
function takes(range: string, [major, minor, patch]: readonly [number, number, number]): boolean {
  const compared = (numbers: readonly (number | undefined)[]) =>
    major - (numbers[0] ?? 0) || minor - (numbers[1] ?? 0) || patch - (numbers[2] ?? 0);
  const one = (comparator: string): boolean => {
    const [, operator = '', version = ''] = /^(>=|<=|>|<|\^|~|=)?v?(.*)$/.exec(comparator) ?? [];
    if (/^[*x]?$/.test(version)) return true;
    const numbers = version.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : undefined));
    if (numbers[0] === undefined) throw new Error(`what does ${range} mean?`);
    if (operator === '>=') return compared(numbers) >= 0;
    if (operator === '<') return compared(numbers) < 0;
    if (operator === '^') return compared(numbers) >= 0 && major === numbers[0];
    if (operator === '' || operator === '=')
      return [major, minor, patch].every((part, index) => part === (numbers[index] ?? part));
    throw new Error(`what does ${range} mean?`);
  };
  const alternatives = range.replaceAll(/(>=|<=|>|<|\^|~|=)\s+/g, '$1').split('||');
  return alternatives.some((all) => all.trim().split(/\s+/).every(one));
}

describe('npm ci on Node 20', () => {
  test('has no package that asks for a newer one', () => {
    const asking = Object.entries(packages)
      .filter(([, { optional }]) => optional !== true)
      .filter(([, { engines }]) => !takes(engines?.node ?? '*', oldest))
      .map(([path, { engines }]) => `${path === '' ? 'package.json' : path}: ${engines?.node}`);
    expect(asking).toEqual([]);
  });

  test('has no package that is deprecated', () => {
    const deprecated = Object.entries(packages).filter(([, one]) => one.deprecated !== undefined);
    expect(deprecated.map(([path]) => path)).toEqual([]);
  });

  test('is what package.json and README.md say', () => {
    expect(JSON.parse(read('package.json')).engines).toEqual({ node: '>=20' });
    expect(packages['']?.engines).toEqual({ node: '>=20' });
    expect(read('README.md')).toContain('Any Node from 20');
  });

  test('reads ranges as npm does', () => {
    const read = (range: string) => takes(range, [20, 19, 0]);
    for (const good of ['*', '>=20', '>= 18', '20 || >=22', '^20.19.0 || >=22.12.0', '>=14 <21', '20.x'])
      expect([good, read(good)]).toEqual([good, true]);
    for (const bad of ['>=22', '^22.12.0 || ^24.0.0 || >=26.0.0', '>=20.20', '18 || >=22', '>=14 <20'])
      expect([bad, read(bad)]).toEqual([bad, false]);
  });
});

/** An older Node: the machine's own, if it is one, or ours that says so. */
function asOlder(args: readonly string[]): Promise<{ code: number; output: string; errors: string }> {
  const pretend = `Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.19.0"}})`;
  const own = ['/usr/bin/node', '/usr/local/bin/node'].find(existsSync);
  const command = process.env.OLDER_NODE ?? own ?? process.execPath;
  return new Promise((resolve) => {
    execFile(
      command,
      ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, ...args],
      { cwd: root },
      (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
    );
  });
}

describe('an older Node', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

  test.each(['start', 'demo', 'test'])('is told what to do by npm %s', async (name) => {
    const [, args = ''] = /^(?:exec )?node ([^&]*)/.exec(scripts[name] ?? '') ?? [];
    const { code, output, errors } = await asOlder(args.trim().split(' '));
    expect([code, output]).toEqual([1, '']);
    expect(errors).toMatch(/^oidc-authz runs on Node 26 or newer; this is Node 20\.\d+\.\d+\.\n/);
    expect(errors).toContain('npm ci');
    expect(errors).not.toContain('    at ');
  });
});
