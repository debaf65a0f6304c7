/**
 * `npm run differential -- [--tokens N] [--seed S]`: compares the verdicts of the service and jose for N tokens, by default a
 * million. It stores each unexplained difference in `.cache/differential/`, one JSON object a line, and then exits with code 1.
 * Ctrl-C stops it early, with a summary. The seed repeats the choices; keys and signatures are new each time.
 *
 * `npm run differential -- --again FILE`: compares the inputs of such a file again.
 */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { judgeAgain } from '../test/security/differential/repeat-input.ts';
import { type Difference, isSame, runDifferential } from '../test/security/differential/run.ts';

/** The maximum number of stored differences. Further ones usually show the same fault. */
const maxStored = 10_000;
const print = (line: string) => process.stdout.write(`${line}\n`);

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
    throw new TypeError('--tokens and --seed must be whole numbers, and --tokens at least 1');
  const folder = fileURLToPath(new URL('../.cache/differential/', import.meta.url));
  const file = `${folder}${new Date().toISOString().replaceAll(':', '-')}-${seed}.jsonl`;
  const started = performance.now();
  let [stored, printedTenths, isStopped] = [0, 0, false];
  process.once('SIGINT', () => {
    isStopped = true;
  });
  print(`seed ${seed}, ${tokens} tokens`);
  const summary = await runDifferential({
    tokens,
    seed,
    isStopped: () => isStopped,
    onDifference: (difference) => {
      if (stored++ >= maxStored) return;
      mkdirSync(folder, { recursive: true });
      appendFileSync(file, `${JSON.stringify(difference)}\n`);
      if (stored <= 5)
        print(
          `DIFFERENCE: ${difference.what}: ${difference.reason} by the service, ${difference.jose} by jose`,
        );
    },
    onProgress: (judged) => {
      const tenths = Math.floor((judged * 10) / tokens);
      if (tenths === printedTenths) return;
      printedTenths = tenths;
      print(`${judged} tokens, ${stored} differences, ${Math.round((performance.now() - started) / 1000)} s`);
    },
  });
  print(JSON.stringify(summary, undefined, 2));
  if (summary.differences > 0) print(`${summary.differences} differences, stored in ${file}`);
  return summary.differences;
}

async function again(file: string): Promise<number> {
  let differences = 0;
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const difference = JSON.parse(line) as Difference;
    const verdicts = await judgeAgain(difference);
    const texts = verdicts.map(({ reason, jose }) => `${reason} by the service, ${jose} by jose`);
    print(
      `${difference.what}: ${difference.reason} by the service, ${difference.jose} by jose; now ${texts.join('; ')}`,
    );
    if (!verdicts.some(({ reason, jose }) => isSame(reason, jose))) differences++;
  }
  print(`${differences} still differ`);
  return differences;
}
