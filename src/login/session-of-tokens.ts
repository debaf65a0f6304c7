/** Makes sessions of the tokens of a login or a refresh. */
import type { Config } from '../config/declare/options.ts';
import { claimOf, readDate, readString, stringsOf, wrongType } from '../credential/token/claims.ts';
import type { Claims } from '../model/identity.ts';
import type { Clock } from '../runtime/time/clock.ts';
import type { Session } from '../session/session.ts';
import type { Tokens } from './login-client.ts';
import type { LoginIssuer } from './login-issuer.ts';
import { minuteOf } from './session-lifetime.ts';
import { claimsOf, keptClaims, usedClaims } from './used-claims.ts';

/** Makes sessions. */
export interface SessionMaker {
  /**
   * The session of a finished login. It has a new ID.
   *
   * @param tokens with the claims of the verified ID token
   */
  readonly begin: (login: {
    readonly issuer: LoginIssuer;
    readonly policy: string;
    readonly tokens: Tokens & { readonly claims: Claims };
  }) => Session;
  /** The session after a refresh. Its ID and its start stay. */
  readonly renewed: (session: Session, tokens: Tokens) => Session;
  /** Whether the ID token of a session is only the hint of a sign-out, and is left out if it needs a second cookie. */
  readonly isHintOptional: (session: Session) => boolean;
}

/** The dependencies. */
export interface SessionMakerDependencies {
  readonly config: Config;
  readonly issuers: readonly LoginIssuer[];
  readonly clock: Clock;
  /** Random bytes, base64url. */
  readonly randomText: (bytes: number) => string;
}

/** The length of a session ID, in bytes. */
const idLength = 16;

/** Claims about the login itself. A refreshed ID token may lack them. */
const ofLogin = ['acr', 'amr', 'auth_time', 'nonce'];

/** Creates the maker. */
export function createSessionMaker({
  config,
  issuers,
  clock,
  randomText,
}: SessionMakerDependencies): SessionMaker {
  const known = new Map(
    issuers.map((issuer) => [issuer.config.issuer, { ...issuer, used: usedClaims(config, issuer.config) }]),
  );
  const refreshes = config.sessions?.refresh === true;
  const nowInSeconds = () => Math.floor(clock.now() / 1000);

  /** The parts of a session that come from an ID token. */
  const ofClaims = (iss: string, claims: Claims) => {
    const used = known.get(iss)?.used ?? 'every';
    const sid = readString(claims, 'sid');
    const audiences = stringsOf(claimOf(claims, 'aud'));
    return {
      claims: keptClaims(claims, used),
      ...(used !== 'every' && { claimNames: used }),
      ...(typeof sid === 'string' && sid !== '' && { sid }),
      audiences: audiences === wrongType ? [] : (audiences ?? []),
    };
  };

  /** The other parts of a session that come from tokens. */
  const ofTokens = (iss: string, tokens: Tokens, before: Partial<Session>) => {
    const login = known.get(iss)?.config.login;
    const now = nowInSeconds();
    const refreshToken = refreshes ? (tokens.refreshToken ?? before.refreshToken) : undefined;
    const accessToken =
      login?.forward === 'accessToken' && tokens.isAccessTokenVerified ? tokens.accessToken : undefined;
    const keepsIdToken = login?.forward === 'idToken' || login?.signOut.hint !== false;
    const idToken = keepsIdToken ? (tokens.idToken ?? before.idToken) : undefined;
    const tokensEndAt = endOf(tokens, login?.forward);
    return {
      seenAt: minuteOf(now),
      renewedAt: now,
      ...(tokensEndAt !== undefined && { tokensEndAt }),
      // An issuer can send an empty text instead of none.
      ...(refreshToken && { refreshToken }),
      ...(accessToken && { accessToken }),
      ...(idToken && { idToken }),
    };
  };

  return {
    begin: ({ issuer, policy, tokens }) => {
      const { issuer: iss, login } = issuer.config;
      const subject = readString(tokens.claims, 'sub');
      return {
        id: randomText(idLength),
        policy,
        issuer: iss,
        subject: typeof subject === 'string' ? subject : '',
        scopes: tokens.scopes ?? login.scopes,
        startedAt: nowInSeconds(),
        ...ofClaims(iss, tokens.claims),
        ...ofTokens(iss, tokens, {}),
      };
    },
    renewed: (session, tokens) => {
      const { id, policy, issuer, subject, sid, startedAt, claims, claimNames, audiences } = session;
      const { recordKey } = session;
      return {
        id,
        policy,
        issuer,
        subject,
        startedAt,
        scopes: tokens.scopes ?? session.scopes,
        ...(sid !== undefined && { sid }),
        ...(recordKey !== undefined && { recordKey }),
        ...(tokens.claims === undefined
          ? { claims, audiences, ...(claimNames !== undefined && { claimNames }) }
          : ofClaims(issuer, { ...claimsOf(claims, ofLogin), ...tokens.claims })),
        ...ofTokens(issuer, tokens, session),
      };
    },
    isHintOptional: ({ issuer }) => {
      const login = known.get(issuer)?.config.login;
      return login?.signOut.hint === 'auto' && login.forward !== 'idToken';
    },
  };
}

/** When the token that counts ends: the ID token if it is forwarded, otherwise the access token. */
function endOf(tokens: Tokens, forward: string | undefined): number | undefined {
  const ofIdToken = tokens.claims === undefined ? undefined : readDate(tokens.claims, 'exp');
  const end =
    forward === 'idToken' || tokens.accessToken === undefined
      ? (ofIdToken ?? tokens.accessTokenEndsAt)
      : tokens.accessTokenEndsAt;
  const second = typeof end === 'number' ? Math.floor(end) : -1;
  return Number.isSafeInteger(second) && second >= 0 ? second : undefined;
}
