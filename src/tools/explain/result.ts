/** The result of `explain`: the shape of its JSON output, which docs/explain.md describes. */
import { denialHeaders } from '../../config/rules/entry-headers.ts';
import type { ExplainRequest, Explanation, ServiceState } from '../../model/explanation.ts';
import { reasonTexts } from '../../model/reason-texts.ts';
import { type Outcome, type Reason, reasons } from '../../model/reasons.ts';
import type { HeaderLine } from '../../runtime/raw-headers.ts';
import type { EnvoyAnswer, EnvoyDecision } from './envoy-answer.ts';
import type { SentDenial } from './online.ts';

/** The source of the answer. */
export type ExplainMode = 'offline' | 'online' | 'http' | 'grpc' | 'decision';

/** The result. A member is absent if its mode does not know it. */
export interface ExplainResult {
  readonly mode: ExplainMode;
  /** The configuration or the address that was asked. */
  readonly from: string;
  readonly request?: ShownRequest;
  readonly outcome: Outcome;
  readonly reason?: Reason;
  /** The id of the decision, if the service recorded one. */
  readonly decision?: string;
  readonly rule?: string;
  readonly policy?: string;
  readonly issuer?: string;
  readonly shadow?: Reason;
  readonly problem?: string;
  /** The expected and the found value, and the option that decided. */
  readonly detail?: string;
  readonly option?: string;
  readonly steps?: Explanation['steps'];
  readonly answer?: Explanation['answer'];
  readonly upstream?: Explanation['upstream'];
  readonly jose?: Explanation['jose'];
  /** The claims of a verified token, with `--show-claims`. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** When the check was done, or when the recorded decision was made (RFC 3339). */
  readonly time: string;
  readonly configHash?: string;
  readonly service?: ServiceState;
  /** The answer of a check port. */
  readonly response?: ShownResponse;
  readonly envoy?: EnvoyDecision;
  readonly recorded?: SentDenial;
  /** Facts that limit the meaning of this answer. */
  readonly notes: readonly string[];
  readonly help?: {
    readonly description: string;
    readonly causes: readonly string[];
    readonly fix: readonly string[];
    readonly page: string;
  };
}

/** A request without the values of its headers, and without its query. */
export interface ShownRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly policy?: string;
  readonly headers: readonly string[];
  readonly hasToken: boolean;
}

/** The answer of a check port, without secrets. */
export type ShownResponse = Omit<EnvoyAnswer, 'envoy'>;

/** Describes a request. */
export function shownRequest({ method, host, path, policy, headers, token }: ExplainRequest): ShownRequest {
  const names = headers.map(([name]) => name.toLowerCase());
  return {
    method,
    host,
    path: path.split('?', 1)[0] ?? '',
    ...(policy !== undefined && { policy }),
    headers: names.filter((name) => name !== 'authorization'),
    hasToken: token !== undefined || names.includes('authorization'),
  };
}

/** The members of an explanation in the result. */
export function explainedMembers(
  explanation: Explanation,
): Partial<ExplainResult> & Pick<ExplainResult, 'outcome' | 'reason'> {
  const { detail, isVerified: _, hasIncumbent: __, ...members } = explanation;
  return {
    ...members,
    ...(detail !== undefined && { detail: detail.text }),
    ...(detail?.option !== undefined && { option: detail.option }),
    ...helpMember(explanation.shadow ?? explanation.reason),
  };
}

/** The help for a reason, from the text of docs/reasons.md. */
export function helpMember(reason: Reason | undefined): Pick<ExplainResult, 'help'> {
  if (reason === undefined) return {};
  const { causes, fix } = reasonTexts[reason];
  return {
    help: {
      description: plain(reasons[reason].description),
      causes: reason === 'allowed' ? [] : causes.map(plain),
      fix: reason === 'allowed' ? [] : fix.map(plain),
      page: `docs/reasons.md#${reason}`,
    },
  };
}

/** Text without the links of Markdown: their targets follow in parentheses. */
function plain(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]*)\]\(([^)]*)\)/g, (_, text: string, target: string) =>
    target.startsWith('#') ? text : `${text} (docs/${target})`,
  );
}

/** Headers of a denial that have no secret. */
const openHeaders: readonly string[] = [
  ...denialHeaders,
  'content-length',
  'date',
  'connection',
  'keep-alive',
];

/** Members of the dynamic metadata that have no claim. */
const openMetadata = ['reason', 'rule', 'policy', 'shadow', 'decision'];

const hidden = '<hidden>';

/**
 * The answer of a check port for an output. The values of an allow are claims.
 *
 * @param showsClaims whether the output may have the values of an allow
 */
export function shownResponse({ envoy, ...answer }: EnvoyAnswer, showsClaims: boolean): ShownResponse {
  const isOpen = envoy.does === 'allow' && showsClaims;
  const shown = (names: readonly string[], name: string, value: unknown) =>
    isOpen || names.includes(name.toLowerCase()) ? value : hidden;
  return {
    ...answer,
    headers: answer.headers.map(
      ([name, value]): HeaderLine => [name, String(shown(openHeaders, name, value))],
    ),
    body: isErrorBody(answer.body) ? answer.body : answer.body === '' ? '' : hidden,
    metadata: Object.fromEntries(
      Object.entries(answer.metadata).map(([name, value]) => [name, shown(openMetadata, name, value)]),
    ),
  };
}

/** Whether a body is the JSON of a denial by this service. */
function isErrorBody(body: string): boolean {
  return /^\{"error":"[a-z_]+","error_description":"[^"]*"(?:,"decision":"[a-z2-7]+")?\}$/.test(body);
}

/** The end of the command for a result. Any difference from jose is an error. */
export function endOf({ outcome, jose }: ExplainResult): Outcome {
  return jose?.differs === true ? 'error' : outcome;
}
