/** Logins and sessions, as a check uses them. The check gets them only if `login` is configured. */
import type { CookieChanges } from '../model/browser-answer.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Decision, NotAllowed } from '../model/decision.ts';
import type { Identity } from '../model/identity.ts';
import type { StepDetail, Trace } from '../model/trace.ts';
import type { NoSession } from '../session/session.ts';

/** The answer of a rule about logins. */
export interface LoginPlace {
  /** The name of the policy, or empty. */
  readonly policy: string;
  /** The name of the rule; undefined without rules. */
  readonly rule: string | undefined;
  /** Names of the issuers whose sessions count. */
  readonly issuers: readonly string[];
  /** Who is sent to log in: `never` if sessions count but no client is. */
  readonly when: 'navigation' | 'always' | 'never';
  readonly requireSameOrigin: boolean;
  /** The path of the option that says so, such as `rules[0].require.login`. */
  readonly option: string;
  /** The central host (`login.host`) without a rule that counts sessions: it has no page to return to. */
  readonly isOnlyCentral?: true;
}

/** Finds the place for a path of the same host; undefined if its rule does not count sessions. */
export type PlaceOfPath = (request: CheckRequest, path: string) => LoginPlace | undefined;

/** The result of looking for a session. */
export type SessionVerdict =
  | {
      readonly outcome: 'signed_in';
      readonly identity: Identity;
      /** The token for the workload; empty if none is forwarded. */
      readonly token: string;
      readonly cached: boolean;
      /** Values of `set-cookie` that a renewal needs. */
      readonly cookies: readonly string[];
    }
  | {
      readonly outcome: 'none';
      readonly cause: NoSession;
      /** Values of `set-cookie` that delete a cookie that is of no use. */
      readonly cookies: readonly string[];
      readonly detail: () => StepDetail;
    }
  | NotAllowed;

/** Logins and sessions of one configuration. No function throws because of a client's text, and no promise rejects. */
export interface Logins {
  /** Whether a path is one of this service, without its query. Only on canonical paths; the caller rejects others. */
  readonly isOwnPath: (path: string) => boolean;
  /**
   * Answers a request to a path of this service. Never an allow.
   *
   * @param policy the name of the policy, or empty. It is that of the place
   */
  readonly answerOwnPath: (
    request: CheckRequest,
    policy: string,
    placeOf: PlaceOfPath,
    trace?: Trace,
  ) => Decision | Promise<Decision>;
  /** Looks for the session of a request. Synchronous if the session is cached, or there is no cookie. */
  readonly findSession: (
    request: CheckRequest,
    place: LoginPlace,
    trace?: Trace,
  ) => SessionVerdict | Promise<SessionVerdict>;
  /** Says why a session must not be used for this request: its origin, for `requireSameOrigin` and WebSocket upgrades. */
  readonly originProblem: (request: CheckRequest, place: LoginPlace) => (() => StepDetail) | undefined;
  /** Answers a request without a session and without a token: a redirect, a page or a 401. */
  readonly askToLogIn: (
    request: CheckRequest,
    place: LoginPlace,
    none: SessionVerdict & { readonly outcome: 'none' },
    trace?: Trace,
  ) => Decision | Promise<Decision>;
  /** Adds a page with a sign-out to a denial of a signed-in person who opens a page. */
  readonly explainDenial: (
    denial: NotAllowed,
    request: CheckRequest,
    place: LoginPlace,
    trace?: Trace,
  ) => NotAllowed;
  /** The cookies of an allow: those to set, and the `cookie` header without ours. Undefined if nothing changes. */
  readonly cookieChanges: (request: CheckRequest, set: readonly string[]) => CookieChanges | undefined;
}
