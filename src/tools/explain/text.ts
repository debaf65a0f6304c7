/** The text output of `explain`, for a terminal. */
import { styleText } from 'node:util';
import { unicodeEscapes } from '../../config/values/quote-value.ts';
import type { TraceStep } from '../../model/trace.ts';
import type { EnvoyDecision } from './envoy-answer.ts';
import type { ExplainResult } from './result.ts';

type Style = 'green' | 'red' | 'yellow' | 'bold';

/** Adds a style to a text, if the output has colors. */
type Paint = (style: Style, text: string) => string;

const marks = { passed: 'ok', failed: 'FAIL', info: '-' } as const;

/** The longest text in a column of the table, in characters. The failed step follows in full. */
const maxColumn = 32;

/** The columns of a label. */
const labelWidth = 15;

/** Writes the result as text. @param hasColors whether to use ANSI colors */
export function resultText(result: ExplainResult, hasColors: boolean): string {
  const paint: Paint = (style, text) =>
    hasColors ? styleText(style, text, { validateStream: false }) : text;
  const lines = [
    ...requestLines(result),
    ...tableLines(result.steps ?? [], paint),
    ...decisionLines(result, paint),
    ...clientLines(result),
    ...joseLines(result, paint),
    ...claimLines(result),
    ...result.notes.flatMap((note) => labelled('note', paint('yellow', safe(note)))),
    ...helpLines(result),
  ];
  return `${lines.join('\n')}\n`;
}

function requestLines({ request, recorded, from, mode, service, configHash, time }: ExplainResult): string[] {
  const shown = request ?? recorded;
  const token = request === undefined ? '' : `, ${request.hasToken ? 'with' : 'without'} a token`;
  const headers = request?.headers ?? [];
  const state = [
    ...(service === undefined ? [] : [`version ${service.version}`]),
    ...(configHash === undefined ? [] : [`configuration ${configHash}`]),
  ].join(', ');
  const source = {
    offline: 'configuration',
    online: 'service',
    http: 'port',
    grpc: 'port',
    decision: 'service',
  };
  return [
    ...(shown === undefined
      ? []
      : labelled('request', safe(`${shown.method} ${shown.host}${shown.path}${token}`))),
    ...(headers.length === 0 ? [] : labelled('headers', safe(headers.join(', ')))),
    ...labelled(source[mode], safe(`${from}${state === '' ? '' : ` (${state})`}, ${time}`)),
    '',
  ];
}

