/** Renewals of sessions that several processes share, with models of the store and of an issuer that accepts a refresh token once. */
import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type ModelProcess, recordOf, startModelProcess } from '../support/login/model-fleet.ts';
import { createModelIssuer } from '../support/login/model-issuer.ts';
import { createModelServer } from '../support/login/model-store.ts';
import { createVirtualTime } from '../support/login/virtual-time.ts';

const tokenLife = 300;
const recheck = 15 * 60_000;

/** Processes that know one session, whose tokens live for 5 minutes. */
async function start(
  count = 2,
  {
    sessions = 1,
    random = (): number => 0.5,
    latency = { least: 10, random: 400 },
    knows = true,
    idOf = (index: number) => `s${index}`,
  } = {},
) {
  const time = createVirtualTime();
  const server = createModelServer(time, random);
  const issuer = createModelIssuer({ time, life: tokenLife, random, latency });
  const options = { time, server, issuer, random, recheck };
  const processes = Array.from({ length: count }, (_, index) => startModelProcess(`p${index}`, options));
  const ids = Array.from({ length: sessions }, (_, index) => idOf(index));
  const { state } = server.connect();
  for (const id of ids) void state.set(recordOf(id), JSON.stringify(issuer.begin(id)), 3_600_000);
  await time.pass(100);
  /** The answer after the time that it takes. */
  const settled = async <T>(answer: Promise<T>, longest = 20_000): Promise<T> => {
    let result: { readonly of: T } | undefined;
    void answer.then((of) => {
      result = { of };
    });
    for (let passed = 0; result === undefined && passed < longest; passed += 10) await time.pass(10);
    if (result === undefined) throw new Error('no answer');
    return result.of;
  };
  const ask = (process: ModelProcess | undefined, id = 's0') =>
    settled(process?.request(id) ?? Promise.reject());
  if (knows) for (const process of processes) for (const id of ids) await ask(process, id);
  const stored = (id = 's0') => JSON.parse(server.peek(recordOf(id)) ?? '{}').refreshToken;
  const family = (id = 's0') => {
    const found = issuer.families.get(id);
    if (found === undefined) throw new Error(`no family ${id}`);
    return found;
  };
  return { time, server, issuer, options, processes, ids, state, settled, ask, stored, family };
}

const count = (events: readonly string[], event: string) => events.filter((one) => one === event).length;

describe('after the tokens ended', () => {
  test('LG-28: 200 parallel requests at two processes use the refresh token once, and all are allowed', async () => {
    const { time, processes, settled, family, stored } = await start();
    await time.pass(301_000);
    const answers = processes.flatMap((process) => Array.from({ length: 100 }, () => process.request('s0')));
    expect(new Set(await settled(Promise.all(answers)))).toEqual(new Set(['allowed']));
    expect(family()).toMatchObject({ calls: 1, reuses: 0 });
    expect(stored()).toBe('s0.1');
    expect(processes.map(({ events }) => events)).toEqual(
      expect.arrayContaining([['success'], ['elsewhere']]),
    );
  });

  test('500 processes with one session use the refresh token once', async () => {
    const { time, processes, settled, family } = await start(500);
    await time.pass(301_000);
    const answers = await settled(Promise.all(processes.map((process) => process.request('s0'))));
    expect(new Set(answers)).toEqual(new Set(['allowed']));
    expect(family().calls).toBe(1);
  });

  test('2,000 sessions of one process are renewed with at most 64 calls at the same time', async () => {
    const latency = { least: 15, random: 0 };
    const { time, processes, ids, issuer, settled } = await start(1, {
      sessions: 2_000,
      latency,
      knows: false,
    });
    const all = () => settled(Promise.all(ids.map((id) => processes[0]?.request(id))));
    await all();
    await time.pass(301_000);
    expect(new Set(await all())).toEqual(new Set(['allowed']));
    expect(issuer.busiest()).toBe(64);
    expect(ids.filter((id) => issuer.families.get(id)?.calls !== 1)).toEqual([]);
  });

  test('an issuer that is too slow for all of them causes errors, and no logout', async () => {
    const latency = { least: 600, random: 0 };
    const { time, processes, ids, issuer, settled } = await start(1, {
      sessions: 1_000,
      latency,
      knows: false,
    });
    const all = () => settled(Promise.all(ids.map((id) => processes[0]?.request(id))));
    await all();
    await time.pass(301_000);
    const answers = await all();
    expect(new Set(answers)).toEqual(new Set(['allowed', 'unavailable']));
    expect(issuer.busiest()).toBe(64);
    for (let again = 0; again < 3; again++) answers.splice(0, answers.length, ...(await all()));
    expect(new Set(answers)).toEqual(new Set(['allowed']));
  });

  test('a process that is behind gets the new tokens from the store, with one operation', async () => {
    const { time, processes, ask, family, server } = await start();
    await time.pass(301_000);
    expect(await ask(processes[0])).toBe('allowed');
    const before = server.operations();
    expect(await ask(processes[1])).toBe('allowed');
    expect(await ask(processes[1])).toBe('allowed');
    expect(server.operations() - before).toBe(1);
    expect(family().calls).toBe(1);
  });

  test('the renewal needs five operations of the store', async () => {
    const { time, processes, ask, server } = await start(1);
    await time.pass(301_000);
    const before = server.operations();
    expect(await ask(processes[0])).toBe('allowed');
    expect(server.operations() - before).toBe(5);
  });

  test('a process that was killed with the lock stops the others for the life of the lock only', async () => {
    const { time, server, processes, ask, settled, family } = await start();
    await time.pass(301_000);
    const given = processes[0]?.request('s0');
    while (server.peek('lock:s0') === undefined) await time.pass(1);
    processes[0]?.kill();
    expect(await given).toBeUndefined();
    const waiting = processes[1]?.request('s0') ?? Promise.reject();
    expect(await settled(waiting)).toBe('unavailable');
    await time.pass(7_000);
    expect(await ask(processes[1])).toBe('allowed');
    expect(family().reuses).toBe(0);
  });

  test('a process that was stopped for a while after it took the lock does not use the refresh token', async () => {
    const { time, processes, server, family, settled } = await start();
    await time.pass(301_000);
    const first = processes[0]?.request('s0') ?? Promise.reject();
    while (server.peek('lock:s0') === undefined) await time.pass(1);
    time.stall(12_000);
    const second = processes[1]?.request('s0') ?? Promise.reject();
    expect(await settled(Promise.all([first, second]))).not.toContain('ended');
    expect(family()).toMatchObject({ calls: 1, reuses: 0 });
  });
});

