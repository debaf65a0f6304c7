/**
 * The pool with random events in any order. The workers are models of processes: each reads messages in order, and can start slowly,
 * stall and exit. The model does not know how the pool decides.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { settled } from '../../support/clock.ts';
import { createFakePool } from './fake-workers.ts';

const seconds = (count: number) => count * 1_000;
const count = 3;

type Event =
  | { readonly kind: 'time'; readonly seconds: number }
  | { readonly kind: 'standstill'; readonly seconds: number }
  | { readonly kind: 'listen' | 'stall' | 'resume' | 'die'; readonly which: number }
  | { readonly kind: 'storm' };

const which = fc.nat({ max: 5 });
const anEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('time'), seconds: fc.integer({ min: 1, max: 45 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('standstill'), seconds: fc.integer({ min: 1, max: 300 }) }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('listen'), which }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('stall'), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resume'), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('die'), which }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('storm') }) },
);

/** Starts a pool, applies the events, and waits until it is stable. */
async function live(events: readonly Event[]) {
  const wrongKills: string[] = [];
  const fake = await createFakePool({
    count,
    startByHand: true,
    isCounting: false,
    onKill: (worker) => {
      const now = fake.clock.monotonic();
      const stalledFor = now - (worker.stalledSince() ?? now);
      const others = fake.listening().filter((other) => other !== worker && other.isAlive());
      // A surplus worker can be killed before it gets work.
      const isNew = !worker.isListening() || worker.listensSince() === now;
      if (fake.alive().length > count && isNew) return;
      // A listening worker is killed only after a long silence, and only if its slot has a replacement.
      if (worker.isListening() && stalledFor < seconds(20)) wrongKills.push(`${worker.pid} answers`);
      if (worker.isListening() && others.length < 1) wrongKills.push(`${worker.pid} was the last`);
      // A starting worker is killed only if it has not made progress for ten minutes.
      if (!worker.isListening() && now - worker.startedAt < seconds(600))
        wrongKills.push(`${worker.pid} was starting`);
    },
  });
  const { pool, clock, workers, initial } = fake;
  void pool.start().catch(() => {});
  await settled();
  for (const worker of workers) worker.listen();
  await settled();
  const connections: ReturnType<typeof fake.connect>[] = [];
  const note = () => {
    for (const worker of fake.alive()) expect(worker.unread.length).toBeLessThanOrEqual(5);
    expect(fake.alive().length).toBeLessThanOrEqual(count + 1);
  };
  note();
  for (const event of events) {
    const alive = fake.alive();
    const one = 'which' in event ? alive[event.which % Math.max(1, alive.length)] : undefined;
    if (event.kind === 'time') {
      for (let second = 0; second < event.seconds; second += 5) {
        await clock.advance(seconds(5));
        note();
      }
    } else if (event.kind === 'standstill') clock.pass(seconds(event.seconds));
    else if (event.kind === 'storm') {
      for (let reload = 0; reload < 100; reload++) {
        pool.take({ ...initial, realm: `realm-${reload}` }, [], []);
        pool.changed();
        void pool.scrape();
      }
      connections.push(fake.connect());
    } else if (event.kind === 'listen') one?.listen();
    else if (event.kind === 'stall') one?.stall();
    else if (event.kind === 'resume') one?.resume();
    else one?.exit('SIGKILL');
    await settled();
    note();
  }
  return { ...fake, wrongKills, connections };
}

test('no responding worker is killed, no mailbox grows, and all slots are filled afterwards', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anEvent, { minLength: 5, maxLength: 40 }), async (events) => {
      const { workers, clock, alive, listening, pool, wrongKills, connections, dropped, givenUp } =
        await live(events);
      // The stable phase: every worker resumes, and every started worker listens.
      for (let second = 0; second < 90; second += 3) {
        for (const worker of workers) {
          worker.listen();
          worker.resume();
        }
        await settled();
        await clock.advance(seconds(3));
      }
      expect(wrongKills).toEqual([]);
      expect(givenUp).toEqual([]);
      expect([alive().length, listening().length, pool.workers()]).toEqual([count, count, count]);
      const handed = workers.flatMap(({ heard }) => heard.filter(({ kind }) => kind === 'connection'));
      expect(handed).toHaveLength(connections.length);
      expect(dropped.size).toBe(connections.length);
    }),
    { numRuns: 30 },
  );
});
