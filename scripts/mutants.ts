/**
 * `npm run mutants -- [--short] [NAME…]`: removes one check of the source at a time, and runs the tests that must fail.
 * `--short` selects forty mutants, spread over all. NAME selects those whose name or file contains it. A test that also fails
 * without the mutant does not count. Exits with code 1 if a mutant survives or is broken.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Mutant, MutantResult } from '../test/mutants/mutant.ts';
import { mutants } from '../test/mutants/mutants.ts';
import { type Copy, createCopy } from '../test/mutants/runner.ts';

const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const root = fileURLToPath(new URL('../', import.meta.url));
const isChosen = ({ name, file }: Mutant) =>
  positionals.length === 0 || positionals.some((part) => name.includes(part) || file.includes(part));
/** The number of mutants in a short run, as in CI. */
const shortRun = 40;
const shortened = (all: readonly Mutant[]) => {
  const step = Math.max(1, Math.ceil(all.length / shortRun));
  return all.filter((_, index) => index % step === 0);
};
const named = mutants.filter(isChosen);
const chosen = values.short ? shortened(named) : named;

const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
});
const files = listed
  .toString()
  .split('\0')
  .filter((file) => file !== '' && !file.startsWith('bench/results'));
/** The folder for the copies. Each run has a folder named by its process ID; those of ended runs are removed. */
const home = join(root, '.cache/mutants');
mkdirSync(home, { recursive: true });
for (const run of readdirSync(home))
  if (!isRunning(Number(run))) rmSync(join(home, run), { recursive: true, force: true });
const own = join(home, String(process.pid));
const copies = [0, 1].map((index) => createCopy(root, files, join(own, String(index))));

const print = (text: string) => process.stdout.write(`${text}\n`);
const results = new Map<Mutant, MutantResult>();
const judge = async (copy: Copy, from: Iterable<Mutant>) => {
  for (const mutant of from) {
    const result = await copy.judge(mutant);
    results.set(mutant, result);
    printResult(mutant, result);
  }
};
const printResult = (mutant: Mutant, result: MutantResult) =>
  print(`${result.kind.padEnd(8)} ${mutant.file}: ${mutant.name}\n         ${detailOf(mutant, result)}`);
const detailOf = ({ tests }: Mutant, result: MutantResult): string => {
  switch (result.kind) {
    case 'killed':
      return result.by?.name ?? 'the tests did not end in time';
    case 'survived':
      return tests.join(' ');
    default:
      return result.why;
  }
};

const waiting = chosen.values();
await Promise.all(copies.map((copy) => judge(copy, waiting)));

/** A test counts only if it passes without the mutant. */
const confirm = async (copy: Copy, project: 'quick' | 'live') => {
  const killed = [...results].flatMap(([mutant, result]) =>
    (mutant.project ?? 'quick') === project && result.kind === 'killed' && result.by !== undefined
      ? [{ mutant, by: result.by }]
      : [],
  );
  if (killed.length === 0) return;
  const failing = await copy.failing([...new Set(killed.map(({ by }) => by.file))], project);
  if (typeof failing === 'string') throw new Error(`the tests without a mutant cannot run: ${failing}`);
  for (const { mutant, by } of killed) {
    if (!failing.some(({ name, file }) => name === by.name && file === by.file)) continue;
    const result = {
      kind: 'broken',
      why: `the test also fails without the mutant: ${by.file}: ${by.name}`,
    } as const;
    results.set(mutant, result);
    printResult(mutant, result);
  }
};
const [one, other] = copies;
if (one !== undefined && other !== undefined)
  await Promise.all([confirm(one, 'quick'), confirm(other, 'live')]);
rmSync(own, { recursive: true, force: true });

const count = (kind: MutantResult['kind']) =>
  [...results.values()].filter((result) => result.kind === kind).length;
print(
  `${count('killed')} mutants killed, ${count('survived')} survived, ${count('broken')} broken, of ${mutants.length}`,
);
process.exitCode = chosen.length > 0 && count('killed') === chosen.length ? 0 : 1;

function isRunning(pid: number): boolean {
  try {
    return Number.isInteger(pid) && pid > 1 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
