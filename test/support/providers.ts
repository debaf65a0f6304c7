/** The providers that have a page. The expected result of each mistake is only on the page. */
import { discovery, type Provider } from './provider.ts';

const entraKeys =
  'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/discovery/v2.0/keys';
const entraV2 = 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0';
const entraV1 = 'https://sts.windows.net/11111111-2222-3333-4444-555555555555/';
const auth0 = 'https://shop.eu.auth0.com/';
const okta = 'https://shop.okta.com/oauth2/default';
const oktaMachine = { uid: undefined, auth_time: undefined, groups: undefined, sub: '0oaexampleclient' };
const cognito = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_ExampleId';
const ias = 'https://shop.accounts.ondemand.com';
const xsuaa = 'https://shop.authentication.eu10.hana.ondemand.com/oauth/token';
const dex = 'https://dex.shop.example/dex';
const zitadel = 'https://shop-abc123.zitadel.cloud';
const zitadelRoles = 'urn:zitadel:iam:org:project:123456789012345678:roles';
const keycloak = 'https://keycloak.shop.example/realms/shop';
const keycloakInside =
  'http://keycloak.keycloak.svc.cluster.local:8080/realms/shop/protocol/openid-connect/certs';
const gitlabApplication = 'example-application-id';
/** The claims of a CI job of another project that a member of the group started, for the audience of its choice. */
const foreignJob = { project_path: 'other/orders', project_id: '21', groups_direct: ['shop'] };
const googleClient = '100000000001-example.apps.googleusercontent.com';
const googleUser = { aud: googleClient, email: 'alice@shop.example' };
const opaque = 'ZG8gbm90IGxvb2sgaW5zaWRl-example_opaque';

