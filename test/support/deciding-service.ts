/** Both check listeners with a decision of the test instead of a check. */
import type { CheckRequest } from '../../src/model/check-request.ts';
import type { Decision } from '../../src/model/decision.ts';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { createToResponse } from '../../src/transport/grpc/check/decision-response.ts';
import { createGrpcServer } from '../../src/transport/grpc/server.ts';
import { createToReply } from '../../src/transport/http/check/reply.ts';
import { createHttpServer } from '../../src/transport/http/server.ts';
import { listen } from '../../src/transport/shared/listen.ts';
import { configOf } from './app.ts';

/** The listeners. */
export interface DecidingService {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly stop: () => Promise<void>;
}

/** Starts the listeners on free ports. */
export async function startDecidingService(
  decide: (request: CheckRequest) => Decision,
): Promise<DecidingService> {
  const config = await configOf(`
issuers: [{issuer: "https://issuer.example.com", audiences: [a], name: main}]
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
`);
  const fail = (error: unknown) => {
    throw error;
  };
  const toReply = createToReply(config, systemClock);
  const toResponse = createToResponse({ ...config, forwarded: [] }, fail);
  const common = { clock: systemClock, onTlsReload: () => {}, onRejected: () => {}, listen };
  const http = createHttpServer({
    ...common,
    options: config.http,
    authorizer: () => ({ check: decide, toReply }),
    onDefect: fail,
  });
  const grpc = createGrpcServer({
    ...common,
    options: config.grpc,
    limits: { stored: config.limits.maxGrpcMessageSize, skipped: config.limits.maxGrpcBodySize },
    authorizer: () => ({
      check: decide,
      unchecked: { request_too_large: decide, overloaded: decide, internal_error: decide },
      toResponse,
      readsSessions: true,
    }),
    health: { isServing: () => true, onChange: () => () => {} },
  });
  const addresses = [await http.start(), await grpc.start()];
  return {
    httpPort: addresses[0]?.port ?? 0,
    grpcPort: addresses[1]?.port ?? 0,
    stop: async () => {
      await Promise.all([http.close(0), grpc.close(0)]);
    },
  };
}
