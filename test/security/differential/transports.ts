/** Sends tokens to the whole service over HTTP and gRPC. */
import { Agent, request } from 'node:http';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import { runApp, until } from '../../support/app.ts';
import { connectGrpc } from '../../support/grpc-client.ts';
import type { World } from './world.ts';

/** A running service. */
export interface Transports {
  /** Returns the reason in the gRPC answer. */
  readonly grpc: (token: string) => Promise<string>;
  /** Returns the HTTP status. */
  readonly http: (token: string) => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** Starts a service with the world's issuers and clock. */
export async function startTransports({ configuration, main, clock, origins }: World): Promise<Transports> {
  // The service uses the world's time, but its shutdown must use real time.
  const shown = { ...systemClock, now: clock.now };
  const app = await runApp({ file: configuration, issuer: main, clock: shown, untilReady: false });
  const client = connectGrpc(app.grpcPort);
  const agent = new Agent({ keepAlive: true });
  const grpc = async (token: string) => {
    const headers = [{ key: 'authorization', rawValue: Buffer.from(`Bearer ${token}`, 'latin1') }];
    const answer = await client.check({ method: 'GET', path: '/', headerMap: { headers } });
    return String(answer.dynamicMetadata?.fields?.reason?.stringValue);
  };
  await until(() => app.records.filter(({ state }) => state === 'ready').length >= origins().length);
  return {
    grpc,
    http: (token) =>
      new Promise((resolve, reject) => {
        const options = {
          host: '127.0.0.1',
          port: app.httpPort,
          agent,
          headers: { authorization: `Bearer ${token}` },
        };
        request(options, (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        })
          .on('error', reject)
          .end();
      }),
    stop: async () => {
      agent.destroy();
      client.close();
      await app.stop();
    },
  };
}