function tableLines(steps: readonly TraceStep[], paint: Paint): string[] {
  if (steps.length === 0) return [];
  const rows = [
    ['', 'step', 'looked at', 'expected', 'found', 'option'],
    ...steps.map(({ step, result, subject, expected = '', found = '', option = '' }) =>
      [marks[result], step, subject, expected, found, option].map((cell) => cut(safe(cell))),
    ),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return [
    ...rows.map((row, index) => {
      const line = row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd();
      if (index === 0) return paint('bold', line);
      return steps[index - 1]?.result === 'failed' ? paint('red', line) : line;
    }),
    '',
  ];
}

function decisionLines(result: ExplainResult, paint: Paint): string[] {
  const { outcome, reason, shadow, detail, option, rule, policy, issuer, problem, decision } = result;
  const text = `${outcome}${reason === undefined || reason === 'allowed' ? '' : `: ${reason}`}`;
  return [
    ...labelled('decision', paint(outcome === 'allow' ? 'green' : 'red', text)),
    ...(shadow === undefined
      ? []
      : labelled('', `shadow mode allows this request; otherwise the decision is: ${shadow}`)),
    ...optional('detail', detail),
    ...optional('problem', problem),
    ...optional('option', option),
    ...optional('rule', rule),
    ...optional('policy', policy),
    ...optional('issuer', issuer),
    ...optional('id', decision),
  ];
}

function clientLines({ outcome, answer, upstream, response, envoy }: ExplainResult): string[] {
  const lines: string[] = [];
  if (answer !== undefined && outcome !== 'allow') {
    const { http, grpc, isLeftToEnvoy } = answer;
    const status =
      http.status === grpc.httpStatus
        ? `${http.status}`
        : `${http.status} if Envoy checks over HTTP, ${grpc.httpStatus} over gRPC`;
    lines.push(
      ...labelled('client', isLeftToEnvoy ? failureText('whenUnavailable is error') : status),
      ...http.headers.flatMap(([name, value]) => labelled('', safe(`${name}: ${value}`))),
    );
  }
  if (response !== undefined) {
    const { transport, status, statusText, headers, body, metadata } = response;
    lines.push(
      ...labelled(
        'answer',
        safe(`${transport === 'http' ? 'HTTP' : 'gRPC code'} ${status} ${statusText}`.trim()),
      ),
      ...headers.flatMap(([name, value]) => labelled('', safe(`${name}: ${value}`))),
      ...(body === '' ? [] : labelled('', safe(body))),
      ...Object.entries(metadata).flatMap(([name, value]) =>
        labelled('', safe(`metadata ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)),
      ),
    );
  }
  if (envoy !== undefined) lines.push(...labelled('Envoy', envoyText(envoy)));
  const removed = upstream?.remove ?? response?.remove ?? [];
  if (outcome === 'allow' && upstream !== undefined)
    lines.push(...labelled('sets', upstream.set.length === 0 ? 'no headers' : safe(upstream.set.join(', '))));
  // Spellings with underscores are removed too; the output lists one spelling of each.
  const names = removed.filter((name) => !name.includes('_'));
  if (names.length > 0) lines.push(...labelled('removes', safe(names.join(', '))));
  return lines;
}

function envoyText(envoy: EnvoyDecision): string {
  if (envoy.does === 'allow') return 'allows the request';
  if (envoy.does === 'deny') return `denies the request; the client gets ${envoy.clientStatus}`;
  return failureText(envoy.why);
}

function failureText(why: string): string {
  return `${safe(why)}: Envoy applies its failure mode. It sends 403 without a body or the status of statusOnError, or allows the request if it fails open`;
}

function joseLines({ jose, outcome, reason }: ExplainResult, paint: Paint): string[] {
  if (jose === undefined) return [];
  const text = `${{ accepts: 'accepts the token', rejects: 'rejects the token', none: 'gives no verdict' }[jose.verdict]}${jose.text === undefined ? '' : ` (${jose.text})`}`;
  return jose.differs
    ? labelled(
        'jose',
        paint(
          'red',
          safe(
            `DIFFERS: jose ${text}, this service says ${outcome === 'allow' ? 'allow' : reason}. One of the two is wrong. Please report it: see SECURITY.md`,
          ),
        ),
      )
    : labelled('jose', safe(text));
}

function claimLines({ claims }: ExplainResult): string[] {
  return Object.entries(claims ?? {}).flatMap(([name, value], index) =>
    labelled(index === 0 ? 'claims' : '', safe(`${name}: ${JSON.stringify(value)}`)),
  );
}

function helpLines({ help, outcome, shadow, mode, decision }: ExplainResult): string[] {
  if (help === undefined || (outcome === 'allow' && shadow === undefined)) return [];
  return [
    '',
    help.description,
    ...(help.causes.length === 0 ? [] : ['', 'usual causes:', ...help.causes.map((text) => `  - ${text}`)]),
    ...(help.fix.length === 0 ? [] : ['', 'how to fix it:', ...help.fix.map((text) => `  - ${text}`)]),
    '',
    `More: ${help.page}${mode === 'grpc' && decision !== undefined ? `, and oidc-authz explain ${decision} --admin URL` : ''}`,
  ];
}

function optional(label: string, value: string | undefined): string[] {
  return value === undefined ? [] : labelled(label, safe(value));
}

function labelled(label: string, text: string): string[] {
  return [`${label.padEnd(labelWidth)}${label.length >= labelWidth ? '  ' : ''}${text}`];
}

function cut(text: string): string {
  return text.length > maxColumn ? `${text.slice(0, maxColumn - 1)}…` : text;
}

/** Escapes control and invisible characters: the text can be from a client. */
function safe(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, unicodeEscapes);
}
