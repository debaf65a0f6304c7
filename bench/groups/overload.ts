/** Behavior above capacity, and for valid clients during an attack. */
import { runClosed } from '../load/closed.ts';
import { grpcRequest, httpRequest, type Protocol } from '../load/messages.ts';
import type { OpenResult } from '../load/open.ts';
import { runOpen } from '../load/start-open.ts';
import { ratios, spread } from '../measure.ts';
import { one, type Row, type Table } from '../report/table.ts';
import { trusting } from '../servers.ts';
import type { Bench, Group } from './group.ts';

const seconds = 4;

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
  { name: 'HTTP, new tokens, ES256', protocol: 'http', isNew: true },
  { name: 'gRPC, cached token', protocol: 'grpc', isNew: false },
  { name: 'gRPC, new tokens, ES256', protocol: 'grpc', isNew: true },
];

async function aboveCapacity({ mint: { mint, issuer, shared }, pool, say }: Bench): Promise<Table> {
  const rows: Row[] = [];
  for (const { name, protocol, isNew } of kinds) {
    say(name);
    const server = await pool.service(trusting(issuer.url), { listener: protocol });
    const toRequest = protocol === 'http' ? httpRequest : grpcRequest;
    const [warmCount, count] = isNew ? [6_000, 6_000] : [20_000, 40_000];
    const tokens = isNew ? shared(warmCount + count, 'ES256') : mint(1);
    const requests = tokens.map(toRequest);
    const places = protocol === 'http' ? { connections: 256, streams: 1 } : { connections: 8, streams: 32 };
    const load = { protocol, port: server.port, ...places };
    await runClosed({ ...load, requests: isNew ? requests.slice(0, warmCount) : requests, count: warmCount });
    const started = performance.now();
    await runClosed({ ...load, requests: isNew ? requests.slice(warmCount) : requests, count });
    const capacity = (count * 1000) / (performance.now() - started);
    const rate = Math.round(3 * capacity);
    const used = warmCount + count;
    const offered = isNew ? shared(used + Math.ceil(capacity * 1.5 * seconds), 'ES256').slice(used) : tokens;
    const result = await runOpen({ ...load, rate, seconds, tokens: offered });
    rows.push(...rowsOf(name, capacity, rate, result));
  }
  return {
    title: 'Three times the capacity, over 256 connections (gRPC: 8 connections with 32 streams)',
    here: 'capacity; offered and allowed in one second; `overloaded`; p99 of answered checks',
    rows,
    note: 'A request that is due while every connection waits for an answer is not sent, as behind a proxy with a limited pool.',
  };
}

function rowsOf(name: string, capacity: number, rate: number, result: OpenResult): Row[] {
  const whole = (figure: number) => Math.round(figure).toLocaleString('en');
  const goodput = result.allowed / seconds;
  return [
    {
      name,
      ratio: spread([goodput / capacity]),
      against: 'its capacity',
      target: 'goodput',
      here: `${whole(capacity)}; ${whole(rate)}; ${whole(goodput)}; ${whole(result.overloaded)}; ${one(result.p99)} ms`,
    },
    { name: `${name}: p99`, judged: result.p99, target: 'overloadP99', here: `${one(result.p99)} ms` },
  ];
}

async function duringFlood({ mint: { mint, forge, issuer }, pool, say }: Bench): Promise<Table> {
  const good = { protocol: 'http', connections: 1, streams: 1, rate: 200, seconds, tokens: mint(1) } as const;
  const flood = forge(30_000).map((token) => httpRequest(token));
  const p99s: number[] = [];
  const rows: Row[] = [];
  for (const connections of [0, 64, 512]) {
    say(`a flood over ${connections} connections`);
    const server = await pool.service([...trusting(issuer.url), '--log-checks', 'none']);
    await runClosed({ ...good, port: server.port, requests: good.tokens.map(httpRequest), count: 2_000 });
    const running = runOpen({ ...good, port: server.port });
    let [isOver, forged] = [false, 0];
    void running.then(() => {
      isOver = true;
    });
    const load = { protocol: 'http', port: server.port, connections, streams: 1, requests: flood } as const;
    while (connections > 0 && !isOver) {
      await runClosed({ ...load, count: 4_000 });
      forged += 4_000;
    }
    const { p50, p99, max, allowed, offered } = await running;
    p99s.push(p99);
    rows.push({
      name: connections === 0 ? 'no flood' : `${connections} connections`,
      ratio: spread(ratios([p99], p99s)),
      against: 'no flood',
      here: `${Math.round(forged / seconds).toLocaleString('en')}/s; ${one(p50)}, ${one(p99)}, ${one(max)} ms; ${allowed} of ${offered}`,
    });
  }
  return {
    title:
      'p99 of a client with a valid cached token and 200 checks a second, during a flood of forged tokens',
    here: 'forged tokens; p50, p99 and highest latency; answered',
    rows,
    note: 'The flood and the valid client share one core. The service has the other.',
  };
}
