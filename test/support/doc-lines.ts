/** The command lines in the documentation. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A command line of the documentation. */
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
 * Every line of a shell block and every code span that calls kubectl or helm. Lines that end with a backslash are joined.
 * A program with only a verb, such as `helm test`, does not count.
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
      .filter((line) => /(?:^|[|;(&]\s*)(?:kubectl|helm) \S+ \S/.test(line))
      .map((line) => ({ page, line }));
  });
}

/** The chart values in a page, or undefined. */
export function valuesOf(page: string): string | undefined {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  return blocks.find((block) => /^image:/m.test(block) && /^config:/m.test(block));
}
