/** The pictures of the pages. They say nothing that the title does not say, so screen readers skip them. */
import { type Html, html } from '../../runtime/html.ts';

const icon = (paths: Html): Html =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${paths}</svg>`;

/** A person, for a sign-in. */
export const personIcon = icon(
  html`<circle cx="12" cy="8.25" r="3.75"/><path d="M4.75 19.75c1-3.9 3.8-5.75 7.25-5.75s6.25 1.85 7.25 5.75"/>`,
);

/** An exclamation mark, for a sign-in that failed. */
export const failureIcon = icon(
  html`<circle cx="12" cy="12" r="8.75"/><path d="M12 7.75v5"/><path d="M12 16.2v.05"/>`,
);

/** A clock, for a sign-in that is not available. */
export const clockIcon = icon(html`<circle cx="12" cy="12" r="8.75"/><path d="M12 7v5.25l3.25 2"/>`);

/** A check mark, for what was done. */
export const doneIcon = icon(html`<circle cx="12" cy="12" r="8.75"/><path d="M8.25 12.4l2.6 2.6 5-5.6"/>`);

/** A door with an arrow, for a sign-out. */
export const leaveIcon = icon(
  html`<path d="M14 4.75H6.5A1.75 1.75 0 0 0 4.75 6.5v11a1.75 1.75 0 0 0 1.75 1.75H14"/><path d="M10.5 12h9.25"/><path d="M16.5 8.5l3.5 3.5-3.5 3.5"/>`,
);

/** A lock, for a page without access. */
export const lockIcon = icon(
  html`<rect x="5.25" y="10.75" width="13.5" height="9" rx="2"/><path d="M8.25 10.75V8a3.75 3.75 0 0 1 7.5 0v2.75"/><path d="M12 14.5v1.5"/>`,
);
