/**
 * Ends sessions because a frame of the issuer asks for it (OpenID Connect Front-Channel Logout 1.0). The request is not authenticated: the
 * `sid` is all that it needs to know. It gets no session cookie, because the frame is on a page of another site.
 */
import type { Clock } from '../../runtime/time/clock.ts';
import { createBucket } from '../../runtime/time/token-bucket.ts';
import type { SessionStore } from '../../session/session-store.ts';
import type { FrontChannelResult, LoginEvents } from '../login-events.ts';
import {
  ended,
  invalid,
  type LogoutAnswer,
  type LogoutAnswers,
  tooMany,
  unconfirmed,
  unknownIssuer,
} from './logout-answers.ts';

/** The dependencies. */
export interface FrontChannelDependencies {
  readonly issuers: readonly { readonly name: string; readonly issuer: string }[];
  readonly endOf: SessionStore['endOf'];
  readonly events: Pick<LoginEvents, 'frontChannelLogout'>;
  readonly clock: Clock;
}

/** Everyone can send such a request, and each one writes to the store. */
const rate = { perSecond: 1, burst: 50 };

/** The longest `sid`, in characters. */
const maxSid = 1_024;

const answers = {
  success: ended,
  rejected: invalid,
  unconfirmed,
  too_many: tooMany,
} as const satisfies Readonly<Record<FrontChannelResult, LogoutAnswer>>;

/** Creates the answer. */
export function createFrontChannelLogout(
  dependencies: FrontChannelDependencies,
): LogoutAnswers['frontChannel'] {
  const { issuers, endOf, events, clock } = dependencies;
  const bucket = createBucket(rate);
  return async (name, query) => {
    const found = issuers.find((one) => one.name === name);
    if (found === undefined) return unknownIssuer;
    const finish = (result: FrontChannelResult) => {
      events.frontChannelLogout(name, result);
      return answers[result];
    };
    const { issuer } = found;
    const [iss, sid] = ['iss', 'sid'].map((parameter) => onlyValue(query, parameter));
    if (iss !== issuer || sid === undefined || sid.length > maxSid) return finish('rejected');
    if (!bucket.take(clock.monotonic())) return finish('too_many');
    return finish((await endOf({ issuer, sid }, 'front_channel')) ? 'success' : 'unconfirmed');
  };
}

function onlyValue(query: URLSearchParams, name: string): string | undefined {
  const [value, ...others] = query.getAll(name);
  return value === '' || others.length > 0 ? undefined : value;
}
