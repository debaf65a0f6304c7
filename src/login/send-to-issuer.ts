/** Sends a browser to the issuer of a place, or to the page of choice if there are several. */
import type { Decision } from '../model/decision.ts';
import type { DenyReason } from '../model/reasons.ts';
import { passed, type StepDetail, type Trace } from '../model/trace.ts';
import { denied, pageAnswer } from './answers.ts';
import type { Begin, LoginStart } from './begin.ts';
import type { LoginIssuer } from './login-issuer.ts';
import type { LoginPages } from './login-pages.ts';
import type { LoginPaths } from './login-paths.ts';
import type { LoginRequest } from './login-request.ts';
import type { LoginPlace } from './logins.ts';

/** The parts of the answer. */
export interface ToIssuer
  extends Pick<LoginStart, 'returnTo' | 'cookies' | 'isAgain' | 'stepUp' | 'loginFor'> {
  /** The name of the chosen issuer. Only one of the place counts. */
  readonly issuer?: string | undefined;
  /** Whether to ask although the place has one issuer. */
  readonly isChoice?: boolean;
  /** The status of the page of choice: 401 where a session is missing, 200 at a path of the login. */
  readonly status: 200 | 401;
  readonly reason: DenyReason;
  readonly detail: () => StepDetail;
}

/** Sends a browser to log in. */
export type SendToIssuer = (asked: LoginRequest, to: ToIssuer, trace?: Trace) => Decision | Promise<Decision>;

/** Creates the function. */
export function createSendToIssuer(parts: {
  readonly issuers: readonly LoginIssuer[];
  readonly begin: Begin;
  readonly paths: LoginPaths;
  readonly pages: LoginPages;
}): SendToIssuer {
  const { begin, paths, pages } = parts;
  const byName = new Map(parts.issuers.map((issuer) => [issuer.config.name, issuer]));
  const issuersAt = (place: LoginPlace) =>
    place.issuers.map((name) => byName.get(name)).filter((issuer) => issuer !== undefined);

  return (asked, to, trace) => {
    const { place, languages } = asked;
    const { returnTo, cookies, isAgain, stepUp, loginFor, isChoice, status, reason, detail } = to;
    const issuers = issuersAt(place);
    const chosen = issuers.find(({ config }) => config.name === to.issuer);
    const issuer = chosen ?? (issuers.length === 1 && isChoice !== true ? issuers[0] : undefined);
    if (issuer !== undefined)
      return begin(
        asked,
        {
          issuer,
          returnTo,
          reason,
          detail,
          ...(cookies !== undefined && { cookies }),
          ...(isAgain !== undefined && { isAgain }),
          ...(stepUp !== undefined && { stepUp }),
          ...(loginFor !== undefined && { loginFor }),
        },
        trace,
      );
    if (trace !== undefined) traceChoice(trace, place);
    const links = issuers.map(({ config: { name, login } }) => ({
      label: login.label ?? name,
      href: loginFor?.address(name) ?? paths.start(returnTo, name),
    }));
    const page = pages.choice({ issuers: links }, languages);
    return denied(reason, pageAnswer(status, page, cookies), { place, detail });
  };
}

function traceChoice(trace: Trace, { issuers, option }: LoginPlace): void {
  passed(trace, {
    step: 'login',
    subject: 'where the browser is sent',
    found: `to a choice of ${issuers.join(', ')}`,
    option,
  });
}
