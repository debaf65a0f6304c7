/** The checks of the last 15 minutes, from samples of the metrics. Checks do no work for it. */
import type { Outcome } from '../model/reasons.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { bounds } from './histogram.ts';
import { metricPrefix } from './metric-definitions.ts';
import type { Report } from './worker-metrics.ts';

/** How often the metrics are sampled, in milliseconds, and how many samples are stored: 15 minutes. */
const sampling = { interval: 10_000, samples: 90 };

/** The checks per second in one interval. */
export interface RatePoint {
  /** The end of the interval, in milliseconds since the epoch. */
  readonly time: number;
  readonly allow: number;
  readonly deny: number;
  readonly error: number;
}

/** The checks with one reason. */
export interface ReasonNumbers {
  readonly outcome: Outcome;
  readonly reason: string;
  /** Checks in the whole period. */
  readonly count: number;
  readonly perSecond: number;
}

/** The checks that one rule decided since the start of the service. */
export interface RuleNumbers {
  readonly name: string;
  readonly hits: number;
  readonly allowed: number;
  readonly denied: number;
  /** Checks that are allowed only because of shadow mode. */
  readonly shadow: number;
  /** When it was last seen to decide, in milliseconds since the epoch, exact to 10 s; undefined if it was not seen. */
  readonly lastHit: number | undefined;
}

/** The checks of the last 15 minutes, or of the time since the start if that is shorter. */
export interface RecentChecks {
  /** The length of the period, in seconds. */
  readonly seconds: number;
  readonly points: readonly RatePoint[];
  readonly reasons: readonly ReasonNumbers[];
  /** Percentiles of the time of a check, in seconds; undefined without checks. */
  readonly latency: { readonly p50: number | undefined; readonly p99: number | undefined };
  readonly cache: { readonly hits: number; readonly misses: number };
  /** Every rule that has decided since the start. */
  readonly rules: readonly RuleNumbers[];
}

/** Samples the metrics. */
export interface CheckSampler {
  readonly start: () => void;
  readonly stop: () => void;
  /** The numbers up to now. */
  readonly read: () => Promise<RecentChecks>;
}

/** The counters of all checks since the start. */
interface Totals {
  readonly at: number;
  readonly time: number;
  readonly reasons: ReadonlyMap<string, { readonly outcome: Outcome; readonly count: number }>;
  readonly buckets: readonly number[];
  readonly hits: number;
  readonly misses: number;
}

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/** Creates a sampler without samples. @param report reads the metrics of all processes */
export function createCheckSampler(report: () => Promise<Report>, clock: Clock): CheckSampler {
  const totals: Totals[] = [];
  const lastHits = new Map<string, { readonly hits: number; readonly seenAt: number | undefined }>();
  let cancel = () => {};
  let isStopped = false;

  const seeRules = (metrics: Report, now: number): readonly RuleNumbers[] => {
    const rules = rulesOf(metrics);
    return rules.map((rule) => {
      const before = lastHits.get(rule.name) ?? { hits: 0, seenAt: undefined };
      const seenAt = rule.hits > before.hits ? now : before.seenAt;
      lastHits.set(rule.name, { hits: rule.hits, seenAt });
      return { ...rule, lastHit: seenAt };
    });
  };
  const take = (metrics: Report): Totals => totalsOf(metrics, clock.monotonic(), clock.now());
  const sample = async () => {
    // A sample that fails is left out: the next one covers its time.
    const metrics = await report().catch(() => undefined);
    if (isStopped) return;
    if (metrics !== undefined) {
      totals.push(take(metrics));
      seeRules(metrics, clock.now());
    }
    if (totals.length > sampling.samples + 1) totals.shift();
    cancel = clock.after(sampling.interval, () => void sample());
  };

  return {
    start: () => void sample(),
    stop: () => {
      isStopped = true;
      cancel();
    },
    read: async () => {
      const metrics = await report();
      const now = take(metrics);
      return {
        ...numbersOf(totals.length === 0 ? [now] : [...totals, now]),
        rules: seeRules(metrics, now.time),
      };
    },
  };
}

