/** The runner must report surviving mutants, and each mutant must apply to its file. */
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import config from '../../vitest.config.ts';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';
import { createCopy } from './runner.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const files = {
  'vitest.config.ts': `export default { test: { projects: [{ test: { name: 'quick', include: ['*.test.ts'] } }] } };\n`,
  'limit.ts': 'export const isAllowed = (size: number) => size > 0 && size <= 10;\n',
  'failing.test.ts': `import { expect, test } from 'vitest';
test('always fails', () => expect(1).toBe(2));
`,
  'limit.test.ts': `import { expect, test } from 'vitest';
import { isAllowed } from './limit.ts';
test('eleven is too much', () => expect([isAllowed(10), isAllowed(11)]).toEqual([true, false]));
`,
};

/** Creates a repository with one tested check and one untested check. */
function smallRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, '.cache'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

const mutant = (find: string, replace: string, tests = ['limit.test.ts']): Mutant => ({
  name: '',
  file: 'limit.ts',
  find,
  replace,
  tests,
});

test('a detected mutant is killed, an undetected one survives, and one that cannot run is broken', async () => {
  const repository = smallRepository();
  const { judge, failing } = createCopy(repository, Object.keys(files), join(repository, '.cache/copy'));
  expect(await judge(mutant('size <= 10', 'size <= 99'))).toEqual({
    kind: 'killed',
    by: { name: 'eleven is too much', file: 'limit.test.ts' },
  });
  expect(await judge(mutant('size > 0', 'size > -1'))).toEqual({ kind: 'survived' });
  expect(await judge(mutant('size > 7', 'true'))).toMatchObject({ kind: 'broken' });
  expect(await judge(mutant('size > 0', 'size >'))).toMatchObject({ kind: 'broken' });
  expect(await judge(mutant('size > 0', 'true', ['absent.test.ts']))).toMatchObject({ kind: 'broken' });
  expect(await failing(['limit.test.ts'], 'quick')).toEqual([]);
  expect(await failing(['limit.test.ts', 'failing.test.ts'], 'quick')).toEqual([
    { name: 'always fails', file: 'failing.test.ts' },
  ]);
  expect(await failing(['absent.test.ts'], 'quick')).toMatch(/Command failed|no test/);
  expect(readFileSync(join(repository, 'limit.ts'), 'utf8')).toBe(files['limit.ts']);
});

test('every mutant applies to its file exactly once, and no change or name repeats', () => {
  const missing = mutants.filter(
    ({ file, find }) => readFileSync(join(root, file), 'utf8').split(find).length !== 2,
  );
  expect(missing.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  const changes = mutants.map(({ file, find, replace }) => JSON.stringify([file, find, replace]));
  expect(changes.filter((change, index) => changes.indexOf(change) !== index)).toEqual([]);
  expect(new Set(mutants.map(({ file, name }) => `${file} ${name}`)).size).toBe(mutants.length);
});

test('every test of a mutant exists', () => {
  const paths = new Set(mutants.flatMap(({ tests }) => tests));
  expect([...paths].filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('every test of a mutant is in the project that the mutant names', () => {
  const projects = new Map(config.test?.projects?.map((project) => [nameOf(project), project]));
  const filesOf = (project: 'quick' | 'live') =>
    (project === 'quick' ? ['quick', 'thorough'] : ['live']).flatMap((name) => filesIn(projects.get(name)));
  const files = { quick: filesOf('quick'), live: filesOf('live') };
  const elsewhere = mutants.flatMap(({ name, tests, project = 'quick' }) =>
    tests
      .filter((path) => !files[project].some((file) => file === path || file.startsWith(`${path}/`)))
      .map((path) => `${name}: ${path} is not in the project ${project}`),
  );
  expect(files.live.length).toBeGreaterThan(50);
  expect(elsewhere).toEqual([]);
});

type Project = NonNullable<NonNullable<typeof config.test>['projects']>[number] | undefined;

function nameOf(project: Project): string {
  return typeof project === 'object' && 'test' in project ? String(project.test?.name) : '';
}

function filesIn(project: Project): readonly string[] {
  if (typeof project !== 'object' || !('test' in project)) return [];
  const { include = [], exclude = [] } = project.test ?? {};
  return globSync([...include], { cwd: root, exclude: [...exclude] });
}
