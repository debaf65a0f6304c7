/** Reads the tokens of a token response, and verifies the ID token and the access token. */
import type { TokenEndpointResponse } from 'openid-client';
import type { VerifyAccessToken } from '../../credential/id-token/verify-access-token.ts';
import type { ExpectedIdToken, VerifyIdToken } from '../../credential/id-token/verify-id-token.ts';
import type { LoginProblem, Tokens } from '../login-client.ts';

/** Reads the tokens. Never rejects. */
export type ReadTokens = (
  response: TokenEndpointResponse,
  expected: Omit<ExpectedIdToken, 'accessToken'>,
  /** When the request was sent, in seconds since the epoch. */
  askedAt: number,
) => Promise<Tokens | LoginProblem>;

/** Creates the reader for the tokens of one issuer. */
export function createReadTokens(
  verifyIdToken: VerifyIdToken,
  verifyAccessToken: VerifyAccessToken,
): ReadTokens {
  return async (response, expected, askedAt) => {
    const { id_token: idToken, access_token: accessToken, refresh_token: refreshToken, scope } = response;
    const verified =
      idToken === undefined ? undefined : await verifyIdToken(idToken, { ...expected, accessToken });
    if (verified !== undefined && 'problem' in verified) {
      const { problem, isKeyMissing, isTimeWrong, isUnlisted } = verified;
      const isPerhapsGood = isKeyMissing || isTimeWrong === true || isUnlisted === true;
      const detail = `the ID token ${problem}`;
      // A refresh with a wrong clock, or old metadata, must not end a session. A login ends with an error that names the cause.
      if (expected.person === undefined || !isPerhapsGood)
        return { kind: isKeyMissing ? 'unavailable' : 'rejected', detail };
      return { kind: 'unavailable', detail, ...(refreshToken && { refreshToken }) };
    }
    const isBearer = response.token_type === 'bearer';
    const verifiedUntil = isBearer ? await verifyAccessToken(accessToken) : undefined;
    return {
      claims: verified?.claims,
      idToken,
      accessToken,
      isAccessTokenVerified: verifiedUntil !== undefined,
      accessTokenEndsAt: earliest(endOf(response.expires_in, askedAt), verifiedUntil),
      refreshToken,
      scopes: scope?.split(' ').filter((one) => one !== ''),
    };
  };
}

/** The end of a time in seconds from now. Not a positive number: undefined. */
function endOf(seconds: unknown, from: number): number | undefined {
  return typeof seconds === 'number' && seconds > 0 && Number.isFinite(seconds) ? from + seconds : undefined;
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
