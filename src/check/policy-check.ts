/** One check where there are several policies: the proxy's entry says which, never the client. */

import type { CheckRequest } from '../model/check-request.ts';
import type { Check, Decision } from '../model/decision.ts';
import { internalError } from './authenticate.ts';

/** A set of rules, and how it is chosen. */
export interface Policy {
  readonly name: string;
  /** What the proxy's entry puts before the path of a check over HTTP. */
  readonly pathPrefix: string;
  readonly check: Check;
}

const slash = 0x2f;
const questionMark = 0x3f;

/**
 * Makes the check. Over HTTP the policy is the one whose prefix the path begins with, compared byte by byte, up to the end of a
 * segment, before anything is decoded; the prefix is cut off. Over gRPC the path is never asked.
 *
 * @param grpcPolicy the policy of checks over gRPC that name none; undefined: they are refused
 */
export function createPolicyCheck(policies: readonly Policy[], grpcPolicy: string | undefined): Check {
  const byName = new Map(policies.map((policy) => [policy.name, policy]));
  const byPath = (path: string) => policies.find(({ pathPrefix }) => isUnder(path, pathPrefix));

  const decide = (request: CheckRequest): Decision | Promise<Decision> => {
    const isByPath = request.policy === undefined;
    const policy = isByPath
      ? byPath(request.path)
      : byName.get(request.policy === '' ? (grpcPolicy ?? '') : request.policy);
    if (policy === undefined) return { outcome: 'deny', reason: 'rule_denied' };
    const { name, check, pathPrefix } = policy;
    const decision = check(isByPath ? { ...request, path: within(request.path, pathPrefix) } : request);
    const named = (settled: Decision): Decision => ({ ...settled, policy: name });
    return decision instanceof Promise ? decision.then(named) : named(decision);
  };
  return (request) => {
    try {
      return decide(request);
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
