/** The form of the documentation: an index by task, pages of a readable size, and a link to the next page. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../docs/', import.meta.url));
const pages = globSync('**/*.md', { cwd: folder }).toSorted();
const read = (page: string) => readFileSync(join(folder, page), 'utf8');

const maxLines = 250;
const maxColumns = 120;

const tasks = [
  'Get started',
  'Configure',
  'Operate',
  'Secure',
  'Migrate',
  'Troubleshoot',
  'Reference',
  'Develop',
];

/** Folders with their own index. */
const indexed = ['adr', 'providers', 'runbooks'];

/** Pages that are completely generated. A page with handwritten text and generated parts is not in this list. */
const generated = [
  'findings.md',
  'metrics.md',
  'options.md',
  'performance.md',
  'reasons.md',
  'security/coverage.md',
  'security/denial-of-service.md',
  'security/packages.md',
];

const inIndex = (page: string) => !indexed.includes(dirname(page)) || page.endsWith('/README.md');
const isWritten = (page: string) => !generated.includes(page);
const isRecord = (page: string) => ['adr', 'runbooks'].includes(dirname(page));

/** The pages that another page links to, as paths below `docs/`. */
function linksOf(page: string): readonly string[] {
  return [...read(page).matchAll(/\]\(([^)#:\s]+\.md)(?:#[^)]*)?\)/g)].map(([, link = '']) =>
    join(dirname(page), link),
  );
}

/** Lines of a page that are prose: not in a table or a block of code, and not a link alone. */
function proseOf(text: string): readonly string[] {
  return text
    .replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '')
    .replaceAll(/<!--[\s\S]*?-->/g, '')
    .split('\n')
    .filter((line) => !/^\s*\|/.test(line) && !/^\s*(?:[-*] )?!?\[[^\]]*\]\([^)]*\)[.,;]?$/.test(line));
}

describe('the index of docs/', () => {
  const index = read('README.md');

  test('has one section for each task, in order', () => {
    expect([...index.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(tasks);
  });

  test('lists every page once', () => {
    const entries = [...index.matchAll(/^- \[[^\]]+\]\(([^)]+)\)/gm)].map(([, page]) => page);
    const expected = pages.filter((page) => page !== 'README.md' && inIndex(page));
    expect(entries.toSorted()).toEqual(expected.toSorted());
  });

  test('says in one sentence what each page answers', () => {
    const entries = index.split(/^(?=- |## )/m).filter((entry) => entry.startsWith('- '));
    for (const entry of entries)
      expect(entry.trimEnd()).toMatch(/^- \[[^\]]+\]\([^)]+\): [^.]+(?:\.\w[^.]*)*\.$/);
  });

  test.each(indexed)('%s/README.md lists every page of its folder', (name) => {
    const own = pages.filter((page) => dirname(page) === name && page !== `${name}/README.md`);
    const links = linksOf(`${name}/README.md`);
    expect(own.filter((page) => !links.includes(page))).toEqual([]);
  });
});

test('README.md has at most 100 lines', () => {
  const readme = readFileSync(join(folder, '../README.md'), 'utf8');
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(100);
});

describe.each(pages.filter(isWritten))('%s', (page) => {
  const text = read(page);

  test(`has at most ${maxLines} lines`, () => {
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(maxLines);
  });

  test(`has no line of prose over ${maxColumns} columns`, () => {
    expect(proseOf(text).filter((line) => [...line].length > maxColumns)).toEqual([]);
  });
});

test.each(pages.filter((page) => isWritten(page) && page !== 'README.md' && !isRecord(page)))(
  '%s ends with a link to the next page',
  (page) => {
    expect(read(page).trimEnd().split('\n').at(-1)).toMatch(/^Next: .*\[[^\]]+\]\([^)]+\)/);
  },
);
