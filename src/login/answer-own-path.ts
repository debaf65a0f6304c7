/** Answers the paths of the login. No answer is ever an allow. */
import type { CheckRequest } from '../model/check-request.ts';
import type { Decision } from '../model/decision.ts';
import type { Trace } from '../model/trace.ts';
import { pathOf } from '../runtime/path-of.ts';
import type { Callback } from './callback.ts';
import type { Complete } from './hand-over/complete.ts';
import { describePath } from './login-details.ts';
import type { LoginHostOf } from './login-hosts.ts';
import type { LoginPaths } from './login-paths.ts';
import { type LoginRequest, readLoginRequest } from './login-request.ts';
import type { Logins, PlaceOfPath } from './logins.ts';
import type { SignOut } from './sign-out.ts';
import type { Start } from './start.ts';
import type { AnswerUser } from './user.ts';

/** The steps of a login, by the path that asks for them. */
export interface OwnPathParts extends SignOut {
  readonly hostOf: LoginHostOf;
  readonly paths: LoginPaths;
  readonly start: Start;
  readonly callback: Callback;
  readonly answerUser: AnswerUser;
  /** Only with `login.host`. */
  readonly complete: Complete | undefined;
}

/** Creates the answers. */
export function createAnswerOwnPath(parts: OwnPathParts): Logins['answerOwnPath'] {
  const { hostOf, paths, start, callback, signOut, signedOut, answerUser, complete } = parts;

  const answer = (
    asked: LoginRequest,
    placeOf: PlaceOfPath,
    trace: Trace | undefined,
  ): Decision | Promise<Decision> => {
    const { request } = asked;
    const own = paths.read(pathOf(request.path)) ?? { name: 'unknown' };
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const placeOfPath = (path: string) => placeOf(request, path);
    if (own.name === 'unknown') return refuse(request, 'the login has no such path');
    if (own.name === 'sign-out' && request.method === 'POST') return signOut(asked, trace);
    const isOnce = own.name === 'callback' || own.name === 'complete';
    if (!isRead || (isOnce && request.method !== 'GET'))
      return refuse(request, 'the path does not have this method');
    switch (own.name) {
      case 'callback':
        return callback(asked, own.issuer, trace);
      case 'start':
      case 'choose':
        return start.fromQuery(asked, placeOfPath, own.name === 'choose', trace);
      case 'sign-out':
        return signOut(asked, trace);
      case 'signed-out':
        return signedOut(asked);
      case 'user':
        return answerUser(asked, trace);
      case 'complete':
        return complete?.(asked, trace) ?? refuse(request, 'the login has no such path');
    }
  };

  return (request, policy, placeOf, trace) => {
    const host = hostOf(request.host);
    const place = placeOf(request, pathOf(request.path));
    if (host === undefined || place === undefined)
      return refuse(request, 'no rule with a login covers this host');
    return answer(readLoginRequest(request, host, { ...place, policy }), placeOf, trace);
  };
}

function refuse(request: CheckRequest, found: string): Decision {
  return { outcome: 'deny', reason: 'login_path', detail: () => describePath(request, found) };
}
