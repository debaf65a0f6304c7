/** The frame of every page of the console. */

import { type Html, html } from '../../runtime/html.ts';
import { assets } from './assets.ts';

/** The pages of the navigation. */
const navigation = [
  ['/console', 'State'],
  ['/console/issuers', 'Issuers'],
  ['/console/checks', 'Checks'],
  ['/console/denials', 'Denials'],
  ['/console/explain', 'Explain'],
] as const;

/** A page. */
export interface Page {
  readonly title: string;
  /** The entry of the navigation that the page belongs to. */
  readonly section?: (typeof navigation)[number][0];
  readonly content: Html;
  /** Whether the script loads the page again every 10 s. */
  readonly isLive?: boolean;
  /** Whether the browser has a session that it can end. */
  readonly signOut?: Html | undefined;
}

/** Renders a page as a document. */
export function renderPage({ title, section, content, isLive = false, signOut }: Page): string {
  const links = navigation.map(
    ([path, name]) =>
      html`<li><a href="${path}"${path === section ? html` aria-current="page"` : undefined}>${name}</a></li>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · oidc-authz</title>
<link rel="icon" href="${assets.icon.address}" type="image/svg+xml">
<link rel="stylesheet" href="${assets.stylesheet.address}">
${isLive && html`<script src="${assets.script.address}" defer></script>`}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<p class="product">oidc-authz</p>
<nav aria-label="Console"><ul>${links}</ul></nav>
${signOut}
</header>
<main id="main" tabindex="-1">
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`.markup;
}

/** A table in a region of its own, which scrolls if the page is narrow. */
export function table(
  caption: string,
  columns: readonly (string | { readonly name: string; readonly isNumber: true })[],
  rows: readonly (readonly (string | number | Html | undefined)[])[],
  whenEmpty: string,
): Html {
  if (rows.length === 0) return html`<p class="empty">${whenEmpty}</p>`;
  const isNumber = columns.map((column) => typeof column !== 'string');
  const head = columns.map((column) =>
    typeof column === 'string'
      ? html`<th scope="col">${column}</th>`
      : html`<th scope="col" class="number">${column.name}</th>`,
  );
  const body = rows.map(
    ([first, ...rest]) =>
      html`<tr><th scope="row">${first}</th>${rest.map((cell, index) =>
        isNumber[index + 1] === true ? html`<td class="number">${cell}</td>` : html`<td>${cell}</td>`,
      )}</tr>\n`,
  );
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody>
</table></div>`;
}

/** A list of names and values. Rows without a value are left out. */
export function facts(
  rows: readonly (readonly [name: string, value: string | number | Html | undefined])[],
): Html {
  const shown = rows.filter(([, value]) => value !== undefined);
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

/** A word with a color. The word alone carries the meaning. */
export function badge(kind: 'good' | 'warning' | 'bad' | 'plain', text: string): Html {
  return html`<span class="badge ${kind}">${text}</span>`;
}

/** A message about something that needs attention. */
export function notice(kind: 'warning' | 'bad' | 'good', content: Html): Html {
  return html`<div class="notice ${kind}">${content}</div>`;
}
