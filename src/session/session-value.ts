/** The sealed form of a session: JSON with short names. */
import { isMapping } from '../config/values/mapping.ts';
import { isText, isTexts, isTime } from './sealed-members.ts';
import type { Session } from './session.ts';

/** The form of the sealed value. A value of another version is not a session. */
const version = 1;

/** Returns the value to seal. @param host the only host that the session counts for; undefined if hosts share it */
export function valueOfSession(session: Session, host?: string): Readonly<Record<string, unknown>> {
  return {
    v: version,
    id: session.id,
    h: host,
    pol: session.policy,
    iss: session.issuer,
    sub: session.subject,
    sid: session.sid,
    aud: session.audiences,
    scp: session.scopes,
    st: session.startedAt,
    se: session.seenAt,
    re: session.renewedAt,
    end: session.tokensEndAt,
    cn: session.claimNames,
    c: session.claims,
    rt: session.refreshToken,
    at: session.accessToken,
    it: session.idToken,
  };
}

/** A session, and the only host that it counts for. */
export interface SealedSession {
  readonly session: Session;
  readonly host: string | undefined;
}

/** Reads an opened value. @returns undefined if it does not have exactly the form of a session */
export function readSessionValue(value: unknown): SealedSession | undefined {
  if (!isMapping(value)) return undefined;
  const { v, id, h, pol, iss, sub, sid, aud, scp, st, se, re, end, cn, c, rt, at, it, ...others } = value;
  if (v !== version || Object.keys(others).length > 0) return undefined;
  const isValid =
    isText(id) &&
    typeof pol === 'string' &&
    isText(iss) &&
    isText(sub) &&
    [h, sid, rt, at, it].every((text) => text === undefined || isText(text)) &&
    isTexts(aud) &&
    isTexts(scp) &&
    (cn === undefined || isTexts(cn)) &&
    [st, se, re].every(isTime) &&
    (end === undefined || isTime(end)) &&
    isMapping(c);
  if (!isValid) return undefined;
  const session = {
    id,
    policy: pol,
    issuer: iss,
    subject: sub,
    audiences: aud,
    scopes: scp,
    startedAt: st as number,
    seenAt: se as number,
    renewedAt: re as number,
    claims: c,
    ...(end !== undefined && { tokensEndAt: end }),
    ...(cn !== undefined && { claimNames: cn }),
    ...(isText(sid) && { sid }),
    ...(isText(rt) && { refreshToken: rt }),
    ...(isText(at) && { accessToken: at }),
    ...(isText(it) && { idToken: it }),
  };
  return { session, host: isText(h) ? h : undefined };
}
