/** DPoP proofs that are used once in all processes (`dpop.store`). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConfirmProof } from '../../../src/check/binding/confirm-proof.ts';
import { createSharedProofs, type SharedProofs } from '../../../src/check/binding/shared-proofs.ts';
import { createReplayStore } from '../../../src/check/binding/used-proofs.ts';
import { StateError, type StateStore } from '../../../src/state/state-store.ts';
import { configOf } from '../../support/app.ts';
import { createTestClock, settled, type TestClock } from '../../support/clock.ts';
import { startCore } from '../../support/core.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts';
import { createSigningKey, type SigningKey } from '../../support/keys.ts';
import { makeProof, thumbprint } from '../../support/proofs.ts';
import { checkRequest } from '../../support/requests.ts';
import { createMemoryServer } from '../../support/state/memory-store.ts';

let issuer: FakeIssuer;
let client: SigningKey;
let token: string;

beforeAll(async () => {
  issuer = await startFakeIssuer();
  client = await createSigningKey('c', 'ES256');
  token = await issuer.mint({ claims: { cnf: { jkt: await thumbprint(client) } } });
});

afterAll(() => issuer.close());

/** A replica with a connection of its own, or with another store. */
async function replica(
  store: Pick<StateStore, 'get' | 'set'>,
  mode: 'off' | 'closed' | 'local',
  clock: TestClock,
) {
  const results: string[] = [];
  const replays = createReplayStore();
  const config = await configOf(`
issuers: [{issuer: "${issuer.url}", audiences: [${audience}], name: main, boundTokens: verify}]
dpop: {origins: ["https://orders.example.com"], store: ${mode}}
${mode === 'off' ? '' : 'state: {valkey: {urls: ["redis://127.0.0.1:1"]}}'}
`);
  const confirmProof =
    mode === 'off'
      ? undefined
      : createConfirmProof({
          config,
          shared: createSharedProofs(store, clock),
          clock,
          onShared: (result, problem) =>
            results.push(problem === undefined ? result : `${result}: ${problem}`),
        });
  const core = await startCore(config, clock, replays, [], undefined, confirmProof);
  const requestWith = (dpop: string) =>
    checkRequest({
      host: 'orders.example.com',
      path: '/orders/1',
      authorization: [`DPoP ${token}`],
      dpop: [dpop],
    });
  return {
    results,
    replays,
    decide: (proof: string) => core.check(requestWith(proof)),
    ask: async (proof: string) => (await core.check(requestWith(proof))).reason,
    explain: async (proof: string) => {
      const found: string[] = [];
      const decision = await core.check(requestWith(proof), ({ step, result, found: seen }) => {
        if (step === 'proof') found.push(`${result}: ${seen}`);
      });
      return { reason: decision.reason, found };
    },
  };
}

const proofOf = (clock: TestClock) =>
  makeProof(client, token, { claims: { iat: Math.floor(clock.now() / 1000) } });

