/** The latency at a fixed rate: requests are sent even if earlier ones are not answered. */
import { type LatencyCase, latencyHere, measureLatency } from '../latency.ts';
import type { Chart } from '../report/chart.ts';
import { bareHttp, trusting } from '../servers.ts';
import { type Group, isOther } from './group.ts';

const options = { rate: 1_000, seconds: 4, rounds: 5, compared: 'p99' } as const;

/** p99 at 1,000 checks a second, next to bare servers. */
export const latency: Group = {
  name: 'latency',
  title: 'Latency at 1,000 checks a second',
  run: async ({ mint: { mint, jwks, issuer }, pool }) => {
    const tokens = mint(1);
    const ours = await pool.service(trusting(issuer.url));
    const [goHttp, goGrpc] = [await pool.go('http'), await pool.go('grpc-prepared')];
    const [M, G, R] = ['minimal verifier, cached token', 'bare grpc-go', 'raw node:http2'];
    const minimal = await pool.script('servers/http.ts', ['minimal', jwks]);
    const raw = await pool.script('servers/grpc.ts', ['bare', 'node:http2']);
    const http = { protocol: 'http', tokens, against: M } as const;
    const grpc = { protocol: 'grpc', tokens, against: goGrpc === undefined ? R : G } as const;
    const cases: LatencyCase[] = [
      { ...http, name: 'bare node:http', port: (await pool.script(bareHttp)).port },
      ...(goHttp === undefined ? [] : [{ ...http, name: 'bare Go net/http', port: goHttp.port }]),
      { ...http, name: M, port: minimal.port },
      { ...http, name: 'HTTP, cached token', port: ours.port, target: 'httpP99' },
      ...(goGrpc === undefined ? [] : [{ ...grpc, name: G, port: goGrpc.port }]),
      {
        ...grpc,
        name: 'gRPC, cached token',
        port: ours.ports.grpc ?? 0,
        ...(goGrpc !== undefined && { target: 'grpcP99ToGo' }),
      },
      { ...grpc, name: R, port: raw.port },
    ];
    const rows = await measureLatency(cases, options);
    const chart: Chart = {
      file: 'performance-latency.svg',
      title: 'p99 at 1,000 checks a second',
      unit: 'relative to the bare server of the same protocol',
      bars: rows.map(({ name, ratio }) => ({ name, value: ratio?.median ?? 0, isOther: isOther(name) })),
    };
    return {
      charts: [chart],
      tables: [
        {
          title: `p99, counted from the time at which a request was due, ${options.rounds} rounds of ${options.seconds} s`,
          here: latencyHere,
          rows,
        },
      ],
    };
  },
};
