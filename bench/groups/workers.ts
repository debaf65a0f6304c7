/** The cost of several workers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runClosed } from '../load/closed.ts';
import { httpRequest } from '../load/messages.ts';
import { cpuMicroseconds, familyOf, ownCpuMicroseconds, ratios, spread } from '../measure.ts';
import { one } from '../report/table.ts';
import { type Server, trusting } from '../servers.ts';
import { type Group, rangeText } from './group.ts';

/** The figures of all rounds: CPU per check, checks a second, and the share of the busier worker. */
interface Figures {
  readonly cost: number[];
  readonly rate: number[];
  readonly share: number[];
}

/** One worker and two, on all cores, shared with the load. */
export const workers: Group = {
  name: 'workers',
  title: 'Workers',
  run: async ({ mint: { mint, issuer }, pool, rounds, count }) => {
    const requests = mint(1).map((token) => httpRequest(token));
    const wanted = Math.max(count, 10_000);
    const start = (many: number) =>
      pool.service([...trusting(issuer.url), '--workers', String(many)], { isFree: true });
    const [single, pair] = [await start(1), await start(2)];
    const figures = new Map<Server, Figures>();
    for (const server of [single, pair]) figures.set(server, { cost: [], rate: [], share: [] });
    for (let round = 0; round <= rounds; round++) {
      for (const [server, { cost, rate, share }] of figures) {
        const members = familyOf(server.pid);
        const [before, each, started] = [
          cpuMicroseconds(server.pid),
          members.map(ownCpuMicroseconds),
          performance.now(),
        ];
        await runClosed({
          protocol: 'http',
          port: server.port,
          connections: 64,
          streams: 1,
          requests,
          count: wanted,
        });
        const used = members.map((pid, member) => ownCpuMicroseconds(pid) - (each[member] ?? 0)).slice(1);
        if (round === 0) continue;
        cost.push((cpuMicroseconds(server.pid) - before) / wanted);
        rate.push((wanted * 1000) / (performance.now() - started));
        share.push(Math.max(...used) / used.reduce((sum, part) => sum + part, 0));
      }
    }
    for (const server of figures.keys()) await stopWithWorkers(server);
    const of = (server: Server, which: keyof Figures) => figures.get(server)?.[which] ?? [];
    const here = (server: Server) =>
      `${rangeText(spread(of(server, 'cost')))} µs, ${Math.round(spread(of(server, 'rate')).median).toLocaleString('en')} checks a second`;
    const share = spread(of(pair, 'share'));
    const base = 'workers: 1';
    const row = (name: string, server: Server) => ({
      name,
      ratio: spread(ratios(of(server, 'cost'), of(single, 'cost'))),
      against: base,
      here: here(server),
    });
    return {
      tables: [
        {
          title: 'CPU per check on all cores, shared with the load, 64 connections',
          here: 'CPU per check and rate',
          rows: [
            row(base, single),
            { ...row('workers: 2', pair), target: 'twoWorkers' },
            {
              name: 'the CPU of the busier worker',
              ratio: share,
              against: 'the CPU of both',
              target: 'largerShare',
              here: `${one(share.median * 100)} %`,
            },
          ],
          note: 'With two cores, the load uses one of them. So this table shows the cost of workers, not their gain.',
        },
      ],
    };
  },
};

/** Stops the workers first, and lets their parent notice, so that the kernel counts their CPU time as its own. */
async function stopWithWorkers(server: Server): Promise<void> {
  for (const pid of familyOf(server.pid).slice(1)) process.kill(pid, 'SIGKILL');
  await sleep(50);
  await server.stop();
}
