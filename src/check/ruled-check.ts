/** The check with rules. The first rule that matches decides. */
import type { RuleConfig } from '../config/rules/rule-options.ts';
import { isShadowOnly } from '../config/rules/shadow-mode.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Check, Decision } from '../model/decision.ts';
import type { Forwarding } from '../model/forwarding.ts';
import type { Identity } from '../model/identity.ts';
import type { DenyReason } from '../model/reasons.ts';
import { type Admit, type Authenticate, internalError } from './authenticate.ts';
import type { ContextOf } from './rules/expression-context.ts';
import { asksForOther, readPreflight } from './rules/preflight.ts';
import { createRuleRequirements } from './rules/requirements.ts';
import type { SelectRule } from './rules/select-rule.ts';
import { type Decide, inShadowMode } from './shadow-mode.ts';
import type { Forward } from './upstream-headers.ts';

/** The dependencies of the check. */
export interface RuledCheckParts {
  readonly rules: readonly RuleConfig[];
  readonly select: SelectRule;
  readonly noRuleMatches: 'deny' | 'token';
  readonly mode: 'enforce' | 'shadow';
  readonly authenticate: Authenticate;
  /** The forwarder of a rule, by its index, or of requests that no rule matches. */
  readonly forwardOf: (rule: number | 'none') => Forward;
  readonly contextOf: ContextOf;
  /** `limits.maxTokenSize`, in bytes. The cost limit of expressions depends on it. */
  readonly maxTokenSize: number;
  /** Header changes without an identity: every identity header is removed. */
  readonly forwardNothing: () => Forwarding;
}

/** Creates the check. */
export function createRuledCheck(parts: RuledCheckParts): Check {
  const { rules, select, noRuleMatches, mode, authenticate, forwardOf, forwardNothing } = parts;
  const inMode = (decide: Decide, of: 'enforce' | 'shadow') =>
    of === 'shadow' ? inShadowMode(decide, forwardNothing) : decide;
  const decideByRule = rules.map((rule, index) =>
    inMode(createDecide(rule, forwardOf(index), parts), rule.mode ?? mode),
  );
  const forwardUnmatched = forwardOf('none');
  const unmatched: Admit =
    noRuleMatches === 'token'
      ? (identity, token, cached) => ({
          outcome: 'allow',
          reason: 'allowed',
          identity,
          forwarding: forwardUnmatched(identity, token),
          cached,
        })
      : ({ issuerName }, _, cached) => ({ outcome: 'deny', reason: 'rule_denied', issuerName, cached });
  const decideUnmatched = inMode((request, trace) => authenticate(request, unmatched, trace), mode);
  // An ambiguous request could match a rule that is enforced.
  const modeOfAmbiguous = isShadowOnly({ mode, rules }) ? 'shadow' : 'enforce';
  const decideAmbiguous = {
    path_ambiguous: inMode(() => ({ outcome: 'deny', reason: 'path_ambiguous' }), modeOfAmbiguous),
    host_ambiguous: inMode(() => ({ outcome: 'deny', reason: 'host_ambiguous' }), modeOfAmbiguous),
  };

  return (request, trace) => {
    try {
      const selected = select(request, trace);
      if (typeof selected === 'number') return (decideByRule[selected] ?? decideUnmatched)(request, trace);
      return (selected === 'none' ? decideUnmatched : decideAmbiguous[selected])(request, trace);
    } catch (cause) {
      return internalError(cause);
    }
  };
}

function createDecide(
  rule: RuleConfig,
  forward: Forward,
  { authenticate, forwardNothing, contextOf, maxTokenSize }: RuledCheckParts,
): Decide {
  const { name, require: required, match } = rule;
  const anonymous: Decision = {
    outcome: 'allow',
    reason: 'allowed',
    rule: name,
    identity: undefined,
    forwarding: forwardNothing(),
    cached: false,
  };
  if (rule.allow === 'anonymous') return () => anonymous;

  // A rule with hosts matches a host with a port only if it lists this port.
  const namesPort = match.hosts !== undefined;
  const checkRequirements =
    required === undefined
      ? () => 'rule_denied' as const
      : createRuleRequirements(required, contextOf, maxTokenSize, namesPort);
  const listed = match.methods?.includes('OPTIONS') ? new Set(match.methods) : undefined;
  const isUnlisted = (request: CheckRequest) =>
    listed !== undefined && asksForOther(readPreflight(request), listed);
  const requiredScopes = [...(required?.scopes ?? []), ...(required?.anyScopes ?? [])];
  const deny = (reason: DenyReason, { issuerName }: Identity, cached: boolean): Decision => {
    const denial = { outcome: 'deny', reason, rule: name, issuerName, cached } as const;
    return reason === 'scope_insufficient' ? { ...denial, requiredScopes } : denial;
  };
  const admit: Admit = (identity, token, cached, request) => {
    const reason = isUnlisted(request) ? 'rule_denied' : checkRequirements(identity, request);
    if (reason !== undefined) return deny(reason, identity, cached);
    return {
      outcome: 'allow',
      reason: 'allowed',
      rule: name,
      identity,
      forwarding: forward(identity, token),
      cached,
    };
  };
  const withRule = (decision: Decision): Decision =>
    decision.rule === undefined ? { ...decision, rule: name } : decision;
  return (request, trace) => {
    if (rule.allowPreflight && readPreflight(request)?.method !== undefined && !isUnlisted(request))
      return anonymous;
    const decision = authenticate(request, admit, trace);
    return decision instanceof Promise ? decision.then(withRule) : withRule(decision);
  };
}
