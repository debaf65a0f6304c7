/** The short form of `npm run fuzz:http2`. */
import { expect, test } from 'vitest';
import { findHttp2Oracle } from '../../../../tools/http2-oracle.ts';
import { describeWith } from '../../../support/real-servers.ts';
import { acceptedDifferences } from './fuzz/accepted-differences.ts';
import { createCase } from './fuzz/fuzz-case.ts';
import { type Finding, judge, runFuzz } from './fuzz/run.ts';
import { startFuzzServers } from './fuzz/start-servers.ts';

describeWith('random clients', await findHttp2Oracle(), () => {
  const run = async (seed: number, cases: number) => {
    const servers = await startFuzzServers();
    if ('missing' in servers) throw new Error(servers.missing);
    const findings: Finding[] = [];
    const summary = await runFuzz({
      servers,
      seed,
      isOver: (done) => done >= cases,
      onFinding: (finding) => findings.push(finding),
    });
    await servers.stop();
    return { findings, summary };
  };

  test('400 with known seeds: the same calls as with node:http2 and Go', { timeout: 180_000 }, async () => {
    const { findings, summary } = await run(1, 400);
    expect(findings).toEqual([]);
    expect(summary.calls).toBeGreaterThan(1_000);
    expect(summary.same).toBeGreaterThan(200);
  });

  test('200 with new seeds: the same calls as with node:http2 and Go', { timeout: 180_000 }, async () => {
    // A finding has its seed.
    expect((await run(Date.now() % 2 ** 31, 200)).findings).toEqual([]);
  });

  test('a call that gets lost or changes is a finding', { timeout: 60_000 }, async () => {
    const servers = await startFuzzServers();
    if ('missing' in servers) throw new Error(servers.missing);
    const { own, node, oracle } = servers;
    const made = Array.from({ length: 100 }, (_, seed) => createCase(seed)).find(
      ({ expected = [] }) => expected.filter(({ complete }) => complete).length > 2,
    );
    if (made === undefined) throw new TypeError('no seed makes a valid client');
    const changed = (change: (calls: readonly object[]) => readonly object[]) => ({
      ...{ node, oracle },
      own: { ...own, calls: async (client: number) => change((await own.calls(client)) ?? []) as never },
    });
    const judged = async (change: (calls: readonly object[]) => readonly object[]) =>
      judge(made, changed(change), undefined);
    expect(await judged((calls) => calls)).toEqual({ faults: [], differences: [] });
    for (const change of [
      (calls: readonly object[]) => calls.slice(1),
      (calls: readonly object[]) => [...calls, { method: 'POST', path: '/', complete: true, body: '' }],
      (calls: readonly object[]) => calls.map((call) => ({ ...call, body: 'another' })),
      (calls: readonly object[]) => calls.map((call) => ({ ...call, complete: false })),
    ]) {
      const { faults, differences } = await judged(change);
      expect([faults.length > 0, differences.length > 0]).toEqual([true, true]);
    }
    await servers.stop();
  });
});

test('each accepted difference has a reason in an RFC', () => {
  expect(acceptedDifferences.filter(({ reason }) => !/RFC \d+ (section|has no rule)/.test(reason))).toEqual(
    [],
  );
  const rows = acceptedDifferences.map(({ trait }) => trait);
  expect(new Set(rows).size).toBe(rows.length);
});
