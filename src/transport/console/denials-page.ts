/** The pages of the recorded denials. */

import { reasons } from '../../model/reasons.ts';
import type { RecordedDenial } from '../../model/recorded-denial.ts';
import { maxRecentDenials } from '../../observe/recent-denials.ts';
import { type Html, html } from '../../runtime/html.ts';
import { outcomeBadge } from './checks-page.ts';
import type { DenialFilter } from './content.ts';
import { badge, facts, table } from './page.ts';
import { prose } from './prose.ts';
import { ago, count, time } from './words.ts';

/** Maximum number of rows. */
export const mostDenials = 100;

/** The longest request in a row, in characters. The page of a denial shows more. */
const longestRequest = 200;

/** Renders the list of denials. */
export function denialsPage(denials: readonly RecordedDenial[], filter: DenialFilter): Html {
  const options = Object.entries(reasons).filter(([, { outcome }]) => outcome !== 'allow');
  return html`<form method="get" action="/console/denials" class="filter">
<p><label for="id">Decision ID</label><input id="id" name="id" autocomplete="off" spellcheck="false"></p>
<p><label for="reason">Reason</label><select id="reason" name="reason"><option value="">any</option>${options.map(
    ([reason]) => html`<option${reason === filter.reason && html` selected`}>${reason}</option>`,
  )}</select></p>
<p><label for="host">Host</label><input id="host" name="host" value="${filter.host}" autocomplete="off"></p>
<p><label for="rule">Rule</label><input id="rule" name="rule" value="${filter.rule}" autocomplete="off"></p>
<p><button type="submit">Show</button></p>
</form>
<p>Each process that answers checks stores its last ${count(maxRecentDenials)} denials in memory. The table has at most the newest ${mostDenials} that match.</p>
${table(
  'Denials, newest first',
  ['Decision', 'Time', 'Reason', 'Request', 'Rule', 'Issuer'],
  denials
    .slice(0, mostDenials)
    .map((one) => [
      html`<a href="/console/denials/${encodeURIComponent(one.id)}"><code>${one.id}</code></a>`,
      time(one.time),
      html`<a href="/console/reasons#${one.reason}">${one.reason}</a>${!one.enforced && html` ${badge('plain', 'not enforced')}`}`,
      html`<code class="request">${shortened(`${one.method} ${one.host}${one.path}`)}</code>`,
      one.rule ?? 'none',
      one.issuer ?? 'none',
    ]),
  'No denial matches.',
)}`;
}

/** Cuts a text. A client decides about its length, and 200 long rows take too much time. */
function shortened(text: string): string {
  return text.length > longestRequest ? `${text.slice(0, longestRequest)}…` : text;
}

/** Renders one denial. */
export function denialPage(denial: RecordedDenial, now: number): Html {
  const { reason, method, host, path } = denial;
  const query = new URLSearchParams({ method, host, path });
  return html`${facts([
    ['Decision', html`<code>${denial.id}</code>`],
    ['Time', ago(denial.time, now)],
    ['Outcome', outcomeBadge(denial.outcome)],
    [
      'Reason',
      html`<a href="/console/reasons#${reason}">${reason}</a>: ${prose(reasons[reason].description)}`,
    ],
    ['Expected and found', denial.detail],
    ['Decided by the option', denial.option === undefined ? undefined : html`<code>${denial.option}</code>`],
    [
      'Effect',
      denial.enforced
        ? 'The request was denied.'
        : 'The request was not denied: shadow mode is on, or the incumbent decides.',
    ],
    ['Method', method],
    ['Host', html`<code>${host}</code>`],
    ['Path', html`<code>${path}</code>`],
    ['Transport', denial.transport],
    ['Policy', denial.policy],
    ['Rule', denial.rule],
    ['Issuer', denial.issuer],
    ['Request ID', denial.requestId === '' ? undefined : html`<code>${denial.requestId}</code>`],
  ])}
<p><a href="/console/explain?${query.toString()}">Explain this request with a token</a></p>
<p><a href="/console/denials">All denials</a></p>`;
}

/** Renders the answer to an id that no process has. */
export function unknownDenialPage(): Html {
  return html`<p>This service does not have this decision ID. Each process that answers checks stores its last ${count(maxRecentDenials)} denials until it restarts.</p>
<p>Open the console of the other replicas, or search their logs for the ID.</p>
<p><a href="/console/denials">All denials</a></p>`;
}
