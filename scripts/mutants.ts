/**
 * `npm run mutants -- [--short] [NAME…]`: removes one check of the source at a time, and runs the tests that must notice. `--short`
 * takes forty of them, spread over all; NAME takes those whose name or file contains it. A test that fails without a mutant as well kills
 * none. Ends with 1 where a mutant survives.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
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
/** The most mutants of a short run, which CI waits for. */
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
/** Where the copies of a run are: each run has its own, named by its process. What runs left that were cut off is removed. */
const home = join(root, '.cache/mutants');
mkdirSync(home, { recursive: true });
for (const run of readdirSync(home))
  if (!isRunning(Number(run))) rmSync(join(home, run), { recursive: true, force: true });
const own = join(home, String(process.pid));
const copies = [0, 1].map((index) => createCopy(root, files, join(own, String(index))));

const tell = (text: string) => process.stdout.write(`${text}\n`);
const fates = new Map<Mutant, Fate>();
const judge = async (copy: Copy, from: Iterable<Mutant>) => {
  for (const mutant of from) {
    const fate = await copy.judge(mutant);
    fates.set(mutant, fate);
    tellFate(mutant, fate);
  }
};
const tellFate = (mutant: Mutant, fate: Fate) =>
  tell(`${fate.kind.padEnd(8)} ${mutant.file}: ${mutant.name}\n         ${detailOf(mutant, fate)}`);
const detailOf = ({ tests }: Mutant, fate: Fate): string => {
  switch (fate.kind) {
    case 'killed':
      return fate.by?.name ?? 'the tests did not end';
    case 'survived':
      return tests.join(' ');
    default:
      return fate.why;
  }
};

const waiting = chosen.values();
await Promise.all(copies.map((copy) => judge(copy, waiting)));

/** A test that fails anyway notices nothing: those that killed a mutant must pass without it. */
const confirm = async (copy: Copy, project: 'quick' | 'live') => {
  const killed = [...fates].flatMap(([mutant, fate]) =>
    (mutant.project ?? 'quick') === project && fate.kind === 'killed' && fate.by !== undefined
      ? [{ mutant, by: fate.by }]
      : [],
  );
  if (killed.length === 0) return;
  const failing = await copy.failing([...new Set(killed.map(({ by }) => by.file))], project);
  if (typeof failing === 'string') throw new Error(`the tests without a mutant: ${failing}`);
  for (const { mutant, by } of killed) {
    if (!failing.some(({ name, file }) => name === by.name && file === by.file)) continue;
    const fate = { kind: 'broken', why: `fails without the mutant as well: ${by.file}: ${by.name}` } as const;
    fates.set(mutant, fate);
    tellFate(mutant, fate);
  }
};
const [one, other] = copies;
if (one !== undefined && other !== undefined)
  await Promise.all([confirm(one, 'quick'), confirm(other, 'live')]);
rmSync(own, { recursive: true, force: true });

const count = (kind: Fate['kind']) => [...fates.values()].filter((fate) => fate.kind === kind).length;
tell(
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
