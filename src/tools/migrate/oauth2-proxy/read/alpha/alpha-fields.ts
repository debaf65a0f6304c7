/** The fields of the alpha configuration: those with an equivalent flag, and those without. */

import type { Finding } from '../../../finding.ts';
import type { FlagKind } from '../../flags/flag-kind.ts';

/** The meaning of a field of the alpha configuration. */
export type AlphaField =
  /** Equivalent to a flag. */
  | { readonly flag: string; readonly kind: Exclude<FlagKind, 'number'> }
  /** Without an equivalent flag. */
  | { readonly finding: Pick<Finding, 'verdict' | 'text'> }
  /** A field that another function reads, or that has no value. */
  | { readonly isRead: true }
  | { readonly fields: Readonly<Record<string, AlphaField>> };

const text = (flag: string): AlphaField => ({ flag, kind: 'text' });
const yes = (flag: string): AlphaField => ({ flag, kind: 'boolean' });
const list = (flag: string): AlphaField => ({ flag, kind: 'list' });
const read: AlphaField = { isRead: true };
const meaningless = (reason: string): AlphaField => ({ finding: { verdict: 'meaningless', text: reason } });
const refused = (reason: string): AlphaField => ({ finding: { verdict: 'refused', text: reason } });

const inlineSecret = refused('oidc-authz reads keys and certificates from files only');

const secretFile = (flag: string): AlphaField => ({
  fields: { fromFile: text(flag), fromEnv: inlineSecret, value: inlineSecret },
});

const oidc: Readonly<Record<string, AlphaField>> = {
  issuerURL: text('oidc-issuer-url'),
  insecureAllowUnverifiedEmail: yes('insecure-oidc-allow-unverified-email'),
  insecureSkipIssuerVerification: yes('insecure-oidc-skip-issuer-verification'),
  insecureSkipNonce: yes('insecure-oidc-skip-nonce'),
  skipDiscovery: yes('skip-oidc-discovery'),
  jwksURL: text('oidc-jwks-url'),
  publicKeyFiles: list('oidc-public-key-file'),
  emailClaim: text('oidc-email-claim'),
  groupsClaim: text('oidc-groups-claim'),
  userIDClaim: text('user-id-claim'),
  audienceClaims: list('oidc-audience-claim'),
  extraAudiences: list('oidc-extra-audience'),
  enabledSigningAlgs: list('oidc-enabled-signing-alg'),
};

/** The fields of the first provider. */
export const providerFields: Readonly<Record<string, AlphaField>> = {
  id: read,
  clientID: text('client-id'),
  clientSecret: text('client-secret'),
  clientSecretFile: text('client-secret-file'),
  provider: text('provider'),
  name: text('provider-display-name'),
  caFiles: list('provider-ca-file'),
  useSystemTrustStore: yes('use-system-trust-store'),
  loginURL: text('login-url'),
  loginURLParameters: meaningless(
    'the converted configuration has no login; if you add one, `issuers[].login.parameters` replaces it (docs/migrating-logins.md)',
  ),
  redeemURL: text('redeem-url'),
  profileURL: text('profile-url'),
  skipClaimsFromProfileURL: yes('skip-claims-from-profile-url'),
  resource: text('resource'),
  validateURL: text('validate-url'),
  scope: text('scope'),
  allowedGroups: list('allowed-group'),
  code_challenge_method: text('code-challenge-method'),
  authRequestResponseMode: text('auth-request-response-mode'),
  backendLogoutURL: text('backend-logout-url'),
  additionalClaims: meaningless('any claim can become a header'),
  oidcConfig: { fields: oidc },
  keycloakConfig: { fields: { groups: list('keycloak-group'), roles: list('allowed-role') } },
  azureConfig: { fields: { tenant: text('azure-tenant'), graphGroupField: text('azure-graph-group-field') } },
  microsoftEntraIDConfig: {
    fields: {
      allowedTenants: list('entra-id-allowed-tenant'),
      federatedTokenAuth: yes('entra-id-federated-token-auth'),
    },
  },
  ADFSConfig: { fields: { skipScope: meaningless('the converted configuration has no login') } },
  bitbucketConfig: {
    fields: {
      team: text('bitbucket-team'),
      workspace: text('bitbucket-workspace'),
      repository: text('bitbucket-repository'),
    },
  },
  githubConfig: {
    fields: {
      org: text('github-org'),
      team: text('github-team'),
      repo: text('github-repo'),
      token: text('github-token'),
      users: list('github-user'),
    },
  },
  gitlabConfig: { fields: { group: list('gitlab-group'), projects: list('gitlab-project') } },
  googleConfig: {
    fields: {
      group: list('google-group'),
      adminEmail: text('google-admin-email'),
      serviceAccountJson: text('google-service-account-json'),
      useApplicationDefaultCredentials: yes('google-use-application-default-credentials'),
      targetPrincipal: text('google-target-principal'),
      useOrganizationID: yes('google-use-organization-id'),
      adminAPIUserScope: text('google-admin-api-user-scope'),
    },
  },
  loginGovConfig: {
    fields: { jwtKey: text('jwt-key'), jwtKeyFile: text('jwt-key-file'), pubjwkURL: text('pubjwk-url') },
  },
};

