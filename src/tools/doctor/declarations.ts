/** The declarations of all rules, in the order of their ids: for SARIF and for docs/findings.md. */
import { configRules } from './config/config-rules.ts';
import { loginConfigRules } from './config/login-config-rules.ts';
import { machineRules } from './config/machine-rules.ts';
import { stateConfigRules } from './config/state-config-rules.ts';
import { envoyRules } from './envoy/envoy-rules.ts';
import { issuerRules } from './live/issuer-rules.ts';
import { replicaRules } from './live/replica-rules.ts';
import { serviceRules } from './live/service-rules.ts';
import type { Declaration } from './rule.ts';
import { manifestRules } from './rules.ts';

const all: readonly Declaration[] = [
  ...manifestRules,
  ...envoyRules,
  ...serviceRules,
  ...replicaRules,
  ...issuerRules,
  ...configRules,
  ...loginConfigRules,
  ...stateConfigRules,
  ...machineRules,
];

/** Every kind of finding. A rule about manifests and a rule about a running system can share one. */
export const declarations: readonly Declaration[] = [...Map.groupBy(all, ({ id }) => id).values()]
  .flatMap(([first]) => first ?? [])
  .toSorted((a, b) => a.id.localeCompare(b.id));
