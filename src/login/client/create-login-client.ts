/** The client of one issuer: starts logins, redeems codes, refreshes and revokes tokens, all through openid-client. */
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  buildEndSessionUrl,
  type Configuration,
  None,
  refreshTokenGrant,
  tokenRevocation,
} from 'openid-client';
import { createVerifyAccessToken } from '../../credential/id-token/verify-access-token.ts';
import { createVerifyIdToken } from '../../credential/id-token/verify-id-token.ts';
import { createVerifyJws } from '../../credential/id-token/verify-jws.ts';
import { readString } from '../../credential/token/claims.ts';
import type { Send } from '../../issuer/fetch/request.ts';
import { createWebFetch } from '../../issuer/fetch/web-fetch.ts';
import type { LoginSource } from '../../issuer/issuer.ts';
import type { LoginMetadata } from '../../issuer/source/login-metadata.ts';
import type { FollowedFiles } from '../../runtime/files/follow.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { isLoginProblem, isRejectedClient, type LoginClient, type LoginProblem } from '../login-client.ts';
import type { LoginIssuer } from '../login-issuer.ts';
import { authorizationParameters, tokenParameters } from './authorization-parameters.ts';
import { createCallLimit } from './call-limit.ts';
import { checkAnswer } from './callback-answer.ts';
import { createAuthentication, listedMethods } from './client-authentication.ts';
import { createConfiguration } from './configuration.ts';
import { holdIdToken } from './hold-id-token.ts';
import { type LoginCall, problemOf } from './problem-of-error.ts';
import { createReadTokens } from './read-tokens.ts';

/** The dependencies of a client. */
export interface LoginClientDependencies {
  readonly config: LoginIssuer['config'];
  /** The keys and the metadata of the issuer. */
  readonly source: LoginSource;
  readonly send: Send;
  readonly files: Pick<FollowedFiles, 'read'>;
  readonly clock: Clock;
  /** The longest wait for new keys of the issuer, in milliseconds. */
  readonly maxWait: number;
}

/** Maximum number of calls of one kind to an issuer at the same time. */
const mostCalls = 64;

/** The longest address for the end of a session, in characters. Without the hint, the issuer asks the person. */
const maxEndSessionUrl = 8_000;

