/** The authorizer of one configuration. A reload replaces it as a whole, so no check uses two configurations. */
import { createAskIncumbent } from '../check/incumbent/incumbent.ts';
import { createIncumbentCheck } from '../check/incumbent/incumbent-check.ts';
import { entryHeaders } from '../config/rules/entry-headers.ts';
import type { Observe } from '../credential/cross-check/observe.ts';
import type { LogoutAnswers } from '../login/back-channel/logout-answers.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Check, NotAllowed } from '../model/decision.ts';
import type { Detail } from '../model/trace.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { RecentDenials } from '../observe/recent-denials.ts';
import { createRecordCheck, type Recording, recorded } from '../observe/record-check.ts';
import type { GrpcAuthorizer } from '../transport/grpc/check/check-method.ts';
import { createToResponse } from '../transport/grpc/check/decision-response.ts';
import { createToReply } from '../transport/http/check/reply.ts';
import type { HttpAuthorizer } from '../transport/http/server.ts';
import type { AnswerLogin } from '../transport/login/answer-login.ts';
import { type CheckParts, createConfiguredCheck } from './configured-check.ts';
import { createGrpcChecks } from './grpc-checks.ts';

/** The authorizer, as the check listeners use it. */
export interface Authorizer {
  readonly http: HttpAuthorizer;
  readonly grpc: GrpcAuthorizer;
  /** Only with `login`. */
  readonly login?: AnswerLogin;
  /** The answers to issuers that end sessions. Only with `login`. */
  readonly logout?: LogoutAnswers;
}

/** The dependencies of an authorizer. */
export interface AuthorizerParts extends CheckParts {
  /** Cross-checks new tokens. */
  readonly observe: Observe;
  readonly metrics: Metrics;
  readonly denials: RecentDenials;
  /** Returns a new decision ID. */
  readonly newDecisionId: () => string;
  readonly logger: Logger;
  /** Called if a response cannot be built. */
  readonly onDefect: (error: unknown) => void;
}

/** Creates the authorizer of a configuration. */
export function createAuthorizer({
  config,
  issuers,
  denyList,
  cache,
  replays,
  confirmProof,
  logins,
  observe,
  metrics,
  denials,
  newDecisionId,
  logger,
  clock,
  onDefect,
}: AuthorizerParts): Authorizer {
  const own = createConfiguredCheck(
    { config, issuers, denyList, cache, replays, confirmProof, clock, logins },
    {
      onLookup: metrics.cacheLookup,
      onFull: metrics.replayStoreFull,
      observe,
    },
  );
  const toReply = createToReply(config, clock);
  const check =
    config.shadow.authorizer === ''
      ? own
      : createIncumbentCheck(
          own,
          createAskIncumbent(config.shadow, clock),
          (decision, request) => toReply(decision, request).status,
          config.shadow,
          clock,
        );
  const recording = {
    metrics,
    record: createRecordCheck({ options: config.log, logger, metrics, clock, denials }),
    clock,
    newId: newDecisionId,
  };
  const grpcChecks = createGrpcChecks(config, check, clock);
  const recordedGrpc = <More extends readonly unknown[]>(
    decide: (request: CheckRequest, ...more: More) => ReturnType<Check>,
  ) => recorded(decide, 'grpc', recording);
  const unchecked = (outcome: NotAllowed['outcome'], reason: NotAllowed['reason']) => {
    const deny = grpcChecks.denyWith(outcome, reason);
    return recordedGrpc((_, detail?: Detail) => deny(detail));
  };
  const answerLogin = logins?.createAnswer(config, clock);
  return {
    ...(answerLogin !== undefined && { login: recordedLogin(answerLogin, recording) }),
    ...(logins?.logout !== undefined && { logout: logins.logout }),
    http: { check: recorded(check, 'http', recording), toReply },
    grpc: {
      readsSessions: logins !== undefined,
      check: recordedGrpc(grpcChecks.check),
      unchecked: {
        request_too_large: unchecked('deny', 'request_too_large'),
        overloaded: unchecked('error', 'overloaded'),
        internal_error: unchecked('error', 'internal_error'),
      },
      toResponse: createToResponse({ ...config, forwarded: entryHeaders(config).onAllow }, onDefect),
    },
  };
}

/** Wraps the answers to paths of the login so that they are counted, timed and logged. */
function recordedLogin(answer: AnswerLogin, recording: Recording): AnswerLogin {
  return (request) => {
    const decision = answer(request);
    return decision === undefined ? undefined : recorded(() => decision, 'http', recording)(request);
  };
}
