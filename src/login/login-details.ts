/** The details of the login for the operator. They have no code, `state`, cookie, token or value of a claim. */
import { detailOf, listed, shown, shownPath } from '../config/values/detail-text.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { StepDetail } from '../model/trace.ts';
import { isRejectedClient, type LoginProblem } from './login-client.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { LoginPlace } from './logins.ts';
import type { Opening } from './navigation.ts';
import { sealedWith } from './session-details.ts';

/** Why a request without a session is, or is not, sent to log in. */
export function describeRequired(
  why: StepDetail,
  opening: Opening | 'other_host' | 'never',
  host: string,
  place: LoginPlace,
): StepDetail {
  const found =
    opening === 'other_host'
      ? `host ${shown(host)} is not in login.hosts`
      : opening === 'never'
        ? 'no person is sent to log in here'
        : `${openingTexts[opening.opens]} (${opening.by}: ${opening.found === '' ? 'empty' : shown(opening.found)})`;
  return detailOf({ ...why.failed, option: why.failed.option ?? place.option }, `${why.text}; ${found}`);
}

const openingTexts = {
  page: 'the request opens a page',
  form: 'the request is a form, whose content a redirect would lose',
  frame: 'the request opens a page in a frame',
  other: 'the request opens no page',
} as const;

/** Logins succeed, but bring no session that counts. */
export function describeLoop(why: StepDetail): StepDetail {
  const found =
    `several logins of this browser succeeded, but brought no session that counts: ${why.text}; ` +
    'compare sessions.keysFile of all replicas, sessions.cookie.domain and the clocks';
  return detailOf(
    {
      step: 'session',
      subject: 'the session cookie',
      expected: 'a session',
      found,
      option: 'sessions.keysFile',
    },
    found,
  );
}

/** A person or a page asked for a login. */
export function describeStart(request: CheckRequest, place: LoginPlace, found: string): StepDetail {
  return detailOf(
    { step: 'login', subject: 'the start of a login', found, option: place.option },
    `the browser asked for ${shownPath(request.path)}; ${found}`,
  );
}

/** An issuer cannot be used. */
export function describeIssuerProblem({ config, path }: LoginIssuer, problem: LoginProblem): StepDetail {
  const { detail } = problem;
  const isRejected = isRejectedClient(problem);
  return detailOf(
    {
      step: 'login',
      subject: 'the issuer',
      expected: isRejected ? 'an issuer that accepts this service as a client' : 'an answer',
      found: detail,
      option: isRejected ? `${path}.login.clientId` : `${path}.login`,
    },
    `issuer ${shown(config.name)}${isRejected ? ' rejects this service as a client' : ''}: ${detail}`,
  );
}

/** A login ended without a session. */
export function describeFailed(found: string, option = 'login'): StepDetail {
  return detailOf(
    { step: 'login', subject: 'the answer of the issuer', expected: 'a finished login', found, option },
    found,
  );
}

/** The answer of the issuer belongs to no login of this browser. @param keyId the key of its cookie, if this process does not have it */
export function describeLost(keyId: string | undefined): StepDetail {
  const text = 'for the second time, the answer of the issuer belongs to no login of this browser';
  return keyId === undefined
    ? describeFailed(text)
    : describeFailed(`${text}: the cookie of the login is ${sealedWith(keyId)}`, 'sessions.keysFile');
}

/** A login ended with a session. */
export function describeCompleted({ config, path }: LoginIssuer, returnTo: string): StepDetail {
  const found = `signed in at issuer ${shown(config.name)}; the browser goes back to ${shownPath(returnTo)}`;
  return detailOf({ step: 'login', subject: 'the login', found, option: `${path}.login` }, found);
}

/** A login ended in another tab. */
export function describeGoingOn(returnTo: string): StepDetail {
  const found = `the browser already has a session; it continues to ${shownPath(returnTo)}`;
  return detailOf({ step: 'login', subject: 'the login', found, option: 'login' }, found);
}

/** A person signed out, or was asked whether to. */
export function describeSignOut(found: string): StepDetail {
  return detailOf({ step: 'login', subject: 'the sign-out', found, option: 'login.paths' }, found);
}

/** A path of the login that does not exist, or a method that it does not have. */
export function describePath(request: CheckRequest, found: string): StepDetail {
  return detailOf(
    {
      step: 'login',
      subject: 'the path',
      expected: 'a path of the login',
      found: shownPath(request.path),
      option: 'login.paths.prefix',
    },
    `${shown(request.method)} ${shownPath(request.path)}: ${found}`,
  );
}

/** The answer about the person belongs to the login. */
export function describeUser(found: string): StepDetail {
  return detailOf({ step: 'login', subject: 'the person', found, option: 'login.paths.user' }, found);
}

/** A page of another origin sends the request. */
export function describeOrigin(
  request: CheckRequest,
  origin: string | undefined,
  allowed: readonly string[],
  option: string,
): StepDetail {
  const site = request.header('sec-fetch-site').join();
  const found =
    origin === undefined
      ? site === ''
        ? 'neither origin nor sec-fetch-site; if browsers send them, the mesh does not list them'
        : `sec-fetch-site ${shown(site)}`
      : `origin ${shown(origin)}`;
  const expected = listed(allowed);
  return detailOf(
    { step: 'session', subject: 'the origin of the request', expected, found, option },
    `expected origin ${expected}, found ${found}`,
  );
}
