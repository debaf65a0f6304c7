/** Keeps the metadata of an issuer that signs people in. Only a reload moves an endpoint to another host. */
import type { IssuerConfig } from '../../config/declare/options.ts';
import { clientAuthenticationOf } from '../../config/login/authentication-method.ts';
import {
  type DiscoveryDocument,
  type EndpointName,
  endpointMembers,
  type LoginMetadata,
  readLoginMetadata,
} from './login-metadata.ts';

/** The metadata, and its problem. With both, a login is possible. */
export interface LoginMetadataState {
  readonly metadata?: LoginMetadata | undefined;
  readonly problem?: string | undefined;
}

/** The metadata of one issuer. */
export interface LoginEndpoints {
  /** @param mayMove whether endpoints may be on other hosts than before */
  readonly update: (document: DiscoveryDocument, mayMove: boolean) => void;
  readonly state: () => LoginMetadataState;
}

/** Creates the metadata of an issuer; undefined if it does not sign people in. */
export function createLoginEndpoints(config: IssuerConfig): LoginEndpoints | undefined {
  const { login } = config;
  if (login === undefined) return undefined;
  const usesCertificate = clientAuthenticationOf(login) === 'tls_client_auth';
  let state: LoginMetadataState = isDiscovered(config)
    ? { problem: 'the discovery document of the issuer is not loaded yet; no login is possible' }
    : configuredMetadata(login);
  return {
    update: (document, mayMove) => {
      const read = readLoginMetadata(document, usesCertificate);
      state = mayMove ? read : withoutMoves(state, read);
    },
    state: () => state,
  };
}

function isDiscovered({ jwks, jwksFile, jwksUri, publicKeyFiles }: IssuerConfig): boolean {
  return [jwks, jwksFile, jwksUri, publicKeyFiles].every((source) => source === undefined);
}

/** The endpoints of the configuration, for an issuer whose keys do not come from discovery. */
function configuredMetadata({
  authorizationEndpoint,
  tokenEndpoint,
  endSessionEndpoint,
  revocationEndpoint,
}: NonNullable<IssuerConfig['login']>): LoginMetadataState {
  if (authorizationEndpoint === undefined || tokenEndpoint === undefined)
    return {
      problem:
        'without discovery, a login needs `login.authorizationEndpoint` and `login.tokenEndpoint` of the issuer',
    };
  return {
    metadata: {
      endpoints: {
        authorization: authorizationEndpoint,
        token: tokenEndpoint,
        endSession: endSessionEndpoint,
        revocation: revocationEndpoint,
      },
      requiresPushedRequests: false,
      sendsIssuer: false,
      clientAuthentications: undefined,
      assertionAlgorithms: undefined,
      idTokenAlgorithms: undefined,
      from: undefined,
    },
  };
}

/** Keeps what was known if the document moves an endpoint, or is no longer usable. An attacker may have changed the document. */
function withoutMoves(known: LoginMetadataState, read: LoginMetadataState): LoginMetadataState {
  const { metadata: before } = known;
  if (before === undefined) return read;
  const { metadata: now } = read;
  if (now === undefined) return { metadata: before, problem: read.problem };
  const hosts = new Set(names.map((name) => hostOf(before.endpoints[name])));
  const moved = names.find((name) => {
    const [from, to] = [hostOf(before.endpoints[name]), hostOf(now.endpoints[name])];
    if (to === undefined) return false;
    // A new endpoint gets the credentials of this service too.
    return from === undefined ? !hosts.has(to) : from !== to;
  });
  if (moved === undefined) return read;
  const from = hostOf(before.endpoints[moved]) ?? 'nowhere';
  return {
    metadata: before,
    problem: `the ${endpointMembers[moved]} moved from ${from} to ${hostOf(now.endpoints[moved])}, which is rejected: logins still use the known addresses. If the move is intended, reload the configuration (SIGHUP, or a restart)`,
  };
}

const names = Object.keys(endpointMembers) as readonly EndpointName[];

function hostOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url).host;
}
