/** The response of `/readyz`. */
import type { IssuerStatus } from '../../issuer/issuer-status.ts';
import { someUnusedKeys } from '../../issuer/keys/unused-keys.ts';
import { escapeInvisible } from '../../observe/escape-invisible.ts';
import type { StateStatus } from '../../state/state-store.ts';
import type { AdminResponse } from './route.ts';

/** The content of `/readyz`. */
export interface Readiness {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly issuers: readonly IssuerStatus[];
  /** The failed reloads; their previous content stays in use. */
  readonly problems: readonly ReloadProblem[];
  readonly shadow: ShadowMode;
  /** The IDs of the keys that seal sessions, the sealing one first; empty without `sessions`. */
  readonly sessionKeys: readonly string[];
  /** The connection to the store; absent without `state`. It does not change `ready`: bearer tokens need no store. */
  readonly state?: StateStatus | undefined;
}

/** A failed reload. */
export interface ReloadProblem {
  readonly what:
    | 'configuration'
    | 'deny list'
    /** The deny list in the store. It has no files. */
    | 'revocations'
    | 'certificate'
    | 'caFile'
    | 'admin token'
    | 'session keys';
  /** The files, if known. */
  readonly files: readonly string[];
  readonly problem: string;
  /** When it first failed, in milliseconds since the epoch. */
  readonly since: number;
}

/** Modes in which the denials of this service have no effect. */
export interface ShadowMode {
  /** Whether `mode: shadow` is set, globally, in a policy or in a rule. */
  readonly tried: boolean;
  /** The incumbent, which decides while `shadow.authorizer` is set; undefined without one. */
  readonly authorizer: string | undefined;
}

/** Maximum number of unused keys that are listed for an issuer. */
const mostNamed = 20;

/** Makes the response of `/readyz`. */
export function describeReadiness({
  ready,
  draining,
  issuers,
  problems,
  shadow,
  sessionKeys,
  state,
}: Readiness): AdminResponse {
  const isReady = ready && !draining;
  const body = JSON.stringify({
    ready: isReady,
    draining,
    issuers: issuers.map(describeIssuer),
    shadow: { tried: shadow.tried, authorizer: shadow.authorizer ?? null },
    ...(sessionKeys.length > 0 && { sessionKeys }),
    ...(state !== undefined && { state: describeState(state) }),
    ...(problems.length > 0 && {
      problems: problems.map(({ since, ...rest }) => ({ ...rest, since: isoTime(since) })),
    }),
  });
  return {
    status: isReady ? 200 : 503,
    type: 'application/json; charset=utf-8',
    body: escapeInvisible(body),
  };
}

function describeIssuer({ name, issuer, state, keys, unused, keysAge, problem, problemSince }: IssuerStatus) {
  return {
    name,
    issuer,
    state,
    keys,
    keysAgeSeconds: keysAge === undefined ? null : Math.round(keysAge),
    problem: problem ?? null,
    problemSince: problemSince === undefined ? null : isoTime(problemSince),
    ...(unused.length > 0 && { unusedKeys: someUnusedKeys(unused, mostNamed) }),
  };
}

function describeState({ state, since, problem }: StateStatus) {
  return { store: state, since: isoTime(since), problem: problem ?? null };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
