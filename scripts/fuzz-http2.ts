/**
 * `npm run fuzz:http2 -- [SECONDS] [SEED]`: sends random clients to this service's own HTTP/2, node:http2 and Go, by default for
 * 60 seconds. It prints the seed. It stores each finding in `.cache/http2-fuzz/`, one JSON object a line, and then exits with
 * code 1. Each case has its own seed, so `-- 0 SEED` repeats one.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Finding, runFuzz } from '../test/transport/grpc/http2/fuzz/run.ts';
import { startFuzzServers } from '../test/transport/grpc/http2/fuzz/start-servers.ts';

const [seconds = '60', firstSeed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const seed = Number(firstSeed);
if (!Number.isSafeInteger(seed) || !(Number(seconds) >= 0)) {
  process.stderr.write('usage: npm run fuzz:http2 -- [SECONDS] [SEED], both numbers\n');
  process.exit(2);
}
const print = (line: string) => process.stdout.write(`${line}\n`);
const megabytes = () => Math.round(process.memoryUsage().rss / 2 ** 20);
const folder = fileURLToPath(new URL('../.cache/http2-fuzz/', import.meta.url));
const file = `${folder}${seed}.jsonl`;
const end = performance.now() + Number(seconds) * 1000;
const started = await startFuzzServers();
if ('missing' in started) {
  process.stderr.write(`${started.missing}\n`);
  process.exit(2);
}
let printedAt = performance.now();

const store = (finding: Finding) => {
  mkdirSync(folder, { recursive: true });
  appendFileSync(file, `${JSON.stringify(finding)}\n`);
  print(
    `FOUND with seed ${finding.seed}: ${finding.what.slice(0, 3).join('; ')} [${finding.changes.join('; ')}]`,
  );
};
print(`seed ${seed}, ${seconds} s`);
const summary = await runFuzz({
  servers: started,
  seed,
  isOver: (cases) => cases > 0 && performance.now() > end,
  onFinding: store,
  onProgress: ({ cases, calls, findings }) => {
    if (performance.now() < printedAt + 10_000) return;
    printedAt = performance.now();
    print(`${cases} cases, ${calls} calls, ${findings} findings, ${megabytes()} MB`);
  },
});
const { used, ...figures } = summary;
print(JSON.stringify(figures));
for (const [difference, times] of Object.entries(used).toSorted(([, a], [, b]) => b - a))
  print(`${String(times).padStart(8)} × ${difference}`);
print(`failed assertions of node:http2: ${started.node.crashes()}`);
if (summary.findings > 0) print(`${summary.findings} findings, stored in ${file}`);
await started.stop();
process.exit(summary.findings === 0 ? 0 : 1);
