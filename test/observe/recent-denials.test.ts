/** The last denials in memory: their number, their texts and how they are found. */
import { describe, expect, test } from 'vitest';
import type { CheckRequest } from '../../src/model/check-request.ts';
import type { Decision } from '../../src/model/decision.ts';
import type { RecordedDenial } from '../../src/model/recorded-denial.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { createRecentDenials, maxRecentDenials, mergeDenials } from '../../src/observe/recent-denials.ts';
import { createRecordCheck, recorded } from '../../src/observe/record-check.ts';
import { configOf, fileFor } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { checkRequest } from '../support/requests.ts';

const denial = (index: number, more: Partial<RecordedDenial> = {}): RecordedDenial => ({
  id: `id-${index}`,
  time: index,
  transport: 'http',
  outcome: 'deny',
  reason: 'token_missing',
  enforced: true,
  method: 'GET',
  host: 'orders.example.com',
  path: '/orders',
  requestId: '',
  ...more,
});

/** Records decisions as the service does. */
async function recorder(logOptions = '') {
  const { log } = await configOf(`${fileFor('https://issuer.example.com')}log: {${logOptions}}`);
  const clock = createTestClock();
  const records: Record<string, unknown>[] = [];
  const logger = createLogger(log.level, { write: (line: string) => void records.push(JSON.parse(line)) });
  const metrics = createMetrics(
    { cacheEntries: () => 0, proofs: () => 0, issuers: () => [], workers: () => 1 },
    { version: '1', node: '2' },
  );
  const denials = createRecentDenials();
  let ids = 0;
  const record = createRecordCheck({ options: log, logger, metrics, clock, denials });
  const newId = () => `id-${ids++}`;
  return {
    denials,
    checks: () => records.filter(({ msg }) => msg === 'check'),
    records,
    decide: (decision: Decision, request: CheckRequest = checkRequest()) =>
      recorded(() => decision, 'http', { metrics, record, clock, newId })(request) as Decision,
  };
}

const allow = {
  outcome: 'allow',
  reason: 'allowed',
  identity: undefined,
  forwarding: { set: [], remove: [], withheld: [], answers: { http: undefined, grpc: undefined } },
  cached: false,
} as const satisfies Decision;
const mismatch: Decision = { outcome: 'deny', reason: 'audience_mismatch', issuerName: 'main' };

describe('the store', () => {
  test('has the last 1,000 of 100,000 denials, newest first', () => {
    const { add, find } = createRecentDenials();
    for (let index = 0; index < 100_000; index++) add(denial(index));
    const ids = find({ limit: 1_000_000 }).map(({ id }) => id);
    expect(ids).toHaveLength(maxRecentDenials);
    expect([ids[0], ids.at(-1)]).toEqual(['id-99999', 'id-99000']);
    expect(find({ id: 'id-99500', limit: 1 })).toEqual([denial(99_500)]);
    expect(find({ id: 'id-98999', limit: 1 })).toEqual([]);
  });

  test('finds denials by reason, host and rule, at most as many as the limit', () => {
    const { add, find } = createRecentDenials();
    add(denial(1, { rule: 'a' }));
    add(denial(2, { host: 'other.example.com' }));
    add(denial(3, { reason: 'scope_insufficient', rule: 'a' }));
    const idsOf = (filter: Parameters<typeof find>[0]) => find(filter).map(({ id }) => id);
    expect(idsOf({ limit: 2 })).toEqual(['id-3', 'id-2']);
    expect(idsOf({ rule: 'a', limit: 9 })).toEqual(['id-3', 'id-1']);
    expect(idsOf({ rule: 'a', reason: 'token_missing', limit: 9 })).toEqual(['id-1']);
    expect(idsOf({ host: 'other.example.com', limit: 9 })).toEqual(['id-2']);
  });

  test('the denials of several processes are merged by time', () => {
    const lists = [[denial(5), denial(1)], [denial(4), denial(3)], []];
    expect(mergeDenials(lists, 3).map(({ time }) => time)).toEqual([5, 4, 3]);
  });
});

