/** Puts the steps of the hand-over together: one host signs everyone in, and hands sessions over to the others (`login.host`). */
import type { Clock } from '../../runtime/time/clock.ts';
import type { Seal } from '../../session/seal.ts';
import type { Session } from '../../session/session.ts';
import type { SessionStore } from '../../session/session-store.ts';
import type { StateStore } from '../../state/state-store.ts';
import type { LoginCookies } from '../login-cookies.ts';
import type { LoginEvents } from '../login-events.ts';
import type { LoginHostOf } from '../login-hosts.ts';
import type { LoginLoops } from '../login-loops.ts';
import type { LoginPages } from '../login-pages.ts';
import type { LoginPaths } from '../login-paths.ts';
import type { Logins } from '../logins.ts';
import type { ReplacedSessions } from '../replaced-sessions.ts';
import type { SendToIssuer } from '../send-to-issuer.ts';
import type { SessionMaker } from '../session-of-tokens.ts';
import type { Start } from '../start.ts';
import { type AnswerRequest, createAnswerRequest } from './answer-request.ts';
import { createCarriedSessions } from './carried-sessions.ts';
import { type CentralHost, createCentralHost } from './central-host.ts';
import { type CentralSignOut, createCentralSignOut } from './central-sign-out.ts';
import { type Complete, createComplete } from './complete.ts';
import { createFindHandedOver, type FindHandedOver } from './find-handed-over.ts';
import { createGrantSession, type GrantSession } from './grant-session.ts';
import { createGrants } from './grants.ts';
import { createHandOverRequests } from './hand-over-request.ts';
import { createLoginForRequest, type LoginForRequest } from './login-for.ts';
import { createSendToCentral } from './send-to-central.ts';
import { createUsedGrants } from './used-grants.ts';

/** The parts of the hand-over. */
export interface HandOverParts {
  /** `login.host`. */
  readonly host: string;
  /** `login.timeout`, in milliseconds. */
  readonly timeout: number;
  /** `login.frames`. */
  readonly frames: boolean;
  readonly hostOf: LoginHostOf;
  readonly seal: Seal;
  readonly store: SessionStore;
  readonly state: StateStore | undefined;
  readonly loginCookies: LoginCookies;
  readonly loops: LoginLoops;
  readonly replaced: ReplacedSessions;
  readonly isHintOptional: SessionMaker['isHintOptional'];
  readonly findSession: Logins['findSession'];
  readonly explainDenial: Logins['explainDenial'];
  readonly newestOf: (session: Session) => Session | Promise<Session>;
  readonly toIssuer: SendToIssuer;
  readonly paths: LoginPaths;
  readonly pages: LoginPages;
  readonly events: LoginEvents;
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** The steps of the hand-over. */
export interface HandOver {
  readonly host: CentralHost;
  /** Sends a browser to an issuer from the central host, and to the central host from every other one. */
  readonly sendToLogIn: SendToIssuer;
  readonly answerRequest: AnswerRequest;
  readonly loginFor: LoginForRequest;
  readonly findHandedOver: FindHandedOver;
  readonly grantSession: GrantSession;
  readonly signOut: CentralSignOut;
  readonly createComplete: (start: Start) => Complete;
}

/** Creates the steps. */
export function createHandOver(parts: HandOverParts): HandOver {
  const { seal, store, state, toIssuer, paths, randomBytes, clock, hostOf, findSession, newestOf } = parts;
  const { complete } = paths;
  if (complete === undefined) throw new TypeError('login.host has no path for the hand-over');
  const now = () => clock.now();
  const host = createCentralHost(parts.host, hostOf);
  const requests = createHandOverRequests({ ...parts, now });
  const grants = createGrants({ seal, randomBytes, now });
  const carried = createCarriedSessions(store);
  const toCentral = createSendToCentral({ ...parts, central: host, requests, complete, now });
  const grantSession = createGrantSession({ ...parts, grants, carried, complete });
  const findHandedOver = createFindHandedOver({ findSession, store, newestOf, grantSession });
  const used = createUsedGrants(clock, state);
  return {
    host,
    sendToLogIn: (asked, to, trace) =>
      host.isHere(asked.host) ? toIssuer(asked, to, trace) : toCentral(asked, to, trace),
    answerRequest: createAnswerRequest({
      ...parts,
      central: host,
      requests,
      findHandedOver,
      sendToIssuer: toIssuer,
    }),
    loginFor: createLoginForRequest(requests, paths),
    findHandedOver,
    grantSession,
    signOut: createCentralSignOut({ central: host, seal, paths, now }),
    createComplete: (start) => createComplete({ ...parts, grants, used, carried, start, complete }),
  };
}
