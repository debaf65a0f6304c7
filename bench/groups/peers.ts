/** The cost of a check by oauth2-proxy with the flags of Kyma's tutorial, next to this service. */
import { seedFlags } from '../../test/oauth2-proxy/seed.ts';
import { audience } from '../../test/support/fake-issuer.ts';
import { answersWell } from '../../tools/child.ts';
import { freePort } from '../../tools/free-port.ts';
import { findOauth2Proxy } from '../../tools/oauth2-proxy.ts';
import { type Comparison, type CpuCase, measureCpu, tokensNeeded } from '../cpu.ts';
import { bareHttp, startPinned, trusting } from '../servers.ts';
import type { TargetName } from '../targets.ts';
import { type Bench, capacitiesOf, cpuChart, cpuTable, type Group, required } from './group.ts';

/** oauth2-proxy checks bearer tokens over HTTP only, so this is also the other side of the ratios for gRPC. */
export const peers: Group = {
  name: 'peers',
  title: 'Next to oauth2-proxy',
  run: async (bench) => {
    const { mint, pool, say } = bench;
    const path = required('oauth2-proxy', await findOauth2Proxy());
    const [logging, silent] = [await startProxy(bench, path, true), await startProxy(bench, path, false)];
    const needed = tokensNeeded(bench);
    say(`signing ${needed} tokens for each algorithm`);
    const loads = [
      { load: 'cached token', tokens: mint.mint(1), http: 'proxyHttpHot' },
      { load: '1,000 tokens in turn', tokens: mint.mint(1_000), http: 'proxyHttpThousand' },
      { load: 'new tokens, RS256', tokens: mint.shared(needed), http: 'proxyHttpNew', grpc: 'proxyGrpcNew' },
      { load: 'new tokens, ES256', tokens: mint.shared(needed, 'ES256'), grpc: 'proxyGrpcNewEs256' },
    ] as const satisfies readonly Load[];
    const N = 'bare node:http';
    const [first] = loads;
    const cases: CpuCase[] = [
      {
        name: N,
        protocol: 'http',
        server: await pool.script(bareHttp),
        tokens: first.tokens,
        expected: 'allowed',
        against: N,
      },
    ];
    for (const { load, tokens, ...of } of loads as readonly Load[]) {
      const service = await pool.service(trusting(mint.issuer.url));
      const common = { tokens, expected: 'allowed' } as const;
      const overHttp = `HTTP, ${load}`;
      const overGrpc = `gRPC, ${load}`;
      const grpcServer = await pool.service(trusting(mint.issuer.url), { listener: 'grpc' });
      cases.push(
        { ...common, name: overHttp, protocol: 'http', server: service, against: overHttp },
        { ...common, name: overGrpc, protocol: 'grpc', server: grpcServer, against: overGrpc },
        {
          ...common,
          name: `oauth2-proxy, ${load}`,
          protocol: 'http',
          server: logging,
          ...comparison(overHttp, of.http),
          also: [comparison(overGrpc, of.grpc), ...(load === first.load ? [{ against: N }] : [])],
        },
        {
          ...common,
          name: `oauth2-proxy without its logs, ${load}`,
          protocol: 'http',
          server: silent,
          against: overHttp,
          also: [{ against: overGrpc }],
        },
      );
    }
    const rows = await measureCpu(cases, bench);
    return {
      tables: [
        cpuTable(
          'CPU of the process per request, relative to this service',
          rows.filter(({ name, against }) => name !== against),
          'oauth2-proxy has no cache of bearer tokens, and logs each request by default, as in the tutorial. The ratio to bare node:http is the highest one that a server on node:http can reach.',
        ),
      ],
      charts: [
        cpuChart(
          'performance-peers.svg',
          'A check by this service and by oauth2-proxy',
          rows.filter(({ name }) => !name.includes('without')),
          'HTTP, cached token',
        ),
      ],
      capacities: capacitiesOf(rows, {
        'oauth2-proxy, cached token': 'oauth2-proxy, HTTP, any valid token, RS256',
        'oauth2-proxy without its logs, cached token': 'oauth2-proxy without its logs, the same',
      }),
    };
  },
};

interface Load {
  readonly load: string;
  readonly tokens: readonly string[];
  /** The target of the ratio to this service over HTTP, and over gRPC. */
  readonly http?: TargetName;
  readonly grpc?: TargetName;
}

function comparison(against: string, target: TargetName | undefined): Comparison {
  return target === undefined ? { against } : { against, target };
}

/** Starts oauth2-proxy with the flags of the tutorial and the one that its chart adds. */
async function startProxy({ mint, pool }: Bench, path: string, logs: boolean) {
  const port = await freePort();
  const flags = [
    ...seedFlags(mint.issuer.url, audience),
    '--email-domain=*',
    `--http-address=127.0.0.1:${port}`,
    ...['request', 'auth', 'standard'].map((kind) => `--${kind}-logging=${logs}`),
  ];
  const isReady = () => answersWell(`http://127.0.0.1:${port}/ping`);
  return { ...pool.add(await startPinned('oauth2-proxy', [path, ...flags], isReady)), port };
}
