/** The frame of every page: a document without script, and the headers that keep it so. Only the content of a page is made per request. */
import { type Html, html } from '../../runtime/html.ts';
import type { ShownPage } from '../login-pages.ts';
import type { Language } from './languages.ts';
import { stylesheet, stylesheetSource } from './stylesheet.ts';

/** A kind of page. */
export interface FrameOptions {
  readonly language: Language;
  readonly title: string;
  readonly icon: Html;
  readonly tone: 'plain' | 'good' | 'bad';
  /** Whether the page has a form. */
  readonly hasForm?: boolean;
  /** Whether the page is shown in a frame of another page. */
  readonly isFramed?: boolean;
}

/** Makes a page of this kind. @param content made when the page is sent, with the decision ID, if there is one */
export type Show = (content: (decision: string | undefined) => Html) => ShownPage;

/** Prepares a kind of page. */
export function createFrame(options: FrameOptions): Show {
  const { language, title, icon, tone, hasForm = false, isFramed = false } = options;
  // The answer to a form redirects to the issuer, and Chromium applies the policy to that redirect too.
  const formAction = hasForm ? "'self' https: http:" : "'none'";
  const policy = `default-src 'none'; style-src ${stylesheetSource}; form-action ${formAction}; base-uri 'none'`;
  // With `no-referrer`, browsers send a form with `Origin: null`.
  const referrer = hasForm ? 'same-origin' : 'no-referrer';
  const headers = [
    ['content-language', language],
    ['content-security-policy', isFramed ? policy : `${policy}; frame-ancestors 'none'`],
    ['referrer-policy', referrer],
    ['x-content-type-options', 'nosniff'],
  ] as const;
  // A mesh that forwards only some headers of a denial drops the policies; the document repeats them.
  const head = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="${referrer}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
`.markup;
  const start = `${head}<style>${stylesheet}</style>\n${
    html`</head>
<body>
<main class="${tone}" aria-labelledby="title">
${icon}
<h1 id="title">${title}</h1>
`.markup
  }`;
  const end = '\n</body>\n</html>\n';
  return (content) => ({
    headers,
    page: {
      type: 'text/html; charset=utf-8',
      body: (decision) => start + content(decision).markup + end,
    },
  });
}
