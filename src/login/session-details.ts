/** Why a request has no session: the texts for details and traces. They never have a value of the session. */
import { detailOf, listed } from '../config/values/detail-text.ts';
import type { StepDetail } from '../model/trace.ts';
import type { EndedCause } from '../session/ended-list.ts';
import type { InvalidCookie } from '../session/session.ts';
import type { LoginPlace } from './logins.ts';

const subject = 'the session';

/** The request has no session cookie. */
export function describeAbsent({ option }: LoginPlace): StepDetail {
  return detailOf(
    { step: 'session', subject, expected: 'a session cookie', found: 'none', option },
    'the request has neither a token nor a session cookie',
  );
}

/** The request is for a host without a login. */
export function describeOtherHost(): StepDetail {
  return detailOf(
    {
      step: 'session',
      subject: 'the host',
      expected: 'a host of login.hosts',
      found: 'another host',
      option: 'login.hosts',
    },
    'the host is not in login.hosts, so no session counts there',
  );
}

/** The session is of another issuer than those of the place. */
export function describeOtherIssuer(found: string, { issuers, option }: LoginPlace): StepDetail {
  return detailOf(
    {
      step: 'session',
      subject: 'the issuer of the session',
      expected: listed(issuers),
      found: listed([found]),
      option,
    },
    `the session is of the issuer ${listed([found])}; sessions of ${listed(issuers)} count here`,
  );
}

/** The cookie is not a session. Only the operator learns the cause. */
export function describeInvalid(why: InvalidCookie): StepDetail {
  return detailOf(
    {
      step: 'session',
      subject,
      expected: 'a cookie that a key of sessions.keysFile opens',
      found: why.is === 'of_other_key' ? `one of key ${why.keyId}` : 'another one',
      option: 'sessions.keysFile',
    },
    why.is === 'of_other_key' ? `the session cookie is ${sealedWith(why.keyId)}` : invalidTexts[why.is],
  );
}

const invalidTexts = {
  mixed:
    'the session cookie is there twice, or a part is missing or too many; another host of the domain may have set one',
  unreadable: 'the session cookie cannot be opened: it was changed, cut, or is not of this service',
  of_other_policy: 'the session is of another policy',
  of_other_place:
    'the session cookie is of the time before sessions.store changed; the person signs in again, and gets one of the other kind',
  record_unreadable:
    'the record of the session in the store is not of this session: something else writes under state.valkey.prefix',
  of_other_host: 'the session is of another host; without sessions.cookie.domain, each host has its own',
} as const satisfies Readonly<Record<Exclude<InvalidCookie['is'], 'of_other_key'>, string>>;

/** A cookie has a key that this process does not have. */
export function sealedWith(keyId: string): string {
  return `sealed with key ${keyId}, which is not in sessions.keysFile of this replica`;
}

/** The session was ended before its time. */
export function describeEnded(cause: EndedCause = 'here'): StepDetail {
  return detailOf(
    { step: 'session', subject, expected: 'a session', found: 'one that was ended' },
    endedTexts[cause],
  );
}

const endedTexts = {
  here: 'the session was ended by a sign-out',
  elsewhere:
    'another replica or worker ended the session: by a sign-out, or because the issuer rejected its refresh token',
  back_channel: 'the issuer ended the session (back-channel logout)',
  front_channel: 'the issuer ended the session (front-channel logout)',
} as const satisfies Readonly<Record<EndedCause, string>>;

/** The issuer ended the session: it no longer accepts its refresh token. */
export function describeRejected(detail: string): StepDetail {
  return detailOf(
    {
      step: 'session',
      subject: 'the refresh token',
      expected: 'new tokens',
      found: 'a rejection',
      option: 'sessions.refresh',
    },
    `the issuer no longer accepts the refresh token of the session: ${detail}`,
  );
}

/** The session lacks something that the configuration needs now. */
export function describeOutdated(): StepDetail {
  return detailOf(
    {
      step: 'session',
      subject: 'the claims of the session',
      expected: 'every claim that the configuration uses',
      found: 'fewer',
    },
    'the session was made for a configuration that uses fewer claims, or another issuer; a new login adds them',
  );
}

/** Too many cookies wait to be opened. */
export function describeOverload(limit: number): StepDetail {
  return detailOf(
    {
      step: 'session',
      subject: 'the sessions that are opened at the same time',
      expected: `at most ${limit}`,
      found: 'more',
      option: 'limits.maxVerificationsInFlight',
    },
    `more than ${limit} session cookies wait to be opened (limits.maxVerificationsInFlight)`,
  );
}

/** The tokens have ended, and the issuer does not renew them. */
export function describeNotRenewed(detail: string): StepDetail {
  return detailOf(
    {
      step: 'session',
      subject: 'the tokens of the session',
      expected: 'new tokens',
      found: 'none',
      option: 'sessions.refresh',
    },
    `the tokens of the session have ended, and could not be renewed: ${detail}`,
  );
}

/** The store of the sessions is away. */
export function describeUnavailable(problem: string): StepDetail {
  return detailOf(
    {
      step: 'session',
      subject: 'the session in the store',
      expected: 'an answer of the store',
      found: 'none',
      option: 'state.valkey.urls',
    },
    `the session could not be read: ${problem}`,
  );
}
