/**
 * `npm run differential -- [--tokens N] [--seed S]`: has the service and jose judge the same tokens, a million or as many as is said.
 * Whatever the two disagree about without a known reason is kept whole, one JSON a line, below `.cache/differential/`; then it ends
 * with 1. Interrupted, it ends early and tells what it found. The seed repeats the choices; keys and signatures are new each time.
 *
 * `npm run differential -- --again FILE`: judges the inputs of such a file once more.
 */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { judgeAgain } from '../test/security/differential/again.ts';
import { type Difference, isSame, runDifferential } from '../test/security/differential/run.ts';

/** Beyond so many, one fault is seen over and over. */
const maxKept = 10_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    again: { type: 'string' },
  },
});
const differences =
  values.again === undefined
    ? await run(Number(values.tokens), Number(values.seed))
    : await again(values.again);
process.exitCode = differences > 0 ? 1 : 0;

async function run(tokens: number, seed: number): Promise<number> {
  if (!Number.isSafeInteger(tokens) || tokens < 1 || !Number.isSafeInteger(seed))
    throw new TypeError('--tokens and --seed take whole numbers');
  const folder = fileURLToPath(new URL('../.cache/differential/', import.meta.url));
  const file = `${folder}${new Date().toISOString().replaceAll(':', '-')}-${seed}.jsonl`;
  const started = performance.now();
  let [kept, said, isStopped] = [0, 0, false];
  process.once('SIGINT', () => {
    isStopped = true;
  });
  say(`seed ${seed}, ${tokens} tokens`);
  const summary = await runDifferential({
    tokens,
    seed,
    isStopped: () => isStopped,
    onDifference: (difference) => {
      if (kept++ >= maxKept) return;
      mkdirSync(folder, { recursive: true });
      appendFileSync(file, `${JSON.stringify(difference)}\n`);
      if (kept <= 5)
        say(`DIFFERENCE: ${difference.what}: ${difference.reason} here, ${difference.jose} by jose`);
    },
    onProgress: (judged) => {
      const tenths = Math.floor((judged * 10) / tokens);
      if (tenths === said) return;
      said = tenths;
      say(`${judged} tokens, ${kept} differences, ${Math.round((performance.now() - started) / 1000)} s`);
    },
  });
  say(JSON.stringify(summary, undefined, 2));
  if (summary.differences > 0) say(`${summary.differences} differences, kept in ${file}`);
  return summary.differences;
}

async function again(file: string): Promise<number> {
  let differing = 0;
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const difference = JSON.parse(line) as Difference;
    const verdicts = await judgeAgain(difference);
    const told = verdicts.map(({ reason, jose }) => `${reason} here, ${jose} by jose`);
    say(`${difference.what}: ${difference.reason} here, ${difference.jose} by jose; now ${told.join('; ')}`);
    if (!verdicts.some(({ reason, jose }) => isSame(reason, jose))) differing++;
  }
  say(`${differing} differ still`);
  return differing;
}
