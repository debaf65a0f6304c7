/** The cost of a check of a session in the store, next to one of a session in its cookie, and to one of a bearer token. */
import { startRedis } from '../../test/support/redis/server.ts';
import { findRedis } from '../../tools/redis.ts';
import { type CpuCase, measureCpu } from '../cpu.ts';
import { httpRequest } from '../load/messages.ts';
import { cpuChart, cpuTable, type Group, required } from './group.ts';
import { configuration, cookieOf, startPeople, withCookie } from './signed-in.ts';

/** The store learns about each session once a minute. More reads than that are a mistake. */
const mostReads = 10;

/** CPU per check over HTTP of a browser whose session is in the store. The process has cached it. */
export const sessionStore: Group = {
  name: 'session-store',
  title: 'A check of a session in the store',
  run: async (bench) => {
    const { pool } = bench;
    const redis = pool.add(await startRedis(required('redis-server', await findRedis())));
    const provider = pool.add(await startPeople());
    const state = `state: {valkey: {urls: ["${redis.url}"]}}`;
    const start = (more: string) =>
      pool.service(['--config', configuration(provider.issuer, bench.mint.issuer.url, more)]);
    const [inStore, inCookie] = [await start(state), await start('')];

    bench.say('signing in');
    const ticket = await cookieOf(provider, inStore.port, 'anna');
    const large = await cookieOf(provider, inStore.port, 'large');
    const sealed = await cookieOf(provider, inCookie.port, 'anna');
    const [token = ''] = bench.mint.mint(1);
    const bearer = 'a bearer token';
    const common = { protocol: 'http', tokens: undefined, expected: 'allowed', against: bearer } as const;
    const cases: CpuCase[] = [
      { ...common, name: bearer, server: inStore, requests: [httpRequest(token)] },
      {
        ...common,
        name: `a session in the store, with a cookie of ${ticket.length} bytes`,
        server: inStore,
        requests: [withCookie(ticket)],
        target: 'smallSession',
      },
      {
        ...common,
        name: 'a session of 4 KiB in the store, with a cookie of the same length',
        server: inStore,
        requests: [withCookie(large)],
        target: 'smallSession',
      },
      {
        ...common,
        name: `a session in a cookie of ${sealed.length} bytes`,
        server: inCookie,
        requests: [withCookie(sealed)],
      },
    ];
    const before = await redis.info('total_commands_processed');
    const reads = async () =>
      Number(/cmdstat_get:calls=(\d+)/.exec(String(await redis.command('INFO', 'commandstats')))?.[1] ?? 0);
    const rows = await measureCpu(cases, bench);
    if ((await reads()) > mostReads) throw new Error(`the store was asked ${await reads()} times`);
    bench.say(`${(await redis.info('total_commands_processed')) - before} commands at the store`);
    return {
      tables: [
        cpuTable(
          'CPU of the process per request over HTTP, with sessions in a real redis-server',
          rows,
          'The process has cached each session, so it does not ask the store. The figures of a session in its cookie are from another process.',
        ),
      ],
      charts: [cpuChart('performance-session-store.svg', 'A check of a session in the store', rows, bearer)],
    };
  },
};