/** The fields of an upstream. Its address, path and status are read together. */
export const upstreamFields: Readonly<Record<string, AlphaField>> = {
  id: read,
  path: read,
  rewriteTarget: read,
  uri: read,
  static: read,
  staticCode: read,
  insecureSkipTLSVerify: yes('ssl-upstream-insecure-skip-verify'),
  flushInterval: { flag: 'flush-interval', kind: 'duration' },
  passHostHeader: yes('pass-host-header'),
  proxyWebSockets: yes('proxy-websockets'),
  timeout: { flag: 'upstream-timeout', kind: 'duration' },
  disableKeepAlives: yes('disable-keep-alives'),
};

/** The fields of the document. */
export const alphaFields: Readonly<Record<string, AlphaField>> = {
  upstreamConfig: {
    fields: {
      proxyRawPath: meaningless('oidc-authz never rewrites a path'),
      upstreams: read,
    },
  },
  injectRequestHeaders: meaningless(
    'oidc-authz forwards no requests: Envoy sends the request to the workload',
  ),
  injectResponseHeaders: read,
  server: {
    fields: {
      bindAddress: text('http-address'),
      secureBindAddress: text('https-address'),
      tls: {
        fields: {
          key: secretFile('tls-key-file'),
          cert: secretFile('tls-cert-file'),
          minVersion: text('tls-min-version'),
          cipherSuites: list('tls-cipher-suite'),
        },
      },
    },
  },
  metricsServer: {
    fields: {
      bindAddress: text('metrics-address'),
      secureBindAddress: text('metrics-secure-address'),
      tls: {
        fields: {
          key: secretFile('metrics-tls-key-file'),
          cert: secretFile('metrics-tls-cert-file'),
          minVersion: meaningless('the metrics have no TLS settings of their own'),
          cipherSuites: meaningless('the metrics have no TLS settings of their own'),
        },
      },
    },
  },
  providers: read,
};

/** Whether a name occurs only at the top of an alpha configuration, which identifies such files. */
export function isAlphaName(name: string): boolean {
  return Object.keys(alphaFields).some((known) => known.toLowerCase() === name.toLowerCase());
}

/** Whether oauth2-proxy does not start with this flag and an alpha configuration, which has a field for it. */
export function isReplacedByAlpha(flag: string): boolean {
  return replaced.has(flag) || /oidc|azure|bitbucket|github|gitlab|google|keycloak|entra-id/.test(flag);
}

const replaced: ReadonlySet<string> = new Set([
  ...[...flagsIn(alphaFields), ...flagsIn(providerFields), ...flagsIn(upstreamFields)],
  ...['acr-values', 'approval-prompt', 'force-code-challenge-method', 'prompt', 'upstream'],
  ...['basic-auth-password', 'pass-access-token', 'pass-authorization-header', 'pass-basic-auth'],
  ...['pass-user-headers', 'prefer-email-to-user', 'set-authorization-header', 'set-basic-auth'],
  ...['set-xauthrequest', 'skip-auth-strip-headers'],
]);

function flagsIn(known: Readonly<Record<string, AlphaField>>): string[] {
  return Object.values(known).flatMap((field) => {
    if ('flag' in field) return [field.flag];
    return 'fields' in field ? flagsIn(field.fields) : [];
  });
}
