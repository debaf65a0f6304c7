/** The page that explains a request. It never shows the token, the other headers or the query again. */
import type { ExplainRequest, Explanation, JoseComparison } from '../../model/explanation.ts';
import { type Html, html } from '../../runtime/html.ts';
import { outcomeBadge } from './checks-page.ts';
import type { Problem } from './content.ts';
import type { Form } from './form.ts';
import { badge, facts, notice, table } from './page.ts';

/** Maximum number of header lines of a request to explain. */
const mostHeaders = 50;

/** The fields that the form shows again. */
export type AskedRequest = Pick<ExplainRequest, 'method' | 'host' | 'path'>;

/** Reads the request of a form, or finds what is wrong with it. */
export function readQuestion(form: Form): ExplainRequest | Problem {
  const lines = form('headers')
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== '');
  if (lines.length > mostHeaders) return { problem: `Headers: write at most ${mostHeaders} lines.` };
  const headers: [string, string][] = [];
  for (const [index, line] of lines.entries()) {
    const [, name, value] = /^([^:\s]+):(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined)
      return { problem: `Headers: line ${index + 1} is not a header; write each line as name: value.` };
    headers.push([name.toLowerCase(), value.trim()]);
  }
  const token = form('token')
    .trim()
    .replace(/^bearer +/i, '');
  return {
    method: form('method').trim() || 'GET',
    host: form('host').trim() || 'localhost',
    path: form('path').trim() || '/',
    headers,
    ...(token !== '' && { token }),
  };
}

/** Renders the form, and the explanation or the problem if there is one. */
export function explainPage(asked: AskedRequest, formToken: Html, result?: Explanation | Problem): Html {
  return html`${result !== undefined && ('steps' in result ? explanation(result) : problemNotice(result.problem))}
<form method="post" action="/console/explain" autocomplete="off" class="question">${formToken}
<p>The service checks this request as if Envoy sent it, with its own keys, rules and cache. It stores nothing.
After the check, the token and the headers are removed from the form.</p>
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
  const { outcome, reason, shadow, detail, answer, upstream } = result;
  return html`<section aria-labelledby="decision"><h2 id="decision">Decision: ${outcome}</h2>
${result.hasIncumbent && notice('warning', html`<p>The incumbent decides instead (<code>shadow.authorizer</code>). It was not asked.</p>`)}
${facts([
  ['Outcome', outcomeBadge(outcome)],
  ['Reason', reasonLink(reason)],
  ['Without shadow mode', shadow === undefined ? undefined : reasonLink(shadow)],
  ['Expected and found', detail?.text],
  ['Decided by the option', detail?.option === undefined ? undefined : html`<code>${detail.option}</code>`],
  ['Problem', result.problem],
  ['Policy', result.policy],
  ['Rule', result.rule],
  ['Issuer', result.issuer],
  [
    'Response over HTTP',
    answer.isLeftToEnvoy ? 'a failed check: Envoy applies its failure mode' : answer.http.status,
  ],
  ['Response over gRPC', `code ${answer.grpc.code}, the client gets ${answer.grpc.httpStatus}`],
  ['Headers that the upstream gets', upstream === undefined ? undefined : upstream.set.join(', ') || 'none'],
  ['Verdict of the jose library', joseText(result.jose)],
])}
${table(
  'Steps of the check',
  ['Step', 'Result', 'Looked at', 'Expected', 'Found', 'Option'],
  result.steps.map((step) => [
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

function reasonLink(reason: string): Html {
  return html`<a href="/console/reasons#${reason}">${reason}</a>`;
}

function joseText(jose: JoseComparison | undefined): Html | string | undefined {
  if (jose === undefined) return undefined;
  const verdict = ({ accepts: 'accepts the token', rejects: 'rejects the token', none: 'none' } as const)[
    jose.verdict
  ];
  const text = jose.text === undefined ? verdict : `${verdict}: ${jose.text}`;
  return jose.differs ? html`${text} ${badge('bad', 'the two verdicts contradict each other')}` : text;
}

function stepBadge(result: Explanation['steps'][number]['result']): Html {
  return badge(({ passed: 'good', failed: 'bad', info: 'plain' } as const)[result], result);
}
