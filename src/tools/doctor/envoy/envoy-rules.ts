/** All rules of `doctor --envoy`. */
import type { Rule } from '../rule.ts';
import { checkRules } from './check-rules.ts';
import { clusterRules } from './cluster-rules.ts';
import { headerRules } from './header-rules.ts';
import type { EnvoyInput } from './input.ts';
import { loginRules } from './login-rules.ts';
import { orderRules } from './order-rules.ts';
import { readingRules } from './reading-rules.ts';
import { stateRules } from './state-rules.ts';

/** The rules about the configuration that an Envoy has really loaded. */
export const envoyRules: readonly Rule<EnvoyInput>[] = [
  ...checkRules,
  ...headerRules,
  ...loginRules,
  ...orderRules,
  ...clusterRules,
  ...readingRules,
  ...stateRules,
];
