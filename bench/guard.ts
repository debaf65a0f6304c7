/**
 * `npm run bench:guard`: fails if a check has become more expensive. It compares the ratio of its cost to that of a bare
 * server in the same run, so a slow machine does not fail. `-- --accept` stores the current ratios.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CpuCase, type CpuOptions, measureCpu, tokensNeeded } from './cpu.ts';
import { spread } from './measure.ts';
import { two } from './report/table.ts';
import { bareHttp, pinLoad, startServer, startService, trusting } from './servers.ts';
import { startMint } from './tokens.ts';

const file = fileURLToPath(new URL('guard.json', import.meta.url));

/** The highest acceptable increase. */
const margin = 1.25;

/** The number of measurements; the median counts. */
const blocks = 3;

const options: CpuOptions = { rounds: 9, count: 1_000 };

/** Ratios by the name of the case. */
type Ratios = Readonly<Record<string, number>>;

const first = await measure();
if (process.argv.includes('--accept')) writeFileSync(file, `${JSON.stringify(first, null, 2)}\n`);
const accepted: Ratios = JSON.parse(readFileSync(file, 'utf8'));
let isGood = judge(first);
if (!isGood) {
  process.stdout.write('\nMeasuring again, to exclude other work on the machine.\n\n');
  isGood = judge(await measure());
}
process.exit(isGood ? 0 : 1);

/** Measures the cost of each case, relative to its bare server. */
async function measure(): Promise<Ratios> {
  pinLoad();
  const { mint, issuer } = await startMint();
  const bare = await startServer(bareHttp);
  const raw = await startServer('servers/grpc.ts', ['bare', 'node:http2']);
  const [http, grpc, fresh] = [
    await startService(trusting(issuer.url), { listener: 'http' }),
    await startService(trusting(issuer.url), { listener: 'grpc' }),
    await startService(trusting(issuer.url), { listener: 'http' }),
  ];
  const one = mint(1);
  const [onHttp, onHttp2] = ['bare node:http', 'raw node:http2'];
  const over = (name: string, server: CpuCase['server'], against: string): CpuCase => ({
    name,
    protocol: against === onHttp ? 'http' : 'grpc',
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
        over(onHttp, bare, onHttp),
        over(onHttp2, raw, onHttp2),
        over('HTTP, cached token', http, onHttp),
        { ...over('HTTP, no token', http, onHttp), tokens: undefined, expected: 'denied' },
        { ...over('HTTP, new tokens, RS256', fresh, onHttp), tokens: mint(needed) },
        over('gRPC, cached token', grpc, onHttp2),
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

/** Prints the ratios; true if each is within its limit. */
function judge(ratios: Ratios): boolean {
  const lines = Object.entries(ratios).map(([name, ratio]) => {
    const limit = (accepted[name] ?? 0) * margin;
    const isOver = ratio > limit;
    return {
      isOver,
      cells: [name, two(ratio), two(accepted[name] ?? 0), two(limit), isOver ? '**over the limit**' : 'ok'],
    };
  });
  process.stdout.write(
    '| | ratio to the bare server | accepted | limit | |\n| --- | --- | --- | --- | --- |\n',
  );
  for (const { cells } of lines) process.stdout.write(`| ${cells.join(' | ')} |\n`);
  return lines.every(({ isOver }) => !isOver);
}