/** Creates the client of an issuer. */
export function createLoginClient(dependencies: LoginClientDependencies): LoginClient {
  const { config, source, send, files, clock, maxWait } = dependencies;
  const { login, issuer } = config;
  const authentication = createAuthentication(login, files);
  const verifyJws = createVerifyJws(source, clock, maxWait);
  const readTokens = createReadTokens(
    createVerifyIdToken(config, verifyJws, clock),
    login.forward === 'accessToken' ? createVerifyAccessToken(config, verifyJws, clock) : verifyNone,
  );
  // People who start logins must not take the place of those who end one, and renewals must not take the place of logins.
  const limits = {
    start: createCallLimit(mostCalls),
    token: createCallLimit(mostCalls),
    refresh: createCallLimit(mostCalls),
  };

  const metadataProblem = (): LoginProblem => ({
    kind: 'unavailable',
    detail: source.loginMetadata()?.problem ?? 'the issuer does not sign people in',
    isUnsent: true,
  });
  const usable = (): LoginMetadata | LoginProblem => {
    const metadata = source.loginMetadata()?.metadata;
    if (metadata === undefined) return metadataProblem();
    return login.pushedRequests === 'always' && metadata.endpoints.pushedRequest === undefined
      ? {
          kind: 'unavailable',
          detail:
            'the issuer has no endpoint for pushed requests; set `issuers[].login.pushedRequests: auto`',
          isUnsent: true,
        }
      : metadata;
  };
  const fetchFor = ({ from }: LoginMetadata) => createWebFetch(send, from, authentication.certificate);
  const configure = async (metadata: LoginMetadata, fetch = fetchFor(metadata)): Promise<Configuration> =>
    createConfiguration(config, metadata, await authentication.create(metadata), fetch);

  /** Makes a call; every problem of it is a value. */
  const attempt = async <T extends object>(
    call: LoginCall,
    limit: (typeof limits)[keyof typeof limits],
    metadata: LoginMetadata,
    make: () => Promise<T>,
  ): Promise<T | LoginProblem> => {
    const explain = (error: unknown): LoginProblem => {
      const problem = problemOf(error, call);
      return isRejectedClient(problem)
        ? { ...problem, detail: problem.detail + listedMethods(login, metadata) }
        : problem;
    };
    const running = limit(() => make().catch(explain));
    const full = `${mostCalls} calls to the issuer already wait for an answer`;
    return running ?? { kind: 'unavailable', detail: full, isUnsent: true };
  };

  return {
    authorizationUrl: async (start) => {
      const metadata = usable();
      if (isLoginProblem(metadata)) return metadata;
      const parameters = authorizationParameters(login, start);
      if (login.pushedRequests === 'always' || metadata.requiresPushedRequests)
        return attempt('pushed request', limits.start, metadata, async () => {
          const { href: url } = await buildAuthorizationUrlWithPAR(await configure(metadata), parameters);
          return { url };
        });
      const configuration = createConfiguration(config, metadata, None(), neverFetch);
      return { url: buildAuthorizationUrl(configuration, parameters).href };
    },

    finish: async (callback, start) => {
      const metadata = usable();
      if (isLoginProblem(metadata)) return metadata;
      const { sendsIssuer, idTokenAlgorithms } = metadata;
      const answer = checkAnswer(callback, { issuer, sendsIssuer, start });
      if (isLoginProblem(answer)) return answer;
      const { nonce, state, codeVerifier, stepUp } = start;
      return attempt('code', limits.token, metadata, async () => {
        const askedAt = clock.now() / 1000;
        const response = await authorizationCodeGrant(
          await configure(metadata),
          answer,
          {
            expectedState: state,
            expectedNonce: nonce,
            pkceCodeVerifier: codeVerifier,
            idTokenExpected: true,
            ...(stepUp?.maxAge !== undefined && { maxAge: stepUp.maxAge }),
          },
          tokenParameters(login),
        );
        return readTokens(
          response,
          {
            clientId: login.clientId,
            nonce: { value: nonce, is: 'required' },
            maxAge: stepUp?.maxAge,
            algorithms: idTokenAlgorithms,
          },
          askedAt,
        );
      });
    },

    refresh: async (refreshToken, before) => {
      const metadata = usable();
      if (isLoginProblem(metadata)) return metadata;
      const [nonce, person, subject] = ['nonce', 'iss', 'sub'].map((name) => readString(before, name));
      return attempt('refresh', limits.refresh, metadata, async () => {
        const askedAt = clock.now() / 1000;
        const held = holdIdToken(fetchFor(metadata));
        const response = await refreshTokenGrant(
          await configure(metadata, held.fetch),
          refreshToken,
          tokenParameters(login),
        );
        const idToken = held.idToken();
        const tokens = await readTokens(
          Object.assign(response, idToken !== undefined && { id_token: idToken }),
          {
            clientId: login.clientId,
            nonce: typeof nonce === 'string' ? { value: nonce, is: 'ifPresent' } : undefined,
            person: { issuer: String(person), subject: String(subject) },
            algorithms: metadata.idTokenAlgorithms,
          },
          askedAt,
        );
        return isLoginProblem(tokens)
          ? tokens
          : { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken };
      });
    },

    revoke: async (refreshToken) => {
      const metadata = usable();
      if (isLoginProblem(metadata)) return metadata;
      if (metadata.endpoints.revocation === undefined) return undefined;
      const answer = await attempt('revocation', limits.token, metadata, async () => {
        const hint = { token_type_hint: 'refresh_token' };
        await tokenRevocation(await configure(metadata), refreshToken, hint);
        return {};
      });
      return isLoginProblem(answer) ? answer : undefined;
    },

    endSessionUrl: async ({ idToken, returnTo, state }) => {
      const metadata = source.loginMetadata()?.metadata;
      if (metadata?.endpoints.endSession === undefined) return undefined;
      const configuration = createConfiguration(config, metadata, None(), neverFetch);
      const after = { post_logout_redirect_uri: returnTo, state };
      const withHint = { ...after, ...(idToken !== undefined && { id_token_hint: idToken }) };
      const { href } = buildEndSessionUrl(configuration, withHint);
      return href.length > maxEndSessionUrl ? buildEndSessionUrl(configuration, after).href : href;
    },

    problem: () => {
      const metadata = usable();
      return isLoginProblem(metadata) ? metadata.detail : undefined;
    },
  };
}

/** An access token that nothing forwards is not verified. */
const verifyNone = () => Promise.resolve(undefined);

/** The start and the end of a login are addresses for the browser; nothing is fetched for them. */
const neverFetch = () => Promise.reject(new TypeError('nothing is fetched for an address'));
