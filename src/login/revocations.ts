/** Revokes refresh tokens in the background when their owner signs out (RFC 7009). */
import { createCallLimit } from './client/call-limit.ts';
import type { LoginEvents } from './login-events.ts';
import type { LoginIssuer } from './login-issuer.ts';

/** Revokes the refresh token of a session that has ended. */
export type Revoke = (issuer: LoginIssuer, refreshToken: string) => void;

/**
 * Creates the revocation.
 *
 * @param most the most revocations that run; one beyond is reported as failed
 */
export function createRevoke(most: number, events: Pick<LoginEvents, 'revocationFailed'>): Revoke {
  const limit = createCallLimit(most);
  return ({ config: { name }, client }, refreshToken) => {
    const report = (detail: string) => events.revocationFailed(name, detail);
    const revocation = limit(() => client.revoke(refreshToken));
    if (revocation === undefined) {
      report(`${most} revocations run already`);
      return;
    }
    revocation.then(
      (problem) => {
        if (problem !== undefined) report(problem.detail);
      },
      () => report('the revocation failed'),
    );
  };
}
