/** Describes why a request has no rule, or which part of it is ambiguous, for details and traces. */
import type { RuleConfig } from '../../config/rules/rule-options.ts';
import { detailOf, listed, shown, shownPath } from '../../config/values/detail-text.ts';
import { readHost } from '../../config/values/hosts.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import { type Observation, passed, type StepDetail, type Trace } from '../../model/trace.ts';
import type { ClientAddress } from './client-address.ts';
import { createNearestRules } from './nearest-rules.ts';
import { pathAmbiguity } from './path.ts';
import { createSelectRule, type MatchOptions } from './select-rule.ts';

/** The paths of the rules and their options in the configuration. */
export interface RulePlaces {
  /** The path of the list, such as `rules` or `policies[0].rules`. */
  readonly rules: string;
  readonly noRuleMatches: string;
  readonly mode: string;
}

/** The descriptions of a selection. */
export interface SelectionDetails {
  readonly noRule: (request: CheckRequest) => StepDetail;
  readonly path: (request: CheckRequest) => StepDetail;
  readonly host: (request: CheckRequest) => StepDetail;
  /** Emits the step of the selection: the nearest rules before the selected one, and that rule. */
  readonly trace: (trace: Trace, request: CheckRequest, selected: number | 'none') => void;
}

/** Maximum number of other rules in a trace. */
const maxTraced = 5;

/** A part of a rule that a request does not match. */
type Part = 'hosts' | 'paths' | 'methods' | 'headers' | 'addresses';
const parts: readonly Part[] = ['hosts', 'paths', 'methods', 'headers', 'addresses'];

/** Creates the descriptions. The code that selects the rule also finds the parts that a request does not match. */
export function createSelectionDetails(
  rules: readonly RuleConfig[],
  clientAddress: ClientAddress,
  options: MatchOptions,
  places: RulePlaces,
): SelectionDetails {
  const nearest = createNearestRules(rules);
  const matchers = new Map<number, readonly (readonly [Part, (request: CheckRequest) => boolean])[]>();

  /** The parts of a rule, each with a selection among only this part. */
  const matchersOf = (index: number) =>
    matchers.getOrInsertComputed(index, () => {
      const rule = rules[index];
      return rule === undefined ? [] : parts.flatMap((part) => matcherOf(rule, part));
    });
  const matcherOf = (rule: RuleConfig, part: Part) => {
    const required = rule.match[part];
    if (required === undefined || (part === 'headers' && Object.keys(required).length === 0)) return [];
    const { expression: _, ...require } = rule.require ?? { scopes: [], claims: {} };
    const alone = { ...rule, require, match: { headers: {}, [part]: required } };
    const select = createSelectRule([alone], clientAddress, options);
    return [[part, (request: CheckRequest) => select(request) === 0] as const];
  };
  const unmatched = (index: number, request: CheckRequest): readonly Part[] =>
    matchersOf(index).flatMap(([part, matches]) => (matches(request) ? [] : [part]));

  const placeOf = (index: number) => `${places.rules}[${index}]`;
  const nameOf = (index: number) => `${placeOf(index)} (${rules[index]?.name})`;
  const partText = (index: number, part: Part, request: CheckRequest): string => {
    const match = rules[index]?.match;
    if (part === 'headers') return `which needs the header ${listed(Object.keys(match?.headers ?? {}))}`;
    if (part === 'addresses') {
      const address = clientAddress(request);
      const found = address === undefined ? 'unknown' : shown(address);
      return `whose addresses do not have the client address, ${found}`;
    }
    return `whose ${part} are ${listed(match?.[part] ?? [])}`;
  };
  /** The rules that match the most, with what does not match. */
  const nearestUnmatched = (request: CheckRequest) =>
    nearest(request.path)
      .map((index) => ({ index, missing: unmatched(index, request) }))
      .filter(({ missing }) => missing.length > 0)
      .sort((a, b) => a.missing.length - b.missing.length || a.index - b.index);
  const missingText = (index: number, missing: readonly Part[], request: CheckRequest) =>
    missing.map((part) => partText(index, part, request)).join(', and ');

  return {
    noRule: (request) => {
      const [first] = nearestUnmatched(request);
      const text = `no rule matches ${requestText(request)}`;
      return detailOf(
        { ...observe('a rule that matches', requestText(request)), option: places.noRuleMatches },
        first === undefined
          ? text
          : `${text}; nearest is ${nameOf(first.index)}, ${missingText(first.index, first.missing, request)}`,
      );
    },
    path: (request) => {
      const problem = pathAmbiguity(request.path);
      return detailOf(
        {
          ...observe('a path that all servers read in the same way', shownPath(request.path)),
          option: places.rules,
        },
        problem === undefined
          ? `servers can read path ${shownPath(request.path)} in more than one way, and the rules decide differently for them`
          : `path ${shownPath(request.path)} ${problem}`,
      );
    },
    host: ({ host }) => {
      const port = readHost(host)?.port;
      return detailOf(
        {
          ...observe('a host that all servers read in the same way', host === '' ? 'none' : shown(host)),
          option: port === undefined ? places.rules : 'hosts.ports',
        },
        port === undefined
          ? hostProblem(host)
          : `host ${shown(host)} has a port, and the rules decide differently without it (hosts.ports is exact)`,
      );
    },
    trace: (trace, request, selected) => {
      const end = selected === 'none' ? rules.length : selected;
      const others = nearestUnmatched(request).filter(({ index }) => index < end);
      for (const { index, missing } of others.slice(0, maxTraced).sort((a, b) => a.index - b.index))
        trace({
          step: 'rule',
          result: 'info',
          subject: nameOf(index),
          expected: missing.map((part) => expectedOf(rules[index], part)).join('; '),
          found: requestText(request),
          option: `${placeOf(index)}.match.${missing[0]}`,
        });
      if (selected === 'none')
        trace({
          step: 'rule',
          result: 'info',
          subject: 'the rules',
          found: `no rule matches ${requestText(request)}`,
          option: places.noRuleMatches,
        });
      else
        passed(trace, {
          step: 'rule',
          subject: 'the rules',
          expected: 'the first rule that matches',
          found: nameOf(selected),
          option: placeOf(selected),
        });
    },
  };
}

function expectedOf(rule: RuleConfig | undefined, part: Part): string {
  const required = part === 'headers' ? Object.keys(rule?.match.headers ?? {}) : rule?.match[part];
  return `${part} ${listed(required ?? [])}`;
}

function requestText({ host, method, path }: CheckRequest): string {
  return `host ${host === '' ? 'none' : shown(host)}, method ${shown(method)}, path ${shownPath(path)}`;
}

function hostProblem(host: string): string {
  if (host === '') return 'the request does not have a host';
  if (host.includes(',')) return `host ${shown(host)} has a comma: the request has several host lines`;
  if (/\.(:\d+)?$/.test(host)) return `host ${shown(host)} ends with a dot`;
  return `host ${shown(host)} is not a valid name or address in its usual form`;
}

function observe(expected: string, found: string): Observation {
  return { step: 'rule', subject: 'the request', expected, found };
}
