/** h2spec passes against this service's own HTTP/2, with the strict cases. */
import { expect, onTestFinished, test } from 'vitest';
import { findH2spec, type H2specCase, runH2spec } from '../../../../tools/h2spec.ts';
import { describeWith } from '../../../support/real-servers.ts';
import { startOwnServer } from './fuzz/own-server.ts';

/** The number of cases in h2spec 2.2.1. */
const count = 146;

const named = (cases: readonly H2specCase[], result: H2specCase['result']) =>
  cases.filter((one) => one.result === result).map(({ name, detail }) => `${name} ${detail}`.trim());

describeWith('h2spec', await findH2spec(), (h2spec) => {
  test('passes every case against a handler that responds with data', { timeout: 300_000 }, async () => {
    const server = await startOwnServer();
    onTestFinished(server.stop);
    const cases = await runH2spec(h2spec, { port: server.port(), path: '/?size=100' });
    expect(cases).toHaveLength(count);
    expect(named(cases, 'failed')).toEqual([]);
    expect(named(cases, 'skipped')).toEqual([]);
    expect(server.faults()).toEqual([]);
  });
});
