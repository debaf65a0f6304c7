/** Behavior above capacity, and for valid clients during an attack. */
import { runClosed } from '../load/closed.ts';
import { grpcRequest, httpRequest, type Protocol } from '../load/messages.ts';
import type { OpenResult } from '../load/open.ts';
import { runOpen } from '../load/start-open.ts';
import { startService, trusting } from '../servers.ts';
import { type Bench, type Group, one, type Table, verdict } from './group.ts';

const seconds = 5;

/** Three times the capacity, and a flood of forged tokens next to a valid client. */
export const overload: Group = {
  name: 'overload',
  title: 'Overload',
  run: async (bench) => ({ tables: [await aboveCapacity(bench), await duringFlood(bench)] }),
};

interface Kind {
  readonly name: string;
  readonly protocol: Protocol;
  readonly isNew: boolean;
}

const kinds: readonly Kind[] = [
  { name: 'HTTP, cached token', protocol: 'http', isNew: false },
  { name: 'HTTP, new tokens, RS256', protocol: 'http', isNew: true },
  { name: 'gRPC, cached token', protocol: 'grpc', isNew: false },
  { name: 'gRPC, new tokens, RS256', protocol: 'grpc', isNew: true },
];

async function aboveCapacity({ mint: { mint, issuer }, say }: Bench): Promise<Table> {
  const rows: string[][] = [];
  for (const { name, protocol, isNew } of kinds) {
    say(name);
    const server = await startService(trusting(issuer.url), { listener: protocol });
    const toRequest = protocol === 'http' ? httpRequest : grpcRequest;
    const warm = isNew ? mint(12_000) : mint(1);
    const measured = isNew ? mint(8_000) : warm;
    const places = protocol === 'http' ? { connections: 256, streams: 1 } : { connections: 8, streams: 32 };
    const load = { protocol, port: server.port, ...places, requests: measured.map(toRequest) };
    await runClosed({ ...load, requests: warm.map(toRequest), count: isNew ? warm.length : 20_000 });
    const started = performance.now();
    const count = isNew ? measured.length : 40_000;
    await runClosed({ ...load, count });
    const capacity = (count * 1000) / (performance.now() - started);
    const rate = Math.round(3 * capacity);
    const tokens = isNew ? mint(Math.ceil(capacity * 1.5 * seconds)) : warm;
    const result = await runOpen({ ...load, rate, seconds, tokens });
    const goodput = result.allowed / seconds;
    rows.push([
      name,
      Math.round(capacity).toLocaleString('en'),
      rate.toLocaleString('en'),
      `${Math.round(goodput).toLocaleString('en')} (${one((goodput / capacity) * 100)} %)`,
      result.overloaded.toLocaleString('en'),
      `${one(result.p99)} ms`,
      verdict(goodput >= 0.9 * capacity && result.p99 < 250),
    ]);
    await server.stop();
  }
  return {
    title: 'Three times the capacity, over 256 connections (gRPC: 8 connections with 32 streams)',
    columns: [
      'case',
      'capacity, 1/s',
      'offered, 1/s',
      'allowed, 1/s',
      '`overloaded`',
      'p99 of answered checks',
      'goodput ≥ 90 %, p99 < 250 ms',
    ],
    rows,
    note: 'A request that is due while every connection waits for an answer is not sent, as behind a proxy with a limited pool.',
  };
}

async function duringFlood({ mint: { mint, forge, issuer }, say }: Bench): Promise<Table> {
  const good = { protocol: 'http', connections: 1, streams: 1, rate: 200, seconds, tokens: mint(1) } as const;
  const flood = forge(30_000).map((token) => httpRequest(token));
  const rows: string[][] = [];
  const row = (name: string, { p50, p99, max, allowed, offered }: OpenResult, forged: number) =>
    rows.push([
      name,
      Math.round(forged).toLocaleString('en'),
      `${one(p50)} ms`,
      `${one(p99)} ms`,
      `${one(max)} ms`,
      `${allowed} of ${offered}`,
    ]);
  for (const connections of [0, 64, 512]) {
    say(`a flood over ${connections} connections`);
    const server = await startService([...trusting(issuer.url), '--log-checks', 'none'], {
      listener: 'http',
    });
    await runClosed({ ...good, port: server.port, requests: good.tokens.map(httpRequest), count: 2_000 });
    const result = runOpen({ ...good, port: server.port });
    let [isOver, forged] = [false, 0];
    void result.then(() => {
      isOver = true;
    });
    const load = { protocol: 'http', port: server.port, connections, streams: 1, requests: flood } as const;
    while (connections > 0 && !isOver) {
      await runClosed({ ...load, count: 4_000 });
      forged += 4_000;
    }
    row(connections === 0 ? 'no flood' : `${connections} connections`, await result, forged / seconds);
    await server.stop();
  }
  return {
    title: 'A client with a valid cached token and 200 checks a second, during a flood of forged tokens',
    columns: ['flood', 'forged, 1/s', 'valid, p50', 'valid, p99', 'valid, max', 'valid, answered'],
    rows,
    note: 'The flood and the valid client share one core. The service has the other.',
  };
}
