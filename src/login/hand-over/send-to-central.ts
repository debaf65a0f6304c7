/** Sends a browser to the central host, with a sealed request and a login cookie that the answer must fit. */
import { passed } from '../../model/trace.ts';
import { denied, redirect } from '../answers.ts';
import { hashOfState, type LoginCookies } from '../login-cookies.ts';
import type { LoginEvents } from '../login-events.ts';
import type { LoginPaths } from '../login-paths.ts';
import type { SendToIssuer } from '../send-to-issuer.ts';
import type { CentralHost } from './central-host.ts';
import type { HandOverRequests } from './hand-over-request.ts';

/** The dependencies. */
export interface SendToCentralParts {
  readonly central: CentralHost;
  readonly requests: Pick<HandOverRequests, 'seal'>;
  readonly loginCookies: Pick<LoginCookies, 'add'>;
  readonly paths: LoginPaths;
  /** The path where the central host hands the session over. */
  readonly complete: string;
  readonly events: Pick<LoginEvents, 'handedOver'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Creates the function. It takes the place of the one that sends browsers to an issuer. */
export function createSendToCentral(parts: SendToCentralParts): SendToIssuer {
  const { central, requests, loginCookies, paths, complete, events, now, randomBytes } = parts;
  return async (asked, to, trace) => {
    const { host, place } = asked;
    const { returnTo, cookies = [], isAgain = false, stepUp, reason, detail } = to;
    const chosen = to.issuer !== undefined && place.issuers.includes(to.issuer) ? to.issuer : undefined;
    if (trace !== undefined) {
      passed(trace, {
        step: 'login',
        subject: 'where the browser is sent',
        found: `to the central host, ${central.origin}`,
        option: 'login.host',
      });
      return denied(reason, redirect(central.origin + paths.start('/')), { place, detail });
    }
    const state = Buffer.from(randomBytes(32)).toString('base64url');
    const { policy } = place;
    const [origin, startedAt] = [host.origin, now()];
    const sealed = await requests.seal({
      origin,
      policy,
      issuers: place.issuers,
      hash: hashOfState(state),
      returnTo,
      isAgain,
      startedAt,
      ...(stepUp !== undefined && { stepUp }),
    });
    const login = { issuer: '', state, nonce: '', codeVerifier: '', returnTo, origin, policy, startedAt };
    const added = await loginCookies.add({ ...login, callback: complete }, asked.cookies, asked.cookiePlace);
    events.handedOver('requested');
    const address = central.origin + paths.startFor(sealed, to.isChoice === true ? true : chosen);
    return denied(reason, redirect(address, [...cookies, ...added]), { place, detail });
  };
}
