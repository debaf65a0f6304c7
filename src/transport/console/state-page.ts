/** The page of the state of the service. */

import { type Html, html } from '../../runtime/html.ts';
import type { CertificateView, ConsoleState } from './content.ts';
import { badge, facts, notice, table } from './page.ts';
import { ago, duration, time } from './words.ts';

const day = 86_400_000;

/** Certificates that expire within this time are marked, in milliseconds. */
const soon = 14 * day;

/** Renders the state. */
export function statePage(state: ConsoleState, now: number): Html {
  const { configuration, workers, problems } = state;
  const reload =
    problems.find(({ what }) => what === 'configuration') === undefined
      ? badge('good', 'in use')
      : badge('bad', 'the last reload failed; this configuration stays in use');
  return html`
${problems.map((one) =>
  notice(
    'bad',
    html`<p><strong>${titleOf(one.what)}</strong> ${effectOf(one.what)} since ${ago(one.since, now)}.</p>
<p>${one.problem}</p>${one.files.length > 0 && html`<p>Files: ${one.files.join(', ')}</p>`}`,
  ),
)}
${
  state.incumbent !== undefined &&
  notice(
    'warning',
    html`<p>The incumbent ${state.incumbent} decides. The decisions of this service are only compared.</p>`,
  )
}
${state.isShadow && notice('warning', html`<p>Shadow mode is on. Some requests are allowed that would be denied.</p>`)}
<section aria-labelledby="service"><h2 id="service">Service</h2>
${facts([
  [
    'Readiness',
    state.isDraining
      ? badge('warning', 'draining')
      : state.isReady
        ? badge('good', 'ready')
        : badge('bad', 'not ready'),
  ],
  ['Version', state.version],
  ['Node.js', state.node],
  ['Started', ago(state.since, now)],
  [
    'Processes that answer checks',
    workers.running < workers.wanted
      ? html`${workers.running} of ${workers.wanted} ${badge('warning', 'some are missing')}`
      : `${workers.running} of ${workers.wanted}`,
  ],
])}</section>
<section aria-labelledby="configuration"><h2 id="configuration">Configuration</h2>
${facts([
  ['Hash', html`<code>${configuration.hash}</code>`],
  ['Loaded', ago(configuration.loadedAt, now)],
  ['State', reload],
])}</section>
<section aria-labelledby="listeners"><h2 id="listeners">Listeners</h2>
${table(
  'Addresses of the listeners',
  ['Name', 'Address', 'Security'],
  state.listeners.map(({ name, address, security }) => [name, html`<code>${address}</code>`, security]),
  'No listener is open.',
)}</section>
<section aria-labelledby="certificates"><h2 id="certificates">Certificates</h2>
${table(
  'Certificate files, each with the certificate that expires first',
  ['Use', 'File', 'Expires', 'State'],
  state.certificates.map((one) => [
    one.use,
    html`<code>${one.file}</code>`,
    one.expires === undefined ? 'unknown' : time(one.expires),
    certificateState(one, now),
  ]),
  'The configuration names no certificate files.',
)}</section>`;
}

function certificateState({ expires, problem }: CertificateView, now: number): Html {
  if (expires === undefined) return badge('bad', problem ?? 'cannot be read');
  if (expires <= now) return badge('bad', 'expired');
  const left = `${duration(expires - now)} left`;
  return badge(expires - now < soon ? 'warning' : 'good', left);
}

/** The deny list of the store has no previous content that stays in use. */
function titleOf(what: string): string {
  if (what === 'revocations') return 'The deny list of the store is not complete.';
  return `The ${what} ${what.endsWith('s') ? 'were' : 'was'} not reloaded.`;
}

function effectOf(what: string): string {
  if (what === 'revocations') return 'Tokens that only the missing entries revoke have been allowed';
  return what.endsWith('s') ? 'The previous ones have stayed in use' : 'The previous one has stayed in use';
}