describe('before the tokens end', () => {
  test('requests continue with the old tokens while one process fetches new ones', async () => {
    const { time, processes, ask, family } = await start();
    await time.pass(280_000);
    for (const process of [...processes, ...processes]) expect(await ask(process)).toBe('allowed');
    await time.pass(1_000);
    expect(family()).toMatchObject({ calls: 1, current: 1 });
    await time.pass(30_000);
    for (const process of processes) expect(await ask(process)).toBe('allowed');
    expect(family().calls).toBe(1);
  });

  test('sessions of the same age are renewed at different times', async () => {
    const idOf = (index: number) => hash('sha256', String(index), 'base64url').slice(0, 22);
    const { time, processes, ids, issuer, settled } = await start(1, { sessions: 30, idOf });
    await time.pass(235_000);
    for (let second = 235; second < 276; second++) {
      await time.pass(900);
      await settled(Promise.all(ids.map((id) => processes[0]?.request(id))));
    }
    const times = ids.map((id) => issuer.families.get(id)?.accepted[1] ?? 0);
    expect(Math.min(...times)).toBeGreaterThan(239_000);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(20_000);
    expect(new Set(times.map((at) => Math.round(at / 1_000))).size).toBeGreaterThan(12);
  });

  test('an issuer that does not answer changes nothing', async () => {
    const { time, issuer, processes, ask, stored } = await start();
    issuer.isDown = true;
    await time.pass(280_000);
    expect(await ask(processes[0])).toBe('allowed');
    await time.pass(10_000);
    expect(await ask(processes[1])).toBe('allowed');
    expect(stored()).toBe('s0.0');
  });
});

