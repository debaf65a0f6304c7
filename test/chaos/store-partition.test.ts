/** One replica does not reach the store, and the others do. */
import { expect, onTestFinished, test } from 'vitest';
import { findRedis } from '../../tools/redis.ts';
import { until } from '../support/app.ts';
import { askReplica } from '../support/fleet/ask.ts';
import { startFleet } from '../support/fleet/fleet.ts';
import { describeWith } from '../support/real-servers.ts';
import { startTcpProxy } from '../support/redis/proxy.ts';
import { startRedis } from '../support/redis/server.ts';

describeWith('a replica without its store', await findRedis(), (path) => {
  test.each(['swallow', 'refuse'] as const)(
    'uses cached sessions for the grace, then none, and learns of a sign-out when the network is back: %s',
    {
      timeout: 120_000,
    },
    async (fault) => {
      const redis = await startRedis(path);
      onTestFinished(redis.stop);
      const proxy = await startTcpProxy(redis.port);
      onTestFinished(proxy.stop);
      const fleet = await startFleet({
        replicas: [
          { valkey: `urls: ["${redis.url}"]` },
          { valkey: `urls: ["redis://127.0.0.1:${proxy.port}"]`, workers: 2 },
        ],
        sessions: 'grace: 10s',
      });
      onTestFinished(fleet.stop);
      const [connected, cutOff] = fleet.replicas.map(({ httpPort }) => httpPort) as [number, number];
      const [anna, ben] = [await fleet.signIn('anna'), await fleet.signIn('ben')];
      const cookies = { anna: anna.cookie(), ben: ben.cookie() };
      /** Ten answers in a row, so that each worker gives one. */
      const answers = async (port: number, cookie: string) => {
        const all = new Set<unknown>();
        for (let request = 0; request < 10; request++) all.add((await askReplica(port, cookie)).answer);
        return [...all];
      };
      for (const port of [connected, cutOff])
        for (const cookie of Object.values(cookies)) expect(await answers(port, cookie)).toEqual(['allowed']);

      proxy[fault]();
      expect(await answers(cutOff, cookies.anna)).toEqual(['allowed']);
      await ben.signOut();
      expect(await answers(connected, cookies.ben)).toEqual(['login']);
      await until(async () => {
        const [first, ...others] = await answers(cutOff, cookies.ben);
        return first === 'error' && others.length === 0;
      }, 60);
      expect(await answers(cutOff, cookies.anna)).toEqual(['error']);
      expect(await answers(connected, cookies.anna)).toEqual(['allowed']);

      proxy.pass();
      await until(async () => {
        const [first, ...others] = await answers(cutOff, cookies.anna);
        return first === 'allowed' && others.length === 0;
      });
      expect(await answers(cutOff, cookies.ben)).toEqual(['login']);
    },
  );
});
