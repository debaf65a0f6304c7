/** Ends sessions because of a logout token (OpenID Connect Back-Channel Logout 1.0). */
import type { LogoutToken, VerifyLogoutToken } from '../../credential/logout-token/verify-logout-token.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { withDeadline } from '../../runtime/time/deadline.ts';
import type { SessionStore } from '../../session/session-store.ts';
import { createCallLimit } from '../client/call-limit.ts';
import type { LoginEvents, LogoutTokenResult } from '../login-events.ts';
import {
  ended,
  invalid,
  type LogoutAnswer,
  type LogoutAnswers,
  tooMany,
  unconfirmed,
  unknownIssuer,
} from './logout-answers.ts';
import type { UseLogoutToken } from './used-logout-tokens.ts';

/** An issuer that can send logout tokens. */
export interface LogoutIssuer {
  readonly name: string;
  /** The exact `iss`. */
  readonly issuer: string;
  readonly verify: VerifyLogoutToken;
}

/** The dependencies. */
export interface BackChannelDependencies {
  readonly issuers: readonly LogoutIssuer[];
  readonly endOf: SessionStore['endOf'];
  readonly use: UseLogoutToken;
  readonly events: Pick<LoginEvents, 'logoutToken'>;
  readonly clock: Clock;
}

/** The longest time until the answer, in milliseconds. Issuers wait 2.5 s or longer, and do not try again. */
const longestAnswer = 2_000;

/** The most verified logout tokens at the same time. Each can wait for the store. */
const mostAtOnce = 64;

const answers = {
  success: ended,
  rejected: invalid,
  replayed: invalid,
  unconfirmed,
  too_many: tooMany,
} as const satisfies Readonly<Record<LogoutTokenResult, LogoutAnswer>>;

const overload = { result: 'too_many', problem: undefined } as const;

/** Creates the answer. */
export function createBackChannelLogout(dependencies: BackChannelDependencies): LogoutAnswers['backChannel'] {
  const { issuers, endOf, use, events, clock } = dependencies;
  const limit = createCallLimit(mostAtOnce);

  const end = async (issuer: string, { id, sid, subject, endsAt }: LogoutToken, begun: number) => {
    if (!(await use(issuer, id, endsAt * 1_000 - clock.now())))
      return { result: 'replayed', problem: 'has a jti that was here before' } as const;
    const left = Math.max(0, begun + longestAnswer - clock.monotonic());
    const isEverywhere = await withDeadline(
      endOf({ issuer, sid, subject }, 'back_channel'),
      left,
      clock,
      () => false,
    );
    return { result: isEverywhere ? 'success' : 'unconfirmed', problem: undefined } as const;
  };

  /**
   * Everyone can send a token, and an issuer does not send its own again. So forged ones are not counted: a limit for them would reject the
   * real ones too. A verification costs about as much as the request itself.
   */
  const handle = async ({ issuer, verify }: LogoutIssuer, token: string) => {
    const begun = clock.monotonic();
    const verified = await verify(token);
    if ('problem' in verified) return { result: 'rejected', problem: verified.problem } as const;
    return (await limit(() => end(issuer, verified, begun))) ?? overload;
  };

  return async (name, token) => {
    const issuer = issuers.find((one) => one.name === name);
    if (issuer === undefined) return unknownIssuer;
    const finish = (result: LogoutTokenResult, problem?: string) => {
      events.logoutToken(name, result, problem);
      return answers[result];
    };
    if (token === undefined) return finish('rejected', 'is not in the form once, as logout_token');
    const { result, problem } = await handle(issuer, token);
    return finish(result, problem);
  };
}
