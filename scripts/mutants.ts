/**
 * `npm run mutants -- [--short] [NAME…]`: removes one check of the source at a time, and runs the tests that must notice. `--short`
 * takes every fourth mutant; NAME takes those whose name or file contains it. Ends with 1 where a mutant survives.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Fate, Mutant } from '../test/mutants/mutant.ts';
import { mutants } from '../test/mutants/mutants.ts';
import { type Copy, createCopy } from '../test/mutants/runner.ts';

const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const root = fileURLToPath(new URL('../', import.meta.url));
const isChosen = ({ name, file }: Mutant) =>
  positionals.length === 0 || positionals.some((part) => name.includes(part) || file.includes(part));
const chosen = mutants.filter(isChosen).filter((_, index) => !values.short || index % 4 === 0);

const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
});
const files = listed
  .toString()
  .split('\0')
  .filter((file) => file !== '' && !file.startsWith('bench/results'));
const copies = [0, 1].map((index) => createCopy(root, files, join(root, '.cache/mutants', String(index))));

const tell = (text: string) => process.stdout.write(`${text}\n`);
const fates: Fate[] = [];
const waiting = chosen.values();
const work = async (copy: Copy) => {
  for (const mutant of waiting) {
    const fate = await copy.judge(mutant);
    fates.push(fate);
    const told =
      fate.kind === 'killed' ? fate.by : fate.kind === 'broken' ? fate.why : mutant.tests.join(' ');
    tell(`${fate.kind.padEnd(8)} ${mutant.file}: ${mutant.name}\n         ${told}`);
  }
};
await Promise.all(copies.map(work));
for (const copy of copies) copy.remove();

const count = (kind: Fate['kind']) => fates.filter((fate) => fate.kind === kind).length;
tell(
  `${count('killed')} mutants killed, ${count('survived')} survived, ${count('broken')} broken, of ${mutants.length}`,
);
process.exitCode = chosen.length > 0 && count('killed') === chosen.length ? 0 : 1;
