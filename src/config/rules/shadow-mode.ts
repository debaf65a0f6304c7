/** Which rules are only tried, and which are enforced. */
import type { Config } from '../declare/options.ts';
import type { RuleConfig } from './rule-options.ts';

/**
 * Whether nothing is enforced, neither a rule nor the answer to requests that no rule matches. Only then may a request pass of which nobody
 * can say which rule it is for.
 */
export function isOnlyTried({
  mode,
  rules = [],
}: {
  readonly mode: Config['mode'];
  readonly rules?: readonly RuleConfig[] | undefined;
}): boolean {
  return mode === 'shadow' && rules.every((rule) => (rule.mode ?? mode) === 'shadow');
}

/** The same of a whole configuration, with all its policies. */
export function isAllOnlyTried({
  mode,
  rules,
  policies,
}: Pick<Config, 'mode' | 'rules' | 'policies'>): boolean {
  return (
    isOnlyTried({ mode, rules }) &&
    (policies ?? []).every((policy) => isOnlyTried({ mode: policy.mode ?? mode, rules: policy.rules }))
  );
}
