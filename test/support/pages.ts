/** Parses pages of the documentation, so tests can run their content. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A block of code. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** The last heading before it. */
  readonly section: string;
}

/** The text of a page, by its path below `docs/`. */
export function readPage(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../docs/${path}`, import.meta.url)), 'utf8');
}

/** Every block of code of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let section = '';
  for (const [, heading, language, text] of page.matchAll(/^#+ (.+)$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
    if (heading === undefined) blocks.push({ language: language ?? '', text: text ?? '', section });
    else section = heading;
  }
  return blocks;
}

/** The rows of the first table of a section, without its head. */
export function rowsOf(page: string, section: string): readonly (readonly string[])[] {
  const [, rest = ''] = page.split(`\n## ${section}\n`);
  const [own = ''] = rest.split(/^## /m);
  const [table = ''] = /(^\|.*\n)+/m.exec(own) ?? [];
  const cellsOf = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  return table.trim().split('\n').slice(2).map(cellsOf);
}
