/** Authorizers that send what this service never sends, to see what Envoy makes of it. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { officialCheck } from './official-protos.ts';

/** A running authorizer. */
export interface StandIn {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** Starts one that answers over HTTP. */
export async function startHttpStandIn(answer: (response: http.ServerResponse) => void): Promise<StandIn> {
  const server = http.createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Starts one that answers over gRPC, with the bytes of a CheckResponse, or with a message that the official protos write. */
export async function startGrpcStandIn(response: () => object | Buffer): Promise<StandIn> {
  const server = new Server();
  const responseSerialize = (message: object) =>
    Buffer.isBuffer(message) ? message : officialCheck.responseSerialize(message);
  server.addService({ Check: { ...officialCheck, responseSerialize } }, {
    Check: (_: unknown, send: (error: null, message: object) => void) => send(null, response()),
  } as never);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, stop: async () => server.forceShutdown() };
}
