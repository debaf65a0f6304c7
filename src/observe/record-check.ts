/** Wraps a check so that each one is counted, timed and told in the log. */

import type { Config } from '../config/declare/options.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Check, Decision } from '../model/decision.ts';
import type { Transport } from '../model/transport.ts';
import type { Clock } from '../runtime/time/clock.ts';
import { createBucket } from '../runtime/time/token-bucket.ts';
import type { Logger } from './logger.ts';
import { issuerLabel, type Metrics } from './metrics.ts';

/** Tells of a check in the log. */
export type RecordCheck = (
  transport: Transport,
  request: CheckRequest,
  decision: Decision,
  milliseconds: number,
) => void;

/** Makes a check of the same kind that is counted, timed and told. */
export function recorded<More extends readonly unknown[]>(
  check: (request: CheckRequest, ...more: More) => ReturnType<Check>,
  transport: Transport,
  metrics: Metrics,
  record: RecordCheck,
  clock: Clock,
): (request: CheckRequest, ...more: More) => ReturnType<Check> {
  const end = (request: CheckRequest, decision: Decision, started: number): Decision => {
    const milliseconds = clock.monotonic() - started;
    metrics.checkEnded(transport, decision, milliseconds / 1000);
    record(transport, request, decision, milliseconds);
    return decision;
  };

  return (request, ...more) => {
    const started = clock.monotonic();
    const decision = check(request, ...more);
    if (!(decision instanceof Promise)) return end(request, decision, started);
    metrics.checkWaits(transport);
    return decision.then((settled) => {
      metrics.checkWaitsNoMore(transport);
      return end(request, settled, started);
    });
  };
}

/** How many records of checks are written: an attacker must not be able to fill the disk, or to slow us down. */
const recordBudget = { burst: 200, perSecond: 100 };

/** How often the log says how many records it left out, in milliseconds. */
const leftOutInterval = 10_000;

/** Longest text of a downstream's that a record takes, in characters. */
const maxText = 512;

/** Makes the writer of check records. Records of allows are as many as `log.checks` wants; all others are sampled. */
export function createRecordCheck(
  options: Config['log'],
  logger: Logger,
  metrics: Metrics,
  clock: Clock,
): RecordCheck {
  const budget = createBucket(recordBudget);
  let leftOut = 0;

  const mayWrite = (): boolean => {
    if (budget.take(clock.monotonic())) return true;
    metrics.checkRecordLeftOut();
    if (leftOut++ === 0) clock.after(leftOutInterval, tellLeftOut);
    return false;
  };
  const tellLeftOut = () => {
    logger.warn({ leftOut }, 'records of checks were left out: there were too many');
    leftOut = 0;
  };

  const levelOf = (isAllow: boolean) =>
    options.checks === 'all' || (options.checks === 'denied' && !isAllow) ? 'info' : 'debug';
  const excluded = new Set(options.excludePaths);
  const isExcluded = ({ path }: CheckRequest) => excluded.size > 0 && excluded.has(withoutQuery(path));
  // Asked once: a level changes only with the configuration, and most checks are allows that nobody reads.
  const [allows, others] = [true, false].map((isAllow) => logger.isLevelEnabled(levelOf(isAllow)));

  return (transport, request, decision, milliseconds) => {
    // What it would have been otherwise is what its operator waits to hear, where another authorizer decides or rules are only tried.
    const isAllow =
      decision.outcome === 'allow' &&
      decision.shadow === undefined &&
      (decision.comparison ?? 'same') === 'same';
    const isTold = isAllow ? allows : others;
    const cause = causeOf(decision);
    if (!isTold && cause === undefined) return;
    const isRecorded = isTold && !isExcluded(request);
    if (!isRecorded && cause === undefined) return;
    if ((!isAllow || cause !== undefined) && !mayWrite()) return;
    if (isRecorded) {
      const record = toRecord(transport, request, decision, milliseconds, options);
      logger[levelOf(isAllow)](record, 'check');
    }
    // A defect is told whichever records are wanted.
    if (cause !== undefined) logger.error({ error: cause }, 'a check failed');
  };
}

/** What went wrong inside, where it did; a check that is only tried lets the request pass all the same. */
function causeOf(decision: Decision): unknown {
  if (decision.outcome === 'allow' && decision.shadow === undefined) return undefined;
  return decision.outcome === 'deny' ? undefined : decision.cause;
}

/** The record, field by field: nothing of a token is in it but, where wanted, the subject. */
function toRecord(
  transport: Transport,
  request: CheckRequest,
  decision: Decision,
  milliseconds: number,
  { subject: withSubject, requestIdHeader }: Config['log'],
) {
  const { method, host, path } = request;
  const requestId =
    requestIdHeader === 'x-request-id' ? request.requestId : (request.header(requestIdHeader)[0] ?? '');
  return {
    outcome: decision.outcome,
    reason: decision.reason,
    transport,
    method: shortened(method),
    host: shortened(host),
    path: shortened(withoutQuery(path)),
    issuer: issuerLabel(decision),
    durationMs: Math.round(milliseconds * 1000) / 1000,
    cached: decision.outcome !== 'error' && decision.cached === true,
    requestId: shortened(requestId),
    ...(withSubject &&
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

function withoutQuery(path: string): string {
  return path.split(/[?#]/, 1)[0] ?? '';
}

function shortened(text: string): string {
  return text.length > maxText ? `${text.slice(0, maxText)}…` : text;
}
