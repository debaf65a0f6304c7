/** `npm run bench [-- GROUP…]`: measures, and writes docs/performance.md. `npm run bench -- report` only writes. */
import { spawnSync } from 'node:child_process';
import { groups } from './groups/all.ts';
import { circumstances, keep, tableText, writeReport } from './report.ts';
import { canPin } from './servers.ts';
import { startMint } from './tokens.ts';

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const count = Number(process.env.BENCH_REQUESTS ?? 3_000);

/** What is measured by a command of its own, and stands on the same page. */
const others = [
  { name: 'kyma', title: "Kyma's own load" },
  { name: 'signatures', title: 'Which library verifies' },
];

const wanted = process.argv.slice(2);
if (!wanted.includes('report')) await measure();
writeReport([...groups, ...others]);
process.exit();

async function measure(): Promise<void> {
  const chosen = groups.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const unknown = wanted.filter((name) => !groups.some((group) => group.name === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `no such group: ${unknown}; there are ${groups.map(({ name }) => name).join(', ')}\n`,
    );
    process.exit(2);
  }
  if (canPin) spawnSync('taskset', ['-pc', '1', String(process.pid)]);
  const mint = await startMint();
  const say = (line: string) => process.stderr.write(`  ${line}\n`);
  for (const group of chosen) {
    process.stderr.write(`${group.name}\n`);
    const findings = await group.run({ mint, rounds, count, say });
    keep(group, { ...findings, circumstances: circumstances(rounds, count) });
    process.stdout.write(`## ${group.title}\n\n${findings.tables.map(tableText).join('\n')}\n`);
  }
  await mint.issuer.close();
}
