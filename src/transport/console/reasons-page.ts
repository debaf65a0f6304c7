/** The page of the reasons: their causes and how to fix them. */
import { reasonTexts } from '../../model/reason-texts.ts';
import { type Reason, reasons } from '../../model/reasons.ts';
import { type Html, html } from '../../runtime/html.ts';
import { outcomeBadge } from './checks-page.ts';
import { prose } from './prose.ts';

/** Renders every reason. */
export function reasonsPage(): Html {
  const all = Object.keys(reasons) as Reason[];
  return html`<p>Each check ends with one reason. This page has the causes of each, and how to fix them.</p>
${all.map(reasonSection)}`;
}

function reasonSection(reason: Reason): Html {
  const { outcome, description } = reasons[reason];
  const { causes, look, fix } = reasonTexts[reason];
  const list = (title: string, items: readonly string[]) =>
    items.length > 0 && html`<h3>${title}</h3><ul>${items.map((item) => html`<li>${prose(item)}</li>`)}</ul>`;
  return html`<section aria-labelledby="${reason}"><h2 id="${reason}" tabindex="-1">${reason}</h2>
<p>${outcomeBadge(outcome)} ${prose(description)}</p>
${list('Causes', causes)}${list('Confirm the cause', look)}${list('Fix', fix)}</section>
`;
}
