/** The declarations of all rules, in the order of their ids: for SARIF and for docs/findings.md. */
import { configRules } from './config/config-rules.ts';
import { machineRules } from './config/machine-rules.ts';
import { envoyRules } from './envoy/envoy-rules.ts';
import { issuerRules } from './live/issuer-rules.ts';
import { serviceRules } from './live/service-rules.ts';
import type { Declaration } from './rule.ts';
import { manifestRules } from './rules.ts';

/** Every kind of finding. */
export const declarations: readonly Declaration[] = [
  ...manifestRules,
  ...envoyRules,
  ...serviceRules,
  ...issuerRules,
  ...configRules,
  ...machineRules,
].toSorted((a, b) => a.id.localeCompare(b.id));
