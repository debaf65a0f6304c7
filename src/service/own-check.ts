/** Our own check of a configuration: with policies, with rules, or with neither. */
import type { Authenticate } from '../check/authenticate.ts';
import { createCheck } from '../check/check.ts';
import { withCheckDeadline } from '../check/check-deadline.ts';
import { createPolicyCheck } from '../check/policy-check.ts';
import { createRuledCheck, type RuledCheckParts } from '../check/ruled-check.ts';
import { createClientAddress } from '../check/rules/client-address.ts';
import { createContextOf } from '../check/rules/expression-context.ts';
import { createSelectRule } from '../check/rules/select-rule.ts';
import { inShadowMode } from '../check/shadow-mode.ts';
import { createForward, forwardNothing } from '../check/upstream-headers.ts';
import type { Config } from '../config/declare/options.ts';
import { removedHeaders } from '../config/rules/rule-problems.ts';
import type { Check, Decision } from '../model/decision.ts';
import type { Clock } from '../runtime/time/clock.ts';

type RuleSet = Pick<RuledCheckParts, 'rules' | 'noRuleMatches' | 'mode'>;

const overloaded: Decision = { outcome: 'error', reason: 'overloaded' };

/**
 * Creates the check.
 *
 * @param authenticate must not have a deadline of its own. Only authentication waits, so this check adds the deadline to it
 */
export function createOwnCheck(config: Config, authenticate: Authenticate, clock: Clock): Check {
  const { rules, policies, grpcPolicy, noRuleMatches, mode, trustedHeaders, hosts, paths, limits } = config;
  const headers = removedHeaders(config);
  const contextOf = createContextOf(trustedHeaders, clock, hosts.ports);
  const authenticateInTime: Authenticate = withCheckDeadline(authenticate, {
    timeLeft: () => limits.checkDeadline,
    late: () => overloaded,
    clock,
  });
  const checkOf = (set: RuleSet): Check => {
    // A forwarder for each rule, because a cached response names the rule.
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
      authenticate: authenticateInTime,
      contextOf,
      maxTokenSize: limits.maxTokenSize,
      forwardOf: (rule) => (rule === 'none' ? unmatched : (forwards[rule] ?? unmatched)),
      forwardNothing: () => forwardNothing(config, headers),
    });
  };

  if (rules !== undefined) return checkOf({ rules, noRuleMatches, mode });
  if (policies === undefined) {
    const check = createCheck(authenticateInTime, createForward(config, headers));
    return mode === 'shadow' ? inShadowMode(check, () => forwardNothing(config, headers)) : check;
  }
  return createPolicyCheck(
    policies.map((policy) => ({
      name: policy.name,
      pathPrefix: policy.pathPrefix,
      check: checkOf({
        rules: policy.rules.map((rule) => ({ ...rule, name: `${policy.name}/${rule.name}` })),
        noRuleMatches: policy.noRuleMatches ?? noRuleMatches,
        mode: policy.mode ?? mode,
      }),
    })),
    grpcPolicy,
  );
}