describe('a recorded decision', () => {
  test('has an id unless it is an allow that shadow mode did not change', async () => {
    const { decide, denials, checks } = await recorder('checks: all');
    expect(decide(allow)).toBe(allow);
    expect(decide(mismatch)).toEqual({ ...mismatch, id: 'id-0' });
    expect(decide({ outcome: 'error', reason: 'overloaded' })).toMatchObject({ id: 'id-1' });
    expect(decide({ ...allow, shadow: 'rule_denied' })).toMatchObject({ id: 'id-2' });
    const incumbent = { status: 200, statusText: 'OK', headers: [], body: '', isBodyless: false };
    decide({ ...mismatch, incumbent, comparison: 'incumbent_allows' });
    expect(checks().map(({ decision }) => decision)).toEqual([undefined, 'id-0', 'id-1', 'id-2', 'id-3']);
    expect(
      denials.find({ limit: 9 }).map(({ id, outcome, reason, enforced }) => [id, outcome, reason, enforced]),
    ).toEqual([
      ['id-3', 'deny', 'audience_mismatch', false],
      ['id-2', 'deny', 'rule_denied', false],
      ['id-1', 'error', 'overloaded', true],
      ['id-0', 'deny', 'audience_mismatch', true],
    ]);
  });

  test('has its detail and the option in the log and in the store, computed once', async () => {
    const { decide, denials, checks } = await recorder();
    let calls = 0;
    const detail = () => {
      calls++;
      return { text: 'expected audience orders-api, found account', option: 'issuers[0].audiences' };
    };
    decide({ ...mismatch, detail });
    const wanted = {
      detail: 'expected audience orders-api, found account',
      option: 'issuers[0].audiences',
    };
    expect(calls).toBe(1);
    expect(checks()).toMatchObject([{ ...wanted, decision: 'id-0' }]);
    expect(denials.find({ limit: 1 })).toMatchObject([{ ...wanted, id: 'id-0', issuer: 'main' }]);
  });

  test('has no detail with log.detail: false, and the detail is not computed', async () => {
    const { decide, denials, checks } = await recorder('detail: false');
    decide({ ...mismatch, detail: () => expect.unreachable('the detail is off') });
    expect([checks()[0], denials.find({ limit: 1 })[0]].map((one) => 'detail' in (one ?? {}))).toEqual([
      false,
      false,
    ]);
    expect(checks()).toMatchObject([{ decision: 'id-0' }]);
  });

  test('a detail that throws is logged, and changes nothing else', async () => {
    const { decide, denials, records } = await recorder();
    const detail = () => {
      throw new Error('a defect');
    };
    expect(decide({ ...mismatch, detail })).toMatchObject({ outcome: 'deny', id: 'id-0' });
    expect(denials.find({ limit: 1 })).toMatchObject([{ id: 'id-0' }]);
    expect(records).toMatchObject([{ level: 'error', error: { message: 'a defect' } }, { msg: 'check' }]);
  });

  test('is stored even if its log record is dropped, excluded or off', async () => {
    const { decide, denials, checks } = await recorder('excludePaths: [/quiet]');
    for (let index = 0; index < 1_000; index++) decide(mismatch);
    decide(mismatch, checkRequest({ path: '/quiet' }));
    expect(checks().length).toBeLessThan(300);
    expect(denials.find({ limit: 5_000 })).toHaveLength(1_000);
    expect(denials.find({ limit: 1 })).toMatchObject([{ path: '/quiet' }]);
    const silent = await recorder('checks: none, level: silent');
    silent.decide(mismatch);
    expect(silent.denials.find({ limit: 1 })).toHaveLength(1);
  });

  test('is stored without the query and with at most 512 characters of each text', async () => {
    const { decide, denials } = await recorder();
    const long = 'x'.repeat(10_000);
    decide(
      { ...mismatch, detail: () => ({ text: long }) },
      checkRequest({ path: `/${long}?secret=1`, host: long, method: long, requestId: long }),
    );
    decide(mismatch, checkRequest({ path: '/orders?secret=1#secret' }));
    const [second, first] = denials.find({ limit: 2 });
    expect([first?.path, first?.host, first?.method, first?.requestId].map((text) => text?.length)).toEqual([
      513, 513, 513, 513,
    ]);
    expect(first?.detail).toHaveLength(1_024);
    expect(second?.path).toBe('/orders');
    expect(JSON.stringify([first, second])).not.toContain('secret');
  });
});
