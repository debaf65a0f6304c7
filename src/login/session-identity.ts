/** The identity of a session: facts like those of a token, so that everything after it works unchanged. */
import type { Facts } from '../credential/token/facts.ts';
import { type CheckRequirements, createCheckRequirements } from '../credential/token/requirements.ts';
import { type CurrentDenyList, createRevocation } from '../credential/token/revocation.ts';
import type { Identity, IdentityMemory, MemoryKeeper } from '../model/identity.ts';
import type { Session } from '../session/session.ts';
import type { LoginIssuer } from './login-issuer.ts';

/** The facts that a check needs. They are made once for a session and a configuration. */
export interface SessionFacts {
  readonly identity: Identity;
  readonly facts: Facts;
  /** The token for the workload; empty if none is forwarded. */
  readonly token: string;
}

/**
 * Makes the facts of a session.
 *
 * @param endsAt when the session ends in any case, in seconds since the epoch
 */
export function factsOfSession(session: Session, { config }: LoginIssuer, endsAt: number): SessionFacts {
  const { issuer, subject, sid, audiences, scopes, claims, startedAt, tokensEndAt, refreshToken } = session;
  const ofTokens = refreshToken === undefined ? tokensEndAt : undefined;
  const expiresAt = Math.min(endsAt, ofTokens ?? endsAt);
  const text = JSON.stringify({
    ...claims,
    iss: issuer,
    sub: subject,
    ...(sid !== undefined && { sid }),
    aud: audiences.length === 1 ? audiences[0] : audiences,
    exp: expiresAt,
  });
  const identity: Identity = Object.freeze({
    issuer,
    issuerName: config.name,
    subject,
    audiences,
    scopes,
    expiresAt,
    confirmation: undefined,
    text,
    form: 'json',
    memory: memoryOfSession(),
  });
  return {
    identity,
    token: tokenOf(session, config.login.forward),
    facts: {
      text,
      form: 'json',
      type: 'jwt',
      confirmation: undefined,
      // The lifetimes of sessions are their own.
      expiresAt: Number.MAX_SAFE_INTEGER,
      notBefore: undefined,
      // A deny list entry with `issuedBefore` ends every session that began before, even if it was renewed since.
      issuedAt: startedAt,
      audiences,
      scopes,
      memory: identity.memory,
    },
  };
}

/**
 * Creates the check of the requirements of an issuer for its sessions: the deny list, scopes, claims, email and groups. Audiences, types
 * and bindings are about access tokens.
 */
export function createSessionRequirements(
  { config, path }: LoginIssuer,
  denyList: CurrentDenyList,
  denyListFile: string,
): CheckRequirements {
  const { audiences: _, ...rest } = config;
  const ofSessions = { ...rest, anyAudience: true, tokenTypes: ['JWT'], boundTokens: 'asBearer' } as const;
  const check = createCheckRequirements(
    { ...ofSessions, tokenTypes: [...ofSessions.tokenTypes] },
    createRevocation(denyList, config.issuer, denyListFile),
    path,
  );
  const aboutSessions = new Set(['revocation', 'claims', 'scopes']);
  return (facts, now, trace) =>
    check(
      facts,
      now,
      trace === undefined
        ? undefined
        : (step) => {
            if (aboutSessions.has(step.step)) trace(step);
          },
    );
}

/** The memory of a session. Its cache bounds it, so its header changes stay prepared. */
function memoryOfSession(): IdentityMemory {
  return {
    headers: undefined,
    values: '',
    prepared: undefined,
    results: undefined,
    bytes: 0,
    keeper: keepAll,
  };
}

const keepAll: MemoryKeeper = {
  grown: () => {},
  keepsAnswers: () => true,
};

function tokenOf({ accessToken, idToken }: Session, forward: 'accessToken' | 'idToken' | 'none'): string {
  if (forward === 'none') return '';
  return (forward === 'idToken' ? idToken : accessToken) ?? '';
}