describe('two replicas with a store', () => {
  test('accept a proof once, also if it arrives at both many times at once', async () => {
    const clock = createTestClock();
    const server = createMemoryServer(clock);
    const [a, b] = [
      await replica(server.connect(), 'closed', clock),
      await replica(server.connect(), 'closed', clock),
    ];
    for (const first of [a, b]) {
      const second = first === a ? b : a;
      const proof = await proofOf(clock);
      expect([await first.ask(proof), await second.ask(proof), await first.ask(proof)]).toEqual([
        'allowed',
        'proof_invalid',
        'proof_invalid',
      ]);
    }
    const proof = await proofOf(clock);
    const reasons = await Promise.all(Array.from({ length: 50 }, (_, at) => (at % 2 ? a : b).ask(proof)));
    expect(reasons.filter((reason) => reason === 'allowed')).toHaveLength(1);
    expect(reasons.filter((reason) => reason === 'proof_invalid')).toHaveLength(49);
  });

  test('ask the store only about a proof that this process has not seen and that is valid', async () => {
    const clock = createTestClock();
    const server = createMemoryServer(clock);
    const a = await replica(server.connect(), 'closed', clock);
    const proof = await proofOf(clock);
    for (const _ of [1, 2, 3]) await a.ask(proof);
    const stranger = await createSigningKey('s', 'ES256');
    expect(await a.ask(await makeProof(stranger, token))).toBe('proof_invalid');
    const [head, payload] = (await proofOf(clock)).split('.');
    expect(await a.ask(`${head}.${payload}.${proof.split('.')[2]}`)).toBe('proof_invalid');
    expect(server.operations.get('set')).toBe(1);
    expect(a.results).toEqual(['new']);
  });

  test('keep a proof until no replica accepts it, also with a clock that is 30 s behind', async () => {
    const clock = createTestClock();
    const server = createMemoryServer(clock);
    const a = await replica(server.connect(), 'closed', clock);
    const proof = await proofOf(clock);
    expect(await a.ask(proof)).toBe('allowed');
    await clock.advance(89_000);
    const behind = { ...clock, now: () => clock.now() - 30_000 };
    expect(await (await replica(server.connect(), 'closed', behind)).ask(proof)).toBe('proof_invalid');
    const [name = ''] = server.dump();
    expect(await server.connect().get(name)).toBe('1');
    await clock.advance(2_000);
    expect(await server.connect().get(name)).toBe(undefined);
    expect(await (await replica(server.connect(), 'closed', behind)).ask(proof)).toBe('proof_invalid');
  });

  test('have neither the issuer nor the key nor the jti in the store', async () => {
    const clock = createTestClock();
    const server = createMemoryServer(clock);
    const a = await replica(server.connect(), 'closed', clock);
    const proof = await makeProof(client, token, {
      claims: { jti: 'canary-jti', iat: Math.floor(clock.now() / 1000) },
    });
    expect(await a.ask(proof)).toBe('allowed');
    const dump = server.dump().join('\n');
    expect(dump).toMatch(/^dpop:[A-Za-z0-9_-]{43}\n1$/);
    for (const secret of ['canary-jti', issuer.url, await thumbprint(client)])
      expect(dump).not.toContain(secret);
  });

  test('accept the same jti of two keys and of two issuers', async () => {
    const clock = createTestClock();
    const shared = createSharedProofs(createMemoryServer(clock).connect(), clock);
    const proof = { issuer: 'a', keyThumbprint: 'k', id: 'i', issuedAt: 0 };
    const others = [
      proof,
      { ...proof, issuer: 'b' },
      { ...proof, keyThumbprint: 'l' },
      { ...proof, id: 'j' },
      { ...proof, issuedAt: 1_000 },
    ];
    const results: string[] = [];
    for (const one of others) results.push((await shared.use(one, 1_000, 9)).result);
    expect(results).toEqual(['new', 'new', 'new', 'new', 'used']);
  });
});

test('a trace stores nothing, and finds a proof that another replica has used', async () => {
  const clock = createTestClock();
  const server = createMemoryServer(clock);
  const [a, b] = [
    await replica(server.connect(), 'closed', clock),
    await replica(server.connect(), 'closed', clock),
  ];
  const proof = await proofOf(clock);
  for (const _ of [1, 2])
    expect(await b.explain(proof)).toEqual({
      reason: 'allowed',
      found: ['passed: valid, and not used before; the trace does not store it as used'],
    });
  expect([server.dump(), b.replays.size(), b.results]).toEqual([[], 0, []]);
  expect(await a.ask(proof)).toBe('allowed');
  expect((await b.explain(proof)).reason).toBe('proof_invalid');
  expect(b.replays.size()).toBe(0);
});

describe('while the store is away', () => {
  test('`closed` ends a check with `proofs_unavailable`, and the detail has the problem', async () => {
    const clock = createTestClock();
    const client = createMemoryServer(clock).connect();
    const a = await replica(client, 'closed', clock);
    client.fail('away');
    const decision = await a.decide(await proofOf(clock));
    expect([decision.outcome, decision.reason]).toEqual(['error', 'proofs_unavailable']);
    expect(decision.detail?.()).toMatchObject({
      text: 'the store of used proofs cannot be asked: the store is away (dpop.store)',
      option: 'dpop.store',
    });
    expect(a.results).toEqual(['unavailable: the store is away']);
    expect((await a.explain(await proofOf(clock))).reason).toBe('proofs_unavailable');
    client.fail(undefined);
    expect(await a.ask(await proofOf(clock))).toBe('allowed');
  });

  test('`local` accepts a proof once in each process', async () => {
    const clock = createTestClock();
    const server = createMemoryServer(clock);
    const clients = [server.connect(), server.connect()];
    for (const client of clients) client.fail('timeout');
    const replicas = await Promise.all(clients.map((client) => replica(client, 'local', clock)));
    const proof = await proofOf(clock);
    for (const one of replicas) {
      expect([await one.ask(proof), await one.ask(proof)]).toEqual(['allowed', 'proof_invalid']);
      expect(one.results).toEqual(['local: the store is timeout']);
    }
    for (const client of clients) client.fail(undefined);
    for (const one of replicas) expect(await one.ask(proof)).toBe('proof_invalid');
  });
});

