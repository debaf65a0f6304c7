/** Makes the record of a denial that the service keeps in memory. */
import type { CheckRequest } from '../model/check-request.ts';
import type { Decision, NotAllowed } from '../model/decision.ts';
import type { DenyReason, ErrorReason } from '../model/reasons.ts';
import { reasons } from '../model/reasons.ts';
import type { RecordedDenial } from '../model/recorded-denial.ts';
import type { Detail } from '../model/trace.ts';
import type { Transport } from '../model/transport.ts';

/** The longest texts, in characters. */
const maxText = { request: 512, detail: 1_024 } as const;

/** A check whose decision has an id. */
export interface IdentifiedCheck {
  readonly transport: Transport;
  readonly request: CheckRequest;
  readonly requestId: string;
  readonly decision: Decision;
  readonly detail: Detail | undefined;
  /** When the check ended, in milliseconds since the epoch. */
  readonly time: number;
}

/**
 * Why a decision denies its request, or would without shadow mode. Undefined if it allows the request, or if this service itself
 * answers it as the person wants: the end of a login, a sign-out, or a page of its own.
 */
export function denialReason(decision: Decision): DenyReason | ErrorReason | undefined {
  if (decision.outcome === 'allow') return decision.shadow;
  return isServed(decision) ? undefined : decision.reason;
}

function isServed({ reason, browser }: NotAllowed): boolean {
  return (
    browser !== undefined &&
    (reason === 'login_completed' ||
      reason === 'signed_out' ||
      (reason === 'login_path' && browser.status === 200))
  );
}

/** Makes the record; undefined if the decision has no id, or is not a denial. */
export function toRecordedDenial({
  transport,
  request,
  requestId,
  decision,
  detail,
  time,
}: IdentifiedCheck): RecordedDenial | undefined {
  const { id, incumbent, policy, rule } = decision;
  const reason = denialReason(decision);
  if (id === undefined || reason === undefined) return undefined;
  const issuer = decision.outcome === 'allow' ? undefined : decision.issuerName;
  return {
    id,
    time,
    transport,
    outcome: reasons[reason].outcome,
    reason,
    enforced: decision.outcome !== 'allow' && incumbent === undefined,
    method: shortened(request.method),
    host: shortened(request.host),
    path: shortened(storedPath(request.path)),
    requestId: shortened(requestId),
    policy,
    rule,
    issuer,
    detail: detail?.text.slice(0, maxText.detail),
    option: detail?.option,
  };
}

/** The beginning of the path without its query. Only so much of a long path is searched for the query. */
function storedPath(path: string): string {
  return withoutQuery(path.slice(0, maxText.request + 1));
}

/** The path without its query and fragment. */
export function withoutQuery(path: string): string {
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}

/** Cuts a text to 512 characters. */
export function shortened(text: string): string {
  return text.length > maxText.request ? `${text.slice(0, maxText.request)}…` : text;
}
