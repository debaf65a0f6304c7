/** Line charts as inline SVG. They have a text alternative, and the page has the same numbers as a table. */
import type { RatePoint } from '../../observe/recent-checks.ts';
import { type Html, html } from '../../runtime/html.ts';
import { decimal, timeOfDay } from './words.ts';

const size = { width: 640, height: 160, left: 48, right: 8, top: 12, bottom: 24 };

/** The lines of the chart. They differ in their dashes too, not only in their color. */
const lines = [
  ['allow', 'allowed'],
  ['deny', 'denied'],
  ['error', 'errors'],
] as const;

/** Draws the checks per second by outcome. */
export function ratesChart(points: readonly RatePoint[]): Html | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 2) return undefined;
  const top = Math.max(...points.flatMap(({ allow, deny, error }) => [allow, deny, error])) || 1;
  const across = size.width - size.left - size.right;
  const down = size.height - size.top - size.bottom;
  const x = (time: number) => size.left + (across * (time - first.time)) / (last.time - first.time || 1);
  const y = (rate: number) => size.top + down * (1 - rate / top);
  const drawn = lines.map(([outcome]) => {
    const path = points
      .map((point) => `${x(point.time).toFixed(1)},${y(point[outcome]).toFixed(1)}`)
      .join(' ');
    return html`<polyline class="line ${outcome}" points="${path}"/>`;
  });
  const peaks = lines.map(
    ([outcome, name]) => `${name} up to ${decimal(Math.max(...points.map((point) => point[outcome])))}`,
  );
  const base = size.height - size.bottom;
  return html`<figure>
<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="rates-title rates-text">
<title id="rates-title">Checks per second by outcome</title>
<desc id="rates-text">From ${timeOfDay(first.time)} to ${timeOfDay(last.time)} UTC, per second: ${peaks.join(', ')}. The table below the chart has the numbers.</desc>
<line class="axis" x1="${size.left}" y1="${base}" x2="${size.width - size.right}" y2="${base}"/>
<line class="grid" x1="${size.left}" y1="${size.top}" x2="${size.width - size.right}" y2="${size.top}"/>
<text class="label end" x="${size.left - 6}" y="${size.top + 4}">${decimal(top)}/s</text>
<text class="label end" x="${size.left - 6}" y="${base + 4}">0</text>
<text class="label" x="${size.left}" y="${size.height - 6}">${timeOfDay(first.time)}</text>
<text class="label end" x="${size.width - size.right}" y="${size.height - 6}">${timeOfDay(last.time)}</text>
${drawn}
</svg>
<figcaption>${lines.map(
    ([outcome, name]) =>
      html`<span class="key"><svg viewBox="0 0 28 8" aria-hidden="true"><line class="line ${outcome}" x1="0" y1="4" x2="28" y2="4"/></svg>${name}</span> `,
  )}</figcaption>
</figure>`;
}
