/**
 * `npm run differential -- [--tokens N] [--seed S]`: has the service and jose judge the same tokens, a million or as many as is said.
 * Whatever the two disagree about without a known reason is kept whole, one JSON a line, below `.cache/differential/`; then it ends with 1.
 * Interrupted, it ends early and tells what it found. The seed repeats the choices; keys and signatures are new each time, which is why the inputs are kept.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runDifferential } from '../test/security/differential/run.ts';

const { values } = parseArgs({
  options: { tokens: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
});
const tokens = Number(values.tokens);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
if (!Number.isSafeInteger(tokens) || tokens < 1 || !Number.isSafeInteger(seed))
  throw new TypeError('--tokens and --seed take whole numbers');

/** Beyond so many, one fault is seen over and over. */
const maxKept = 10_000;
const folder = fileURLToPath(new URL('../.cache/differential/', import.meta.url));
const file = `${folder}${new Date().toISOString().replaceAll(':', '-')}-${seed}.jsonl`;
const say = (line: string) => process.stdout.write(`${line}\n`);
const started = performance.now();
let kept = 0;
let said = 0;
let isStopped = false;
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
process.exitCode = summary.differences > 0 ? 1 : 0;
