/** Thousands of checks over gRPC through a real Envoy, whose clients cancel half of their requests at random moments. */
import { readFileSync } from 'node:fs';
import http2, { type ClientHttp2Session } from 'node:http2';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { findEnvoy } from '../../tools/envoy.ts';
import { startApp, until } from '../support/app.ts';
import { startGateway } from '../support/hostile-mesh.ts';
import { describeWith } from '../support/real-servers.ts';

const clients = 20;
const rounds = 20;
const perRound = 10;

/** The request of a client. */
interface Plan {
  readonly token: 'good' | 'new' | 'none';
  /** The moment of the cancellation, in turns of the event loop; undefined if it waits for the response. */
  readonly cancel: number | undefined;
}

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  token: fc.constantFrom('good', 'new', 'none'),
  cancel: fc.option(fc.nat(12), { nil: undefined, freq: 2 }),
});

const statusOf = { good: 200, new: 200, none: 401 } as const;

const frameLimits = parse(
  readFileSync(fileURLToPath(new URL('../../deploy/envoy/grpc.yaml', import.meta.url)), 'utf8'),
).static_resources.clusters[1].typed_extension_protocol_options;

/** Makes a request. Resolves with its status; undefined if it was canceled. */
async function ask(
  session: ClientHttp2Session,
  token: string | undefined,
  cancel: number | undefined,
): Promise<number | undefined> {
  const stream = session.request({
    ':path': '/x',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  });
  let status: number | undefined;
  stream.on('response', (headers) => {
    status = headers[':status'];
  });
  stream.on('error', () => {});
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.resume();
  if (cancel !== undefined) {
    for (let turn = 0; turn < cancel; turn++) await new Promise((resolve) => setImmediate(resolve));
    stream.close(http2.constants.NGHTTP2_CANCEL);
  }
  await closed;
  return cancel === undefined ? status : undefined;
}

describeWith('a real Envoy', await findEnvoy(), (path) => {
  test('4,000 requests, of which half are canceled at any moment: every other one gets its own answer', async () => {
    const { grpcPort, adminPort, issuer } = await startApp({ flags: ['--log-checks=none'] });
    const gateway = await startGateway(path, {
      transport: 'grpc',
      authorizers: [grpcPort],
      failOpen: true,
      timeout: 10,
      protocolOptions: frameLimits,
    });
    const sessions = Array.from({ length: clients }, () => {
      const session = http2.connect(`http://127.0.0.1:${gateway.port}`);
      session.on('error', () => {});
      return session;
    });
    onTestFinished(async () => {
      for (const session of sessions) session.destroy();
      await gateway.stop();
    });
    const good = await issuer.mint();
    const plans = fc.sample(anyPlan, { numRuns: clients * rounds * perRound, seed: 20261127 });
    const fresh = await Promise.all(
      plans.map(({ token }) => (token === 'new' ? issuer.mint() : token === 'good' ? good : undefined)),
    );
    const wrong: unknown[] = [];
    let cancelled = 0;
    for (let round = 0; round < rounds; round++)
      await Promise.all(
        sessions.flatMap((session, client) =>
          Array.from({ length: perRound }, async (_, index) => {
            const place = (round * clients + client) * perRound + index;
            const plan = plans[place] ?? { token: 'none', cancel: undefined };
            const status = await ask(session, fresh[place], plan.cancel);
            if (plan.cancel !== undefined) cancelled++;
            else if (status !== statusOf[plan.token]) wrong.push({ ...plan, status });
          }),
        ),
      );
    expect(wrong).toEqual([]);
    expect(cancelled).toBeGreaterThan(1_500);
    expect(await gateway.failures()).toEqual({
      error: 0,
      failure_mode_allowed: 0,
      timeout: 0,
      'lost connections': 0,
    });
    await until(async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      return metrics.includes('oidc_authz_checks_in_flight{transport="grpc"} 0');
    });
  });
});
