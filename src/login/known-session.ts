/** The knowledge of a process about a session: its facts, and its new cookies. */
import type { Config } from '../config/declare/options.ts';
import type { CheckRequirements } from '../credential/token/requirements.ts';
import type { CurrentDenyList } from '../credential/token/revocation.ts';
import type { Session } from '../session/session.ts';
import type { FoundSession } from '../session/session-store.ts';
import type { LoginIssuer } from './login-issuer.ts';
import { createSessionRequirements, factsOfSession, type SessionFacts } from './session-identity.ts';
import type { SessionLifetime } from './session-lifetime.ts';
import { hasUsedClaims, usedClaims } from './used-claims.ts';

/** A session that was found. */
export type Found = Extract<FoundSession, { readonly session: unknown }>;

/** A session with its facts. */
export interface KnownSession extends SessionFacts {
  readonly session: Session;
  readonly issuer: LoginIssuer;
  /** Checks what the issuer requires. */
  readonly check: CheckRequirements;
  /** The last request that a cookie names, in seconds since the epoch. */
  seenAt: number;
  /** Whether this process sealed the session again, after another key had sealed it. */
  isSealedAgain: boolean;
  /** Whether its end was reported. */
  isEndReported: boolean;
  /** The session after a refresh, and its cookies. */
  renewed: { readonly known: KnownSession; readonly cookies: Promise<readonly string[]> } | undefined;
  /** When a new cookie was first sent, in milliseconds of the monotonic clock, and the later requests that still have the old one. */
  sentAt: number | undefined;
  repeats: number;
}

/** Knows sessions. */
export interface KnowSession {
  /** Undefined if the session is of an issuer that is no longer configured, or lacks claims that the configuration uses now. */
  readonly known: (found: Found) => KnownSession | undefined;
  readonly afterRefresh: (session: Session) => KnownSession | undefined;
}

/** The dependencies. */
export interface KnowSessionDependencies {
  readonly config: Config;
  readonly issuers: readonly LoginIssuer[];
  readonly denyList: CurrentDenyList;
  readonly lifetime: SessionLifetime;
}

/** Creates the knowledge of one configuration. It is stored with the cached session. */
export function createKnowSession(dependencies: KnowSessionDependencies): KnowSession {
  const { config, issuers, denyList, lifetime } = dependencies;
  const denyListFile = config.denyList.file ?? '';
  const trusted = new Map(
    issuers.map((issuer) => [
      issuer.config.issuer,
      {
        issuer,
        used: usedClaims(config, issuer.config),
        check: createSessionRequirements(issuer, denyList, denyListFile),
      },
    ]),
  );
  const make = (session: Session): KnownSession | undefined => {
    const of = trusted.get(session.issuer);
    if (of === undefined || !hasUsedClaims(session.claimNames, of.used)) return undefined;
    return {
      ...factsOfSession(session, of.issuer, lifetime.endsAt(session)),
      session,
      issuer: of.issuer,
      check: of.check,
      seenAt: session.seenAt,
      isSealedAgain: false,
      isEndReported: false,
      renewed: undefined,
      sentAt: undefined,
      repeats: 0,
    };
  };
  return {
    known: ({ session, derived }) => {
      if (derived.owner !== trusted) {
        derived.owner = trusted;
        derived.facts = make(session);
      }
      return derived.facts as KnownSession | undefined;
    },
    afterRefresh: make,
  };
}
