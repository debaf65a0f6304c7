/** `npm run bench:faults`: the effect of hostile HTTP/2 peers on a bare grpc-js server and on this service. */
import { audience, startFakeIssuer } from '../test/support/fake-issuer.ts';
import {
  callHeaders,
  connectRaw,
  flag,
  frame,
  frameType,
  grpcMessage,
  type RawHttp2,
  uint32,
} from '../test/support/http2.ts';
import { residentMegabytes } from './measure.ts';
import { type Server, startServer, startService } from './servers.ts';

/** The frames of an attack, and their rate. */
interface Attack {
  readonly name: string;
  readonly perSecond: number;
  readonly connections: number;
  readonly next: (state: { stream: number }) => Buffer;
}

const headers = callHeaders();
const nextStream = (state: { stream: number }): number => {
  state.stream += 2;
  return state.stream;
};
const open = (state: { stream: number }) =>
  frame(frameType.headers, flag.endHeaders, nextStream(state), headers);
const half = Buffer.alloc(3_000);
half.writeUInt32BE(200_000, 1);

const attacks: readonly Attack[] = [
  {
    name: 'checks canceled after their last byte',
    perSecond: 400,
    connections: 1,
    next: (state) => {
      const stream = nextStream(state);
      const whole = frame(frameType.data, flag.endStream, stream, grpcMessage(Buffer.alloc(0)));
      return Buffer.concat([
        frame(frameType.headers, flag.endHeaders, stream, headers),
        whole,
        frame(frameType.rstStream, 0, stream, uint32(8)),
      ]);
    },
  },
  {
    name: 'rapid resets',
    perSecond: 5_000,
    connections: 1,
    next: (state) => Buffer.concat([open(state), frame(frameType.rstStream, 0, state.stream, uint32(8))]),
  },
  { name: 'unfinished streams', perSecond: 100, connections: 10, next: open },
  {
    name: 'unfinished streams, half a message each',
    perSecond: 100,
    connections: 10,
    next: (state) => Buffer.concat([open(state), frame(frameType.data, 0, state.stream, half)]),
  },
  {
    name: 'PING',
    perSecond: 5_000,
    connections: 1,
    next: () => frame(frameType.ping, 0, 0, Buffer.alloc(8)),
  },
  { name: 'SETTINGS', perSecond: 5_000, connections: 1, next: () => frame(frameType.settings, 0, 0) },
  {
    name: 'CONTINUATION',
    perSecond: 5_000,
    connections: 1,
    next: (state) => {
      state.stream++;
      if (state.stream === 0) return frame(frameType.headers, 0, 1, headers);
      return frame(frameType.continuation, 0, 1, Buffer.from([0, 1, 0x61, 1, 0x62]));
    },
  },
];

/** The longest duration of an attack, in milliseconds. */
const patience = 6_000;

async function attack(server: Server, { perSecond, connections, next }: Attack): Promise<string> {
  const before = residentMegabytes(server.pid);
  const started = performance.now();
  const closed: number[] = [];
  const attackers = await Promise.all(Array.from({ length: connections }, () => connectRaw(server.port)));
  const states = attackers.map(() => ({ stream: -1 }));
  for (const { socket } of attackers) socket.once('close', () => closed.push(performance.now() - started));
  let [sent, peak] = [0, before];
  while (closed.length < connections && performance.now() - started < patience) {
    const due = Math.floor(((performance.now() - started) / 1000) * perSecond);
    for (; sent < due; sent++) for (const [index, one] of attackers.entries()) send(one, next, states[index]);
    peak = Math.max(peak, residentMegabytes(server.pid));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const one of attackers) one.close();
  const end =
    closed.length === connections
      ? `closed after ${(Math.max(...closed) / 1000).toFixed(2)} s`
      : `${connections - closed.length} still open`;
  return `${end}, ${before.toFixed(0)} to ${peak.toFixed(0)} MB`;
}

function send(attacker: RawHttp2, next: Attack['next'], state: { stream: number } | undefined): void {
  attacker.frames.length = 0;
  if (!attacker.isClosed() && state !== undefined) attacker.write(next(state));
}

const issuer = await startFakeIssuer();
const flags = ['--issuer', issuer.url, '--audience', audience, '--log-checks', 'none'];
const kinds: [name: string, start: () => Promise<Server>][] = [
  ['bare grpc-js', () => startServer('servers/grpc.ts', ['grpc-js'])],
  ['oidc-authz', () => startService(flags, { listener: 'grpc' })],
];
process.stdout.write(
  `Node ${process.versions.node}, nghttp2 ${process.versions.nghttp2}; each attack uses a new server\n\n`,
);
process.stdout.write(
  `| attack | a second | connections | ${kinds.map(([name]) => name).join(' | ')} |\n| --- | --- | --- | --- | --- |\n`,
);
for (const one of attacks) {
  const results: string[] = [];
  for (const [, start] of kinds) {
    const server = await start();
    results.push(await attack(server, one));
    await server.stop();
  }
  process.stdout.write(`| ${one.name} | ${one.perSecond} | ${one.connections} | ${results.join(' | ')} |\n`);
}
await issuer.close();
process.exit();