/** Every provider. */
export const providers: readonly Provider[] = [
  {
    page: 'keycloak.md',
    documents: {
      ...discovery(keycloak, `${keycloak}/protocol/openid-connect/certs`),
      [keycloakInside]: 'KEYS',
    },
    passes: [{ claims: { scope: 'email orders' } }, { claims: { email_verified: true } }, {}],
    mistakes: {
      'there is no audience mapper: `aud` is `account`, or is missing': [
        { claims: { aud: 'account' } },
        { claims: { aud: undefined } },
      ],
      'the mapper adds the audience to the ID token only': { claims: { aud: 'account' } },
      'the access token is lightweight, and has neither `aud` nor `sub`': {
        claims: { aud: undefined, sub: undefined, realm_access: undefined, email: undefined },
      },
      'the client sends the ID token': { claims: { typ: 'ID', aud: 'web', at_hash: 'x' } },
      'the client sends the refresh token': { signed: 'secret', claims: { typ: 'Refresh' } },
      'the client gets its token at another address of Keycloak than `issuer`': {
        claims: { iss: 'http://localhost:8080/realms/shop' },
      },
      '`issuer` is the address inside the cluster, but Keycloak has a fixed public one': {
        issuer: { issuer: 'https://keycloak.internal/realms/shop' },
        documents: discovery(
          keycloak,
          `${keycloak}/protocol/openid-connect/certs`,
          'https://keycloak.internal/realms/shop',
        ),
      },
      '`issuer` does not have `/auth`, but Keycloak is older than 17 or has `--http-relative-path=/auth`': {
        claims: { iss: 'https://keycloak.shop.example/auth/realms/shop' },
        documents: { [`${keycloak}/.well-known/openid-configuration`]: undefined },
      },
      '`issuer` has `/auth`, but Keycloak does not': {
        issuer: { issuer: 'https://keycloak.shop.example/auth/realms/shop' },
      },
      '`issuer` has a final slash': { issuer: { issuer: `${keycloak}/` } },
      'the token is from another realm': { claims: { iss: 'https://keycloak.shop.example/realms/master' } },
      'the client signs with HS256, RS512 or ES384': [{ signed: 'secret' }, { header: { alg: 'RS512' } }],
      '`requireVerified` is set, but the email of the user is not verified': { configuration: 2 },
      '`allowedDomains` is set, but a service account has no email': {
        configuration: 2,
        claims: { email: undefined, email_verified: undefined },
      },
      '`groups.allowed` has a role of the realm, without `keycloakRoles`': {
        issuer: { groups: { allowed: ['buyer'] } },
      },
      '`groups.allowed` is `[buyers]`, but the mapper writes the full path': {
        issuer: { groups: { allowed: ['buyers'] } },
      },
      '`requiredScopes` has an optional scope that the client does not request': { configuration: 1 },
      'the client uses DPoP, but `boundTokens` is not set': {
        claims: { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } },
      },
    },
  },
  {
    page: 'entra-id.md',
    documents: {
      ...discovery(entraV2, entraKeys),
      ...discovery(entraV1, 'https://login.microsoftonline.com/common/discovery/keys'),
      'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/.well-known/openid-configuration':
        { issuer: entraV1, jwks_uri: 'https://login.microsoftonline.com/common/discovery/keys' },
      'https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration': {
        issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
        jwks_uri: 'https://login.microsoftonline.com/common/discovery/v2.0/keys',
      },
    },
    passes: [
      [{ token: 1 }, { token: 1, claims: { aud: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee' } }],
      [
        {
          claims: { roles: ['orders.admin'] },
          forwarded: { 'x-auth-request-email': 'alice@shop.example' },
        },
        {
          claims: { roles: ['orders.admin'], email: 'alice@mail.example' },
          forwarded: { 'x-auth-request-email': 'alice@mail.example' },
        },
      ],
    ],
    mistakes: {
      'the configuration is for v2, the token is v1': { token: 1 },
      'the configuration is for v1, the token is v2': { configuration: 1 },
      'the v1 issuer does not have the final slash': {
        token: 1,
        configuration: 1,
        issuer: { issuer: entraV1.slice(0, -1) },
      },
      '`issuer` has `common` or `organizations` instead of the tenant': {
        issuer: { issuer: 'https://login.microsoftonline.com/common/v2.0' },
      },
      'v2, and `audiences` has the `api://` URI': {
        issuer: { audiences: ['api://aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'] },
      },
      'v1, and `audiences` has only one of the Application ID URI and the client ID': [
        { token: 1, configuration: 1, issuer: { audiences: ['aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'] } },
        {
          token: 1,
          configuration: 1,
          issuer: { audiences: ['api://aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'] },
          claims: { aud: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee' },
        },
      ],
      'v1, and the token is for Microsoft Graph (`nonce` in its header)': {
        token: 1,
        configuration: 1,
        signed: 'other header',
        header: { nonce: 'example-nonce' },
        claims: { aud: '00000003-0000-0000-c000-000000000000' },
      },
      'v2, and the token is for Microsoft Graph': {
        token: 1,
        signed: 'other header',
        header: { nonce: 'example-nonce' },
        claims: { aud: '00000003-0000-0000-c000-000000000000' },
      },
      'the client sends the ID token': { claims: { aud: '99999999-8888-7777-6666-555555555555' } },
      '`requiredScopes` is set, and the client has no user': {
        issuer: { requiredScopes: ['orders.read'] },
        claims: { scp: undefined, roles: ['orders.read'] },
      },
      '`groups.allowed` has names of groups': { issuer: { groups: { allowed: ['Buyers'] } } },
      'the user has more than 200 groups': {
        issuer: { groups: { allowed: ['0b0b0b0b-0000-4000-8000-000000000002'] } },
        claims: {
          groups: undefined,
          _claim_names: { groups: 'src1' },
          _claim_sources: { src1: { endpoint: 'https://graph.microsoft.com/v1.0/users/x/getMemberObjects' } },
        },
      },
      'the API has its own signing key (a claims mapping policy)': { signed: 'unpublished' },
      'the token is from another tenant': {
        claims: { iss: 'https://login.microsoftonline.com/99999999-2222-3333-4444-555555555555/v2.0' },
      },
    },
  },
  {
    page: 'auth0.md',
    documents: discovery(auth0, `${auth0}.well-known/jwks.json`),
    passes: [{}],
    mistakes: {
      '`issuer` does not have the final slash': { issuer: { issuer: auth0.slice(0, -1) } },
      'the client does not send `audience`, and gets an opaque token': { text: opaque },
      'the client does not send `audience`, and gets an encrypted token (five parts, `"alg": "dir"`)': {
        text: `${Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', iss: auth0 })).toString('base64url')}..aXY.Y2lwaGVy.dGFn`,
      },
      'the client sends the ID token': { claims: { aud: 'example-client-id' } },
      'the token is for another API of the tenant, such as the Management API': {
        claims: { aud: `${auth0}api/v2/` },
      },
      'the identifier of the API has a final slash in one place only': {
        issuer: { audiences: ['https://orders.shop.example/'] },
      },
      'the API signs with HS256': { signed: 'secret' },
      '`issuer` is the domain of the tenant, but tokens come from the custom domain': {
        claims: { iss: 'https://login.shop.example/' },
      },
      '`groups.claim` is `groups`, but the name of the claim is a URL': {
        issuer: { groups: { allowed: ['buyers'] } },
      },
      '`groups.allowed` is set, but only users get groups, and the client has no user': {
        configuration: 1,
        claims: {
          gty: 'client-credentials',
          sub: 'example-client-id@clients',
          aud: 'https://orders.shop.example',
          'https://shop.example/groups': undefined,
          'https://shop.example/email': undefined,
        },
      },
      '`requiredScopes` is set, but RBAC puts the rights into `permissions`': {
        issuer: { requiredScopes: ['orders:read'] },
        claims: { scope: 'openid' },
      },
    },
  },
  {
    page: 'okta.md',
    documents: {
      ...discovery(okta, `${okta}/v1/keys`),
      ...discovery('https://shop.okta.com', 'https://shop.okta.com/oauth2/v1/keys'),
    },
    passes: [
      [
        {
          forwarded: { 'x-auth-request-user': '00uexampleuser', 'x-auth-request-client': '0oaexampleclient' },
        },
        {
          issuer: { groups: undefined },
          claims: oktaMachine,
          forwarded: {
            'x-auth-request-user': undefined,
            'x-auth-request-client': '0oaexampleclient',
            'x-auth-request-email': '0oaexampleclient',
          },
        },
      ],
    ],
    mistakes: {
      'the token is from the org authorization server': {
        header: { typ: 'application/okta-internal-at+jwt' },
        claims: { iss: 'https://shop.okta.com', aud: 'https://shop.okta.com' },
      },
      '`issuer` is the org authorization server, and its address is the audience': {
        header: { typ: 'application/okta-internal-at+jwt' },
        claims: { iss: 'https://shop.okta.com', aud: 'https://shop.okta.com' },
        issuer: { issuer: 'https://shop.okta.com', audiences: ['https://shop.okta.com'] },
      },
      'the same, and Okta does not publish the key of the token': {
        signed: 'unpublished',
        claims: { iss: 'https://shop.okta.com', aud: 'https://shop.okta.com' },
        issuer: { issuer: 'https://shop.okta.com', audiences: ['https://shop.okta.com'] },
      },
      '`issuer` has a final slash': { issuer: { issuer: `${okta}/` } },
      'the client sends the ID token': { claims: { aud: '0oaexampleclient' } },
      'the token is from another custom authorization server': {
        claims: { iss: 'https://shop.okta.com/oauth2/ausexample' },
      },
      '`groups.allowed` is set, and the client has no user': { configuration: 1, claims: oktaMachine },
      '`groups.allowed` is set, but only the ID token has the claim': {
        configuration: 1,
        claims: { groups: undefined },
      },
      'the access policy does not grant the scope': { configuration: 1, claims: { scp: ['openid'] } },
    },
  },
  {
    page: 'cognito.md',
    documents: discovery(cognito, `${cognito}/.well-known/jwks.json`),
    passes: [{ claims: { aud: 'https://orders.shop.example' } }, {}],
    mistakes: {
      'the token has no `aud`: `audienceClaims` is not set, and the client does not request a `resource`': {
        issuer: { audienceClaims: undefined },
      },
      'the app client is not listed': { claims: { client_id: '2example23456789' } },
      'the client sends the ID token': {
        claims: { client_id: undefined, aud: '1example23456789', token_use: 'id' },
      },
      'the client sends the ID token, and `audienceClaims` is `[aud, client_id]`': {
        issuer: { audienceClaims: ['aud', 'client_id'] },
        claims: { client_id: undefined, aud: '1example23456789', token_use: 'id' },
      },
      '`issuer` is the domain of the hosted login page (`…amazoncognito.com`)': {
        issuer: { issuer: 'https://shop.auth.eu-central-1.amazoncognito.com' },
      },
      '`groups.claim` is `groups`': { issuer: { groups: { allowed: ['buyers'] } } },
      '`requiredScopes` is `[read]`, without the resource server': {
        issuer: { requiredScopes: ['read'] },
      },
      'a user signs in with the SDK, and gets only the scope `aws.cognito.signin.user.admin`': {
        configuration: 2,
        claims: { scope: 'aws.cognito.signin.user.admin' },
      },
    },
  },
  {
    page: 'sap-cloud-identity-services.md',
    documents: {
      ...discovery(ias, `${ias}/oauth2/certs`),
      ...discovery(xsuaa, 'https://shop.authentication.eu10.hana.ondemand.com/token_keys'),
    },
    passes: [
      {
        claims: { iss: 'shop.accounts.ondemand.com' },
        documents: discovery('shop.accounts.ondemand.com', `${ias}/oauth2/certs`, ias),
      },
      { token: 1 },
    ],
    mistakes: {
      '`issuer` has `https://`, but the tenant uses the legacy name': {
        claims: { iss: 'shop.accounts.ondemand.com' },
        documents: discovery('shop.accounts.ondemand.com', `${ias}/oauth2/certs`, ias),
      },
      'the tenant uses its `accounts.cloud.sap` name or a custom domain': {
        claims: { iss: 'https://shop.accounts.cloud.sap' },
      },
      '`issuer` has a final slash': { issuer: { issuer: `${ias}/` } },
      'the token is from IAS, but XSUAA is configured': { configuration: 2 },
      'the token is from XSUAA, but IAS is configured': { token: 1 },
      'XSUAA, and `issuer` does not have `/oauth/token`': {
        token: 1,
        configuration: 2,
        issuer: { issuer: xsuaa.replace('/oauth/token', '') },
      },
      'the client requests a token without `resource`: `aud` is its own ID': {
        claims: { aud: '0c0c0c0c-0000-4000-8000-000000000002', sub: '0c0c0c0c-0000-4000-8000-000000000002' },
      },
      'the token is opaque (`token_format=opaque`, or the default of the grant)': { text: opaque },
      'XSUAA, and `requiredScopes` is `[read]`': {
        token: 1,
        configuration: 2,
        issuer: { requiredScopes: ['read'] },
      },
      '`groups.allowed` is set, but the application does not send groups': {
        issuer: { groups: { allowed: ['buyers'] } },
        claims: { groups: undefined },
      },
    },
  },
  {
    page: 'dex.md',
    documents: discovery(dex, `${dex}/keys`),
    passes: [{}],
    mistakes: {
      '`issuer` does not have the path of Dex (`/dex`)': { issuer: { issuer: 'https://dex.shop.example' } },
      "`issuer` is the address inside the cluster, but Dex's `issuer` is another one": {
        issuer: { issuer: 'https://dex.internal/dex' },
        documents: discovery(dex, `${dex}/keys`, 'https://dex.internal/dex'),
      },
      'the token was issued to another client': { claims: { aud: 'web' } },
      'the client does not request the scope `groups`': { configuration: 1, claims: { groups: undefined } },
      'the client does not request the scope `email`, and `email.allowedDomains` is set': {
        configuration: 1,
        claims: { email: undefined, email_verified: undefined },
      },
      '`requireVerified` is set, but the connector does not say that the email is verified': {
        configuration: 1,
        claims: { email_verified: false },
      },
      'the client sends a refresh token': { text: 'ChlsbmFtYWRldXByZWZyZXNo' },
      'Dex restarted with in-memory storage, and clients still use old tokens': { signed: 'unpublished' },
    },
  },
  {
    page: 'google.md',
    documents: discovery('https://accounts.google.com', 'https://www.googleapis.com/oauth2/v3/certs'),
    passes: [
      { claims: { ...googleUser, hd: 'shop.example' } },
      [
        {},
        { claims: { ...googleUser, hd: 'shop.example' } },
        { configuration: 0, issuer: { requiredClaims: { sub: '100000000000000000001' } } },
      ],
    ],
    mistakes: {
      'the client sends an access token (`ya29.…`)': { text: 'ya29.example_access-token' },
      "`gcloud auth print-identity-token` is used without a service account: `aud` is gcloud's own client": {
        claims: { aud: '100000000002-example.apps.googleusercontent.com' },
      },
      '`allowedAddresses` is set, but the token of the service account has no email': {
        claims: { email: undefined, email_verified: undefined },
      },
      'the service account is not listed': [
        { claims: { email: 'other@shop-project.iam.gserviceaccount.com' } },
        { configuration: 2, claims: { email: 'other@shop-project.iam.gserviceaccount.com' } },
      ],
      'a service account of another project requests the ID of your OAuth client': [1, 2].map(
        (configuration) => ({
          configuration,
          claims: { aud: googleClient, email: 'orders-caller@other-project.iam.gserviceaccount.com' },
        }),
      ),
      'a user with `hd` sends a request, but `email.allowedAddresses` lists only the service account': {
        issuer: { audiences: ['https://orders.shop.example', googleClient] },
        claims: { ...googleUser, hd: 'shop.example' },
      },
      '`issuer` is `accounts.google.com`, as in some old examples': {
        issuer: {
          issuer: 'accounts.google.com',
          jwksUri: 'https://www.googleapis.com/oauth2/v3/certs',
        },
      },
      'the service account signed the token itself: `iss` is its email': {
        claims: { iss: 'orders-caller@shop-project.iam.gserviceaccount.com' },
      },
      '`hd` is required, but the user has a private account': [1, 2].map((configuration) => ({
        configuration,
        claims: { ...googleUser, email: 'alice@gmail.com' },
      })),
    },
  },
  {
    page: 'gitlab.md',
    documents: discovery('https://gitlab.com', 'https://gitlab.com/oauth/discovery/keys'),
    passes: [
      {},
      [
        { token: 1 },
        {},
        { claims: { aud: gitlabApplication } },
        { configuration: 0, issuer: { requiredClaims: { project_id: '20' } } },
      ],
    ],
    mistakes: {
      'the job sends `CI_JOB_TOKEN` or a personal access token': { text: 'glpat-example' },
      'the job names another `aud`': { claims: { aud: 'https://gitlab.com' } },
      '`issuer` has a final slash, or another host than `external_url` of the instance': {
        issuer: { issuer: 'https://gitlab.com/' },
      },
      'the token is from gitlab.com, but your own instance is configured': {
        issuer: { issuer: 'https://gitlab.shop.example' },
      },
      'the project is not listed': [
        { claims: { project_path: 'other/orders' } },
        { configuration: 2, claims: { project_path: 'other/orders' } },
      ],
      'a member of your group starts a job of another project, which requests the ID of your application': {
        configuration: 2,
        claims: { ...foreignJob, aud: gitlabApplication },
      },
      'the user is not a direct member of the group': [
        { token: 1, configuration: 2, claims: { groups_direct: ['other', 'shop/support'] } },
        { token: 1, configuration: 2, claims: { groups_direct: undefined } },
      ],
      '`project_id` is `20` without quotes, but the token has a string': {
        issuer: { requiredClaims: { project_id: 20 } },
      },
      'the branch is not protected': { claims: { ref_protected: 'false' } },
      '`ref_protected` is `true` without quotes, but the token has a string': {
        issuer: { requiredClaims: { ref_protected: true } },
      },
      'the job runs longer than its token is valid': { claims: { exp: Math.floor(Date.now() / 1000) - 60 } },
    },
  },
  {
    page: 'zitadel.md',
    documents: discovery(zitadel, `${zitadel}/oauth/v2/keys`),
    passes: [{}],
    mistakes: {
      'the token type is *Bearer*, the default': { text: opaque },
      'the client sends a personal access token of a service user': { text: opaque },
      'the client does not request the `:aud` scope of the project': {
        claims: { aud: ['300000000000000001'] },
      },
      '`audiences` has the name of the project instead of its ID': { issuer: { audiences: ['orders'] } },
      'the client sends the ID token of an application of another project': {
        claims: { aud: ['300000000000000009'] },
      },
      '`issuer` is the old domain, after a custom domain became the primary one': {
        claims: { iss: 'https://login.shop.example' },
        documents: discovery('https://login.shop.example', `${zitadel}/oauth/v2/keys`, zitadel),
      },
      '`groups.allowed` is set, but the client does not request the scope for roles': {
        configuration: 1,
        claims: { [zitadelRoles]: undefined },
      },
      '`groups.from: names` is not set': {
        issuer: { groups: { claim: zitadelRoles, allowed: ['buyer'] } },
      },
    },
  },
  {
    page: 'ad-fs.md',
    documents: {
      'https://adfs.shop.example/adfs/discovery/keys': 'KEYS',
      'https://adfs.shop.example/adfs/.well-known/openid-configuration': {
        issuer: 'https://adfs.shop.example/adfs',
        access_token_issuer: 'http://adfs.shop.example/adfs/services/trust',
        jwks_uri: 'https://adfs.shop.example/adfs/discovery/keys',
      },
    },
    passes: [],
    mistakes: {
      '`issuer` is `https://adfs.shop.example/adfs`, for access tokens': {
        issuer: { issuer: 'https://adfs.shop.example/adfs', jwksUri: undefined },
      },
      '`audiences` does not have the prefix `microsoft:identityserver:`': {
        issuer: { audiences: ['https://orders.shop.example'] },
      },
      'the client sends the ID token': {
        claims: {
          iss: 'https://adfs.shop.example/adfs',
          aud: '0c0c0c0c-0000-4000-8000-000000000002',
        },
      },
      '`groups.allowed` is set, but no rule adds groups': {
        issuer: { groups: { allowed: ['buyers'] } },
        claims: { groups: undefined },
      },
    },
  },
];
