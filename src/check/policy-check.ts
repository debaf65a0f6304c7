/** The check with policies. The configuration of the proxy selects the policy, never the client. */

import type { CheckRequest } from '../model/check-request.ts';
import type { Check, Decision } from '../model/decision.ts';
import type { Trace } from '../model/trace.ts';
import { internalError } from './authenticate.ts';

/** A policy. */
export interface Policy {
  readonly name: string;
  /** The path prefix that the proxy adds to checks over HTTP. */
  readonly pathPrefix: string;
  readonly check: Check;
}

const slash = 0x2f;
const questionMark = 0x3f;

/**
 * Creates the check. Over HTTP, the path prefix selects the policy and is removed. The prefix must end at the end of a segment, and is
 * compared byte by byte before anything is decoded. Over gRPC, the path never selects a policy.
 *
 * @param grpcPolicy the policy of gRPC checks that name no policy; if undefined, they are denied
 */
export function createPolicyCheck(policies: readonly Policy[], grpcPolicy: string | undefined): Check {
  const byName = new Map(policies.map((policy) => [policy.name, policy]));
  const policyOfPath = (path: string) => policies.find(({ pathPrefix }) => isUnder(path, pathPrefix));

  const decide = (request: CheckRequest, trace: Trace | undefined): Decision | Promise<Decision> => {
    const hasPathPrefix = request.policy === undefined;
    const policy = hasPathPrefix
      ? policyOfPath(request.path)
      : byName.get(request.policy === '' ? (grpcPolicy ?? '') : request.policy);
    if (policy === undefined) return { outcome: 'deny', reason: 'rule_denied' };
    const { name, check, pathPrefix } = policy;
    const decision = check(
      hasPathPrefix ? { ...request, path: within(request.path, pathPrefix) } : request,
      trace,
    );
    const named = (settled: Decision): Decision => ({ ...settled, policy: name });
    return decision instanceof Promise ? decision.then(named) : named(decision);
  };
  return (request, trace) => {
    try {
      return decide(request, trace);
    } catch (cause) {
      return internalError(cause);
    }
  };
}

function isUnder(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  const next = path.charCodeAt(prefix.length);
  return Number.isNaN(next) || next === slash || next === questionMark;
}

function within(path: string, prefix: string): string {
  const rest = path.slice(prefix.length);
  return rest.charCodeAt(0) === slash ? rest : `/${rest}`;
}
