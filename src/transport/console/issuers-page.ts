/** The page of the issuers and their keys. */
import { unusedCauses } from '../../issuer/keys/unused-keys.ts';
import { type Html, html } from '../../runtime/html.ts';
import type { FetchResult, IssuerView } from './content.ts';
import { badge, facts, notice, table } from './page.ts';
import { prose } from './prose.ts';
import { ago, duration } from './words.ts';

/** Maximum number of keys that are listed for an issuer. */
const mostListed = 100;

const states = {
  waiting: ['warning', 'waiting for its first keys'],
  ready: ['good', 'ready'],
  stale: ['warning', 'the last fetch failed; the previous keys stay in use'],
  unavailable: ['bad', 'unavailable: its keys are older than keys.maxStale'],
} as const;

/** Renders the issuers. @param formToken the hidden field of every form */
export function issuersPage(issuers: readonly IssuerView[], formToken: Html, now: number): Html {
  return html`${issuers.map((issuer, index) => issuerSection(issuer, index, formToken, now))}`;
}

/** Renders the result of a requested fetch. */
export function fetchResultPage(name: string, result: Exclude<FetchResult, 'unknown issuer'>): Html {
  const message =
    result === 'started'
      ? notice('good', html`<p>The service fetches the keys of ${name} now.</p>`)
      : notice(
          'warning',
          html`<p>The keys of ${name} were fetched a moment ago. Wait for <code>keys.minRefreshInterval</code>, then try again.</p>`,
        );
  return html`${message}<p><a href="/console/issuers">Back to the issuers</a></p>`;
}

function issuerSection(issuer: IssuerView, index: number, formToken: Html, now: number): Html {
  const { name, keys, unused, age, nextFetch, problem, problemSince } = issuer;
  const [kind, words] = states[issuer.state];
  const id = `issuer-${index}`;
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>
${facts([
  ['State', badge(kind, words)],
  ['Issuer', html`<code>${issuer.issuer}</code>`],
  ['Keys loaded', age === undefined ? 'never' : `${duration(age)} ago`],
  ['Next fetch', nextFetch === undefined ? 'now' : `in ${duration(nextFetch)}`],
  ['Last problem', problem],
  ['Problem since', problemSince === undefined ? undefined : ago(problemSince, now)],
])}
<form method="post" action="/console/issuers/fetch">${formToken}
<input type="hidden" name="issuer" value="${name}">
<button type="submit">Fetch the keys of ${name} now</button></form>
${table(
  `Keys of ${name}`,
  ['Key ID (kid)', 'Algorithms', 'In use since'],
  keys
    .slice(0, mostListed)
    .map((key) => [
      key.id === undefined ? 'without a key ID' : html`<code>${key.id}</code>`,
      key.algorithms.join(', '),
      ago(key.since, now),
    ]),
  'The issuer has no usable key.',
)}
${
  unused.length > 0 &&
  table(
    `Published keys of ${name} that are not used`,
    ['Key', 'Cause'],
    unused
      .slice(0, mostListed)
      .map(({ key, cause }) => [
        html`<code>${key}</code>`,
        html`<code>${cause}</code>: ${prose(unusedCauses[cause])}`,
      ]),
    '',
  )
}</section>`;
}
