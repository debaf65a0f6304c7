/**
 * The pool under storms of everything, in any order. The workers are of a model of our own, in which each process reads one
 * message after the other, starts as slowly as it likes, stalls and dies; it knows nothing of how the pool decides.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { settled } from '../../support/clock.ts';
import { createPlayedPool } from './played.ts';

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

/** Starts a pool, has everything happen to it, and gives it peace. */
async function live(events: readonly Event[]) {
  const wrongKills: string[] = [];
  const played = await createPlayedPool({
    count,
    startByHand: true,
    isCounting: false,
    onKill: (worker) => {
      const now = played.clock.monotonic();
      const stalledFor = now - (worker.stalledSince() ?? now);
      const others = played.listening().filter((other) => other !== worker && other.isAlive());
      // One that is one too many may go before it has anything to do.
      const isNew = !worker.isListening() || worker.listensSince() === now;
      if (played.alive().length > count && isNew) return;
      // One that listens is ended only if it has answered nothing for long, and only when its place is taken.
      if (worker.isListening() && stalledFor < seconds(20)) wrongKills.push(`${worker.pid} answers`);
      if (worker.isListening() && others.length < 1) wrongKills.push(`${worker.pid} was the last`);
      // One that starts is ended only where it has not moved for ten minutes.
      if (!worker.isListening() && now - worker.startedAt < seconds(600))
        wrongKills.push(`${worker.pid} was starting`);
    },
  });
  const { pool, clock, workers, initial } = played;
  void pool.start().catch(() => {});
  await settled();
  for (const worker of workers) worker.listen();
  await settled();
  const connections: ReturnType<typeof played.connect>[] = [];
  const note = () => {
    for (const worker of played.alive()) expect(worker.unread.length).toBeLessThanOrEqual(5);
    expect(played.alive().length).toBeLessThanOrEqual(count + 1);
  };
  note();
  for (const event of events) {
    const alive = played.alive();
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
      connections.push(played.connect());
    } else if (event.kind === 'listen') one?.listen();
    else if (event.kind === 'stall') one?.stall();
    else if (event.kind === 'resume') one?.resume();
    else one?.exit('SIGKILL');
    await settled();
    note();
  }
  return { ...played, wrongKills, connections };
}

test('no worker that answers is ever ended, none is told too much, and when it is over all places are filled', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anEvent, { minLength: 5, maxLength: 40 }), async (events) => {
      const { workers, clock, alive, listening, pool, wrongKills, connections, dropped, givenUp } =
        await live(events);
      // Peace: whoever is there gets on with its work, and whoever is started listens.
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
