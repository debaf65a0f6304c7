/** The cost of several workers. */
import { cpus } from 'node:os';
import { runClosed } from '../load/closed.ts';
import { httpRequest } from '../load/messages.ts';
import { cpuMicroseconds, familyOf, ownCpuMicroseconds, spread } from '../measure.ts';
import { startService, trusting } from '../servers.ts';
import { type Group, one, two, verdict } from './group.ts';

/** One worker and two, on all cores, shared with the load. */
export const workers: Group = {
  name: 'workers',
  title: 'Workers',
  run: async ({ mint: { mint, issuer }, rounds, count }) => {
    const requests = mint(1).map((token) => httpRequest(token));
    const servers = await Promise.all(
      [1, 2].map((many) =>
        startService([...trusting(issuer.url), '--workers', String(many)], {
          listener: 'http',
          isFree: true,
        }),
      ),
    );
    const figures = servers.map(() => ({
      cost: [] as number[],
      rate: [] as number[],
      share: [] as number[],
    }));
    const wanted = Math.max(count, 20_000);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, server] of servers.entries()) {
        const members = familyOf(server.pid);
        const [before, each, started] = [
          cpuMicroseconds(server.pid),
          members.map(ownCpuMicroseconds),
          performance.now(),
        ];
        const load = {
          protocol: 'http',
          port: server.port,
          connections: 64,
          streams: 1,
          requests,
          count: wanted,
        } as const;
        await runClosed(load);
        const used = members.map((pid, member) => ownCpuMicroseconds(pid) - (each[member] ?? 0)).slice(1);
        if (round === 0) continue;
        const into = figures[index];
        into?.cost.push((cpuMicroseconds(server.pid) - before) / wanted);
        into?.rate.push((wanted * 1000) / (performance.now() - started));
        into?.share.push(Math.max(...used) / used.reduce((sum, part) => sum + part, 0));
      }
    }
    for (const server of servers) {
      for (const pid of familyOf(server.pid).slice(1)) process.kill(pid, 'SIGKILL');
      await server.stop();
    }
    const [single, pair] = figures;
    const ratio = spread(
      (pair?.cost ?? []).map((cost, round) => cost / (single?.cost[round] ?? cost)),
    ).median;
    const share = spread(pair?.share ?? []).median;
    const row = (name: string, of: typeof single) => [
      name,
      one(spread(of?.cost ?? []).median),
      Math.round(spread(of?.rate ?? []).median).toLocaleString('en'),
    ];
    return {
      tables: [
        {
          title: `${cpus().length} cores, shared with the load, 64 connections`,
          columns: [
            'case',
            'µs of CPU per check',
            'checks a second',
            'CPU per check, relative to one worker',
            'larger share of the two',
            'result',
          ],
          rows: [
            [...row('workers: 1', single), '', '', ''],
            [
              ...row('workers: 2', pair),
              `${two(ratio)} (≤ 1.1)`,
              `${one(share * 100)} % (≤ 57.5)`,
              verdict(ratio <= 1.1 && share <= 0.575),
            ],
          ],
          note: 'With two cores, the load uses one of them. So this table shows the cost of workers, not their gain.',
        },
      ],
    };
  },
};
