/** Shows a signed-in person who opens a page why there is no access, with a way to sign out: never a new login, which would loop. */
import type { BrowserAnswer } from '../model/browser-answer.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';
import { pageAnswer, unavailableAnswer } from './answers.ts';
import type { LoginHostOf } from './login-hosts.ts';
import type { LoginPages } from './login-pages.ts';
import type { LoginPaths } from './login-paths.ts';
import { readLoginRequest } from './login-request.ts';
import type { Logins } from './logins.ts';
import { readOpening } from './navigation.ts';
import { returnAddressOf } from './return-address.ts';

/** Creates the explanation. */
export function createExplainDenial(parts: {
  readonly hostOf: LoginHostOf;
  readonly store: SessionStore;
  readonly paths: LoginPaths;
  readonly pages: LoginPages;
}): Logins['explainDenial'] {
  const { hostOf, store, paths, pages } = parts;
  return (denial, request, place, trace) => {
    const host = hostOf(request.host);
    if (host === undefined || !opensPage(request)) return denial;
    const { cookies, cookiePlace, languages } = readLoginRequest(request, host, place);
    if (denial.reason === 'login_unavailable' || denial.reason === 'sessions_unavailable') {
      const signIn = paths.start(returnAddressOf(request, paths) ?? '/');
      const page = pages.failed({ cause: 'unavailable', signIn }, languages);
      return { ...denial, browser: unavailableAnswer(page) };
    }
    // Another site sends the request, or the failure is not about the person.
    if (denial.outcome !== 'deny' || denial.reason === 'origin_not_allowed') return denial;
    const found = store.find(cookies, cookiePlace, trace !== undefined);
    const user = !(found instanceof Promise) && 'session' in found ? nameOf(found.session) : undefined;
    const browser: BrowserAnswer = pageAnswer(
      403,
      pages.noAccess({ signOut: paths.signOut, user }, languages),
    );
    return { ...denial, browser };
  };
}

function opensPage(request: CheckRequest): boolean {
  return readOpening(request, { when: 'navigation', frames: false }).opens !== 'other';
}

/** The name by which a person knows the account. */
function nameOf({ claims }: Session): string | undefined {
  const names = ['email', 'preferred_username', 'name'].map((claim) =>
    Object.hasOwn(claims, claim) ? claims[claim] : undefined,
  );
  return names.find((name) => typeof name === 'string' && name !== '') as string | undefined;
}
