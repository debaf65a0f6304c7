/**
 * `npm run bench:guard`: fails where a check has become dearer. What is compared is its cost as a multiple of a bare
 * server's in the same run, so a slow machine is no reason to fail; `-- --accept` writes down the multiples of now.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CpuCase, type CpuOptions, measureCpu, tokensNeeded } from './cpu.ts';
import { two } from './groups/group.ts';
import { spread } from './measure.ts';
import { canPin, startServer, startService, trusting } from './servers.ts';
import { startMint } from './tokens.ts';

const file = fileURLToPath(new URL('guard.json', import.meta.url));

/** How much dearer is too much. */
const margin = 1.25;

/** How often everything is measured; the middle counts. */
const blocks = 3;

const options: CpuOptions = { rounds: 9, count: 1_000 };

/** Multiples by case. */
type Multiples = Readonly<Record<string, number>>;

const first = await measure();
if (process.argv.includes('--accept')) writeFileSync(file, `${JSON.stringify(first, null, 2)}\n`);
const accepted: Multiples = JSON.parse(readFileSync(file, 'utf8'));
let isGood = judge(first);
if (!isGood) {
  process.stdout.write('\nOnce more, for it may have been the machine.\n\n');
  isGood = judge(await measure());
}
process.exit(isGood ? 0 : 1);

/** The cost of each case as a multiple of its bare server's. */
async function measure(): Promise<Multiples> {
  if (canPin) spawnSync('taskset', ['-pc', '1', String(process.pid)]);
  const { mint, issuer } = await startMint();
  const bare = await startServer('servers/http.ts', ['node:http']);
  const raw = await startServer('servers/grpc.ts', ['node:http2']);
  const [http, grpc, fresh] = [
    await startService(trusting(issuer.url), { listener: 'http' }),
    await startService(trusting(issuer.url), { listener: 'grpc' }),
    await startService(trusting(issuer.url), { listener: 'http' }),
  ];
  const one = mint(1);
  const [bareHttp, bareGrpc] = ['bare node:http', 'raw node:http2'];
  const over = (name: string, server: CpuCase['server'], against: string): CpuCase => ({
    name,
    protocol: against === bareHttp ? 'http' : 'grpc',
    server,
    tokens: one,
    expected: 'allowed',
    against,
  });
  const needed = tokensNeeded(options);
  const found = new Map<string, number[]>();
  for (let block = 0; block < blocks; block++) {
    const rows = await measureCpu(
      [
        over(bareHttp, bare, bareHttp),
        over(bareGrpc, raw, bareGrpc),
        over('HTTP, hot token', http, bareHttp),
        { ...over('HTTP, no token', http, bareHttp), tokens: undefined, expected: 'denied' },
        { ...over('HTTP, each token new, RS256', fresh, bareHttp), tokens: mint(needed) },
        over('gRPC, hot token', grpc, bareGrpc),
      ],
      options,
    );
    for (const { name, against, leastRatio } of rows)
      if (name !== against) found.getOrInsertComputed(name, () => []).push(leastRatio);
  }
  for (const server of [bare, raw, http, grpc, fresh]) await server.stop();
  await issuer.close();
  return Object.fromEntries([...found].map(([name, ratios]) => [name, Number(two(spread(ratios).median))]));
}

/** Tells of multiples, and whether all are within their bounds. */
function judge(multiples: Multiples): boolean {
  const lines = Object.entries(multiples).map(([name, multiple]) => {
    const bound = (accepted[name] ?? 0) * margin;
    const isDear = multiple > bound;
    return {
      isDear,
      cells: [name, two(multiple), two(accepted[name] ?? 0), two(bound), isDear ? '**too dear**' : 'good'],
    };
  });
  process.stdout.write(
    '| | multiple of the bare server | accepted | bound | |\n| --- | --- | --- | --- | --- |\n',
  );
  for (const { cells } of lines) process.stdout.write(`| ${cells.join(' | ')} |\n`);
  return lines.every(({ isDear }) => !isDear);
}
