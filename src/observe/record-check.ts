/** Counts, times and logs checks. */

import type { Config } from '../config/declare/options.ts';
import type { BrowserAnswer } from '../model/browser-answer.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Check, Decision } from '../model/decision.ts';
import type { Detail } from '../model/trace.ts';
import type { Transport } from '../model/transport.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { Logger } from './logger.ts';
import { issuerLabel, type Metrics } from './metrics.ts';
import type { RecentDenials } from './recent-denials.ts';
import { createRecordBudget } from './record-budget.ts';
import { denialReason, shortened, toRecordedDenial, withoutQuery } from './recorded-denial.ts';

/** Logs a check. */
export type RecordCheck = (
  transport: Transport,
  request: CheckRequest,
  decision: Decision,
  milliseconds: number,
) => void;

/** The dependencies of a recorded check. */
export interface Recording {
  readonly metrics: Metrics;
  readonly record: RecordCheck;
  readonly clock: Clock;
  /** Returns a new decision ID. */
  readonly newId: () => string;
}

/**
 * Wraps a check so that it is counted, timed and logged. A decision that does not allow the request, or would not without
 * shadow mode, gets an id.
 */
export function recorded<More extends readonly unknown[]>(
  check: (request: CheckRequest, ...more: More) => ReturnType<Check>,
  transport: Transport,
  { metrics, record, clock, newId }: Recording,
): (request: CheckRequest, ...more: More) => ReturnType<Check> {
  const end = (request: CheckRequest, decision: Decision, started: number): Decision => {
    const milliseconds = clock.monotonic() - started;
    metrics.checkEnded(transport, decision, milliseconds / 1000);
    const identified = denialReason(decision) === undefined ? decision : { ...decision, id: newId() };
    record(transport, request, identified, milliseconds);
    return identified;
  };

  return (request, ...more) => {
    const started = clock.monotonic();
    const decision = check(request, ...more);
    if (!(decision instanceof Promise)) return end(request, decision, started);
    metrics.checkPending(transport);
    return decision.then((settled) => {
      metrics.checkSettled(transport);
      return end(request, settled, started);
    });
  };
}

/** The dependencies of the writer of check records. */
export interface RecordCheckDependencies {
  readonly options: Config['log'];
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly denials: Pick<RecentDenials, 'add'>;
}

/**
 * Creates the writer of check records. Records of allowed checks depend on `log.checks`; all other records are limited in rate.
 * Each denial is also stored in memory, without such a limit.
 */
export function createRecordCheck({
  options,
  logger,
  metrics,
  clock,
  denials,
}: RecordCheckDependencies): RecordCheck {
  const mayWrite = createRecordBudget('checks', { logger, metrics, clock });

  const levelOf = (isAllow: boolean) =>
    options.checks === 'all' || (options.checks === 'denied' && !isAllow) ? 'info' : 'debug';
  const excluded = new Set(options.excludePaths);
  const isExcluded = ({ path }: CheckRequest) => excluded.size > 0 && excluded.has(withoutQuery(path));
  // Read once, because the level changes only with the configuration.
  const [allows, others] = [true, false].map((isAllow) => logger.isLevelEnabled(levelOf(isAllow)));

  const detailOf = (decision: Decision): Detail | undefined => {
    if (!options.detail) return undefined;
    try {
      return decision.detail?.();
    } catch (error) {
      logger.error({ error }, 'the detail of a denial cannot be computed');
      return undefined;
    }
  };
  /** Stores a denial in memory. @returns its detail */
  const store = (transport: Transport, request: CheckRequest, decision: Decision): Detail | undefined => {
    const requestId = requestIdOf(request, options);
    const detail = detailOf(decision);
    const denial = toRecordedDenial({ transport, request, requestId, decision, detail, time: clock.now() });
    if (denial !== undefined) denials.add(denial);
    return detail;
  };

  return (transport, request, decision, milliseconds) => {
    const detail = decision.id === undefined ? undefined : store(transport, request, decision);
    // In shadow mode, the operator needs the records of checks that our own decision would change. The end of a login and a
    // sign-out have records of their own (`login-events.ts`).
    const isAllow = denialReason(decision) === undefined && (decision.comparison ?? 'same') === 'same';
    const isLogged = isAllow ? allows : others;
    const cause = causeOf(decision);
    if (!isLogged && cause === undefined) return;
    const isRecorded = isLogged && !isExcluded(request);
    if (!isRecorded && cause === undefined) return;
    if ((!isAllow || cause !== undefined) && !mayWrite()) return;
    if (isRecorded) {
      const record = toRecord({ transport, request, decision, detail, milliseconds }, options);
      logger[levelOf(isAllow)](record, 'check');
    }
    // A bug is always logged; `log.checks` does not apply to it.
    if (cause !== undefined) logger.error({ error: cause }, 'a check failed');
  };
}

/** The exception behind a decision, if there is one. In shadow mode, an allowed check can have one too. */
function causeOf(decision: Decision): unknown {
  if (decision.outcome === 'allow' && decision.shadow === undefined) return undefined;
  return decision.outcome === 'deny' ? undefined : decision.cause;
}

/** A check that has ended. */
interface EndedCheck {
  readonly transport: Transport;
  readonly request: CheckRequest;
  readonly decision: Decision;
  readonly detail: Detail | undefined;
  readonly milliseconds: number;
}

/** The record. It contains nothing of the token except its detail and, if configured, the subject. */
function toRecord(
  { transport, request, decision, detail, milliseconds }: EndedCheck,
  options: Config['log'],
) {
  const { method, host, path } = request;
  return {
    outcome: decision.outcome,
    reason: decision.reason,
    ...(detail !== undefined && { detail: detail.text }),
    ...(detail?.option !== undefined && { option: detail.option }),
    ...(decision.id !== undefined && { decision: decision.id }),
    ...(decision.outcome !== 'allow' &&
      decision.browser !== undefined && { answer: answerOf(decision.browser) }),
    transport,
    method: shortened(method),
    host: shortened(host),
    path: shortened(withoutQuery(path)),
    issuer: issuerLabel(decision),
    durationMs: Math.round(milliseconds * 1000) / 1000,
    cached: decision.outcome !== 'error' && decision.cached === true,
    requestId: shortened(requestIdOf(request, options)),
    ...(options.subject &&
      decision.outcome === 'allow' && { subject: shortened(decision.identity?.subject ?? '') }),
    ...(decision.policy !== undefined && { policy: decision.policy }),
    ...(decision.rule !== undefined && { rule: decision.rule }),
    ...(decision.outcome === 'allow' && decision.shadow !== undefined && { shadow: decision.shadow }),
    ...(decision.outcome === 'error' && decision.problem !== undefined && { problem: decision.problem }),
    ...(decision.comparison !== undefined && {
      comparison: decision.comparison,
      incumbentStatus: decision.incumbent?.status,
    }),
  };
}

/** The kind of answer that a browser receives: `redirect`, `page` or `status`. */
function answerOf({ location, page }: BrowserAnswer): string {
  if (location !== undefined) return 'redirect';
  return page === undefined ? 'status' : 'page';
}

function requestIdOf(request: CheckRequest, { requestIdHeader }: Config['log']): string {
  return requestIdHeader === 'x-request-id' ? request.requestId : (request.header(requestIdHeader)[0] ?? '');
}