function numbersOf(all: readonly Totals[]): Omit<RecentChecks, 'rules'> {
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined) throw new TypeError('there is at least one sample');
  const seconds = Math.max(0.001, (last.at - first.at) / 1000);
  const reasons = [...last.reasons]
    .map(([reason, { outcome, count }]) => {
      const added = count - (first.reasons.get(reason)?.count ?? 0);
      return { outcome, reason, count: added, perSecond: added / seconds };
    })
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count);
  const buckets = last.buckets.map((count, index) => count - (first.buckets[index] ?? 0));
  return {
    seconds,
    points: all.slice(1).flatMap((one, index) => {
      const before = all[index];
      return before === undefined || one.at - before.at < 1_000 ? [] : [rateBetween(before, one)];
    }),
    reasons,
    latency: { p50: quantile(0.5, buckets), p99: quantile(0.99, buckets) },
    cache: { hits: last.hits - first.hits, misses: last.misses - first.misses },
  };
}

function rateBetween(before: Totals, after: Totals): RatePoint {
  const seconds = (after.at - before.at) / 1000;
  const sum = ({ reasons }: Totals, wanted: Outcome) =>
    [...reasons.values()].reduce((total, { outcome, count }) => total + (outcome === wanted ? count : 0), 0);
  const rate = (outcome: Outcome) => Math.max(0, sum(after, outcome) - sum(before, outcome)) / seconds;
  return { time: after.time, allow: rate('allow'), deny: rate('deny'), error: rate('error') };
}

/** A quantile with linear interpolation inside of its bucket, as Prometheus computes it. @param buckets cumulative counts by bound */
function quantile(wanted: number, buckets: readonly number[]): number | undefined {
  const total = buckets.at(-1) ?? 0;
  if (total <= 0) return undefined;
  const rank = wanted * total;
  const index = buckets.findIndex((count) => count >= rank);
  const [lower, upper] = [bounds[index - 1] ?? 0, bounds[index]];
  if (upper === undefined) return bounds.at(-1);
  const below = buckets[index - 1] ?? 0;
  return lower + ((upper - lower) * (rank - below)) / Math.max(1, (buckets[index] ?? 0) - below);
}

function totalsOf(metrics: Report, at: number, time: number): Totals {
  const reasons = new Map<string, { outcome: Outcome; count: number }>();
  for (const { labels, value } of samplesOf(metrics, 'checks_total')) {
    const reason = String(labels.reason);
    const count = (reasons.get(reason)?.count ?? 0) + value;
    reasons.set(reason, { outcome: labels.outcome as Outcome, count });
  }
  const buckets: number[] = new Array(bounds.length + 1).fill(0);
  for (const { labels, value, metricName } of samplesOf(metrics, 'check_duration_seconds')) {
    if (metricName?.endsWith('_bucket') !== true) continue;
    const index = labels.le === '+Inf' ? bounds.length : bounds.indexOf(Number(labels.le));
    if (index >= 0) buckets[index] = (buckets[index] ?? 0) + value;
  }
  const lookups = (result: string) =>
    samplesOf(metrics, 'token_cache_lookups_total').find(({ labels }) => labels.result === result)?.value ??
    0;
  return { at, time, reasons, buckets, hits: lookups('hit'), misses: lookups('miss') };
}

function rulesOf(metrics: Report): readonly Omit<RuleNumbers, 'lastHit'>[] {
  const byRule = Map.groupBy(samplesOf(metrics, 'rule_checks_total'), ({ labels }) => String(labels.rule));
  const shadowed = samplesOf(metrics, 'checks_shadow_total');
  const sum = (samples: readonly Sample[]) => samples.reduce((total, { value }) => total + value, 0);
  return [...byRule].map(([name, samples]) => {
    const allowed = sum(samples.filter(({ labels }) => labels.outcome === 'allow'));
    return {
      name,
      hits: sum(samples),
      allowed,
      denied: sum(samples) - allowed,
      shadow: sum(shadowed.filter(({ labels }) => labels.rule === name)),
    };
  });
}

function samplesOf(metrics: Report, name: string): readonly Sample[] {
  const metric = metrics.find((one) => (one as { name?: string }).name === metricPrefix + name);
  return (metric as { values?: readonly Sample[] } | undefined)?.values ?? [];
}
