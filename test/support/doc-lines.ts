/** The command lines in the documentation. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A command line in the documentation. */
export interface DocLine {
  readonly page: string;
  readonly line: string;
}

/** The pages for operators. */
export const pages: readonly string[] = [
  'README.md',
  ...globSync('docs/**/*.md', { cwd: root })
    .filter((path) => !path.startsWith('docs/adr/'))
    .toSorted(),
  'charts/oidc-authz/README.md',
  'SECURITY.md',
];

/**
 * Every line of a shell block, and every code span, that calls kubectl, helm or `generate`. Lines with a backslash at the end are joined. A program and
 * its verb alone, such as `helm test`, only name a command.
 */
export function commandLines(): readonly DocLine[] {
  return pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const blocks = [...text.matchAll(/^( *)```(?:sh|bash|shell|console)\n([\s\S]*?)^\1```/gm)].flatMap(
      ([, , block = '']) => block.replaceAll(/\\\n\s*/g, ' ').split('\n'),
    );
    const prose = text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
    const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
    return [...blocks, ...spans]
      .map((line) => line.trim())
      .filter((line) => /(?:^|[|;(&]\s*)(?:kubectl|helm|npm start --silent -- generate) \S+ \S/.test(line))
      .map((line) => ({ page, line }));
  });
}

/** The chart values of a page; undefined if it has none. */
export function valuesOf(page: string): string | undefined {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  return blocks.find((block) => /^image:/m.test(block) && /^config:/m.test(block));
}
