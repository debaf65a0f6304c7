/** What answers checks under one configuration: it is replaced as a whole, so that no check sees two of them. */
import { type Authenticate, createAuthenticate } from '../check/authenticate.ts';
import type { ReplayStore } from '../check/binding/used-proofs.ts';
import { createProve } from '../check/binding/verify-binding.ts';
import { createCheck } from '../check/check.ts';
import { inTime } from '../check/check-deadline.ts';
import { createAskIncumbent } from '../check/incumbent/incumbent.ts';
import { createShadowedCheck } from '../check/incumbent/incumbent-check.ts';
import { createPolicyCheck } from '../check/policy-check.ts';
import { createRuledCheck, type RuledCheckParts } from '../check/ruled-check.ts';
import { createClientAddress } from '../check/rules/client-address.ts';
import { createContextOf } from '../check/rules/expression-context.ts';
import { createSelectRule } from '../check/rules/select-rule.ts';
import { createLetPass, shadowed } from '../check/shadow-mode.ts';
import { createForward, forwardNothing } from '../check/upstream-headers.ts';
import type { Config } from '../config/declare/options.ts';
import type { DenyListEntry } from '../config/load/deny-list.ts';
import { entryHeaders } from '../config/rules/entry-headers.ts';
import { removedHeaders } from '../config/rules/rule-problems.ts';
import { isAllOnlyTried } from '../config/rules/shadow-mode.ts';
import type { TokenCache } from '../credential/token/cache.ts';
import { createVerifier, type VerifierDependencies } from '../credential/token/verifier.ts';
import type { Check, CheckRequest, Decision, Refusal } from '../model/decision.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import { createRecordCheck, recorded } from '../observe/record-check.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { GrpcAuthorizer } from '../transport/grpc/check/check-method.ts';
import { createToResponse } from '../transport/grpc/check/decision-response.ts';
import { withCallDeadline } from '../transport/grpc/check/response-deadline.ts';
import { createToReply } from '../transport/http/check/reply.ts';
import type { HttpAuthorizer } from '../transport/http/server.ts';

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
  const authenticate = createAuthenticate({
    verify,
    prove: createProve({ config, replays, clock, onFull: metrics.replayStoreFull }),
    schemes: config.dpop.origins.length > 0 ? ['bearer', 'dpop'] : ['bearer'],
  });
  const own = createDecision(config, authenticate, clock);
  const toReply = createToReply(config, clock);
  const check =
    config.shadow.authorizer === ''
      ? own
      : createShadowedCheck(
          own,
          createAskIncumbent(config.shadow, clock),
          (decision, request) => toReply(decision, request).status,
          config.shadow,
          clock,
        );
  const record = createRecordCheck(config.log, logger, metrics, clock);
  const overGrpc = createGrpcChecks(config, check, clock);
  const recordedOverGrpc = <More extends readonly unknown[]>(
    decide: (request: CheckRequest, ...more: More) => ReturnType<Check>,
  ) => recorded(decide, 'grpc', metrics, record, clock);
  return {
    http: { check: recorded(check, 'http', metrics, record, clock), toReply },
    grpc: {
      check: recordedOverGrpc(overGrpc.check),
      unchecked: {
        request_too_large: recordedOverGrpc(overGrpc.refuse('deny', 'request_too_large')),
        overloaded: recordedOverGrpc(overGrpc.refuse('error', 'overloaded')),
        internal_error: recordedOverGrpc(overGrpc.refuse('error', 'internal_error')),
      },
      toResponse: createToResponse({ ...config, forwarded: entryHeaders(config).onAllow }, onDefect),
    },
  };
}

/** Makes what ends a check over gRPC that is late, or whose request was not taken. Where all is only tried, it passes. */
function createGrpcChecks(config: Config, check: Check, clock: Clock) {
  const { limits, shadow } = config;
  const isDecidedElsewhere = shadow.authorizer !== '';
  const headers = removedHeaders(config);
  const letPass = createLetPass(() => forwardNothing(config, headers));
  const isTried = isAllOnlyTried(config);
  const refuse = (outcome: 'deny' | 'error', reason: Refusal['reason']) => (): Decision => {
    const refusal = { outcome, reason } as Refusal;
    return isTried && !isDecidedElsewhere ? letPass(refusal) : refusal;
  };
  return {
    refuse,
    check: withCallDeadline({
      check,
      late: refuse('error', 'overloaded'),
      // What the check itself waits for: the same request has the same outcome over HTTP.
      longest: isDecidedElsewhere ? Math.max(limits.checkDeadline, shadow.timeout) : limits.checkDeadline,
      clock,
    }),
  };
}

/** Makes the check of a configuration, by its policies or rules if it has any. */
export function createDecision(config: Config, unbounded: Authenticate, clock: Clock): Check {
  const { rules, policies, grpcPolicy, noRuleMatches, mode, trustedHeaders, hosts, paths } = config;
  const headers = removedHeaders(config);
  const contextOf = createContextOf(trustedHeaders, clock, hosts.ports);
  const authenticate = inTime(unbounded, config.limits.checkDeadline, clock);
  const byRules = (set: RuleSet): Check => {
    // One for each rule, since an answer that is kept says which rule it was.
    const forwards = set.rules.map(({ outputClaimToHeaders = config.outputClaimToHeaders }) =>
      createForward({ ...config, outputClaimToHeaders }, headers),
    );
    const unmatched = createForward(config, headers);
    return createRuledCheck({
      ...set,
      select: createSelectRule(set.rules, createClientAddress(config.clientAddress), {
        ...set,
        hosts,
        paths,
      }),
      authenticate,
      contextOf,
      maxTokenSize: config.limits.maxTokenSize,
      forwardOf: (rule) => (rule === 'none' ? unmatched : (forwards[rule] ?? unmatched)),
      forwardNothing: () => forwardNothing(config, headers),
    });
  };

  if (rules !== undefined) return byRules({ rules, noRuleMatches, mode });
  if (policies === undefined) {
    const check = createCheck(authenticate, createForward(config, headers));
    return mode === 'shadow' ? shadowed(check, () => forwardNothing(config, headers)) : check;
  }
  return createPolicyCheck(
    policies.map((policy) => ({
      name: policy.name,
      pathPrefix: policy.pathPrefix,
      check: byRules({
        rules: policy.rules.map((rule) => ({ ...rule, name: `${policy.name}/${rule.name}` })),
        noRuleMatches: policy.noRuleMatches ?? noRuleMatches,
        mode: policy.mode ?? mode,
      }),
    })),
    grpcPolicy,
  );
}

type RuleSet = Pick<RuledCheckParts, 'rules' | 'noRuleMatches' | 'mode'>;
