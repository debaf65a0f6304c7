/** The metrics of this process. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { type CrossCheckResult, crossCheckResults } from '../credential/cross-check/cross-check.ts';
import type { Decision } from '../model/decision.ts';
import type { WithheldCause } from '../model/forwarding.ts';
import { type Comparison, comparisons } from '../model/incumbent.ts';
import type { Transport } from '../model/transport.ts';
import { createLatencyHistogram } from './histogram.ts';
import { createReasonCounters, type ReasonCounters } from './hot-counters.ts';
import { createLoginMetrics, type LoginMetrics } from './login-metrics.ts';
import { metricDefinitions, metricPrefix } from './metric-definitions.ts';
import { createMetricMakers, type MetricMakers } from './metric-makers.ts';
import type { Report } from './worker-metrics.ts';

/** The values that gauges read at each scrape. */
export interface GaugeSources {
  readonly cacheEntries: () => number;
  readonly proofs: () => number;
  /** The opened sessions in the cache. Absent without `login`. */
  readonly sessions?: () => number;
  readonly workers: () => number;
  readonly issuers: () => readonly {
    readonly name: string;
    readonly keys: number;
    readonly keysAge: number | undefined;
    readonly unused: readonly { readonly cause: string }[];
    readonly hasMoved: boolean;
  }[];
}

/** The metrics. */
export interface Metrics {
  /** A check waits for its decision. */
  readonly checkPending: (transport: Transport) => void;
  readonly checkSettled: (transport: Transport) => void;
  readonly checkEnded: (transport: Transport, decision: Decision, seconds: number) => void;
  readonly cacheLookup: (isHit: boolean) => void;
  readonly crossChecked: (result: CrossCheckResult) => void;
  readonly issuerRefreshed: (issuer: string, kind: string, isSuccess: boolean) => void;
  readonly issuerKeyRejected: (issuer: string, cause: string) => void;
  /** A DPoP proof was denied because the store is full; `bound` is the limit that was reached. */
  readonly replayStoreFull: (issuer: string, bound: 'key' | 'issuer') => void;
  readonly checkRecordLeftOut: () => void;
  /** A configuration is in use. `maxStale` is in milliseconds. */
  readonly configLoaded: (hash: string, atSeconds: number, maxStale: number) => void;
  readonly configReloaded: (isSuccess: boolean) => void;
  readonly denyListTaken: (entries: number) => void;
  readonly denyListReloaded: (isSuccess: boolean) => void;
  readonly denyListShrank: (entries: number) => void;
  readonly certificatesReloaded: (kind: 'listener' | 'ca', isSuccess: boolean) => void;
  readonly connectionRejected: (listener: string, cause: string) => void;
  readonly shadowMode: (isOn: boolean) => void;
  readonly incumbentDecides: (isOn: boolean) => void;
  readonly workerRestarted: () => void;
  readonly workersWanted: (count: number) => void;
  readonly logins: LoginMetrics;
  /** For the metrics of code that is loaded only if it is configured. */
  readonly makers: MetricMakers;
  /** The metrics in a form that another process can sum. */
  readonly report: () => Promise<Report>;
  /** The metrics in the Prometheus text format. */
  readonly scrape: () => Promise<string>;
  readonly contentType: string;
}

/** A number that checks increment and a scrape reads. */
interface Cell {
  count: number;
}

