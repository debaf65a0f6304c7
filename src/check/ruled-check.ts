/** The check with rules. The first rule that matches decides. */
import type { RuleConfig } from '../config/rules/rule-options.ts';
import { isShadowOnly } from '../config/rules/shadow-mode.ts';
import { detailOf, listed } from '../config/values/detail-text.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Check, Decision } from '../model/decision.ts';
import type { Forwarding } from '../model/forwarding.ts';
import type { Identity } from '../model/identity.ts';
import type { StepDetail } from '../model/trace.ts';
import { type Admit, type Authenticate, internalError } from './authenticate.ts';
import type { AnswerOwnPath } from './login/own-paths.ts';
import type { SignIn } from './login/sign-in.ts';
import type { ContextOf } from './rules/expression-context.ts';
import { asksForOther, readPreflight } from './rules/preflight.ts';
import type { FailedRuleRequirement } from './rules/requirement-details.ts';
import { createRuleRequirements, type RuleRequirements } from './rules/requirements.ts';
import type { SelectRule } from './rules/select-rule.ts';
import type { RulePlaces, SelectionDetails } from './rules/selection-details.ts';
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
  readonly places: RulePlaces;
  readonly details: SelectionDetails;
  /** Header changes without an identity: every identity header is removed. */
  readonly forwardNothing: () => Forwarding;
  /** Only with `login`. */
  readonly login?: RuledLogin | undefined;
}

/** The parts of logins in the check. */
export interface RuledLogin {
  /** Undefined if no rule that is enforced counts sessions. */
  readonly answerOwnPath: AnswerOwnPath | undefined;
  /** How a rule authenticates, by its index; undefined if sessions do not count there. */
  readonly signInOf: (rule: number) => SignIn | undefined;
  /** The forwarder of sessions of a rule, by its index. */
  readonly forwardOf: (rule: number) => Forward;
}

/** Creates the check. */
export function createRuledCheck(parts: RuledCheckParts): Check {
  const { rules, select, noRuleMatches, mode, authenticate, forwardOf, forwardNothing, places, details } =
    parts;
  const inMode = (decide: Decide, of: 'enforce' | 'shadow', option: string) =>
    of === 'shadow' ? inShadowMode(decide, forwardNothing, option) : decide;
  const decideByRule = rules.map((rule, index) => {
    const place = `${places.rules}[${index}]`;
    return inMode(
      createDecide(rule, place, forwardOf(index), parts, sessionsAt(index, parts.login)),
      rule.mode ?? mode,
      rule.mode === undefined ? places.mode : `${place}.mode`,
    );
  });
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
      : ({ issuerName }, _, cached, request) => ({
          outcome: 'deny',
          reason: 'rule_denied',
          issuerName,
          cached,
          detail: () => details.noRule(request),
        });
  const decideUnmatched = inMode(
    (request, trace) => authenticate(request, unmatched, trace),
    mode,
    places.mode,
  );
  // An ambiguous request could match a rule that is enforced.
  const modeOfAmbiguous = isShadowOnly({ mode, rules }) ? 'shadow' : 'enforce';
  const ambiguous = (reason: 'path_ambiguous' | 'host_ambiguous', detail: SelectionDetails['path']) =>
    inMode(
      (request) => ({ outcome: 'deny', reason, detail: () => detail(request) }),
      modeOfAmbiguous,
      places.mode,
    );
  const decideAmbiguous = {
    path_ambiguous: ambiguous('path_ambiguous', details.path),
    host_ambiguous: ambiguous('host_ambiguous', details.host),
  };

  const answerOwnPath = parts.login?.answerOwnPath;

  return (request, trace) => {
    try {
      const ownAnswer = answerOwnPath?.(request, trace);
      if (ownAnswer !== undefined) return ownAnswer;
      const selected = select(request);
      if (trace !== undefined && selected !== 'path_ambiguous' && selected !== 'host_ambiguous')
        details.trace(trace, request, selected);
      if (typeof selected === 'number') return (decideByRule[selected] ?? decideUnmatched)(request, trace);
      return (selected === 'none' ? decideUnmatched : decideAmbiguous[selected])(request, trace);
    } catch (cause) {
      return internalError(cause);
    }
  };
}

