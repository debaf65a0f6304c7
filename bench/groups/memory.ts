/** The memory of an idle service and of a cached token, and the time of a start. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runClosed } from '../load/closed.ts';
import { httpRequest } from '../load/messages.ts';
import { residentMegabytes, spread } from '../measure.ts';
import { startServer, startService, trusting } from '../servers.ts';
import { type Group, one, type Table, verdict } from './group.ts';

/** Memory and start. */
export const memory: Group = {
  name: 'memory',
  title: 'Memory and start',
  run: async ({ mint: { mint, issuer }, say }) => {
    const tables: Table[] = [];
    const starts: { listening: number; ready: number; idle: number }[] = [];
    const bareStarts: { listening: number; idle: number }[] = [];
    for (let run = 0; run < 5; run++) {
      say(`start ${run + 1}`);
      const server = await startService(trusting(issuer.url), { listener: 'http' });
      await sleep(3_000);
      starts.push({
        listening: server.listeningAfter,
        ready: server.readyAfter,
        idle: residentMegabytes(server.pid),
      });
      await server.stop();
      const bare = await startServer('servers/http.ts', ['node:http']);
      await sleep(1_000);
      bareStarts.push({ listening: bare.listeningAfter, idle: residentMegabytes(bare.pid) });
      await bare.stop();
    }
    const middle = <T>(of: readonly T[], read: (one: T) => number) => spread(of.map(read)).median;
    const listening = middle(starts, (start) => start.listening);
    tables.push({
      title: 'From exec to the first listener, compiled JavaScript, median of five',
      columns: ['case', 'listening, ms', 'with keys, ms', 'idle, MB', 'target', 'result'],
      rows: [
        [
          'bare node:http',
          one(middle(bareStarts, (start) => start.listening)),
          '',
          one(middle(bareStarts, (start) => start.idle)),
          '',
          '',
        ],
        [
          'oidc-authz',
          one(listening),
          one(middle(starts, (start) => start.ready)),
          one(middle(starts, (start) => start.idle)),
          'listening ≤ 350 ms',
          verdict(listening <= 350),
        ],
      ],
    });

    say('signing 100,000 tokens');
    const tokens = mint(100_000, { algorithm: 'ES256' });
    const rows: string[][] = [];
    for (const [live, flags] of [
      [10_000, []],
      [100_000, ['--cache-max-entries', '100000', '--cache-max-bytes', '1Gi']],
    ] as const) {
      say(`${live} cached tokens`);
      const server = await startService([...trusting(issuer.url), ...flags], { listener: 'http' });
      await sleep(1_000);
      const idle = residentMegabytes(server.pid);
      const requests = tokens.slice(0, live).map((token) => httpRequest(token));
      const load = { protocol: 'http', port: server.port, connections: 32, streams: 1, requests } as const;
      await runClosed({ ...load, count: live });
      await runClosed({ ...load, count: live });
      await sleep(3_000);
      const full = residentMegabytes(server.pid);
      rows.push([
        live.toLocaleString('en'),
        one(full),
        `${Math.round(((full - idle) * 1e6) / live).toLocaleString('en')} bytes`,
        live === 10_000 ? '≤ 115 MB' : '',
        live === 10_000 ? verdict(full <= 115) : '',
      ]);
      await server.stop();
    }
    tables.push({
      title: 'Resident memory with cached tokens, each requested twice',
      columns: ['cached tokens', 'MB', 'for each token, above idle', 'target', 'result'],
      rows,
    });
    return { tables };
  },
};
