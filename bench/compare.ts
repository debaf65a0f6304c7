/**
 * `npm run bench:compare -- BASE`: compares the working tree with another commit, in turn, on this machine. BASE is checked out
 * and built in a temporary folder.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CpuCase, measureCpu, tokensNeeded } from './cpu.ts';
import type { Protocol } from './load/messages.ts';
import { spread } from './measure.ts';
import { spreadText } from './report/table.ts';
import { mainOf, pinLoad, type Server, startService, trusting } from './servers.ts';
import { startMint } from './tokens.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const count = Number(process.env.BENCH_REQUESTS ?? 2_000);

const [base] = process.argv.slice(2);
if (base === undefined) {
  process.stderr.write(
    'the commit is missing; write npm run bench:compare -- BASE, with a commit, tag or branch\n',
  );
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-base-'));
try {
  prepare(base);
  await compare();
} finally {
  execFileSync('git', ['worktree', 'remove', '--force', folder], { cwd: root });
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

/** Checks a commit out and builds it, with its own packages if its lock file differs. */
function prepare(commit: string): void {
  execFileSync('git', ['worktree', 'add', '--detach', folder, commit], { cwd: root, stdio: 'ignore' });
  const lock = (of: string) => readFileSync(join(of, 'package-lock.json'), 'utf8');
  if (lock(folder) === lock(root)) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  else execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' });
  execFileSync('npm', ['run', 'build'], { cwd: folder, stdio: 'ignore' });
}

async function compare(): Promise<void> {
  pinLoad();
  const { mint, forge, issuer } = await startMint();
  const needed = tokensNeeded({ rounds, count });
  const servers: Server[] = [];
  const start = async (listener: Protocol, isBase: boolean) => {
    const main = isBase ? mainOf(folder) : undefined;
    const server = await startService(trusting(issuer.url), { listener }, main);
    servers.push(server);
    return server;
  };
  const one = mint(1);
  const fresh = mint(needed);
  const forged = forge(needed);
  const cases: CpuCase[] = [];
  for (const protocol of ['http', 'grpc'] as const) {
    for (const [name, tokens, expected] of [
      ['cached token', one, 'allowed'],
      ['new tokens, RS256', fresh, 'allowed'],
      ['no token', undefined, 'denied'],
      ['forged signature', forged, 'denied'],
    ] as const) {
      const against = `${protocol}, ${name}, base`;
      const common = { protocol, tokens, expected, against };
      cases.push({ ...common, name: against, server: await start(protocol, true) });
      cases.push({ ...common, name: `${protocol}, ${name}`, server: await start(protocol, false) });
    }
  }
  const rows = await measureCpu(cases, { rounds, count });
  for (const server of servers) await server.stop();
  await issuer.close();
  const costs = new Map(rows.map(({ name, costs: of }) => [name, spread(of).median]));
  process.stdout.write(
    `| | base, µs | now, µs | now / base, median (min to max) |\n| --- | --- | --- | --- |\n`,
  );
  for (const { name, against, ratio } of rows) {
    if (name === against) continue;
    const cells = [name, costs.get(against)?.toFixed(1), costs.get(name)?.toFixed(1), spreadText(ratio)];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  }
}
