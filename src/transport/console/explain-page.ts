/** The page that explains a request. It never shows the token, the other headers or the query again. */

import { outcomeBadge } from './checks-page.ts';
import type { ExplainQuestion, Explanation } from './content.ts';
import type { Form } from './form.ts';
import { type Html, html } from './html.ts';
import { facts, notice, table } from './page.ts';

/** Maximum number of header lines of a request to explain. */
const mostHeaders = 50;

/** The fields that the form shows again. */
export type AskedRequest = Pick<ExplainQuestion, 'method' | 'host' | 'path'>;

/** A form as a question, or what is wrong with it. */
export function readQuestion(form: Form): ExplainQuestion | { readonly problem: string } {
  const [method, host, path] = [
    form('method').trim() || 'GET',
    form('host').trim(),
    form('path').trim() || '/',
  ];
  if (!/^[A-Z][A-Z-]{0,31}$/.test(method))
    return { problem: 'Method: write a method in capitals, such as GET.' };
  if (!path.startsWith('/')) return { problem: 'Path: write a path that begins with a slash.' };
  const lines = form('headers')
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== '');
  if (lines.length > mostHeaders) return { problem: `Headers: write at most ${mostHeaders} lines.` };
  const headers: [string, string][] = [];
  for (const [index, line] of lines.entries()) {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined)
      return { problem: `Headers: line ${index + 1} is not a header; write each line as name: value.` };
    headers.push([name.toLowerCase(), value]);
  }
  const token = form('token')
    .trim()
    .replace(/^bearer +/i, '');
  return { method, host, path, headers, token };
}

/** Renders the form, and the explanation or the problem if there is one. */
export function explainPage(
  asked: AskedRequest,
  formToken: Html,
  result?: Explanation | { readonly problem: string },
): Html {
  return html`${result !== undefined && ('problem' in result ? problemNotice(result.problem) : explanation(result))}
<form method="post" action="/console/explain" autocomplete="off" class="question">${formToken}
<p>The service checks this request as if Envoy sent it, with its own keys, rules and cache. It stores nothing.
The form is empty again after the check: the page never shows a token.</p>
<p><label for="method">Method</label><input id="method" name="method" value="${asked.method || 'GET'}" required maxlength="32"></p>
<p><label for="host">Host</label><input id="host" name="host" value="${asked.host}" maxlength="255"></p>
<p><label for="path">Path</label><input id="path" name="path" value="${withoutQuery(asked.path) || '/'}" required maxlength="8192"></p>
<p><label for="headers">Headers, one <code>name: value</code> on each line</label>
<textarea id="headers" name="headers" rows="3" spellcheck="false"></textarea></p>
<p><label for="token">Token</label>
<textarea id="token" name="token" rows="4" spellcheck="false" autocapitalize="off"></textarea></p>
<p><button type="submit">Explain</button></p>
</form>`;
}

function withoutQuery(path: string): string {
  return path.split(/[?#]/, 1)[0] ?? '';
}

function problemNotice(problem: string): Html {
  return html`<div role="alert">${notice('bad', html`<p>${problem}</p>`)}</div>`;
}

function explanation(result: Explanation): Html {
  const { outcome, reason, detail, option, policy, rule, issuer, steps, otherVerdict } = result;
  return html`<section aria-labelledby="decision"><h2 id="decision">Decision: ${outcome}</h2>
${facts([
  ['Outcome', outcomeBadge(outcome)],
  ['Reason', html`<a href="/console/reasons#${reason}">${reason}</a>`],
  ['Expected and found', detail],
  ['Decided by the option', option === undefined ? undefined : html`<code>${option}</code>`],
  ['Policy', policy],
  ['Rule', rule],
  ['Issuer', issuer],
  ['Verdict of the jose library', otherVerdict],
])}
${table(
  'Steps of the check',
  ['Step', 'Result', 'Looked at', 'Expected', 'Found', 'Option'],
  steps.map((step) => [
    step.step,
    stepBadge(step.result),
    step.subject,
    step.expected ?? '',
    step.found ?? '',
    step.option === undefined ? '' : html`<code>${step.option}</code>`,
  ]),
  'The check has no steps.',
)}</section>`;
}

function stepBadge(result: Explanation['steps'][number]['result']): Html {
  const kind = ({ passed: 'good', failed: 'bad', info: 'plain' } as const)[result];
  return html`<span class="badge ${kind}">${result}</span>`;
}
