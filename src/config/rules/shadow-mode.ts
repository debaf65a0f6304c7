/** Which rules have shadow mode and which are enforced. */
import type { Config } from '../declare/options.ts';
import type { RuleConfig } from './rule-options.ts';
import { rulesOf } from './rule-problems.ts';

/**
 * Whether a policy enforces nothing: every rule and the result without a matching rule have shadow mode.
 * Only then may a request that matches no single rule (for example, with an ambiguous path) be allowed.
 */
export function isShadowOnly({
  mode,
  rules = [],
}: {
  readonly mode: Config['mode'];
  readonly rules?: readonly RuleConfig[] | undefined;
}): boolean {
  return mode === 'shadow' && rules.every((rule) => (rule.mode ?? mode) === 'shadow');
}

/** Whether a configuration, with all its policies, enforces nothing. */
export function isShadowConfig({
  mode,
  rules,
  policies,
}: Pick<Config, 'mode' | 'rules' | 'policies'>): boolean {
  return (
    isShadowOnly({ mode, rules }) &&
    (policies ?? []).every((policy) => isShadowOnly({ mode: policy.mode ?? mode, rules: policy.rules }))
  );
}

/** Whether shadow mode allows any request that would be denied. */
export function hasShadowMode(config: Config): boolean {
  const { policies = [], mode, shadow } = config;
  // While an incumbent decides, a request that it denies stays denied.
  if (shadow.authorizer !== '') return false;
  const modes = [
    ...(policies.length > 0 ? [] : [mode]),
    ...policies.map((policy) => policy.mode ?? mode),
    ...rulesOf(config).map((rule) => rule.mode),
  ];
  return modes.includes('shadow');
}
