/** The latency at a fixed rate: requests are sent even if earlier ones are not answered. */

import type { Protocol } from '../load/messages.ts';
import type { OpenResult } from '../load/open.ts';
import { runOpen } from '../load/start-open.ts';
import { type Server, startServer, startService, trusting } from '../servers.ts';
import { type Chart, type Group, two, verdict } from './group.ts';

const rate = 1_000;
const seconds = 8;

/** Latency at 1,000 checks a second, as the median of three runs. */
export const latency: Group = {
  name: 'latency',
  title: 'Latency at 1,000 checks a second',
  run: async ({ mint: { mint, issuer }, say }) => {
    const tokens = mint(1);
    const jwks = JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) });
    const ours = await startService(trusting(issuer.url), { listener: 'http' });
    const targets: [name: string, protocol: Protocol, server: Server, port: number][] = [];
    const add = (name: string, protocol: Protocol, server: Server, port = server.port) =>
      targets.push([name, protocol, server, port]);
    add('bare node:http', 'http', await startServer('servers/http.ts', ['node:http']));
    add('minimal verifier, cached token', 'http', await startServer('servers/http.ts', ['minimal', jwks]));
    add('HTTP, cached token', 'http', ours);
    add('raw node:http2, unary call', 'grpc', await startServer('servers/grpc.ts', ['node:http2']));
    add('gRPC, cached token', 'grpc', ours, ours.ports.grpc);

    const results = new Map<string, OpenResult[]>(targets.map(([name]) => [name, []]));
    for (let run = 0; run < 3; run++) {
      for (const [name, protocol, , port] of targets) {
        say(`${name}, run ${run + 1}`);
        const streams = protocol === 'http' ? 1 : 32;
        const connections = protocol === 'http' ? 32 : 2;
        results
          .get(name)
          ?.push(await runOpen({ protocol, port, connections, rate, seconds, tokens, streams }));
      }
    }
    for (const [, , server] of targets) await server.stop();
    const middle = (name: string, of: (result: OpenResult) => number) =>
      (results.get(name) ?? []).map(of).toSorted((a, b) => a - b)[1] ?? 0;
    const p99 = (name: string) => middle(name, (result) => result.p99);
    const target = (name: string): [string, string] => {
      if (name.startsWith('HTTP')) {
        const ratio = p99(name) / p99('minimal verifier, cached token');
        return [`p99 ≤ 1.3 × minimal verifier (${two(ratio)})`, verdict(ratio <= 1.3)];
      }
      return name.startsWith('gRPC') ? ['p99 ≤ 2 ms', verdict(p99(name) <= 2)] : ['', ''];
    };
    const charts: Chart[] = [
      {
        file: 'performance-latency.svg',
        title: 'p99 at 1,000 checks a second',
        unit: 'ms',
        bars: targets.map(([name]) => ({
          name,
          value: p99(name),
          isLimit: /^(bare|raw|minimal)/.test(name),
        })),
      },
    ];
    return {
      charts,
      tables: [
        {
          title: `Milliseconds from the time at which a request was due, ${seconds} s, median of three runs`,
          columns: ['case', 'p50', 'p99', 'p99.9', 'target', 'result'],
          rows: targets.map(([name]) => [
            name,
            two(middle(name, (result) => result.p50)),
            two(p99(name)),
            two(middle(name, (result) => result.p999)),
            ...target(name),
          ]),
        },
      ],
    };
  },
};
