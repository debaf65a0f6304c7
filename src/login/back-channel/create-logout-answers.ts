/** Puts the answers to issuers that end sessions together. */
import type { Config } from '../../config/declare/options.ts';
import { createVerifyJws } from '../../credential/id-token/verify-jws.ts';
import { createVerifyLogoutToken } from '../../credential/logout-token/verify-logout-token.ts';
import type { LoginSource } from '../../issuer/issuer.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { SessionStore } from '../../session/session-store.ts';
import type { LoginEvents } from '../login-events.ts';
import type { LoginIssuer } from '../login-issuer.ts';
import { createBackChannelLogout, type LogoutIssuer } from './back-channel-logout.ts';
import { createFrontChannelLogout } from './front-channel-logout.ts';
import { limitKeyWaits } from './key-waits.ts';
import { type LogoutAnswers, notConfigured } from './logout-answers.ts';
import type { UseLogoutToken } from './used-logout-tokens.ts';

/** The dependencies. */
export interface LogoutAnswersDependencies {
  readonly sessions: Pick<NonNullable<Config['sessions']>, 'backChannelLogout' | 'frontChannelLogout'>;
  /** The issuers that sign people in, with their keys. */
  readonly issuers: readonly { readonly config: LoginIssuer['config']; readonly source: LoginSource }[];
  readonly store: Pick<SessionStore, 'endOf'>;
  readonly use: UseLogoutToken;
  readonly events: LoginEvents;
  readonly clock: Clock;
}

/** The longest wait for a key that the issuer has published just now, in milliseconds. */
const longestFetch = 1_000;

/** The most logout tokens of an issuer that wait for a key. More are rejected, and others do not wait for them. */
const mostWaiting = 64;

/** Creates the answers of one configuration. */
export function createLogoutAnswers(dependencies: LogoutAnswersDependencies): LogoutAnswers {
  const { sessions, issuers, store, use, events, clock } = dependencies;
  const { endOf } = store;
  const receivers = issuers.map(({ config, source }): LogoutIssuer => {
    const { name, issuer, login } = config;
    const verify = createVerifyLogoutToken({
      config,
      clientId: login.clientId,
      verifyJws: createVerifyJws(limitKeyWaits(source, mostWaiting), clock, longestFetch),
      keys: source,
      algorithms: () => source.loginMetadata()?.metadata?.idTokenAlgorithms,
      clock,
    });
    return { name, issuer, verify };
  });
  const off = async () => notConfigured;
  return {
    backChannel: sessions.backChannelLogout
      ? createBackChannelLogout({ issuers: receivers, endOf, use, events, clock })
      : off,
    frontChannel: sessions.frontChannelLogout
      ? createFrontChannelLogout({ issuers: receivers, endOf, events, clock })
      : off,
  };
}