describe('an error is never the end of a session:', () => {
  test('the issuer does not answer', async () => {
    const { time, issuer, processes, ask, stored } = await start();
    issuer.isDown = true;
    await time.pass(301_000);
    for (const process of processes) expect(await ask(process)).toBe('unavailable');
    expect(stored()).toBe('s0.0');
    issuer.isDown = false;
    await time.pass(11_000);
    for (const process of processes) expect(await ask(process)).toBe('allowed');
  });

  test('LG-29: the answer cannot be verified; the session continues with its refresh token', async () => {
    const { time, issuer, processes, ask, stored, family } = await start();
    await time.pass(301_000);
    issuer.unverified = 2;
    for (const process of processes) expect(await ask(process)).toBe('unavailable');
    expect(stored()).toBe('s0.2');
    await time.pass(11_000);
    for (const process of processes) expect(await ask(process)).toBe('allowed');
    expect(family()).toMatchObject({ current: 3, reuses: 0 });
  });

  test('the issuer refuses a person: the sessions of all others are renewed', async () => {
    const { time, issuer, processes, ask, ids } = await start(1, { sessions: 80 });
    const [refused, others] = [ids.slice(0, 70), ids.slice(70)];
    for (const id of refused) issuer.refused.add(id);
    await time.pass(301_000);
    for (const id of refused.slice(0, 60)) expect(await ask(processes[0], id)).toBe('unavailable');
    for (const id of refused) void processes[0]?.request(id);
    const answers = others.map((id) => processes[0]?.request(id));
    await time.pass(1_000);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['allowed']));
    issuer.refused.clear();
    await time.pass(11_000);
    for (const id of refused) expect(await ask(processes[0], id)).toBe('allowed');
  });

  test('the store does not answer, so the issuer is not asked', async () => {
    const { time, server, processes, ask, family } = await start();
    await time.pass(301_000);
    server.fail(3_000);
    for (const process of processes) expect(await ask(process)).toBe('unavailable');
    expect(family().calls).toBe(0);
    expect(processes[0]?.events).toEqual(['store_unavailable']);
    await time.pass(5_000);
    for (const process of processes) expect(await ask(process)).toBe('allowed');
    expect(family().calls).toBe(1);
  });

  test('the store does not answer while the tokens live', async () => {
    const { time, server, processes, ask } = await start();
    await time.pass(280_000);
    server.fail(3_000);
    for (const process of processes) expect(await ask(process)).toBe('allowed');
  });
});

describe('the issuer rejects the refresh token', () => {
  test('the session ends in every process, and is counted once', async () => {
    const { time, processes, settled, family, server } = await start();
    family().isEnded = true;
    await time.pass(301_000);
    const answers = processes.flatMap((process) => Array.from({ length: 20 }, () => process.request('s0')));
    expect(new Set(await settled(Promise.all(answers)))).toEqual(new Set(['ended']));
    expect(family().calls).toBe(1);
    expect(server.peek(recordOf('s0'))).toBeUndefined();
    const events = processes.flatMap((process) => process.events);
    expect([count(events, 'rejected'), count(events, 'refresh_rejected')]).toEqual([1, 1]);
  });

  test('a session with tokens that live is checked again after sessions.recheck', async () => {
    const { time, processes, ask, family, state } = await start();
    const long = {
      ...JSON.parse((await stateText(time, state)) ?? ''),
      tokensEndAt: time.now() / 1_000 + 36_000,
    };
    void state.set(recordOf('s0'), JSON.stringify(long), 3_600_000);
    await time.pass(301_000);
    for (const process of processes) await ask(process);
    family().isEnded = true;
    await time.pass(recheck);
    for (const process of processes) expect(await ask(process)).toBe('ended');
  });

  test('another process had used it, because a lock was lost: its tokens count', async () => {
    const { time, issuer, processes, ask, state, family } = await start();
    await time.pass(301_000);
    // The other process has used the token, and writes while this one asks.
    issuer.onAsked = () => {
      issuer.onAsked = () => {};
      family().current = 7;
      const text = { ...issuer.begin('other'), id: 's0', refreshToken: 's0.7' };
      void state.set(recordOf('s0'), JSON.stringify(text), 3_600_000);
    };
    expect(await ask(processes[0])).toBe('allowed');
    expect(processes[0]?.events).toEqual(['elsewhere']);
  });
});

