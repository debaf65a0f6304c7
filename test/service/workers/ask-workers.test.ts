/** Questions to the workers of a pool, and their answers. */
import { expect, test } from 'vitest';
import { answerMessage } from '../../../src/service/workers/ask-workers.ts';
import type { AskMessage, ToWorker } from '../../../src/service/workers/protocol.ts';
import { createFakePool, type FakeWorker } from './fake-workers.ts';

const isAsk = (message: ToWorker): message is AskMessage => message.kind === 'ask';
const asked = ({ heard }: FakeWorker) => heard.filter(isAsk).map(({ request }) => request);

async function startedPool() {
  const fake = await createFakePool();
  fake.pool.take(fake.initial, [], []);
  await fake.pool.start();
  return fake;
}

test('each worker gets the question, and its answer is matched by the number of the request', async () => {
  const { pool, workers } = await startedPool();
  const [first, second] = [pool.ask('denials', { limit: 1 }), pool.ask('denials', { limit: 2 })];
  await Promise.resolve();
  for (const worker of workers) {
    expect(asked(worker)).toEqual([0, 1]);
    worker.say({ kind: 'answer', request: 1, text: `["second of ${worker.pid}"]` });
    worker.say({ kind: 'answer', request: 0, text: `["first of ${worker.pid}"]` });
    worker.say({ kind: 'answer', request: 0, text: '["again"]' });
    worker.say({ kind: 'answer', request: 7, text: '["never asked"]' });
  }
  expect(await first).toEqual([['first of 100'], ['first of 101']]);
  expect(await second).toEqual([['second of 100'], ['second of 101']]);
});

test('a worker that exits, does not answer within 1 s or cannot answer is left out', async () => {
  const { pool, workers, clock } = await startedPool();
  const [one, other] = workers;
  const exits = pool.ask('denials', { limit: 1 });
  one?.say({ kind: 'answer', request: 0, text: '[]' });
  other?.exit(1);
  expect(await exits).toEqual([[]]);

  const late = pool.ask('denials', { limit: 1 });
  await clock.advance(1_000);
  expect(await late).toEqual([]);

  const failed = pool.ask('denials', { limit: 1 });
  one?.say({ kind: 'answer', request: 2 });
  for (const worker of workers.slice(2)) worker.say({ kind: 'answer', request: 1 });
  await clock.advance(1_000);
  expect(await failed).toEqual([]);
});

test('an answer that is too long, or that fails, is sent without a text', async () => {
  const question: AskMessage = { kind: 'ask', request: 3, name: 'denials', question: { limit: 1 } };
  expect(await answerMessage(question, async () => [[]])).toEqual({ kind: 'answer', request: 3, text: '[]' });
  const long = [['x'.repeat(9_000_000)]] as never;
  expect(await answerMessage(question, async () => long)).toEqual({ kind: 'answer', request: 3 });
  expect(await answerMessage(question, () => Promise.reject(new Error('broken')))).toEqual({
    kind: 'answer',
    request: 3,
  });
});
