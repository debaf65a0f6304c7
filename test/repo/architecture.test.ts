/** The pages for contributors name files and folders of this repository: each of them exists. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pages = globSync(['CONTRIBUTING.md', 'docs/architecture.md', 'docs/adr/*.md'], { cwd: root });

/** Each path in backticks that begins with a folder of the repository. */
function pathsIn(text: string): string[] {
  const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map(([, quotation = '']) => quotation);
  return quoted.filter((path) => /^(bench|demo|docs|protos|scripts|src|test)\/[\w./-]*$/.test(path));
}

test('docs/architecture.md names files', () => {
  expect(pathsIn(readFileSync(join(root, 'docs/architecture.md'), 'utf8')).length).toBeGreaterThan(20);
});

test.each(pages)('%s names only paths that exist', (page) => {
  const paths = pathsIn(readFileSync(join(root, page), 'utf8'));
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
