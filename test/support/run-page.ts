/** Runs the commands of a page one after another, and compares their output with that on the page. */
import { expect } from 'vitest';
import { exampleId } from './decision-ids.ts';
import { type Block, blocksOf, readPage } from './pages.ts';
import type { ShellSession } from './shell-session.ts';

/** The text of a block as a pattern. `…` matches text that differs each time. */
function patternOf(text: string): RegExp {
  const escaped = text
    .trim()
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&').replaceAll(exampleId, '[a-z2-7]{13}'));
  return new RegExp(`^\\s*${escaped.join('.*')}\\s*$`);
}

/**
 * Runs the commands of a page, without the installation of packages and the command that stops everything.
 *
 * @param written changes ports and paths of the page
 * @returns the number of compared outputs
 */
export async function runPage(
  shell: ShellSession,
  page: string,
  written: (text: string) => string,
): Promise<number> {
  const blocks = blocksOf(readPage(page));
  const isRun = ({ language, text }: Block) => language === 'sh' && !/^(npm ci|kill )/.test(text);
  let compared = 0;
  for (const [index, block] of blocks.entries()) {
    if (!isRun(block)) continue;
    const { output, code } = await shell.run(written(block.text));
    const expectedOutput = blocks[index + 1];
    const details = `${block.section}: ${block.text}${output}${shell.errors()}`;
    expect(code, details).toBe(0);
    if (expectedOutput?.language !== 'text') continue;
    compared++;
    expect(output, details).toMatch(patternOf(written(expectedOutput.text)));
  }
  expect(compared).toBe(blocks.filter(({ language }) => language === 'text').length);
  return compared;
}
