/** Compares the outputs on docs/troubleshoot-causes.md with those of real commands. */
import { expect } from 'vitest';
import { blocksOf, readPage, rowsOf } from './pages.ts';

const page = readPage('troubleshoot-causes.md');

/** The names of the causes, in the order of the table. */
export const causesOfPage: readonly string[] = rowsOf(page, 'The table').map(([cause = '']) =>
  cause.replace(/^\[(.*)\]\(.*\)$/, '$1'),
);

/** The answer and the commands of each cause, in lower case. */
const cells = new Map(
  rowsOf(page, 'The table').map(([, answer = '', commands = ''], index) => [
    causesOfPage[index]?.toLowerCase(),
    { answer, commands: commands.replaceAll('`', '') },
  ]),
);

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

/** The answer of a cause, the commands that found it, and their outputs. */
interface Happened {
  readonly answer: string;
  readonly commands: string;
  readonly output: string;
}

/** Expects that each shown line of a cause is in the output, in the same order, and that the table has the answer and the commands. */
export function expectOnPage(cause: string, { answer, commands, output }: Happened): void {
  const shown = blocksOf(page)
    .filter(({ section, language }) => section.toLowerCase() === cause && language === 'text')
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => line !== '' && line !== '…');
  expect(shown.length, `the page shows an output of ${cause}`).toBeGreaterThan(0);
  expect(cells.get(cause)?.answer).toContain(answer);
  expect(cells.get(cause)?.commands).toBe(commands);
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
