/** `doctor` for what runs: an Envoy, the service and its issuers, and for a configuration. */
import type { Config } from '../../config/declare/options.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { AdminAccess } from '../admin-client.ts';
import { createAsk } from './ask.ts';
import type { Diagnosis } from './doctor.ts';
import type { Finding } from './finding.ts';
import { runRules } from './rule.ts';

/** The input of a diagnosis. */
export interface RunningInput {
  /** The configuration of the service; undefined without one. */
  readonly named: { readonly config: Config; readonly source: string } | undefined;
  /** The admin ports of Envoys. */
  readonly envoys: readonly AdminAccess[];
  /** The admin listeners of the service, one for each replica. */
  readonly admins: readonly AdminAccess[];
  /** Whether to ask the issuers of the configuration. */
  readonly asksIssuers: boolean;
  /** Ids of findings to leave out. */
  readonly ignored: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  readonly clock: Clock;
  /** The number of cores that this process may use. */
  readonly cores: number;
}

/** The findings, and sentences about what was asked. */
export type RunningDiagnosis = Pick<Diagnosis, 'findings' | 'notes'>;

/**
 * Diagnoses.
 *
 * @throws ConfigError if an admin port does not answer
 */
export async function diagnoseRunning(input: RunningInput): Promise<RunningDiagnosis> {
  const services = await servicesDiagnosis(input);
  const parts: RunningDiagnosis[] = [
    ...(input.named === undefined ? [] : [await configDiagnosis(input, input.named)]),
    ...(services === undefined ? [] : [services]),
    ...(input.named === undefined || !input.asksIssuers
      ? []
      : [await issuersDiagnosis(input, input.named, services?.clockAhead)]),
  ];
  if (input.named === undefined && input.asksIssuers)
    parts.push({
      findings: [],
      notes: ['No issuer was asked: no configuration was found. Name it with --config FILE.'],
    });
  for (const target of input.envoys) parts.push(await envoyDiagnosis(input, target));
  return {
    findings: parts.flatMap(({ findings }) => findings),
    notes: parts.flatMap(({ notes }) => notes),
  };
}

type Named = NonNullable<RunningInput['named']>;

async function configDiagnosis(
  { ignored, readFile, cores, clock }: RunningInput,
  named: Named,
): Promise<RunningDiagnosis> {
  const { configRules } = await import('./config/config-rules.ts');
  const { loginConfigRules } = await import('./config/login-config-rules.ts');
  const { stateConfigRules } = await import('./config/state-config-rules.ts');
  const { machineRules } = await import('./config/machine-rules.ts');
  const findings: readonly Finding[] = [
    ...runRules([...configRules, ...loginConfigRules, ...stateConfigRules], named, ignored),
    ...runRules(machineRules, { ...named, readFile, cores, now: clock.now() }, ignored),
  ];
  return { findings, notes: [] };
}

async function servicesDiagnosis({ named, ignored, clock, admins }: RunningInput) {
  if (admins.length === 0) return undefined;
  const { askService, serviceLimits } = await import('./live/ask-service.ts');
  const { serviceRules } = await import('./live/service-rules.ts');
  const { replicaRules } = await import('./live/replica-rules.ts');
  const answers = [];
  for (const admin of admins) {
    const ask = createAsk(admin, '--admin', serviceLimits);
    answers.push(await askService(admin.origin.origin, ask, named, clock.now));
  }
  const inputs = answers.map(({ input }) => input);
  return {
    findings: [
      ...inputs.flatMap((input) => runRules(serviceRules, input, ignored)),
      ...runRules(replicaRules, inputs, ignored),
    ],
    notes: answers.flatMap(({ notes }) => notes),
    clockAhead: inputs[0]?.clockAhead,
  };
}

async function issuersDiagnosis(
  { ignored, environment, readFile, clock }: RunningInput,
  { config, source }: Named,
  serviceAhead: number | undefined,
): Promise<RunningDiagnosis> {
  const { askIssuers } = await import('./live/ask-issuers.ts');
  const { issuerRules } = await import('./live/issuer-rules.ts');
  const probes = await askIssuers({ config, environment, readFile, clock });
  const names = probes.map(({ issuer }) => issuer.name).join(', ');
  return {
    findings: runRules(issuerRules, { source, probes, serviceAhead, now: clock.now() }, ignored),
    notes: [
      names === ''
        ? 'No issuer was asked: the keys of all issuers are in files.'
        : `Asked the issuers ${names}.`,
    ],
  };
}

async function envoyDiagnosis(
  { named, ignored, clock }: RunningInput,
  access: AdminAccess,
): Promise<RunningDiagnosis> {
  const { askEnvoy, envoyLimits } = await import('./envoy/ask-envoy.ts');
  const { envoyRules } = await import('./envoy/envoy-rules.ts');
  const { origin } = access.origin;
  const ask = createAsk(access, '--envoy', envoyLimits, true);
  const { input, notes } = await askEnvoy({ url: origin, ask, config: named?.config, now: clock.now });
  const skipped = envoyRules.filter(({ needsConfig }) => needsConfig).map(({ id }) => id);
  return {
    findings: runRules(envoyRules, input, ignored),
    notes: [
      ...notes,
      ...(named === undefined
        ? [
            `No configuration to compare with Envoy's; skipped ${skipped.join(', ')}. Name it with --config FILE.`,
          ]
        : []),
    ],
  };
}