/** How a rule decides about sessions. */
interface SessionAtRule {
  readonly signIn: SignIn;
  readonly forward: Forward;
}

function sessionsAt(index: number, login: RuledLogin | undefined): SessionAtRule | undefined {
  const signIn = login?.signInOf(index);
  return login === undefined || signIn === undefined
    ? undefined
    : { signIn, forward: login.forwardOf(index) };
}

function createDecide(
  rule: RuleConfig,
  place: string,
  forward: Forward,
  { authenticate, forwardNothing, contextOf, maxTokenSize }: RuledCheckParts,
  session: SessionAtRule | undefined,
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
  const denied = { reason: 'rule_denied', describe: () => describeDeny(name, place) } as const;
  const checkRequirements: RuleRequirements =
    required === undefined
      ? () => denied
      : createRuleRequirements(required, contextOf, maxTokenSize, namesPort, place);
  const listed = match.methods?.includes('OPTIONS') ? new Set(match.methods) : undefined;
  const isUnlisted = (request: CheckRequest) =>
    listed !== undefined && asksForOther(readPreflight(request), listed);
  const requiredScopes = [...(required?.scopes ?? []), ...(required?.anyScopes ?? [])];
  const unlisted = {
    reason: 'rule_denied',
    describe: (_: Identity, request: CheckRequest) => describeUnlisted(request, match.methods ?? [], place),
  } as const;
  const deny = (
    { reason, describe }: FailedRuleRequirement,
    identity: Identity,
    cached: boolean,
    request: CheckRequest,
  ): Decision => {
    const { issuerName } = identity;
    const detail = () => describe(identity, request);
    const denial = { outcome: 'deny', reason, rule: name, issuerName, cached, detail } as const;
    return reason === 'scope_insufficient' ? { ...denial, requiredScopes } : denial;
  };
  const admitWith =
    (forwardWith: Forward): Admit =>
    (identity, token, cached, request, trace) => {
      const failed = isUnlisted(request) ? unlisted : checkRequirements(identity, request, trace);
      if (failed !== undefined) return deny(failed, identity, cached, request);
      return {
        outcome: 'allow',
        reason: 'allowed',
        rule: name,
        identity,
        forwarding: forwardWith(identity, token),
        cached,
      };
    };
  const byToken = admitWith(forward);
  const withRule = (decision: Decision): Decision =>
    decision.rule === undefined ? { ...decision, rule: name } : decision;
  const admit = { byToken, bySession: session === undefined ? byToken : admitWith(session.forward) };
  const authenticateHere: Decide =
    session === undefined
      ? (request, trace) => authenticate(request, byToken, trace)
      : (request, trace) => session.signIn(request, admit, trace);
  return (request, trace) => {
    if (rule.allowPreflight && readPreflight(request)?.method !== undefined && !isUnlisted(request))
      return anonymous;
    const decision = authenticateHere(request, trace);
    return decision instanceof Promise ? decision.then(withRule) : withRule(decision);
  };
}

function describeDeny(name: string, place: string): StepDetail {
  const option = `${place}.deny`;
  return detailOf(
    {
      step: 'requirements',
      subject: 'the rule',
      expected: 'a rule that allows',
      found: 'deny: true',
      option,
    },
    `rule ${name} has deny: true`,
  );
}

/** A preflight that requests a method that the rule does not list. */
function describeUnlisted(request: CheckRequest, methods: readonly string[], place: string): StepDetail {
  const requested = listed(readPreflight(request)?.requested ?? []);
  return detailOf(
    {
      step: 'requirements',
      subject: 'the method that the preflight requests',
      expected: `one of ${listed(methods)}`,
      found: requested,
      option: `${place}.match.methods`,
    },
    `the preflight requests method ${requested}, which is not in ${listed(methods)}`,
  );
}
