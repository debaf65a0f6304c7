/** The page of the checks of the last 15 minutes, and of the rules. */
import type { RatePoint, RecentChecks } from '../../observe/recent-checks.ts';
import { type Html, html } from '../../runtime/html.ts';
import { ratesChart } from './chart.ts';
import type { RuleView } from './content.ts';
import { badge, facts, table } from './page.ts';
import { ago, count, decimal, duration, latency, percent, timeOfDay } from './words.ts';

/** Maximum number of rules that are listed. */
const mostRules = 500;

const number = (name: string) => ({ name, isNumber: true }) as const;

/** Renders the checks and the rules of the configuration. */
export function checksPage(recent: RecentChecks, rules: readonly RuleView[], now: number): Html {
  const { seconds, reasons, latency: times, cache, points } = recent;
  const all = reasons.reduce((sum, reason) => sum + reason.count, 0);
  const allowed = reasons
    .filter(({ outcome }) => outcome === 'allow')
    .reduce((sum, reason) => sum + reason.count, 0);
  return html`<p>The numbers are from the last ${duration(seconds * 1000)}. The service samples its counters every 10 seconds.</p>
<section aria-labelledby="summary"><h2 id="summary">Summary</h2>
${facts([
  ['Checks', `${count(all)}, ${decimal(all / seconds)} per second`],
  ['Allowed', percent(allowed, all)],
  ['Time of a check, median (p50)', latency(times.p50)],
  ['Time of a check, 99th percentile (p99)', latency(times.p99)],
  ['Tokens found in the cache', percent(cache.hits, cache.hits + cache.misses)],
])}
${ratesChart(points)}
<details><summary>The rates as a table</summary>${table(
    'Checks per second in each minute',
    ['Minute (UTC)', number('Allowed'), number('Denied'), number('Errors')],
    byMinute(points).map(({ time, allow, deny, error }) => [
      timeOfDay(time),
      decimal(allow),
      decimal(deny),
      decimal(error),
    ]),
    'The first rates are available 10 seconds after the start.',
  )}</details></section>
<section aria-labelledby="reasons"><h2 id="reasons">Reasons</h2>
${table(
  'Checks by reason',
  ['Reason', 'Outcome', number('Checks'), number('Per second')],
  reasons.map((one) => [
    html`<a href="/console/reasons#${one.reason}">${one.reason}</a>`,
    outcomeBadge(one.outcome),
    count(one.count),
    decimal(one.perSecond),
  ]),
  'No check has ended in this period.',
)}</section>
<section aria-labelledby="rules"><h2 id="rules">Rules</h2>
<p>Hits count since the start of the service.</p>
${rulesTable(recent.rules, rules, now)}</section>`;
}

/** An outcome as a badge. */
export function outcomeBadge(outcome: 'allow' | 'deny' | 'error'): Html {
  return badge(({ allow: 'good', deny: 'warning', error: 'bad' } as const)[outcome], outcome);
}

function rulesTable(numbers: RecentChecks['rules'], rules: readonly RuleView[], now: number): Html {
  return table(
    'Rules and their hits',
    [
      'Rule',
      'Policy',
      number('Hits'),
      number('Allowed'),
      number('Denied'),
      number('Denied without shadow mode'),
      'Last hit',
    ],
    rules.slice(0, mostRules).map(({ name, policy, isShadow }) => {
      const own = numbers.find((one) => one.name === name);
      return [
        html`<code>${name}</code>${isShadow && html` ${badge('warning', 'shadow')}`}`,
        policy ?? 'none',
        own === undefined ? badge('plain', 'never hit') : count(own.hits),
        count(own?.allowed ?? 0),
        count(own?.denied ?? 0),
        count(own?.shadow ?? 0),
        own?.lastHit === undefined ? 'never' : ago(own.lastHit, now),
      ];
    }),
    'The configuration has no rules: every request needs a valid token.',
  );
}

/** The average rates of each minute, the newest first. */
function byMinute(points: readonly RatePoint[]): readonly RatePoint[] {
  const minutes = Map.groupBy(points, ({ time }) => Math.floor(time / 60_000));
  return [...minutes]
    .toSorted(([a], [b]) => b - a)
    .map(([minute, members]) => {
      const mean = (outcome: 'allow' | 'deny' | 'error') =>
        members.reduce((sum, point) => sum + point[outcome], 0) / members.length;
      return { time: minute * 60_000, allow: mean('allow'), deny: mean('deny'), error: mean('error') };
    });
}
