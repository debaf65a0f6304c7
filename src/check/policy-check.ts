/** The check with policies. The configuration of the proxy selects the policy, never the client. */

import { detailOf, listed, shown, shownPath } from '../config/values/detail-text.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Check, Decision } from '../model/decision.ts';
import { passed, type StepDetail, type Trace } from '../model/trace.ts';
import { internalError } from './authenticate.ts';

/** A policy. */
export interface Policy {
  readonly name: string;
  /** The path prefix that the proxy adds to checks over HTTP. */
  readonly pathPrefix: string;
  /** Its path in the configuration, such as `policies[0]`. */
  readonly place: string;
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
    if (policy === undefined) return denyUnknown(request, policies);
    if (trace !== undefined) tracePolicy(trace, policy, request);
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

function denyUnknown(request: CheckRequest, policies: readonly Policy[]): Decision {
  return { outcome: 'deny', reason: 'rule_denied', detail: () => describeUnknown(request, policies) };
}

function describeUnknown({ policy, path }: CheckRequest, policies: readonly Policy[]): StepDetail {
  const names = listed(policies.map(({ name }) => name));
  const prefixes = listed(policies.map(({ pathPrefix }) => pathPrefix));
  if (policy === undefined)
    return detailOf(
      {
        step: 'policy',
        subject: 'the path',
        expected: `a prefix of ${prefixes}`,
        found: shownPath(path),
        option: 'policies',
      },
      `path ${shownPath(path)} is not below the pathPrefix of a policy; the prefixes are ${prefixes}`,
    );
  if (policy === '')
    return detailOf(
      {
        step: 'policy',
        subject: extension,
        expected: `one of ${names}`,
        found: 'none',
        option: 'grpcPolicy',
      },
      `the route does not set ${extension}, and grpcPolicy is not set; the policies are ${names}`,
    );
  return detailOf(
    {
      step: 'policy',
      subject: extension,
      expected: `one of ${names}`,
      found: shown(policy),
      option: 'policies',
    },
    `${extension} is ${shown(policy)}, which is not a policy; the policies are ${names}`,
  );
}

function tracePolicy(
  trace: Trace,
  { name, place, pathPrefix }: Policy,
  { policy, path }: CheckRequest,
): void {
  const found = `${place} (${name})`;
  if (policy === undefined)
    passed(trace, {
      step: 'policy',
      subject: `the path ${shownPath(path)}`,
      expected: `below ${shown(pathPrefix)}`,
      found,
      option: `${place}.pathPrefix`,
    });
  else if (policy === '')
    passed(trace, {
      step: 'policy',
      subject: extension,
      expected: 'absent: grpcPolicy',
      found,
      option: 'grpcPolicy',
    });
  else
    passed(trace, {
      step: 'policy',
      subject: extension,
      expected: shown(policy),
      found,
      option: `${place}.name`,
    });
}

const extension = 'context_extensions.policy';

function isUnder(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  const next = path.charCodeAt(prefix.length);
  return Number.isNaN(next) || next === slash || next === questionMark;
}

function within(path: string, prefix: string): string {
  const rest = path.slice(prefix.length);
  return rest.charCodeAt(0) === slash ? rest : `/${rest}`;
}
