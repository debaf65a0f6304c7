/**
 * No client can make Envoy apply its failure mode. The authorizer shares a core with a busy process. The tests read Envoy's own
 * count of checks without an answer, and what the workload received.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findEnvoy } from '../../tools/envoy.ts';
import { type FakeIssuer, sendJson, startFakeIssuer } from '../support/fake-issuer.ts';
import {
  type ClientRequest,
  type Gateway,
  type StarvedService,
  sendThrough,
  startGateway,
  startStarvedService,
  storm,
} from '../support/hostile-mesh.ts';
import { createSigningKey } from '../support/keys.ts';
import { describeWith } from '../support/real-servers.ts';

/** About the largest headers that Envoy accepts, in at most 100 lines. */
const largeHeaders = Object.fromEntries(
  Array.from({ length: 56 }, (_, index) => [`x-large-${index}`, 'a'.repeat(1024)]),
);
const maxBodyBytes = 1024 * 1024;

const crowd = 250;
/** As many bodies of 1 MiB as a test machine can send quickly. */
const largeCrowd = 60;

const ways = (['http', 'grpc'] as const).flatMap((transport) =>
  [true, false].flatMap((failOpen) => [true, false].map((asBytes) => ({ transport, failOpen, asBytes }))),
);

describeWith('a client never chooses the failure mode', await findEnvoy(), (envoyPath) => {
  let issuer: FakeIssuer;
  let service: StarvedService;
  /** The authorization headers of an attacker, one per request. */
  let forgeries: Record<string, (index: number) => string | undefined>;
  let manyKids: string[];

  const publish = () => {
    issuer.jwks = (_, response) =>
      sendJson(response, { keys: issuer.keys.map(({ publicJwk }) => publicJwk) });
  };
  const bearer = async (...parts: Parameters<FakeIssuer['mint']>) => `Bearer ${await issuer.mint(...parts)}`;

  beforeAll(async () => {
    issuer = await startFakeIssuer();
    service = await startStarvedService(
      `issuers: [{issuer: "${issuer.url}", audiences: [orders-api]}]\nkeys: {minRefreshInterval: 100ms}`,
      1,
    );
    const stranger = await createSigningKey('k1');
    const [unknown, wrong] = [await bearer({ header: { kid: 'unknown' } }), await bearer({ key: stranger })];
    manyKids = await Promise.all(
      Array.from({ length: crowd }, (_, index) => bearer({ header: { kid: `unknown-${index}` } })),
    );
    forgeries = {
      'an unknown key ID': () => unknown,
      'a wrong signature': () => wrong,
      'no token': () => undefined,
    };
  });
  afterAll(async () => {
    await service.stop();
    await issuer.close();
  });

  describe.each(ways)(
    'over $transport, failOpen: $failOpen, packAsBytes: $asBytes',
    ({ transport, failOpen, asBytes }) => {
      let gateway: Gateway;

      beforeAll(async () => {
        gateway = await startGateway(envoyPath, {
          transport,
          failOpen,
          authorizers: [transport === 'http' ? service.httpPort : service.grpcPort],
          requestBody: { maxBytes: maxBodyBytes, asBytes, allowPartial: true },
          includeRequestHeadersInCheck: ['x-request-id', 'x-large-*'],
        });
        expect(await sendThrough(gateway.port, { headers: { authorization: await bearer() } })).toBe(200);
      });
      afterAll(() => gateway.stop());

      /** Attacks while another client sends valid tokens, cached and new ones. */
      async function attack(count: number, requestOf: (index: number) => ClientRequest): Promise<void> {
        const [cachedToken, cpu] = [await bearer(), service.cpu()];
        const [before, failures] = [gateway.workload.requests(), await gateway.failures()];
        const good: (number | undefined)[] = [];
        let isOver = false;
        const goodClient = async () => {
          for (let turn = 0; turn < 2 || !isOver; turn++) {
            const authorization = turn % 2 === 0 ? cachedToken : await bearer({ claims: { jti: `${turn}` } });
            good.push(await sendThrough(gateway.port, { headers: { authorization } }));
          }
        };
        const wellBehaved = goodClient();
        const statuses = await storm(gateway.port, count, requestOf);
        isOver = true;
        await wellBehaved;
        const { ran, waited } = service.cpu();
        // With much less than half a core, Envoy itself is too slow.
        const share = `the authorizer ran ${ran - cpu.ran} ms and waited ${waited - cpu.waited} ms for a core`;
        expect([await gateway.failures(), statuses[200]], share).toEqual([failures, undefined]);
        expect(
          good.filter((status) => status !== 200),
          share,
        ).toEqual([]);
        expect(gateway.workload.requests() - before).toBe(good.length);
      }
      const headersOf = (authorization: string | undefined, more: Record<string, string> = {}) => ({
        ...more,
        ...(authorization !== undefined && { authorization }),
      });

      test.each(['an unknown key ID', 'a wrong signature', 'no token'])(
        'by large headers and %s',
        async (kind) => {
          await attack(crowd, (index) => ({ headers: headersOf(forgeries[kind]?.(index), largeHeaders) }));
        },
      );

      test('by disconnecting', async () => {
        await attack(crowd, (index) => ({
          headers: headersOf(manyKids[index], largeHeaders),
          isCancelled: index % 2 === 0,
        }));
      });

      test.each([
        ['an unknown key ID', crowd, 239 * 1024],
        ['a wrong signature', largeCrowd, maxBodyBytes],
        ['no token', largeCrowd, maxBodyBytes + 100_000],
      ])('by large bodies and %s', async (kind, count, size) => {
        const body = Buffer.alloc(size, 'a');
        await attack(count, (index) => ({
          method: 'POST',
          body,
          headers: headersOf(forgeries[kind]?.(index)),
          isCancelled: index % 10 === 0,
        }));
      });

      test.each([
        ['one key ID', () => manyKids[0]],
        ['many key IDs', (index: number) => manyKids[index]],
      ])('by %s while the issuer hangs', async (_, authorizationOf) => {
        issuer.jwks = () => {};
        try {
          await attack(crowd, (index) => ({ headers: headersOf(authorizationOf(index)) }));
        } finally {
          publish();
        }
      });
    },
  );

  test('the count that these tests use rises without a response', async () => {
    const gateway = await startGateway(envoyPath, { transport: 'http', failOpen: true, authorizers: [1] });
    expect(await sendThrough(gateway.port, {})).toBe(200);
    const { failure_mode_allowed: allowed } = await gateway.failures();
    await gateway.stop();
    expect(allowed).toBeGreaterThan(0);
  });
});
