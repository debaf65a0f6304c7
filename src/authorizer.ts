/** What answers checks under one configuration: it is replaced as a whole, so that no check sees two of them. */
import { createCheck } from './check/check.ts';
import { createForward } from './check/forward.ts';
import type { DenyListEntry } from './config/deny-list.ts';
import type { Config } from './config/options.ts';
import { createToResponse } from './grpc/response.ts';
import type { GrpcAuthorizer } from './grpc/server.ts';
import { createToReply } from './http/reply.ts';
import type { HttpAuthorizer } from './http/server.ts';
import type { Logger } from './observe/logger.ts';
import type { Metrics } from './observe/metrics.ts';
import { createRecordCheck, recorded } from './observe/recorded.ts';
import { createProve } from './proof/prove.ts';
import type { ReplayStore } from './proof/replays.ts';
import type { Clock } from './time/clock.ts';
import type { TokenCache } from './token/cache.ts';
import { createVerifier, type VerifierDependencies } from './token/verifier.ts';

/** The authorizer as the check listeners use it. */
export interface Authorizer {
  readonly http: HttpAuthorizer;
  readonly grpc: GrpcAuthorizer;
}

/** What an authorizer is made of. */
export interface AuthorizerParts {
  readonly config: Config;
  readonly issuers: VerifierDependencies['issuers'];
  readonly denyList: readonly DenyListEntry[];
  readonly cache: TokenCache;
  readonly replays: ReplayStore;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Is told of an answer that could not be made. */
  readonly onDefect: (error: unknown) => void;
}

/** Makes the authorizer of a configuration. */
export function createAuthorizer({
  config,
  issuers,
  denyList,
  cache,
  replays,
  metrics,
  logger,
  clock,
  onDefect,
}: AuthorizerParts): Authorizer {
  const verify = createVerifier({
    issuers,
    denyList,
    cache,
    limits: config.limits,
    clock,
    onLookup: metrics.cacheLookup,
  });
  const check = createCheck({
    verify,
    prove: createProve({ config, replays, clock }),
    forward: createForward(config),
    schemes: config.dpop.origins.length > 0 ? ['bearer', 'dpop'] : ['bearer'],
  });
  const record = createRecordCheck(config.log, logger, metrics, clock);
  return {
    http: { check: recorded(check, 'http', metrics, record, clock), toReply: createToReply(config) },
    grpc: {
      check: recorded(check, 'grpc', metrics, record, clock),
      toResponse: createToResponse(config, onDefect),
    },
  };
}
