/** Clients that cancel 1,000 requests at once, through a real Envoy with the raised frame limits of `deploy/`. */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { findEnvoy } from '../../tools/envoy.ts';
import { startApp } from '../support/app.ts';
import { startGateway } from '../support/hostile-mesh.ts';
import { exchange, request } from '../support/http1.ts';
import { flag, frame, frameType, uint32 } from '../support/http2.ts';
import { describeWith } from '../support/real-servers.ts';

const text = (index: number, value: string) =>
  Buffer.concat([Buffer.from([index, value.length]), Buffer.from(value)]);
/** `GET /x` over h2c (RFC 7541): two indexed fields, the path, and the authority. */
const head = Buffer.concat([Buffer.from([0x82, 0x86]), text(4, '/x'), text(1, 'a.example')]);
const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(frameType.settings, 0, 0),
  frame(frameType.settings, flag.ack, 0),
]);
const cancel = 8;

/** The bytes of one connection: many requests, each canceled immediately or by closing the connection. */
function burst(requests: number, isReset: boolean): Buffer {
  const frames = Array.from({ length: requests }, (_, index) => {
    const stream = 2 * index + 1;
    const begun = frame(frameType.headers, flag.endStream | flag.endHeaders, stream, head);
    return isReset ? Buffer.concat([begun, frame(frameType.rstStream, 0, stream, uint32(cancel))]) : begun;
  });
  return Buffer.concat([preface, ...frames]);
}

function connect(port: number): Promise<net.Socket> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => resolve(socket));
    socket.resume();
  });
}

const read = (path: string) =>
  parse(readFileSync(fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url)), 'utf8'));
const ofEnvoy = read('envoy/grpc.yaml').static_resources.clusters[1].typed_extension_protocol_options;
const [ofSidecars, ofGateways] = read('istio/grpc-frames.yaml').spec.configPatches.map(
  ({ patch }: { patch: { value: Record<string, object> } }) => patch.value.typed_extension_protocol_options,
);

const rounds = 3;
const kinds = [
  ['reset one by one, in a sidecar', 5, burst(240, true), ofSidecars],
  ['closed with their connections, at a gateway', 15, burst(100, false), ofGateways],
  ['reset one by one, without a mesh', 5, burst(240, true), ofEnvoy],
] as const;

describeWith('a real Envoy', await findEnvoy(), (path) => {
  test.each(kinds)(
    '1,200 or more canceled requests, %s, do not affect the checks of other clients',
    async (_, connections, bytes, protocolOptions) => {
      const { grpcPort, issuer } = await startApp();
      const gateway = await startGateway(path, {
        transport: 'grpc',
        authorizers: [grpcPort],
        failOpen: true,
        timeout: 10,
        protocolOptions,
      });
      onTestFinished(() => gateway.stop());
      const good = `authorization: Bearer ${await issuer.mint()}`;
      const ask = async (lines: string[]) =>
        (await exchange(gateway.port, request('GET', '/x', lines)))?.status;

      expect(await ask([good])).toBe(200);
      for (let round = 0; round < rounds; round++) {
        const sockets = await Promise.all(Array.from({ length: connections }, () => connect(gateway.port)));
        for (const socket of sockets) socket.write(bytes);
        const asked = Promise.all([ask([good]), ask([]), ask([good]), ask([])]);
        for (const socket of sockets) socket.resetAndDestroy();
        expect(await asked).toEqual([200, 401, 200, 401]);
      }
      const stats = await (await fetch(`http://127.0.0.1:${gateway.adminPort}/stats`)).text();
      const [, cancelled = 0] = /outbound\|authorizer\.http2\.tx_reset: (\d+)/.exec(stats) ?? [];
      const [, ended = 0] =
        /outbound\|authorizer\.upstream_cx_destroy_local_with_active_rq: (\d+)/.exec(stats) ?? [];
      expect(await gateway.failures()).toEqual({
        error: 0,
        failure_mode_allowed: 0,
        timeout: 0,
        'lost connections': 0,
      });
      expect([Number(cancelled) > 1_000, Number(ended)]).toEqual([true, 0]);
    },
  );
});
