/** `npm run bench [-- GROUP…]`: measures and writes docs/performance.md. `npm run bench -- report` only writes it. */
import { spawnSync } from 'node:child_process';
import { groups } from './groups/all.ts';
import { circumstances, storeResult, tableText, writeReport } from './report.ts';
import { canPin } from './servers.ts';
import { startMint } from './tokens.ts';

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const count = Number(process.env.BENCH_REQUESTS ?? 3_000);

/** Groups that a separate command measures. They are on the same page. */
const separateGroups = [
  { name: 'sessions', title: 'Sessions in the store' },
  { name: 'kyma', title: "Kyma's load test" },
  { name: 'signatures', title: 'Comparison of verification libraries' },
];

const wanted = process.argv.slice(2);
if (!wanted.includes('report')) await measure();
writeReport([...groups, ...separateGroups]);
process.exit();

async function measure(): Promise<void> {
  const chosen = groups.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const unknown = wanted.filter((name) => !groups.some((group) => group.name === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `unknown group: ${unknown}; write one of ${groups.map(({ name }) => name).join(', ')}\n`,
    );
    process.exit(2);
  }
  if (canPin) spawnSync('taskset', ['-pc', '1', String(process.pid)]);
  const mint = await startMint();
  const say = (line: string) => process.stderr.write(`  ${line}\n`);
  for (const group of chosen) {
    process.stderr.write(`${group.name}\n`);
    const findings = await group.run({ mint, rounds, count, say });
    storeResult(group, { ...findings, circumstances: circumstances(rounds, count) });
    process.stdout.write(`## ${group.title}\n\n${findings.tables.map(tableText).join('\n')}\n`);
  }
  await mint.issuer.close();
}
