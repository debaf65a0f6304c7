/** The short form of `npm run fuzz:http2`. */
import { expect, test } from 'vitest';
import { findHttp2Oracle } from '../../../../tools/http2-oracle.ts';
import { describeWith } from '../../../support/real-servers.ts';
import { acceptedDifferences } from './fuzz/accepted-differences.ts';
import { createCase, type FuzzCase } from './fuzz/fuzz-case.ts';
import type { DeliveredCall, PlannedCall } from './fuzz/plan.ts';
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

  test('a call that gets lost or changes is a finding, with mutations in other calls too', {
    timeout: 180_000,
  }, async () => {
    const servers = await startFuzzServers();
    if ('missing' in servers) throw new Error(servers.missing);
    const { own, node, oracle } = servers;
    const made = Array.from({ length: 600 }, (_, seed) => createCase(seed)).filter(({ expected }) =>
      expected.some(isWhole),
    );
    const noticed = async (one: FuzzCase, change: Change) => {
      const path = one.expected.find(isWhole)?.path ?? '';
      const changed = {
        ...own,
        calls: async (client: number) => (await own.calls(client))?.flatMap((call) => change(call, path)),
      };
      const { faults, differences } = await judge(one, { own: changed, node, oracle }, undefined);
      return faults.length + differences.length > 0;
    };
    const correct = made.filter(({ isCorrect }) => isCorrect).slice(0, 5);
    const mutated = made.filter(({ isCorrect }) => !isCorrect).slice(0, 20);
    for (const change of Object.values(changes)) {
      for (const one of correct) expect(await noticed(one, change)).toBe(true);
      let times = 0;
      for (const one of mutated) if (await noticed(one, change)) times++;
      // In the others, the mutation comes before the end of the call and ends the connection.

      expect(times).toBeGreaterThan(10);
    }
    for (const one of [...correct, ...mutated]) expect(await noticed(one, (call) => [call])).toBe(false);
    await servers.stop();
  });
});

type Change = (call: DeliveredCall, path: string) => readonly DeliveredCall[];

/** Mistakes in one call. */
const changes: Readonly<Record<string, Change>> = {
  lost: (call, path) => (call.path === path ? [] : [call]),
  'with another body': (call, path) => [call.path === path ? { ...call, body: 'another' } : call],
  'never complete': (call, path) => [call.path === path ? { ...call, complete: false } : call],
};

function isWhole({ complete, isEarly }: PlannedCall): boolean {
  return complete && !isEarly;
}

test('each accepted difference has a reason in an RFC', () => {
  expect(acceptedDifferences.filter(({ reason }) => !/RFC \d+ (section|has no rule)/.test(reason))).toEqual(
    [],
  );
  const rows = acceptedDifferences.map(({ trait }) => trait);
  expect(new Set(rows).size).toBe(rows.length);
});
