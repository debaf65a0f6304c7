/** Compares the outputs on docs/troubleshoot-causes.md with those of real commands. */
import { expect } from 'vitest';
import { blocksOf, readPage, rowsOf } from './pages.ts';

const page = readPage('troubleshoot-causes.md');

/** The names of the causes, in the order of the table. */
export const causesOfPage: readonly string[] = rowsOf(page, 'The table').map(([cause = '']) =>
  cause.replace(/^\[(.*)\]\(.*\)$/, '$1'),
);

/** Every row of the table, by its cause. */
const answers = new Map(rowsOf(page, 'The table').map(([, answer], index) => [causesOfPage[index], answer]));

/** Replaces what differs in each run: ids, times, addresses, hashes and the folders of files. */
function masked(line: string): string {
  return line
    .replaceAll(/\b[a-z2-7]{12}[acegikmoqsuwy246]\b/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/https?:\/\/[\w.:-]+(?:\/[\w/.-]*)?/g, 'URL')
    .replaceAll(/\b\d+\.\d+\.\d+\.\d+:\d+/g, 'ADDRESS')
    .replaceAll(/\b[0-9a-f]{16}\b/g, 'HASH')
    .replaceAll(/\b\d{10}\b/g, 'SECONDS')
    .replaceAll(/\b\d+(?:\.\d+)? ?(?:ms|s|m|h)\b/g, 'DURATION')
    .replaceAll(/[\w./-]*\/([\w-]+\.yaml)/g, '$1')
    .replaceAll(/\.yaml:\d+/g, '.yaml:LINE');
}

/** Expects that each shown line of a cause is in the output, in the same order, and that the table has the answer. */
export function expectShownLines(cause: string, answer: string, output: string): void {
  const shown = blocksOf(page)
    .filter(({ section, language }) => section.toLowerCase() === cause && language === 'text')
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => line !== '' && line !== '…');
  expect(shown.length, `the page shows an output of ${cause}`).toBeGreaterThan(0);
  expect(answers.get(causesOfPage.find((one) => one.toLowerCase() === cause))).toContain(answer);
  const real = output.split('\n').map(masked);
  let from = 0;
  for (const line of shown.map(masked)) {
    const wanted = line.replace(/…$/, '');
    const index = real.findIndex(
      (one, at) => at >= from && (wanted === line ? one === line : one.startsWith(wanted)),
    );
    expect(index, `"${line}" in\n${real.join('\n')}`).toBeGreaterThanOrEqual(0);
    from = index + 1;
  }
}