describe('new tokens that the store does not take', () => {
  test('serve this process, and the others when the store is back', async () => {
    const { time, server, issuer, processes, ask, family, stored, settled } = await start();
    await time.pass(301_000);
    issuer.onAccepted = () => {
      issuer.onAccepted = () => {};
      server.fail(8_000);
    };
    const first = processes[0]?.request('s0') ?? Promise.reject();
    const other = processes[1]?.request('s0') ?? Promise.reject();
    expect(await settled(first)).toBe('allowed');
    expect(await settled(other)).not.toBe('ended');
    expect(await ask(processes[0])).toBe('allowed');
    expect(stored()).toBe('s0.0');
    await time.pass(10_000);
    expect(stored()).toBe('s0.1');
    expect(await ask(processes[1])).toBe('allowed');
    expect(family()).toMatchObject({ calls: 1, reuses: 0 });
  });

  test('are written within 2 s after the store is back', async () => {
    const { time, server, issuer, processes, ask, stored } = await start(1);
    await time.pass(301_000);
    issuer.onAccepted = () => server.fail(60_000);
    expect(await ask(processes[0])).toBe('allowed');
    await time.pass(60_000);
    expect(stored()).toBe('s0.0');
    await time.pass(2_000);
    expect(stored()).toBe('s0.1');
  });

  test('keep their lock while the store is full for longer than a lock lives', async () => {
    const { time, server, issuer, processes, ids, family, stored } = await start(2, { sessions: 20 });
    await time.pass(301_000);
    issuer.onAccepted = () => server.fill(1_100);
    const ask = (process: ModelProcess | undefined) => ids.map((id) => process?.request(id));
    void ask(processes[0]);
    await time.pass(1_000);
    issuer.onAccepted = () => {};
    expect(ids.map((id) => family(id).calls)).toEqual(ids.map(() => 1));
    for (let passed = 0; passed < 60_000; passed += 250) {
      server.fill(260);
      await time.pass(250);
      for (const process of processes) void ask(process);
    }
    expect(stored()).toBe('s0.0');
    for (let passed = 0; passed < 10_000; passed += 250) {
      for (const process of processes) void ask(process);
      await time.pass(250);
    }
    expect(ids.filter((id) => family(id).calls !== 1 || family(id).reuses > 0)).toEqual([]);
    expect(ids.map(stored)).toEqual(ids.map((id) => `${id}.1`));
    expect(new Set(await Promise.all(ask(processes[1])))).toEqual(new Set(['allowed']));
  });

  test('are written again if a fail-over lost them, also the lock that was released', async () => {
    const { time, server, processes, ask, stored, family } = await start();
    await time.pass(301_000);
    const first = processes[0]?.request('s0');
    for (let step = 0; stored() === 's0.0' && step < 100; step++) await time.pass(5);
    await time.pass(20);
    expect(await first).toBe('allowed');
    server.fail(1_000, 100);
    expect(stored()).toBe('s0.0');
    expect(server.peek('lock:s0')).toBeDefined();
    await time.pass(2_500);
    expect(stored()).toBe('s0.1');
    expect(await ask(processes[1])).toBe('allowed');
    expect(family()).toMatchObject({ calls: 1, reuses: 0 });
  });
});

describe('a sign-out', () => {
  test('during a renewal ends the session, and the new refresh token is revoked', async () => {
    const { time, issuer, processes, settled, family, server } = await start();
    await time.pass(301_000);
    issuer.onAccepted = () => void processes[1]?.signOut('s0');
    const answer = processes[0]?.request('s0') ?? Promise.reject();
    expect(await settled(answer)).toBe('ended');
    expect(server.peek(recordOf('s0'))).toBeUndefined();
    expect(family()).toMatchObject({ isEnded: true, reuses: 0 });
    expect(processes[0]?.events).toEqual(['success']);
  });

  test('revokes the newest refresh token, also if another process got it', async () => {
    const { time, processes, ask, family } = await start();
    await time.pass(301_000);
    expect(await ask(processes[0])).toBe('allowed');
    void processes[1]?.signOut('s0');
    await time.pass(100);
    expect(family().isEnded).toBe(true);
  });

  test('revokes the newest token that this process knows while the store is away', async () => {
    const { time, server, issuer, processes, ask, family } = await start();
    await time.pass(301_000);
    issuer.onAccepted = () => server.fail(60_000);
    expect(await ask(processes[0])).toBe('allowed');
    void processes[0]?.signOut('s0');
    await time.pass(100);
    expect(family().isEnded).toBe(true);
  });
});

test('after an interruption, a process waits before it uses a refresh token: others may write theirs', async () => {
  const { time, server, processes, ask, family } = await start(1);
  await time.pass(301_000);
  server.fail(1_000);
  expect(await ask(processes[0])).toBe('unavailable');
  await time.pass(1_600);
  const waiting = processes[0]?.request('s0');
  await time.pass(1_000);
  expect(family().calls).toBe(0);
  await time.pass(2_000);
  expect(await waiting).toBe('allowed');
  expect(family().calls).toBe(1);
});

test('a process that drains finishes its renewals and writes their tokens', async () => {
  const { time, processes, ask, stored, family } = await start(1);
  await time.pass(290_000);
  expect(await ask(processes[0])).toBe('allowed');
  let isDrained = false;
  void processes[0]?.renewals.drain().then(() => {
    isDrained = true;
  });
  await time.pass(10);
  expect(isDrained).toBe(false);
  await time.pass(1_000);
  expect(isDrained).toBe(true);
  expect(stored()).toBe('s0.1');
  await time.pass(280_000);
  expect(await ask(processes[0])).toBe('allowed');
  expect(family().calls).toBe(1);
});

async function stateText(
  time: ReturnType<typeof createVirtualTime>,
  state: { readonly get: (name: string) => Promise<string | undefined> },
): Promise<string | undefined> {
  const text = state.get(recordOf('s0'));
  await time.pass(100);
  return text;
}
