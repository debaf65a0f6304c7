/** A real Envoy that sends request bodies with its checks. Their size never changes the decision. */
import http from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { istioSidecar, type MeshOptions, type RequestBody } from '../../tools/istio.ts';
import { startWorkload, type Workload } from '../../tools/workload.ts';
import { type RunningApp, startApp } from '../support/app.ts';
import { describeWith } from '../support/real-servers.ts';

interface Mesh {
  readonly envoy: RunningEnvoy;
  readonly service: RunningApp;
  readonly workload: Workload;
  /** Posts a body. Returns the status for the client. */
  readonly post: (body: Buffer, headers?: http.OutgoingHttpHeaders) => Promise<number>;
  readonly bearer: () => Promise<{ authorization: string }>;
  /** The counters of Envoy's filter. */
  readonly counts: () => Promise<{ allowedByFailure: number; errors: number }>;
}

const mebibyte = 1024 * 1024;
const partial = { maxBytes: mebibyte, allowPartial: true, asBytes: true } as const satisfies RequestBody;

describeWith('a real Envoy that sends bodies', await findEnvoy(), (path) => {
  async function mesh(
    requestBody: RequestBody,
    failOpen: boolean,
    { flags, transport = 'grpc' }: { flags?: readonly string[]; transport?: MeshOptions['transport'] } = {},
  ): Promise<Mesh> {
    const service = await startApp({ flags: ['--log-checks=none', ...(flags ?? [])] });
    const workload = await startWorkload();
    const authorizers = [transport === 'grpc' ? service.grpcPort : service.httpPort];
    // Long timeouts, because the machine may be busy.
    const options = { transport, authorizers, workload: workload.port, failOpen, requestBody, timeout: 20 };
    const envoy = await startEnvoy(path, (ports) => istioSidecar(options, ports));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1_000 });
    onTestFinished(async () => {
      agent.destroy();
      await envoy.stop();
      await workload.close();
    });
    return {
      envoy,
      service,
      workload,
      post: (body, headers = {}) => post(envoy.port, agent, body, headers),
      bearer: async () => ({ authorization: `Bearer ${await service.issuer.mint()}` }),
      counts: async () => {
        const stats = await (
          await fetch(`http://127.0.0.1:${envoy.adminPort}/stats?filter=ext_authz`)
        ).text();
        const sum = (name: string) =>
          [...stats.matchAll(new RegExp(`ext_authz[^\\n]*${name}: (\\d+)`, 'g'))].reduce(
            (total, [, count]) => total + Number(count),
            0,
          );
        return { allowedByFailure: sum('failure_mode_allowed'), errors: sum('\\.error') };
      },
    };
  }

  // Sizes around every limit: a frame, the stored message, the body that Envoy sends, and the skipped bytes.
  const sizes = [
    0,
    1,
    16_384,
    65_535,
    65_536,
    255 * 1024,
    261_500,
    262_144,
    263_000,
    400_000,
    mebibyte - 1,
    mebibyte,
    mebibyte + 1,
    3 * mebibyte,
  ];

  describe.each([true, false])('with failure_mode_allow: %s', (failOpen) => {
    test.each([true, false])('and pack_as_bytes: %s, the size of a body has no effect', async (asBytes) => {
      const { post: send, bearer, workload, counts } = await mesh({ ...partial, asBytes }, failOpen);
      const good = await bearer();
      for (const size of sizes) {
        // Bytes that are not UTF-8 and look like protobuf fields.
        const body = Buffer.alloc(size, Buffer.from([0x12, 0xff, 0x7a, 0x00, 0xfe, 0x1a]));
        expect([size, await send(body)]).toEqual([size, 401]);
        expect([size, await send(body, { authorization: 'Bearer x' })]).toEqual([size, 401]);
        const before = workload.requests();
        expect([size, await send(body, good)]).toEqual([size, 200]);
        expect(workload.requests()).toBe(before + 1);
      }
      expect(await counts()).toEqual({ allowedByFailure: 0, errors: 0 });
      expect(workload.requests()).toBe(sizes.length);
    });

    test('a body beyond limits.maxGrpcBodySize is denied with 413, with any token', async () => {
      const {
        post: send,
        bearer,
        workload,
        counts,
      } = await mesh({ ...partial, maxBytes: 16 * mebibyte }, failOpen);
      const good = await bearer();
      expect(await send(Buffer.alloc(4 * mebibyte, 'b'), good)).toBe(200);
      const reached = workload.requests();
      for (const size of [4 * mebibyte + 1, 4.3 * mebibyte, 6 * mebibyte, 12 * mebibyte]) {
        const body = Buffer.alloc(Math.floor(size), 'b');
        expect([size, await send(body, good)]).toEqual([size, 413]);
        expect([size, await send(body)]).toEqual([size, 413]);
      }
      expect(workload.requests()).toBe(reached);
      expect(await send(Buffer.alloc(10), good)).toBe(200);
      expect(await counts()).toEqual({ allowedByFailure: 0, errors: 0 });
    });

    test('headers beyond limits.maxGrpcMessageSize are denied with 413, with any token', async () => {
      const {
        post: send,
        bearer,
        workload,
        counts,
      } = await mesh(partial, failOpen, {
        flags: ['--limits-max-grpc-message-size=16Ki'],
      });
      const good = await bearer();
      const cookie = 'c'.repeat(40_000);
      expect(await send(Buffer.alloc(10), { ...good, cookie })).toBe(413);
      expect(await send(Buffer.alloc(100_000), { cookie })).toBe(413);
      expect(workload.requests()).toBe(0);
      expect(await send(Buffer.alloc(100_000), { ...good, cookie: 'c'.repeat(4_000) })).toBe(200);
      expect(await counts()).toEqual({ allowedByFailure: 0, errors: 0 });
    });

    test('250 bodies of 239 KiB at once, with forged tokens, are all denied', async () => {
      const { post: send, bearer, workload, counts } = await mesh(partial, failOpen);
      const good = await bearer();
      const body = Buffer.alloc(239 * 1024, 'b');
      for (let round = 0; round < 3; round++) {
        const forged = { authorization: `Bearer ${good.authorization.slice(7, -20)}${'A'.repeat(20)}` };
        const statuses = await Promise.all(Array.from({ length: 250 }, () => send(body, forged)));
        expect(statuses.filter((status) => status !== 401)).toEqual([]);
      }
      expect(workload.requests()).toBe(0);
      expect(await send(body, good)).toBe(200);
      expect(await counts()).toEqual({ allowedByFailure: 0, errors: 0 });
    });

    test('1,000 requests at the start, before any connection exists, all get a response', async () => {
      const { post: send, bearer, workload, counts } = await mesh(partial, failOpen);
      const good = await bearer();
      const some = Buffer.alloc(2_000, 'b');
      const statuses = await Promise.all(
        Array.from({ length: 1_000 }, (_, index) => send(some, index % 2 === 0 ? good : {})),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(500);
      expect(statuses.filter((status) => status === 401)).toHaveLength(500);
      expect(workload.requests()).toBe(500);
      expect(await counts()).toEqual({ allowedByFailure: 0, errors: 0 });
    });
  });
});

/** Sends a request with a body, and reads its response even if it arrives before the body was sent. */
function post(
  port: number,
  agent: http.Agent,
  body: Buffer,
  headers: http.OutgoingHttpHeaders,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      agent,
      host: '127.0.0.1',
      path: '/orders',
      method: 'POST',
      headers: { ...headers, 'content-length': body.length },
    };
    let status: number | undefined;
    const outgoing = http.request(options, (response) => {
      status = response.statusCode;
      response.resume();
      response.on('end', () => resolve(status ?? 0));
      response.on('error', () => resolve(status ?? 0));
    });
    outgoing.on('error', (error) => (status === undefined ? reject(error) : resolve(status)));
    outgoing.end(body);
  });
}
