/** Builds the decisions of the login. Each has an answer for the browser. */
import type { BrowserAnswer } from '../model/browser-answer.ts';
import { type Decision, retryAfterSeconds } from '../model/decision.ts';
import type { DenyReason } from '../model/reasons.ts';
import type { StepDetail } from '../model/trace.ts';
import type { ShownPage } from './login-pages.ts';
import type { LoginPlace } from './logins.ts';

/** The parts of a decision that every answer of the login has. */
export interface Answered {
  readonly place?: LoginPlace | undefined;
  /** The name of the issuer. */
  readonly issuerName?: string | undefined;
  readonly detail: () => StepDetail;
}

/** A denial with an answer for the browser. */
export function denied(
  reason: DenyReason,
  browser: BrowserAnswer,
  { place, issuerName, detail }: Answered,
): Decision {
  return {
    outcome: 'deny',
    reason,
    ...(issuerName !== undefined && { issuerName }),
    ...(place?.rule !== undefined && { rule: place.rule }),
    browser,
    detail,
  };
}

/** The answer if an issuer, or the store of the sessions, cannot be used right now: a page that says so. */
export function unavailable(
  problem: string,
  shown: ShownPage,
  cookies: readonly string[],
  { place, issuerName, detail }: Answered,
  reason: 'login_unavailable' | 'sessions_unavailable' = 'login_unavailable',
): Decision {
  return {
    outcome: 'error',
    reason,
    problem,
    ...(issuerName !== undefined && { issuerName }),
    ...(place?.rule !== undefined && { rule: place.rule }),
    browser: unavailableAnswer(shown, cookies),
    detail,
  };
}

/** A page that says that the person can try again later. */
export function unavailableAnswer(
  { page, headers }: ShownPage,
  cookies: readonly string[] = [],
): BrowserAnswer {
  return { status: 403, cookies, headers: [...headers, ['retry-after', String(retryAfterSeconds)]], page };
}

/** A page. */
export function pageAnswer(
  status: 200 | 401 | 403,
  { page, headers }: ShownPage,
  cookies: readonly string[] = [],
): BrowserAnswer {
  return { status, cookies, headers, page };
}

/**
 * A redirect. The browser does not tell the next server the address that it comes from.
 *
 * @param location printable ASCII
 */
export function redirect(
  location: string,
  cookies: readonly string[] = [],
  status: 302 | 303 = 302,
): BrowserAnswer {
  return { status, location, cookies, headers: [['referrer-policy', 'no-referrer']] };
}
