/** Says for which rules sessions count, and who is sent to log in. */
import type { Config } from '../declare/options.ts';
import type { RuleConfig } from '../rules/rule-options.ts';

/** The sessions that count for a rule. A service without rules is like one rule. */
export interface SessionRule {
  /** Names of the issuers whose sessions count. */
  readonly issuers: readonly string[];
  /** Who is sent to log in: `never` if sessions count but no client is. */
  readonly when: 'navigation' | 'always' | 'never';
  readonly requireSameOrigin: boolean;
  /** The option that says so, below the rule; for a service without rules, below the configuration. */
  readonly option: readonly string[];
}

/** The parts of a configuration that decide. */
type Logins = Pick<Config, 'login' | 'issuers'>;

/**
 * Returns what a rule says about sessions.
 *
 * @param rule undefined for a service without rules
 * @returns undefined if sessions do not count
 */
export function sessionRuleOf(rule: RuleConfig | undefined, config: Logins): SessionRule | undefined {
  const { login } = config;
  if (login === undefined) return undefined;
  const requireSameOrigin = rule?.requireSameOrigin ?? login.requireSameOrigin;
  const issuers = login.issuers ?? loginIssuers(config);
  if (rule === undefined) return { issuers, when: login.when, requireSameOrigin, option: ['login'] };
  const required = rule.require?.login;
  if (rule.require === undefined || rule.login === 'never' || required === 'never') return undefined;
  if (required === 'session')
    return {
      issuers: loginIssuers(config),
      when: 'never',
      requireSameOrigin,
      option: ['require', 'login'],
    };
  if (required !== undefined)
    return {
      issuers: required,
      when: rule.login ?? login.when,
      requireSameOrigin,
      option: ['require', 'login'],
    };
  return rule.login === undefined
    ? undefined
    : { issuers, when: rule.login, requireSameOrigin, option: ['login'] };
}

/** The names of the issuers that sign people in. */
export function loginIssuers({ issuers }: Pick<Config, 'issuers'>): readonly string[] {
  return issuers.flatMap(({ name, login }) => (login === undefined ? [] : [name]));
}