test.each(['off', 'closed'] as const)(
  'with `%s`, a token without a proof costs no store call',
  async (mode) => {
    const clock = createTestClock();
    const server = createMemoryServer(clock);
    const a = await replica(server.connect(), mode, clock);
    if (mode === 'off') expect(await a.ask(await proofOf(clock))).toBe('allowed');
    expect(await a.ask('')).toBe('proof_invalid');
    expect([...server.operations]).toEqual([]);
  },
);

describe('a store that answers slowly, or never', () => {
  const proofs = (count: number, key = (at: number) => `k${at}`) =>
    Array.from({ length: count }, (_, at) => ({
      issuer: 'a',
      keyThumbprint: key(at),
      id: `${at}`,
      issuedAt: 0,
    }));
  /** A store whose answers the test gives. */
  function slowStore() {
    const waiting: PromiseWithResolvers<boolean>[] = [];
    const store = {
      get: async () => undefined,
      set: () => {
        const asked = Promise.withResolvers<boolean>();
        waiting.push(asked);
        return asked.promise;
      },
    };
    return { store, waiting };
  }
  const useAll = (shared: SharedProofs, count: number, key?: (at: number) => string) =>
    proofs(count, key).map((proof) => shared.use(proof, 1_000, 8).then(({ result }) => result));

  test('has at most the configured number of proofs that wait, and a quarter of one key', async () => {
    const { store, waiting } = slowStore();
    const shared = createSharedProofs(store, createTestClock());
    const ofOne = useAll(shared, 3, () => 'greedy');
    const others = useAll(shared, 8);
    await settled();
    expect(waiting).toHaveLength(8);
    for (const { resolve } of waiting) resolve(true);
    expect(await Promise.all(ofOne)).toEqual(['new', 'new', 'key']);
    expect(await Promise.all(others)).toEqual([...Array(6).fill('new'), 'full', 'full']);
    // Every place is free again.
    const again = useAll(shared, 8);
    for (const { resolve } of waiting) resolve(true);
    expect(await Promise.all(again)).toEqual(Array(8).fill('new'));
  });

  test('is asked again only every 250 ms after 5 failures in a row, and at once after a success', async () => {
    const clock = createTestClock();
    let [calls, isDown] = [0, true];
    const shared = createSharedProofs(
      {
        get: async () => undefined,
        set: async () => {
          calls++;
          if (isDown) throw new StateError('timeout', 'no answer within 500 ms');
          return true;
        },
      },
      clock,
    );
    const useOne = () => shared.use({ issuer: 'a', keyThumbprint: 'k', id: 'i', issuedAt: 0 }, 1_000, 8);
    for (let at = 0; at < 20; at++)
      expect(await useOne()).toEqual({ result: 'unavailable', problem: 'no answer within 500 ms' });
    expect(calls).toBe(6);
    await clock.advance(249);
    await useOne();
    expect(calls).toBe(6);
    await clock.advance(1);
    await useOne();
    expect(calls).toBe(7);
    isDown = false;
    expect((await useOne()).result).toBe('unavailable');
    await clock.advance(250);
    expect((await useOne()).result).toBe('new');
    expect((await useOne()).result).toBe('new');
  });

  test('ends the check at its deadline, and a later answer has no effect', async () => {
    const clock = createTestClock();
    const { store, waiting } = slowStore();
    const a = await replica(store, 'closed', clock);
    const ended = a.ask(await proofOf(clock));
    await settled();
    await clock.advance(1_500);
    expect(await ended).toBe('overloaded');
    waiting[0]?.resolve(true);
    await settled();
    expect(a.results).toEqual(['new']);
  });
});
