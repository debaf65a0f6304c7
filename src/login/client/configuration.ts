/** Makes the configuration of openid-client from our own metadata of an issuer. The library discovers nothing itself. */
import {
  allowInsecureRequests,
  type ClientAuth,
  Configuration,
  clockTolerance,
  customFetch,
  type ServerMetadata,
} from 'openid-client';
import { supportedAlgorithms } from '../../config/declare/issuer-options.ts';
import type { WebFetch } from '../../issuer/fetch/web-fetch.ts';
import type { LoginMetadata } from '../../issuer/source/login-metadata.ts';
import type { LoginIssuer } from '../login-issuer.ts';

/** Creates the configuration for one call. Every request of the library goes through `fetch`, which limits its time. */
export function createConfiguration(
  { issuer, login, clockTolerance: tolerance }: LoginIssuer['config'],
  metadata: LoginMetadata,
  authentication: ClientAuth,
  fetch: WebFetch,
): Configuration {
  const { endpoints, sendsIssuer, idTokenAlgorithms } = metadata;
  const server: ServerMetadata = {
    issuer,
    authorization_endpoint: endpoints.authorization,
    token_endpoint: endpoints.token,
    ...(endpoints.endSession !== undefined && { end_session_endpoint: endpoints.endSession }),
    ...(endpoints.revocation !== undefined && { revocation_endpoint: endpoints.revocation }),
    ...(endpoints.pushedRequest !== undefined && {
      pushed_authorization_request_endpoint: endpoints.pushedRequest,
    }),
    authorization_response_iss_parameter_supported: sendsIssuer,
    // Our own verification decides about algorithms and signatures.
    id_token_signing_alg_values_supported: [...(idTokenAlgorithms ?? [...supportedAlgorithms, 'Ed25519'])],
  };
  const configuration = new Configuration(
    server,
    login.clientId,
    { [clockTolerance]: tolerance / 1000 },
    authentication,
  );
  configuration[customFetch] = (url, init) => fetch(url, init);
  configuration.timeout = 0;
  // The metadata was checked: an https:// issuer has no such endpoint.
  if (Object.values(endpoints).some((url) => url?.startsWith('http:'))) allowInsecureRequests(configuration);
  return configuration;
}
