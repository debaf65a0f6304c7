/** Our own check of a configuration: with policies, with rules, or with neither. */
import type { Authenticate } from '../check/authenticate.ts';
import { createCheck } from '../check/check.ts';
import { tooLate, withCheckDeadline } from '../check/check-deadline.ts';
import { createPolicyCheck } from '../check/policy-check.ts';
import { createRuledCheck } from '../check/ruled-check.ts';
import { createClientAddress } from '../check/rules/client-address.ts';
import { createContextOf } from '../check/rules/expression-context.ts';
import { createSelectRule } from '../check/rules/select-rule.ts';
import { createSelectionDetails } from '../check/rules/selection-details.ts';
import { inShadowMode } from '../check/shadow-mode.ts';
import { withTraceEnd } from '../check/traced-check.ts';
import { createForwards, forwardNothing } from '../check/upstream-headers.ts';
import type { Config } from '../config/declare/options.ts';
import { removedHeaders } from '../config/rules/rule-problems.ts';
import type { Check } from '../model/decision.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { CheckLogins } from './check-logins.ts';
import { generalRules, policyRules, type RuleSet } from './rule-sets.ts';

/**
 * Creates the check.
 *
 * @param authenticate must not have a deadline of its own. Only authentication waits, so this check adds the deadline to it
 * @param logins only with `login`
 */
export function createOwnCheck(
  config: Config,
  authenticate: Authenticate,
  clock: Clock,
  logins?: CheckLogins,
): Check {
  const { grpcPolicy, mode, trustedHeaders, hosts, paths, limits } = config;
  const headers = removedHeaders(config);
  const forwardOf = createForwards(config, headers);
  const contextOf = createContextOf(trustedHeaders, clock, hosts.ports);
  const authenticateInTime: Authenticate = withCheckDeadline(authenticate, {
    timeLeft: () => limits.checkDeadline,
    late: () => tooLate(limits.checkDeadline),
    clock,
  });
  const loginChecks = logins?.createChecks({ config, authenticate: authenticateInTime, headers, clock });
  const checkOf = (set: RuleSet): Check => {
    // A forwarder for each rule, because a cached response names the rule.
    const forwards = set.rules.map(({ outputClaimToHeaders }) => forwardOf(outputClaimToHeaders));
    const unmatched = forwardOf();
    const clientAddress = createClientAddress(config.clientAddress);
    const options = { ...set, hosts, paths };
    const select = createSelectRule(set.rules, clientAddress, options);
    return createRuledCheck({
      ...set,
      select,
      details: createSelectionDetails(set.rules, clientAddress, options, set.places),
      authenticate: authenticateInTime,
      contextOf,
      maxTokenSize: limits.maxTokenSize,
      forwardOf: (rule) => (rule === 'none' ? unmatched : (forwards[rule] ?? unmatched)),
      forwardNothing: () => forwardNothing(config, headers),
      login: loginChecks?.ofRules(set, select),
    });
  };
  const complete = (check: Check) => withTraceEnd(logins === undefined ? check : logins.withCookies(check));

  const rules = generalRules(config);
  if (rules !== undefined) return complete(checkOf(rules));
  const policies = policyRules(config);
  if (policies === undefined) {
    const check = createCheck(authenticateInTime, forwardOf(), loginChecks?.ofService());
    return complete(
      mode === 'shadow' ? inShadowMode(check, () => forwardNothing(config, headers), 'mode') : check,
    );
  }
  return complete(
    createPolicyCheck(
      policies.map((set) => ({
        name: set.policy,
        pathPrefix: set.pathPrefix,
        place: set.place,
        check: checkOf(set),
      })),
      grpcPolicy,
    ),
  );
}
