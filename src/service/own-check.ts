/** Our own check of a configuration: with policies, with rules, or with neither. */
import type { Authenticate } from '../check/authenticate.ts';
import { createCheck } from '../check/check.ts';
import { tooLate, withCheckDeadline } from '../check/check-deadline.ts';
import { createPolicyCheck } from '../check/policy-check.ts';
import { createRuledCheck, type RuledCheckParts } from '../check/ruled-check.ts';
import { createClientAddress } from '../check/rules/client-address.ts';
import { createContextOf } from '../check/rules/expression-context.ts';
import { createSelectRule } from '../check/rules/select-rule.ts';
import { createSelectionDetails, type RulePlaces } from '../check/rules/selection-details.ts';
import { inShadowMode } from '../check/shadow-mode.ts';
import { withTraceEnd } from '../check/traced-check.ts';
import { createForward, forwardNothing } from '../check/upstream-headers.ts';
import type { Config } from '../config/declare/options.ts';
import { removedHeaders } from '../config/rules/rule-problems.ts';
import type { Check } from '../model/decision.ts';
import type { Clock } from '../runtime/time/clock.ts';

type RuleSet = Pick<RuledCheckParts, 'rules' | 'noRuleMatches' | 'mode'>;

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
    late: () => tooLate(limits.checkDeadline),
    clock,
  });
  const checkOf = (set: RuleSet, places: RulePlaces): Check => {
    // A forwarder for each rule, because a cached response names the rule.
    const forwards = set.rules.map(({ outputClaimToHeaders = config.outputClaimToHeaders }) =>
      createForward({ ...config, outputClaimToHeaders }, headers),
    );
    const unmatched = createForward(config, headers);
    const clientAddress = createClientAddress(config.clientAddress);
    const options = { ...set, hosts, paths };
    return createRuledCheck({
      ...set,
      places,
      select: createSelectRule(set.rules, clientAddress, options),
      details: createSelectionDetails(set.rules, clientAddress, options, places),
      authenticate: authenticateInTime,
      contextOf,
      maxTokenSize: limits.maxTokenSize,
      forwardOf: (rule) => (rule === 'none' ? unmatched : (forwards[rule] ?? unmatched)),
      forwardNothing: () => forwardNothing(config, headers),
    });
  };

  const general = { rules: 'rules', noRuleMatches: 'noRuleMatches', mode: 'mode' };
  if (rules !== undefined) return withTraceEnd(checkOf({ rules, noRuleMatches, mode }, general));
  if (policies === undefined) {
    const check = createCheck(authenticateInTime, createForward(config, headers));
    const own =
      mode === 'shadow' ? inShadowMode(check, () => forwardNothing(config, headers), 'mode') : check;
    return withTraceEnd(own);
  }
  return withTraceEnd(
    createPolicyCheck(
      policies.map((policy, index) => {
        const place = `policies[${index}]`;
        const set = {
          rules: policy.rules.map((rule) => ({ ...rule, name: `${policy.name}/${rule.name}` })),
          noRuleMatches: policy.noRuleMatches ?? noRuleMatches,
          mode: policy.mode ?? mode,
        };
        return {
          name: policy.name,
          pathPrefix: policy.pathPrefix,
          place,
          check: checkOf(set, {
            rules: `${place}.rules`,
            noRuleMatches: policy.noRuleMatches === undefined ? 'noRuleMatches' : `${place}.noRuleMatches`,
            mode: policy.mode === undefined ? 'mode' : `${place}.mode`,
          }),
        };
      }),
      grpcPolicy,
    ),
  );
}
