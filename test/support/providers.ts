/** The providers that have a page. The expected result of each mistake is only on the page. */
import { discovery, type Provider } from './provider.ts';

const entraKeys =
  'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/discovery/v2.0/keys';
const entraV2 = 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0';
const entraV1 = 'https://sts.windows.net/11111111-2222-3333-4444-555555555555/';
const auth0 = 'https://shop.eu.auth0.com/';
const okta = 'https://shop.okta.com/oauth2/default';
const oktaMachine = { uid: undefined, auth_time: undefined, groups: undefined, sub: '0oamadeupclient' };
const cognito = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_MadeUpId';
const ias = 'https://shop.accounts.ondemand.com';
const xsuaa = 'https://shop.authentication.eu10.hana.ondemand.com/oauth/token';
const dex = 'https://dex.shop.example/dex';
const zitadel = 'https://shop-abc123.zitadel.cloud';
const zitadelRoles = 'urn:zitadel:iam:org:project:123456789012345678:roles';
const keycloak = 'https://keycloak.shop.example/realms/shop';
const keycloakInside =
  'http://keycloak.keycloak.svc.cluster.local:8080/realms/shop/protocol/openid-connect/certs';
const gitlabApplication = 'made-up-application-id';
/** The claims of a CI job in another project of the group, with a chosen audience. */
const foreignJob = { project_path: 'other/orders', project_id: '21', groups_direct: ['shop'] };
const googleClient = '100000000001-madeup.apps.googleusercontent.com';
const googleUser = { aud: googleClient, email: 'alice@shop.example' };
const opaque = 'ZG8gbm90IGxvb2sgaW5zaWRl-made-up_opaque';

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
      'no audience mapper: `aud` is `account`, or is absent': [
        { claims: { aud: 'account' } },
        { claims: { aud: undefined } },
      ],
      'the mapper adds the audience to the ID token only': { claims: { aud: 'account' } },
      'a lightweight access token, which has neither `aud` nor `sub`': {
        claims: { aud: undefined, sub: undefined, realm_access: undefined, email: undefined },
      },
      'the ID token instead of the access token': { claims: { typ: 'ID', aud: 'web', at_hash: 'x' } },
      'the refresh token instead of the access token': { signed: 'secret', claims: { typ: 'Refresh' } },
      'the client got its token at another address of Keycloak than `issuer`': {
        claims: { iss: 'http://localhost:8080/realms/shop' },
      },
      '`issuer` is the address inside the cluster, and Keycloak has a fixed public one': {
        issuer: { issuer: 'https://keycloak.internal/realms/shop' },
        documents: discovery(
          keycloak,
          `${keycloak}/protocol/openid-connect/certs`,
          'https://keycloak.internal/realms/shop',
        ),
      },
      '`issuer` without `/auth`, and Keycloak is older than 17 or has `--http-relative-path=/auth`': {
        claims: { iss: 'https://keycloak.shop.example/auth/realms/shop' },
        documents: { [`${keycloak}/.well-known/openid-configuration`]: undefined },
      },
      '`issuer` with `/auth`, and Keycloak does not have it': {
        issuer: { issuer: 'https://keycloak.shop.example/auth/realms/shop' },
      },
      'a final slash in `issuer`': { issuer: { issuer: `${keycloak}/` } },
      'another realm': { claims: { iss: 'https://keycloak.shop.example/realms/master' } },
      'the client signs with HS256, RS512 or ES384': [{ signed: 'secret' }, { header: { alg: 'RS512' } }],
      "`requireVerified`, and the user's e-mail is not verified": { configuration: 2 },
      '`allowedDomains`, and a service account without e-mail': {
        configuration: 2,
        claims: { email: undefined, email_verified: undefined },
      },
      '`groups.allowed: [buyer]` for a role of the realm, without `keycloakRoles`': {
        issuer: { groups: { allowed: ['buyer'] } },
      },
      '`groups.allowed: [buyers]`, and the mapper writes the full path': {
        issuer: { groups: { allowed: ['buyers'] } },
      },
      '`requiredScopes`, and the scope is optional and was not asked for': { configuration: 1 },
      'the client asks for DPoP, and `boundTokens` is not set': {
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
      'the v1 issuer is written without its final slash': {
        token: 1,
        configuration: 1,
        issuer: { issuer: entraV1.slice(0, -1) },
      },
      '`issuer` names `common` or `organizations` instead of the tenant': {
        issuer: { issuer: 'https://login.microsoftonline.com/common/v2.0' },
      },
      'v2, and `audiences` has the `api://` URI': {
        issuer: { audiences: ['api://aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'] },
      },
      'v1, and `audiences` has only one of the Application ID URI and the client id': [
        { token: 1, configuration: 1, issuer: { audiences: ['aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'] } },
        {
          token: 1,
          configuration: 1,
          issuer: { audiences: ['api://aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'] },
          claims: { aud: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee' },
        },
      ],
      'a token for Microsoft Graph (`nonce` in its header), v1 configuration': {
        token: 1,
        configuration: 1,
        signed: 'other header',
        header: { nonce: 'made-up-nonce' },
        claims: { aud: '00000003-0000-0000-c000-000000000000' },
      },
      'a token for Microsoft Graph, v2 configuration': {
        token: 1,
        signed: 'other header',
        header: { nonce: 'made-up-nonce' },
        claims: { aud: '00000003-0000-0000-c000-000000000000' },
      },
      'the ID token instead of the access token': { claims: { aud: '99999999-8888-7777-6666-555555555555' } },
      '`requiredScopes`, and a client without a user': {
        issuer: { requiredScopes: ['orders.read'] },
        claims: { scp: undefined, roles: ['orders.read'] },
      },
      '`groups.allowed` with names of groups': { issuer: { groups: { allowed: ['Buyers'] } } },
      'more than 200 groups': {
        issuer: { groups: { allowed: ['0b0b0b0b-0000-4000-8000-000000000002'] } },
        claims: {
          groups: undefined,
          _claim_names: { groups: 'src1' },
          _claim_sources: { src1: { endpoint: 'https://graph.microsoft.com/v1.0/users/x/getMemberObjects' } },
        },
      },
      'the API has a signing key of its own (a claims mapping policy)': { signed: 'unpublished' },
      'a token of another tenant': {
        claims: { iss: 'https://login.microsoftonline.com/99999999-2222-3333-4444-555555555555/v2.0' },
      },
    },
  },
  {
    page: 'auth0.md',
    documents: discovery(auth0, `${auth0}.well-known/jwks.json`),
    passes: [{}],
    mistakes: {
      '`issuer` is written without its final slash': { issuer: { issuer: auth0.slice(0, -1) } },
      'the client asked without `audience` and got an opaque token': { text: opaque },
      'the client asked without `audience` and got an encrypted token (five parts, `"alg": "dir"`)': {
        text: `${Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', iss: auth0 })).toString('base64url')}..aXY.Y2lwaGVy.dGFn`,
      },
      'the ID token instead of the access token': { claims: { aud: 'made-up-client-id' } },
      'a token for another API of the tenant, such as the Management API': {
        claims: { aud: `${auth0}api/v2/` },
      },
      'the identifier of the API is written with or without a slash too many': {
        issuer: { audiences: ['https://orders.shop.example/'] },
      },
      'the API signs with HS256': { signed: 'secret' },
      "tokens come from the custom domain, and `issuer` names the tenant's own": {
        claims: { iss: 'https://login.shop.example/' },
      },
      '`groups.claim: groups`, and the claim has a URL as its name': {
        issuer: { groups: { allowed: ['buyers'] } },
      },
      '`groups.allowed`, and a client without a user: only the login flow adds groups': {
        configuration: 1,
        claims: {
          gty: 'client-credentials',
          sub: 'made-up-client-id@clients',
          aud: 'https://orders.shop.example',
          'https://shop.example/groups': undefined,
          'https://shop.example/email': undefined,
        },
      },
      '`requiredScopes`, and RBAC puts the rights into `permissions`': {
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
        { forwarded: { 'x-auth-request-user': '00umadeupuser', 'x-auth-request-client': '0oamadeupclient' } },
        {
          issuer: { groups: undefined },
          claims: oktaMachine,
          forwarded: {
            'x-auth-request-user': undefined,
            'x-auth-request-client': '0oamadeupclient',
            'x-auth-request-email': '0oamadeupclient',
          },
        },
      ],
    ],
    mistakes: {
      'the token is of the org authorization server': {
        header: { typ: 'application/okta-internal-at+jwt' },
        claims: { iss: 'https://shop.okta.com', aud: 'https://shop.okta.com' },
      },
      'the org authorization server is configured as `issuer`, with its own address as audience': {
        header: { typ: 'application/okta-internal-at+jwt' },
        claims: { iss: 'https://shop.okta.com', aud: 'https://shop.okta.com' },
        issuer: { issuer: 'https://shop.okta.com', audiences: ['https://shop.okta.com'] },
      },
      'the same, and the token is signed with a key that Okta does not publish': {
        signed: 'unpublished',
        claims: { iss: 'https://shop.okta.com', aud: 'https://shop.okta.com' },
        issuer: { issuer: 'https://shop.okta.com', audiences: ['https://shop.okta.com'] },
      },
      '`issuer` has a final slash': { issuer: { issuer: `${okta}/` } },
      'the ID token instead of the access token': { claims: { aud: '0oamadeupclient' } },
      'tokens of another custom authorization server': {
        claims: { iss: 'https://shop.okta.com/oauth2/ausmadeup' },
      },
      '`groups.allowed`, and a client without a user': { configuration: 1, claims: oktaMachine },
      '`groups.allowed`, and the claim is only in the ID token': {
        configuration: 1,
        claims: { groups: undefined },
      },
      'a scope that the access policy does not grant': { configuration: 1, claims: { scp: ['openid'] } },
    },
  },
  {
    page: 'cognito.md',
    documents: discovery(cognito, `${cognito}/.well-known/jwks.json`),
    passes: [{ claims: { aud: 'https://orders.shop.example' } }, {}],
    mistakes: {
      '`audienceClaims` is not set, and the client did not ask for a `resource`: there is no `aud`': {
        issuer: { audienceClaims: undefined },
      },
      'the client id is of an app client that is not listed': { claims: { client_id: '2example23456789' } },
      'the ID token instead of the access token': {
        claims: { client_id: undefined, aud: '1example23456789', token_use: 'id' },
      },
      'the ID token, with `audienceClaims: [aud, client_id]`': {
        issuer: { audienceClaims: ['aud', 'client_id'] },
        claims: { client_id: undefined, aud: '1example23456789', token_use: 'id' },
      },
      '`issuer` is the domain of the hosted login page (`…amazoncognito.com`)': {
        issuer: { issuer: 'https://shop.auth.eu-central-1.amazoncognito.com' },
      },
      '`groups.claim` is `groups`': { issuer: { groups: { allowed: ['buyers'] } } },
      '`requiredScopes: [read]` without the name of the resource server': {
        issuer: { requiredScopes: ['read'] },
      },
      'a user who signed in by the SDK (scope `aws.cognito.signin.user.admin` alone)': {
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
      '`issuer` has `https://`, and the tenant uses the legacy name': {
        claims: { iss: 'shop.accounts.ondemand.com' },
        documents: discovery('shop.accounts.ondemand.com', `${ias}/oauth2/certs`, ias),
      },
      'the tenant signs with its `accounts.cloud.sap` name or a custom domain': {
        claims: { iss: 'https://shop.accounts.cloud.sap' },
      },
      'a final slash in `issuer`': { issuer: { issuer: `${ias}/` } },
      'an IAS token where XSUAA is configured': { configuration: 2 },
      'an XSUAA token where IAS is configured': { token: 1 },
      'XSUAA, and `issuer` without `/oauth/token`': {
        token: 1,
        configuration: 2,
        issuer: { issuer: xsuaa.replace('/oauth/token', '') },
      },
      'the client got a token for itself: `aud` is its own id': {
        claims: { aud: '0c0c0c0c-0000-4000-8000-000000000002', sub: '0c0c0c0c-0000-4000-8000-000000000002' },
      },
      "an opaque token (`token_format=opaque`, or the grant's default)": { text: opaque },
      'XSUAA, and `requiredScopes: [read]`': {
        token: 1,
        configuration: 2,
        issuer: { requiredScopes: ['read'] },
      },
      '`groups.allowed`, and the application does not send groups': {
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
      '`issuer` without the path (`/dex`) that Dex has': { issuer: { issuer: 'https://dex.shop.example' } },
      "`issuer` is the address inside the cluster, and Dex's own is another": {
        issuer: { issuer: 'https://dex.internal/dex' },
        documents: discovery(dex, `${dex}/keys`, 'https://dex.internal/dex'),
      },
      'the token was issued to another client': { claims: { aud: 'web' } },
      'the client did not ask for the scope `groups`': { configuration: 1, claims: { groups: undefined } },
      'the client did not ask for the scope `email`, with `email.allowedDomains`': {
        configuration: 1,
        claims: { email: undefined, email_verified: undefined },
      },
      'the connector does not say that the e-mail is verified, with `requireVerified`': {
        configuration: 1,
        claims: { email_verified: false },
      },
      'a refresh token': { text: 'ChlsbmFtYWRldXByZWZyZXNo' },
      'Dex was restarted with storage in memory, and old tokens are still in use': { signed: 'unpublished' },
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
      'an access token (`ya29.…`)': { text: 'ya29.made-up_access-token' },
      "`gcloud auth print-identity-token` without a service account: `aud` is gcloud's own client": {
        claims: { aud: '100000000002-madeup.apps.googleusercontent.com' },
      },
      "a service account's token without e-mail, with `allowedAddresses`": {
        claims: { email: undefined, email_verified: undefined },
      },
      'a service account that is not listed': [
        { claims: { email: 'other@shop-project.iam.gserviceaccount.com' } },
        { configuration: 2, claims: { email: 'other@shop-project.iam.gserviceaccount.com' } },
      ],
      'a service account of another project asks for the id of your OAuth client': [1, 2].map(
        (configuration) => ({
          configuration,
          claims: { aud: googleClient, email: 'orders-caller@other-project.iam.gserviceaccount.com' },
        }),
      ),
      'users with `hd`, and `email.allowedAddresses` lists the service account alone': {
        issuer: { audiences: ['https://orders.shop.example', googleClient] },
        claims: { ...googleUser, hd: 'shop.example' },
      },
      '`issuer: accounts.google.com` without `https://`, as some old examples have it': {
        issuer: {
          issuer: 'accounts.google.com',
          jwksUri: 'https://www.googleapis.com/oauth2/v3/certs',
        },
      },
      'a token that the service account signed by itself: `iss` is its e-mail': {
        claims: { iss: 'orders-caller@shop-project.iam.gserviceaccount.com' },
      },
      '`hd` is required, and the user has a private account': [1, 2].map((configuration) => ({
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
      '`CI_JOB_TOKEN` or a personal access token': { text: 'glpat-made-up' },
      'the job names another `aud`': { claims: { aud: 'https://gitlab.com' } },
      "`issuer` has a final slash, or names another host than the instance's `external_url`": {
        issuer: { issuer: 'https://gitlab.com/' },
      },
      'a token of gitlab.com where your own instance is configured': {
        issuer: { issuer: 'https://gitlab.shop.example' },
      },
      'another project': [
        { claims: { project_path: 'other/orders' } },
        { configuration: 2, claims: { project_path: 'other/orders' } },
      ],
      'a job of another project asks for the id of your application, and a member of your group started it': {
        configuration: 2,
        claims: { ...foreignJob, aud: gitlabApplication },
      },
      'a user who is not a direct member of the group': [
        { token: 1, configuration: 2, claims: { groups_direct: ['other', 'shop/support'] } },
        { token: 1, configuration: 2, claims: { groups_direct: undefined } },
      ],
      '`project_id: 20` without quotes: the token has text': {
        issuer: { requiredClaims: { project_id: 20 } },
      },
      'the branch is not protected': { claims: { ref_protected: 'false' } },
      '`ref_protected: true` without quotes: the token has text': {
        issuer: { requiredClaims: { ref_protected: true } },
      },
      'the job runs longer than its token lives': { claims: { exp: Math.floor(Date.now() / 1000) - 60 } },
    },
  },
  {
    page: 'zitadel.md',
    documents: discovery(zitadel, `${zitadel}/oauth/v2/keys`),
    passes: [{}],
    mistakes: {
      'the token type is *Bearer*, the default': { text: opaque },
      'a personal access token of a service user': { text: opaque },
      "the client asked without the project's `:aud` scope": { claims: { aud: ['300000000000000001'] } },
      "`audiences` has the project's name instead of its id": { issuer: { audiences: ['orders'] } },
      'the ID token of an application of another project': { claims: { aud: ['300000000000000009'] } },
      '`issuer` is the old domain, after a custom domain became the primary one': {
        claims: { iss: 'https://login.shop.example' },
        documents: discovery('https://login.shop.example', `${zitadel}/oauth/v2/keys`, zitadel),
      },
      'the client asked without the roles scope, with `groups.allowed`': {
        configuration: 1,
        claims: { [zitadelRoles]: undefined },
      },
      '`groups.from: names` is missing': {
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
      '`issuer: https://adfs.shop.example/adfs`, and an access token': {
        issuer: { issuer: 'https://adfs.shop.example/adfs', jwksUri: undefined },
      },
      '`audiences` without `microsoft:identityserver:`': {
        issuer: { audiences: ['https://orders.shop.example'] },
      },
      'the ID token instead of the access token': {
        claims: {
          iss: 'https://adfs.shop.example/adfs',
          aud: '0c0c0c0c-0000-4000-8000-000000000002',
        },
      },
      '`groups.allowed`, and no rule sends groups': {
        issuer: { groups: { allowed: ['buyers'] } },
        claims: { groups: undefined },
      },
    },
  },
];
