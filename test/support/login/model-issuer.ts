/** A model of an issuer with rotation: it accepts a refresh token once, and revokes the session at a second use. */

import type { LoginProblem, Tokens } from '../../../src/login/login-client.ts';
import type { Session } from '../../../src/session/session.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The knowledge of the issuer about a session. */
export interface Family {
  readonly id: string;
  /** The number of the only refresh token that it accepts. */
  current: number;
  isRevoked: boolean;
  /** The account was disabled, or the newest refresh token was revoked. */
  isEnded: boolean;
  isSignedOut: boolean;
  /** Times at which a refresh token was accepted, and the answer could be verified. */
  readonly accepted: number[];
  reuses: number;
  calls: number;
  /** The process that got the current tokens, or should have. */
  by: string | undefined;
  /** Calls under way, by process. */
  readonly open: Map<string, number>;
}

/** The issuer. */
export interface ModelIssuer {
  readonly families: Map<string, Family>;
  /** Answers nothing, and does nothing. */
  isDown: boolean;
  /** Sessions whose refresh tokens it refuses for now, without their end. */
  readonly refused: Set<string>;
  /** Does its work, and loses the next answers. */
  losesAnswers: number;
  /** The number of the next answers that their receivers cannot verify, because their clocks are wrong. */
  unverified: number;
  /** Called when a refresh token arrives, before anything is decided. */
  onAsked: () => void;
  /** Called when a refresh token is accepted, before the answer. */
  onAccepted: () => void;
  /** The most calls that ran at the same time. */
  readonly busiest: () => number;
  readonly begin: (id: string) => Session;
  readonly revoke: (refreshToken: string) => void;
  readonly refresh: (process: string, refreshToken: string) => Promise<Tokens | LoginProblem>;
}

const invalidGrant: LoginProblem = { kind: 'ended', detail: 'the token endpoint answered 400 invalid_grant' };
const accessDenied: LoginProblem = { kind: 'unavailable', detail: 'access_denied', isOfSession: true };
const noAnswer: LoginProblem = { kind: 'unavailable', detail: 'no answer' };

/** The options of an issuer. */
export interface ModelIssuerOptions {
  readonly time: VirtualTime;
  /** The life of tokens, in seconds. */
  readonly life: number;
  readonly random: () => number;
  /** The time of a call, in milliseconds. */
  readonly latency?: { readonly least: number; readonly random: number };
}

/** Creates the issuer. */
export function createModelIssuer(options: ModelIssuerOptions): ModelIssuer {
  const { time, life, random, latency = { least: 10, random: 400 } } = options;
  const families = new Map<string, Family>();
  const timeout = 5_000;
  let [running, busiest] = [0, 0];
  const now = () => Math.floor(time.now() / 1000);

  const issuer: ModelIssuer = {
    families,
    isDown: false,
    refused: new Set(),
    losesAnswers: 0,
    unverified: 0,
    onAsked: () => {},
    onAccepted: () => {},
    busiest: () => busiest,
    begin: (id) => {
      families.set(id, {
        ...{
          id,
          current: 0,
          isRevoked: false,
          isEnded: false,
          isSignedOut: false,
          accepted: [time.monotonic()],
        },
        ...{ reuses: 0, calls: 0, by: undefined, open: new Map() },
      });
      return {
        id,
        policy: '',
        issuer: 'https://issuer.example.com',
        subject: 'alice',
        claims: {},
        audiences: ['shop'],
        scopes: ['openid'],
        startedAt: now(),
        seenAt: now(),
        renewedAt: now(),
        tokensEndAt: now() + life,
        refreshToken: `${id}.0`,
      };
    },
    revoke: (refreshToken) => {
      for (const family of families.values())
        if (refreshToken === `${family.id}.${family.current}`) family.isEnded = true;
    },
    refresh: async (process, refreshToken) => {
      const [id = '', number = ''] = refreshToken.split('.');
      const family = families.get(id);
      if (family === undefined) throw new Error(`no family ${id}`);
      family.calls++;
      busiest = Math.max(busiest, ++running);
      family.open.set(process, (family.open.get(process) ?? 0) + 1);
      try {
        await time.delay((latency.least + random() * latency.random) / 2);
        issuer.onAsked();
        if (issuer.isDown) {
          await time.delay(random() < 0.5 ? 1 : timeout);
          return noAnswer;
        }
        if (issuer.refused.has(id)) return accessDenied;
        if (family.isEnded || family.isRevoked) return invalidGrant;
        if (Number(number) !== family.current) {
          family.reuses++;
          family.isRevoked = true;
          return invalidGrant;
        }
        family.current++;
        family.by = process;
        const isVerified = issuer.unverified === 0;
        if (isVerified) family.accepted.push(time.monotonic());
        else issuer.unverified--;
        issuer.onAccepted();
        const next = `${id}.${family.current}`;
        await time.delay((latency.least + random() * latency.random) / 2);
        if (issuer.losesAnswers > 0) {
          issuer.losesAnswers--;
          family.by = 'nobody';
          return noAnswer;
        }
        if (!isVerified)
          return { kind: 'unavailable', detail: 'the ID token is expired', refreshToken: next };
        return {
          claims: undefined,
          idToken: undefined,
          accessToken: undefined,
          isAccessTokenVerified: false,
          accessTokenEndsAt: now() + life,
          refreshToken: next,
          scopes: undefined,
        };
      } finally {
        running--;
        family.open.set(process, (family.open.get(process) ?? 1) - 1);
      }
    },
  };
  return issuer;
}
