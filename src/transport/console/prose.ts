/** Renders the small part of Markdown that the texts of reasons use: code and links. */
import { type Html, html } from '../../runtime/html.ts';

/** Renders a text. The target of a link is a page of the documentation, so only its text is shown. */
export function prose(text: string): Html {
  const parts = text.split(/(`[^`]+`|\[[^\]]+\]\([^)]*\))/).map((part) => {
    const [, code] = /^`([^`]+)`$/.exec(part) ?? [];
    if (code !== undefined) return html`<code>${code}</code>`;
    const [, link] = /^\[([^\]]+)\]\([^)]*\)$/.exec(part) ?? [];
    return link === undefined ? part : prose(link);
  });
  return html`${parts}`;
}
