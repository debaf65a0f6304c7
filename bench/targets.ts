/** Every limit that a benchmark compares its result with. */

/** A limit. */
export interface Target {
  readonly limit: number;
  /** Whether the limit is the highest good figure or the lowest one. */
  readonly bound: 'at most' | 'at least';
  /** The unit of the limit; undefined for a ratio. */
  readonly unit?: 'MB' | 'ms';
  /** The name of the figure in the summary at the top of the page; undefined if the limit is only in its own table. */
  readonly summary?: string;
}

/** The limits by name. The summary has those with a text, in this order. */
export const targets = {
  grpcHot: atMost(1, 'gRPC, cached token / bare node:http'),
  grpcHotToGo: atMost(0.9, 'gRPC, cached token / bare grpc-go'),
  grpcP99ToGo: atMost(2, 'gRPC, p99 at 1,000 checks a second / bare grpc-go'),
  grpcNewToFloor: atMost(1.1, 'gRPC, new tokens, RS256 / minimal verifier on node:http2'),
  envoyGrpc: atMost(1.1, 'through Envoy, gRPC / Envoy to bare node:http'),
  httpThousand: atMost(1.2, 'HTTP, 1,000 tokens in turn / cached token'),
  proxyHttpHot: atLeast(10, 'oauth2-proxy / HTTP, cached token'),
  proxyHttpThousand: atLeast(8, 'oauth2-proxy / HTTP, 1,000 tokens in turn'),
  proxyHttpNew: atLeast(2.5, 'oauth2-proxy / HTTP, new tokens, RS256'),
  proxyGrpcNew: atLeast(2, 'oauth2-proxy over HTTP / gRPC, new tokens, RS256'),
  proxyGrpcNewEs256: atLeast(1.5, 'oauth2-proxy over HTTP / gRPC, new tokens, ES256'),
  memoryHttp: megabytes(105, 'memory with 10,000 cached tokens, HTTP'),
  memoryGrpc: megabytes(110, 'memory with 10,000 cached tokens, gRPC'),
  memoryLargeHttp: megabytes(180, 'memory with 100,000 cached tokens, HTTP'),
  memoryLargeGrpc: megabytes(180, 'memory with 100,000 cached tokens, gRPC'),
  start: atMost(2.7, 'start to listening / `node -e 0`'),

  httpHot: atMost(1.6),
  httpNone: atMost(1.3),
  httpNew: atMost(6),
  httpNewEs256: atMost(11.5),
  httpForged: atMost(5),
  httpP99: atMost(1.3),
  grpcThousand: atMost(1.2),
  grpcNew: atMost(8),
  envoyHttp: atMost(1.1),
  growth: atMost(1.1),
  longToken: atMost(3),
  fewRules: atMost(1.2),
  manyRules: atMost(2),
  smallSession: atMost(1.15),
  largeSession: atMost(1.5),
  goodput: { limit: 0.9, bound: 'at least' },
  overloadP99: { limit: 250, bound: 'at most', unit: 'ms' },
  twoWorkers: atMost(1.1),
  largerShare: atMost(0.58),
} as const satisfies Record<string, Target>;

/** The name of a limit. */
export type TargetName = keyof typeof targets;

function atMost(limit: number, summary?: string): Target {
  return { limit, bound: 'at most', ...(summary !== undefined && { summary }) };
}

function atLeast(limit: number, summary: string): Target {
  return { limit, bound: 'at least', summary };
}

function megabytes(limit: number, summary: string): Target {
  return { limit, bound: 'at most', unit: 'MB', summary };
}

/** Whether a figure meets a limit. Only a finite number can: JSON turns others into null, which is less than any limit. */
export function meets(figure: number, { limit, bound }: Target): boolean {
  if (!Number.isFinite(figure)) return false;
  return bound === 'at most' ? figure <= limit : figure >= limit;
}