/** Creates the metrics in their own registry. */
export function createMetrics(
  sources: GaugeSources,
  build: { readonly version: string; readonly node: string },
): Metrics {
  const registry = new Registry();
  const makers = createMetricMakers(registry);
  const { counter, gauge } = makers;

  const checks: Record<Transport, ReasonCounters> = {
    http: createReasonCounters(),
    grpc: createReasonCounters(),
  };
  const inFlight: Record<Transport, number> = { http: 0, grpc: 0 };
  const lookups = { hit: 0, miss: 0 };
  const withheldByHeader = new Map<string, Map<WithheldCause, Cell>>();
  const comparisonCounts = Object.fromEntries(
    Object.keys(comparisons).map((result) => [result, { count: 0 }]),
  ) as Record<Comparison, Cell>;
  let recordsLeftOut = 0;
  const durations = createLatencyHistogram(
    `${metricPrefix}check_duration_seconds`,
    metricDefinitions.check_duration_seconds.help,
  );

  counter('checks_total', function () {
    this.reset();
    for (const transport of ['http', 'grpc'] as const)
      for (const { name, outcome, reason, count } of checks[transport].read())
        this.inc({ transport, outcome, reason, issuer: name }, count);
  });
  registry.registerMetric(durations.metric);
  gauge('checks_in_flight', function () {
    for (const transport of ['http', 'grpc'] as const) this.set({ transport }, inFlight[transport]);
  });
  counter('token_cache_lookups_total', function () {
    this.reset();
    for (const result of ['hit', 'miss'] as const) this.inc({ result }, lookups[result]);
  });
  gauge('token_cache_entries', function () {
    this.set(sources.cacheEntries());
  });
  gauge('dpop_proofs', function () {
    this.set(sources.proofs());
  });
  gauge('session_cache_entries', function () {
    this.set(sources.sessions?.() ?? 0);
  });
  const logins = createLoginMetrics(makers);
  const proofsRefused = counter('dpop_replay_store_full_total');
  const ofIssuers = (
    name: 'issuer_ready' | 'issuer_keys' | 'issuer_keys_age_seconds' | 'issuer_jwks_uri_moved',
    read: (issuer: ReturnType<GaugeSources['issuers']>[number]) => number | undefined,
  ) =>
    gauge(name, function () {
      this.reset();
      for (const issuer of sources.issuers()) {
        const value = read(issuer);
        if (value !== undefined) this.set({ issuer: issuer.name }, value);
      }
    });
  ofIssuers('issuer_ready', ({ keys }) => (keys > 0 ? 1 : 0));
  ofIssuers('issuer_keys', ({ keys }) => keys);
  ofIssuers('issuer_keys_age_seconds', ({ keysAge }) => keysAge);
  ofIssuers('issuer_jwks_uri_moved', ({ hasMoved }) => (hasMoved ? 1 : 0));

  const keysMaxStale = gauge('keys_max_stale_seconds');
  gauge('issuer_keys_unused', function () {
    this.reset();
    for (const { name: issuer, unused } of sources.issuers())
      for (const [cause, keys] of Map.groupBy(unused, (key) => key.cause))
        this.set({ issuer, cause }, keys.length);
  });
  gauge('workers', function () {
    this.set(sources.workers());
  });
  const wanted = gauge('workers_wanted');
  const restarts = counter('worker_restarts_total');
  const refreshes = counter('issuer_refreshes_total');
  const keysRejected = counter('issuer_keys_rejected_total');
  const [byRule, byPolicy, shadowed] = [
    createReasonCounters(),
    createReasonCounters(),
    createReasonCounters(),
  ];
  counter('rule_checks_total', function () {
    this.reset();
    for (const { name, outcome, reason, count } of byRule.read())
      this.inc({ rule: name, outcome, reason }, count);
  });
  counter('policy_checks_total', function () {
    this.reset();
    for (const { name, outcome, reason, count } of byPolicy.read())
      this.inc({ policy: name, outcome, reason }, count);
  });
  counter('checks_shadow_total', function () {
    this.reset();
    for (const { name, reason, count } of shadowed.read()) this.inc({ reason, rule: name }, count);
  });
  const ruleDecided = (decision: Decision) => {
    if (decision.rule !== undefined) byRule.add(decision.rule, decision.reason);
    if (decision.policy !== undefined) byPolicy.add(decision.policy, decision.reason);
    if (decision.outcome === 'allow' && decision.shadow !== undefined)
      shadowed.add(decision.rule ?? 'none', decision.shadow);
  };
  counter('shadow_comparisons_total', function () {
    this.reset();
    for (const [result, { count }] of Object.entries(comparisonCounts)) this.inc({ result }, count);
  });
  counter('forwarded_headers_withheld_total', function () {
    this.reset();
    for (const [header, byCause] of withheldByHeader)
      for (const [cause, { count }] of byCause) this.inc({ header, cause }, count);
  });
  counter('check_records_left_out_total', function () {
    this.reset();
    this.inc(recordsLeftOut);
  });
  const reloads = counter('config_reloads_total');
  const lastReloadSuccessful = gauge('config_last_reload_successful');
  const lastReloadTime = gauge('config_last_reload_success_timestamp_seconds');
  const hashInfo = gauge('config_hash_info');
  gauge('build_info').set(build, 1);
  const shadowMode = gauge('shadow_mode');
  const shadowAuthorizer = gauge('shadow_authorizer');
  const denyListEntries = gauge('deny_list_entries');
  const denyListReloads = counter('deny_list_reloads_total');
  const denyListReloadSuccessful = gauge('deny_list_last_reload_successful');
  const denyListRemovals = counter('deny_list_entries_removed_total');
  const certificateReloads = counter('certificate_reloads_total');
  const connectionsRejected = counter('connections_rejected_total');
  const crossChecks = counter('cross_checks_total');
  for (const result of crossCheckResults) crossChecks.inc({ result }, 0);
  for (const result of ['success', 'failure']) {
    reloads.inc({ result }, 0);
    denyListReloads.inc({ result }, 0);
  }
  for (const kind of ['listener', 'ca'])
    for (const result of ['success', 'failure']) certificateReloads.inc({ kind, result }, 0);
  denyListReloadSuccessful.set(1);
  lastReloadSuccessful.set(1);
  collectDefaultMetrics({ register: registry });

  return {
    checkPending: (transport) => {
      inFlight[transport]++;
    },
    checkSettled: (transport) => {
      inFlight[transport]--;
    },
    checkEnded: (transport, decision, seconds) => {
      checks[transport].add(issuerLabel(decision), decision.reason);
      ruleDecided(decision);
      if (decision.comparison !== undefined) comparisonCounts[decision.comparison].count++;
      durations.observe(transport, decision.outcome, seconds);
      if (decision.outcome !== 'allow') return;
      for (const { header, cause } of decision.forwarding.withheld) {
        const byCause = withheldByHeader.getOrInsertComputed(header, () => new Map());
        byCause.getOrInsertComputed(cause, () => ({ count: 0 })).count++;
      }
    },
    cacheLookup: (isHit) => {
      lookups[isHit ? 'hit' : 'miss']++;
    },
    crossChecked: (result) => crossChecks.inc({ result }),
    issuerRefreshed: (issuer, kind, isSuccess) =>
      refreshes.inc({ issuer, kind, result: isSuccess ? 'success' : 'failure' }),
    issuerKeyRejected: (issuer, cause) => keysRejected.inc({ issuer, cause }),
    replayStoreFull: (issuer, bound) => proofsRefused.inc({ issuer, bound }),
    checkRecordLeftOut: () => {
      recordsLeftOut++;
    },
    configLoaded: (hash, atSeconds, maxStale) => {
      keysMaxStale.set(maxStale / 1000);
      hashInfo.reset();
      hashInfo.set({ hash }, 1);
      lastReloadTime.set(atSeconds);
    },
    configReloaded: (isSuccess) => {
      reloads.inc({ result: isSuccess ? 'success' : 'failure' });
      lastReloadSuccessful.set(isSuccess ? 1 : 0);
    },
    denyListTaken: (entries) => {
      denyListEntries.set(entries);
      denyListReloadSuccessful.set(1);
    },
    denyListReloaded: (isSuccess) => {
      denyListReloads.inc({ result: isSuccess ? 'success' : 'failure' });
      denyListReloadSuccessful.set(isSuccess ? 1 : 0);
    },
    denyListShrank: (entries) => denyListRemovals.inc(entries),
    certificatesReloaded: (kind, isSuccess) =>
      certificateReloads.inc({ kind, result: isSuccess ? 'success' : 'failure' }),
    connectionRejected: (listener, cause) => connectionsRejected.inc({ listener, cause }),
    shadowMode: (isOn) => shadowMode.set(isOn ? 1 : 0),
    incumbentDecides: (isOn) => shadowAuthorizer.set(isOn ? 1 : 0),
    workerRestarted: () => restarts.inc(),
    workersWanted: (count) => wanted.set(count),
    logins,
    makers,
    report: () => registry.getMetricsAsJSON(),
    scrape: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** The configured name of the issuer of a decision, or `none`. */
export function issuerLabel(decision: Decision): string {
  return (decision.outcome === 'allow' ? decision.identity?.issuerName : decision.issuerName) ?? 'none';
}
