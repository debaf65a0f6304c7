/** Answers the start of a login and the page of choice: the addresses that links of pages and applications open. */
import type { Decision } from '../model/decision.ts';
import type { DenyReason } from '../model/reasons.ts';
import type { Trace } from '../model/trace.ts';
import { denied } from './answers.ts';
import { type AnswerRequest, againParameter } from './hand-over/answer-request.ts';
import type { CentralHost } from './hand-over/central-host.ts';
import { homeOf } from './home.ts';
import { describeStart } from './login-details.ts';
import type { LoginEvents } from './login-events.ts';
import type { LoginPaths } from './login-paths.ts';
import type { LoginRequest } from './login-request.ts';
import type { LoginPlace } from './logins.ts';
import { opensPage } from './opens-page.ts';
import { queryOf } from './request-headers.ts';
import { readReturnAddress } from './return-address.ts';
import type { SendToIssuer, ToIssuer } from './send-to-issuer.ts';

/** The dependencies. */
export interface StartParts {
  readonly paths: LoginPaths;
  readonly sendToIssuer: SendToIssuer;
  readonly events: LoginEvents;
  /** `login.frames`. */
  readonly frames: boolean;
  /** Only with `login.host`. */
  readonly central?: { readonly host: CentralHost; readonly answerRequest: AnswerRequest } | undefined;
}

/** The parts of a start that are not in its query. */
export type StartMore = Pick<ToIssuer, 'issuer' | 'isAgain' | 'isChoice'>;

/** Answers a start. */
export interface Start {
  /** Reads the return address and the issuer from the query. */
  readonly fromQuery: (
    asked: LoginRequest,
    placeOf: (path: string) => LoginPlace | undefined,
    isChoice: boolean,
    trace?: Trace,
  ) => Decision | Promise<Decision>;
  /** Starts again after an answer that belongs to no login. */
  readonly again: (
    asked: LoginRequest,
    issuer: string | undefined,
    trace?: Trace,
  ) => Decision | Promise<Decision>;
}

const reason: DenyReason = 'login_required';

/** Creates the answers. */
export function createStart({ paths, sendToIssuer, events, frames, central }: StartParts): Start {
  const isOwnPath = (path: string) => paths.read(path) !== undefined;
  const readReturn = (
    query: URLSearchParams | undefined,
    { request: { host }, place }: LoginRequest,
    isDryRun: boolean,
  ): string => {
    const given = query?.getAll('rd') ?? [];
    const isHome = given.length === 1 && given[0] === '/';
    if (query !== undefined && (given.length === 0 || isHome)) return homeOf(place, paths);
    const address = given.length === 1 ? readReturnAddress(given[0] ?? '', isOwnPath) : undefined;
    if (address === undefined && !isDryRun) events.returnAddressRefused(host);
    return address ?? homeOf(place, paths);
  };
  const send = (
    asked: LoginRequest,
    returnTo: string,
    more: StartMore & { readonly found: string },
    trace: Trace | undefined,
  ): Decision | Promise<Decision> => {
    const { found, ...choice } = more;
    const detail = () => describeStart(asked.request, asked.place, found);
    // A script or an image cannot show a login, and must not replace one that a person has begun.
    if (!opensPage(asked, frames))
      return denied(reason, { status: 401, cookies: [] }, { place: asked.place, detail });
    return sendToIssuer(asked, { returnTo, status: 200, reason, detail, ...choice }, trace);
  };
  return {
    fromQuery: (asked, placeOf, isChoice, trace) => {
      const query = queryOf(asked.request.path);
      const sealed = query?.getAll('request') ?? [];
      const returnTo = readReturn(query, asked, trace !== undefined);
      const place = placeOf(returnTo) ?? asked.place;
      const issuers = query?.getAll('issuer') ?? [];
      const issuer = issuers.length === 1 && !isChoice ? issuers[0] : undefined;
      // A request that is there twice is unreadable.
      if (central?.host.isHere(asked.host) === true && sealed.length > 0)
        return central.answerRequest(asked, { sealed: sealed.join(), issuer, isChoice }, trace);
      const isAgain = central !== undefined && query?.has(againParameter) === true;
      const found = isChoice ? 'a choice of issuers was asked for' : 'a login was asked for';
      return send({ ...asked, place }, returnTo, { issuer, isChoice, isAgain, found }, trace);
    },
    again: (asked, issuer, trace) =>
      send(
        asked,
        homeOf(asked.place, paths),
        { issuer, isAgain: true, found: 'the answer of the issuer belongs to no login of this browser' },
        trace,
      ),
  };
}
