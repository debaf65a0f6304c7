/**
 * Random schedules of a fleet that renews sessions. The store is interrupted, locks are lost, and processes are killed. The issuer revokes a
 * session at the second use of a refresh token. Each run has its own order of events.
 */
import fc from 'fast-check';
import { createRandom } from '../../security/differential/random.ts';
import { type ModelProcess, recordOf, startModelProcess } from './model-fleet.ts';
import { createModelIssuer } from './model-issuer.ts';
import { createModelServer } from './model-store.ts';
import { createVirtualTime } from './virtual-time.ts';

const second = 1_000;
const [tokenLife, recheck, length] = [120, 300 * second, 600 * second];

const fault = fc.record({
  at: fc.integer({ min: 0, max: length }),
  kind: fc.constantFrom(
    'store down',
    'fail-over',
    'store paused',
    'connection cut',
    'process killed',
    'process started',
    'issuer down',
    'answer lost',
    'answers not verified',
    'account disabled',
    'sign-out',
  ),
  /** Whether it waits for the next renewal that the issuer accepts, and comes up to 500 ms later. */
  isAimed: fc.boolean(),
  which: fc.nat(5),
  size: fc.double({ min: 0, max: 1, noNaN: true }),
});
/** A schedule. */
export const schedule = fc.record({
  seed: fc.integer(),
  processes: fc.integer({ min: 1, max: 4 }),
  sessions: fc.integer({ min: 1, max: 3 }),
  faults: fc.array(fault, { maxLength: 12 }),
});
export type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never;

/** Plays a schedule. @returns what went wrong */
export async function play({
  seed,
  processes: count,
  sessions: people,
  faults,
}: Schedule): Promise<string[]> {
  const { next: random } = createRandom(seed);
  const time = createVirtualTime();
  const server = createModelServer(time, random);
  const issuer = createModelIssuer({ time, life: tokenLife, random });
  const options = { time, server, issuer, random, recheck };
  const processes: ModelProcess[] = [];
  const begin = () => processes.push(startModelProcess(`p${processes.length}`, options));
  for (let index = 0; index < count; index++) begin();
  const alive = () => processes.filter((one) => one.isAlive());

  const ids = Array.from({ length: people }, (_, index) => `s${index}`);
  const operator = server.connect();
  for (const id of ids) {
    const set = operator.state.set(recordOf(id), JSON.stringify(issuer.begin(id)), 3_600_000);
    await time.pass(100);
    await set;
  }
  // A fail-over loses sessions that have just begun.
  await time.pass(second);
  /** Sessions whose new tokens are lost for good: no program can know them. */
  const lost = new Set<string>();
  const noteLost = () => {
    for (const [id, { current, by, open }] of issuer.families) {
      const gone = (name: string | undefined) =>
        name === 'nobody' || processes.some((one) => one.name === name && !one.isAlive());
      const text = server.peek(recordOf(id));
      const isStored = text !== undefined && JSON.parse(text).refreshToken === `${id}.${current}`;
      if (gone(by) && !isStored) lost.add(id);
      for (const [name, calls] of open) if (calls > 0 && gone(name)) lost.add(id);
    }
  };
  server.onFailOver(noteLost);

  const act = ({ kind, which, size }: Schedule['faults'][number]) => {
    const process = alive()[which % alive().length];
    const id = ids[which % ids.length] ?? '';
    const family = issuer.families.get(id);
    switch (kind) {
      case 'store down':
        return server.fail(size * 60 * second);
      case 'fail-over':
        return server.fail(second + size * 2 * second, 200);
      case 'store paused':
        return server.pause(size * 3 * second);
      case 'connection cut':
        // As long as a lock lives, less what a call of the issuer and a new connection take.
        return process?.client.cut(size * 4 * second);
      case 'process killed':
        if (alive().length > 1) process?.kill();
        return noteLost();
      case 'process started':
        if (processes.length < 8) begin();
        return undefined;
      case 'issuer down':
        issuer.isDown = true;
        time.after(size * 60 * second, () => {
          issuer.isDown = false;
        });
        return undefined;
      case 'answer lost':
        issuer.losesAnswers = 1;
        return undefined;
      case 'answers not verified':
        issuer.unverified = 1 + Math.floor(size * 4);
        return undefined;
      case 'account disabled':
        if (family !== undefined) family.isEnded = true;
        return undefined;
      case 'sign-out':
        void process?.signOut(id);
        return undefined;
    }
  };
  const aimed: (typeof faults)[number][] = [];
  issuer.onAccepted = () => {
    const next = aimed.shift();
    if (next !== undefined) time.after(random() * 500, () => act(next));
  };
  for (const one of faults) time.after(one.at, () => void (one.isAimed ? aimed.push(one) : act(one)));

  const problems: string[] = [];
  /** A session must not end for a person who did nothing, as long as its tokens are known. */
  const judge = (id: string, answer: string | undefined, by: string) => {
    noteLost();
    const { isEnded, isSignedOut, isRevoked } = issuer.families.get(id) ?? {};
    if (answer !== 'ended' || isEnded || isSignedOut || lost.has(id)) return;
    problems.push(`${by} ended ${id} at ${time.monotonic()}${isRevoked ? ' (revoked)' : ''}`);
  };
  const visit = async (process: ModelProcess, id: string) =>
    judge(id, await process.request(id), process.name);
  const visits: Promise<void>[] = [];
  for (const end = time.monotonic() + length; time.monotonic() < end; ) {
    // Bursts and quiet times.
    for (const process of alive())
      for (const id of ids) if (random() < 0.3) visits.push(visit(process, id), visit(process, id));
    await time.pass(random() < 0.1 ? random() * 120 * second : random() * 4 * second);
  }
  issuer.onAccepted = () => {};
  await time.pass(120 * second);
  issuer.isDown = false;
  issuer.losesAnswers = 0;
  issuer.unverified = 0;
  await time.pass(recheck);
  await Promise.all(visits);

  const last = alive().flatMap((process) =>
    ids.map(async (id) => {
      const answer = await process.request(id);
      judge(id, answer, process.name);
      const { isEnded, isSignedOut } = issuer.families.get(id) ?? {};
      if (isEnded && answer !== 'ended')
        problems.push(`${process.name} says ${answer} for ${id}, which ended`);
      if (!isEnded && !isSignedOut && !lost.has(id) && answer !== 'allowed')
        problems.push(`${process.name} says ${answer} for ${id} in the end`);
    }),
  );
  await time.pass(30 * second);
  await Promise.all(last);
  for (const [id, { reuses, accepted, current, isEnded, isSignedOut }] of issuer.families) {
    if (reuses > 0 && !lost.has(id)) problems.push(`${id}: a refresh token was used twice`);
    const soon = accepted.some((at, index) => index > 0 && at - (accepted[index - 1] ?? 0) < 45 * second);
    if (soon) problems.push(`${id}: renewed again too soon: ${accepted}`);
    if (current < 1 && !lost.has(id) && !isEnded && !isSignedOut) problems.push(`${id}: was never renewed`);
  }
  problems.push(...processes.flatMap(({ wrong }) => wrong));
  return problems.slice(0, 5);
}
