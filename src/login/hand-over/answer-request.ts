/** Answers the request of another host at the central host: with the session that the browser has here, or with a login. */
import type { Decision } from '../../model/decision.ts';
import { passed, type Trace } from '../../model/trace.ts';
import { denied, redirect } from '../answers.ts';
import { createFailedLogin } from '../failed-login.ts';
import { describeStart } from '../login-details.ts';
import type { LoginEvents } from '../login-events.ts';
import type { LoginPages } from '../login-pages.ts';
import type { LoginPaths } from '../login-paths.ts';
import type { LoginRequest } from '../login-request.ts';
import type { LoginPlace, Logins } from '../logins.ts';
import { opensPage } from '../opens-page.ts';
import type { SendToIssuer } from '../send-to-issuer.ts';
import type { CentralHost } from './central-host.ts';
import type { FindHandedOver } from './find-handed-over.ts';
import { describeHandOver, describeOtherPlace, describeUnreadable } from './hand-over-details.ts';
import type { HandOverRequest, HandOverRequests } from './hand-over-request.ts';
import type { LoginFor } from './login-for.ts';

/** The query of a request to the central host. */
export interface RequestQuery {
  /** The sealed request. */
  readonly sealed: string;
  /** The name of the chosen issuer. */
  readonly issuer: string | undefined;
  /** Whether to ask for an issuer. */
  readonly isChoice: boolean;
}

/** Answers a request. */
export type AnswerRequest = (asked: LoginRequest, query: RequestQuery, trace?: Trace) => Promise<Decision>;

/** The dependencies. */
export interface AnswerRequestParts {
  readonly central: CentralHost;
  readonly requests: Pick<HandOverRequests, 'open'>;
  readonly findHandedOver: FindHandedOver;
  readonly explainDenial: Logins['explainDenial'];
  readonly sendToIssuer: SendToIssuer;
  readonly paths: LoginPaths;
  readonly pages: Pick<LoginPages, 'failed'>;
  readonly events: Pick<LoginEvents, 'handedOver' | 'sessionLookup'>;
  /** `login.frames`. */
  readonly frames: boolean;
}

/** Marks the address of a second attempt. It only chooses between a new login and a page. */
export const againParameter = 'again';

/** Creates the answer. */
export function createAnswerRequest(parts: AnswerRequestParts): AnswerRequest {
  const { central, requests, findHandedOver, explainDenial, sendToIssuer, paths, pages, events, frames } =
    parts;

  const failed = createFailedLogin(pages, paths);

  /** A person has waited at a page of the issuer or of this service for too long. */
  const late = (asked: LoginRequest, { origin, returnTo, isAgain }: HandOverRequest): Decision => {
    if (isAgain)
      return failed(asked, 'unfinished', () =>
        describeHandOver('for the second time, the request of the other host is too old'),
      );
    return denied('login_required', redirect(`${origin}${paths.start(returnTo)}&${againParameter}=`), {
      place: asked.place,
      detail: () =>
        describeHandOver('the request of the other host is too old, so the login starts again there'),
    });
  };

  const answer = async (
    asked: LoginRequest,
    loginFor: LoginFor,
    { issuer, isChoice }: RequestQuery,
    trace: Trace | undefined,
  ): Promise<Decision> => {
    const { request } = loginFor;
    const place: LoginPlace = { ...asked.place, issuers: request.issuers };
    const forOther = { ...asked, place };
    const isNew = isChoice || issuer !== undefined;
    const found = isNew ? undefined : await findHandedOver(asked, loginFor, { cookies: [] }, trace);
    if (found?.kind === 'granted') return found.decision;
    if (found?.kind === 'failed') return explainDenial(found.decision, asked.request, place, trace);
    const detail = () =>
      describeStart(
        asked.request,
        place,
        `a login was asked for by ${request.origin}, a host of login.hosts`,
      );
    const cookies = found?.cookies ?? [];
    const to = { returnTo: '/', loginFor, isChoice, cookies, status: 200, reason: 'login_required' } as const;
    const { stepUp } = request;
    const more = { ...(issuer !== undefined && { issuer }), ...(stepUp !== undefined && { stepUp }) };
    return sendToIssuer(forOther, { ...to, ...more, detail }, trace);
  };

  return async (asked, query, trace) => {
    // A script or an image cannot show a login, and must not replace one that a person has begun.
    if (!opensPage(asked, frames))
      return denied(
        'login_required',
        { status: 401, cookies: [] },
        { place: asked.place, detail: () => describeHandOver('the request of the other host opens no page') },
      );
    const opened = await requests.open(query.sealed);
    const { request } = opened;
    const isListed = request !== undefined && central.isListed(request.origin);
    if (trace === undefined && !isListed) events.handedOver('refused');
    if (request === undefined) {
      const { keyId } = opened;
      if (trace === undefined && keyId !== undefined) events.sessionLookup('invalid');
      return failed(asked, 'failed', () => describeUnreadable('request', keyId));
    }
    if (!isListed)
      return failed(asked, 'failed', () => describeOtherPlace(request.origin, 'the origin of a login host'));
    if (trace !== undefined)
      passed(trace, {
        step: 'login',
        subject: 'the request of another host',
        found: `of ${request.origin}, policy ${request.policy === '' ? 'none' : request.policy}`,
        option: 'login.host',
      });
    if (opened.isExpired) {
      if (trace === undefined) events.handedOver('expired');
      return late(asked, request);
    }
    const address = (issuer?: string) => paths.startFor(query.sealed, issuer);
    return answer(asked, { request, address }, query, trace);
  };
}
