/** The response of `/readyz`. */
import type { IssuerStatus } from '../../issuer/issuer.ts';
import { someUnusedKeys } from '../../issuer/keys/unused-keys.ts';
import { escapeUnseen } from '../../observe/escape-invisible.ts';

/** What /readyz says. */
export interface Readiness {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly issuers: readonly IssuerStatus[];
  /** What was changed and not taken, so that the previous content stays in use. */
  readonly problems: readonly ReloadProblem[];
  readonly shadow: ShadowMode;
}

/** New content that was not taken. */
export interface ReloadProblem {
  readonly what: 'configuration' | 'deny list' | 'certificate' | 'caFile';
  /** The files, as far as they are known. */
  readonly files: readonly string[];
  readonly problem: string;
  /** When it was first refused, in milliseconds since the epoch. */
  readonly since: number;
}

/** What keeps our own refusals from being given. */
export interface ShadowMode {
  /** Whether checks are only tried, everywhere or somewhere (`mode: shadow`). */
  readonly tried: boolean;
  /** The authorizer that decides (`shadow.authorizer`); undefined where we do. */
  readonly authorizer: string | undefined;
}

/** A response of the admin listener. */
export interface AdminResponse {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

/** The most unused keys of an issuer that are named. */
const mostNamed = 20;

/** Makes the response of `/readyz`. */
export function describeReadiness({ ready, draining, issuers, problems, shadow }: Readiness): AdminResponse {
  const isReady = ready && !draining;
  const body = JSON.stringify({
    ready: isReady,
    draining,
    issuers: issuers.map(describeIssuer),
    shadow: { tried: shadow.tried, authorizer: shadow.authorizer ?? null },
    ...(problems.length > 0 && {
      problems: problems.map(({ since, ...rest }) => ({ ...rest, since: isoTime(since) })),
    }),
  });
  return { status: isReady ? 200 : 503, type: 'application/json; charset=utf-8', body: escapeUnseen(body) };
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

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
