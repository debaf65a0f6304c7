/** One check where there are rules: the first that matches decides what the request needs. */
import type { RuleConfig } from '../config/rules/rule-options.ts';
import { isShadowOnly } from '../config/rules/shadow-mode.ts';
import type { Check, CheckRequest, Decision, Forwarding, Identity } from '../model/decision.ts';
import type { DenyReason } from '../model/reasons.ts';
import { type Admit, type Authenticate, internalError } from './authenticate.ts';
import type { ContextOf } from './rules/expression-context.ts';
import { asksForOther, readPreflight } from './rules/preflight.ts';
import { createRuleRequirements } from './rules/requirements.ts';
import type { SelectRule } from './rules/select-rule.ts';
import { type Decide, shadowed } from './shadow-mode.ts';
import type { Forward } from './upstream-headers.ts';

/** What a check by rules is made of. */
export interface RuledCheckParts {
  readonly rules: readonly RuleConfig[];
  readonly select: SelectRule;
  readonly noRuleMatches: 'deny' | 'token';
  readonly mode: 'enforce' | 'shadow';
  readonly authenticate: Authenticate;
  /** What is forwarded by a rule; by its index, or where none matches. */
  readonly forwardOf: (rule: number | 'none') => Forward;
  readonly contextOf: ContextOf;
  /** `limits.maxTokenSize`, in bytes: what an expression can cost depends on it. */
  readonly maxTokenSize: number;
  /** Forwards nothing: every header that is ever set is removed. */
  readonly forwardNothing: () => Forwarding;
}

/** Makes the check. */
export function createRuledCheck(parts: RuledCheckParts): Check {
  const { rules, select, noRuleMatches, mode, authenticate, forwardOf, forwardNothing } = parts;
  const inMode = (decide: Decide, of: 'enforce' | 'shadow') =>
    of === 'shadow' ? shadowed(decide, forwardNothing) : decide;
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
  const decideUnmatched = inMode((request) => authenticate(request, unmatched), mode);
  // It could be for a rule that is enforced.
  const modeOfAmbiguous = isShadowOnly({ mode, rules }) ? 'shadow' : 'enforce';
  const decideAmbiguous = {
    path_ambiguous: inMode(() => ({ outcome: 'deny', reason: 'path_ambiguous' }), modeOfAmbiguous),
    host_ambiguous: inMode(() => ({ outcome: 'deny', reason: 'host_ambiguous' }), modeOfAmbiguous),
  };

  return (request) => {
    try {
      const selected = select(request);
      if (typeof selected === 'number') return (decideByRule[selected] ?? decideUnmatched)(request);
      return (selected === 'none' ? decideUnmatched : decideAmbiguous[selected])(request);
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

  // Of hosts with a port, a rule for hosts decides only those whose port it names.
  const namesPort = match.hosts !== undefined;
  const unmet =
    required === undefined
      ? () => 'rule_denied' as const
      : createRuleRequirements(required, contextOf, maxTokenSize, namesPort);
  const listed = match.methods?.includes('OPTIONS') ? new Set(match.methods) : undefined;
  const isUnlisted = (request: CheckRequest) =>
    listed !== undefined && asksForOther(readPreflight(request), listed);
  const requiredScopes = [...(required?.scopes ?? []), ...(required?.anyScopes ?? [])];
  const refuse = (reason: DenyReason, { issuerName }: Identity, cached: boolean): Decision => {
    const refusal = { outcome: 'deny', reason, rule: name, issuerName, cached } as const;
    return reason === 'scope_insufficient' ? { ...refusal, requiredScopes } : refusal;
  };
  const admit: Admit = (identity, token, cached, request) => {
    const reason = isUnlisted(request) ? 'rule_denied' : unmet(identity, request);
    if (reason !== undefined) return refuse(reason, identity, cached);
    return {
      outcome: 'allow',
      reason: 'allowed',
      rule: name,
      identity,
      forwarding: forward(identity, token),
      cached,
    };
  };
  const named = (decision: Decision): Decision =>
    decision.rule === undefined ? { ...decision, rule: name } : decision;
  return (request) => {
    if (rule.allowPreflight && readPreflight(request)?.method !== undefined && !isUnlisted(request))
      return anonymous;
    const decision = authenticate(request, admit);
    return decision instanceof Promise ? decision.then(named) : named(decision);
  };
}
