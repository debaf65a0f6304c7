/**
 * `npm run bench`: measures every group, and writes docs/performance.md from this one run. `npm run bench -- GROUP…` measures
 * some groups and prints their results. `npm run bench -- report` writes the page again from the stored run.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { groups } from './groups/all.ts';
import { type Bench, type Group, MissingProgramError } from './groups/group.ts';
import { fetchPrograms } from './programs.ts';
import { disturbanceBetween, readCpuCounters } from './quiet.ts';
import { drawBars } from './report/chart.ts';
import { circumstancesText, pageOf, percent, sectionOf } from './report/page.ts';
import {
  circumstances,
  type GroupResult,
  partialRun,
  type Run,
  readRun,
  storedRun,
  storeRun,
} from './report/run.ts';
import { summaryText } from './report/summary.ts';
import { createServerPool } from './server-pool.ts';
import { pinLoad } from './servers.ts';
import { startMint } from './tokens.ts';

const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const count = Number(process.env.BENCH_REQUESTS ?? 4_000);
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const wanted = process.argv.slice(2);
if (wanted.join() === 'report') writePage(readRun());
else {
  const run = await measure(chosenGroups());
  storeRun(wanted.length === 0 ? storedRun : partialRun, run);
  if (wanted.length === 0) {
    writePage(run);
    process.stderr.write(
      'wrote docs/performance.md; run npm run generate for docs/security/denial-of-service.md\n',
    );
  }
  const isPart = wanted.length > 0;
  if (isPart) process.stdout.write(`This run measured only ${wanted.join(', ')}, with their targets:\n\n`);
  process.stdout.write(`${circumstancesText(run)}\n${summaryText(run, isPart)}`);
}
process.exit();

function chosenGroups(): readonly Group[] {
  const unknown = wanted.filter((name) => !groups.some((group) => group.name === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `unknown group: ${unknown.join(', ')}; write one of ${groups.map(({ name }) => name).join(', ')}\n`,
    );
    process.exit(2);
  }
  return groups.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
}

async function measure(chosen: readonly Group[]): Promise<Run> {
  const say = (line: string) => process.stderr.write(`  ${line}\n`);
  if (wanted.length === 0) await fetchPrograms(say);
  pinLoad();
  const mint = await startMint();
  const results: GroupResult[] = [];
  for (const group of chosen) {
    process.stderr.write(`${group.name}\n`);
    const result = await measureGroup(group, { mint, rounds, count, say });
    results.push(result);
    process.stdout.write(`${sectionOf(result)}\n`);
    const { others, stolen } = result.disturbance;
    say(`${Math.round(result.seconds)} s; others ${percent(others)}, hypervisor ${percent(stolen)}`);
  }
  await mint.issuer.close();
  return { circumstances: circumstances(rounds, count), groups: results };
}

async function measureGroup(group: Group, input: Omit<Bench, 'pool'>): Promise<GroupResult> {
  const pool = createServerPool();
  const stopped = () => void pool.stop().finally(() => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stopped);
  const [before, started] = [readCpuCounters(), performance.now()];
  const findings = await group.run({ ...input, pool }).catch(async (error: unknown) => {
    if (error instanceof MissingProgramError) return { missing: error.message };
    await pool.stop();
    throw error;
  });
  const disturbance = disturbanceBetween(before, readCpuCounters());
  await pool.stop();
  for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, stopped);
  const seconds = (performance.now() - started) / 1_000;
  return { name: group.name, title: group.title, findings, disturbance, seconds };
}

function writePage(run: Run): void {
  for (const { findings } of run.groups)
    for (const chart of 'missing' in findings ? [] : (findings.charts ?? []))
      writeFileSync(path(`../docs/images/${chart.file}`), drawBars(chart));
  writeFileSync(path('../docs/performance.md'), pageOf(run, readFileSync(path('report.md'), 'utf8'), groups));
}
