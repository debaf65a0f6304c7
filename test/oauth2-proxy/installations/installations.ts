/**
 * Typical installations of oauth2-proxy, and their responses to tokens of their issuer. The files are in `fixtures/`;
 * their issuer URLs are replaced by those of running issuers.
 */
import {
  fromAlpha,
  fromChart,
  fromConfigMap,
  fromDeployment,
  fromToml,
  fromVariables,
  type TheirWay,
} from './run-oauth2-proxy.ts';

/** Claims of a token; `undefined` removes a default claim. */
type Claims = Readonly<Record<string, unknown>>;

/** A response: the headers of an allowed request, or the status of a denial. */
export type Answer = Readonly<Record<string, string>> | number;

/** One request. */
export interface Ask {
  readonly name: string;
  /** A token with these claims; undefined sends none. */
  readonly claims?: Claims;
  /** Parameters of the token's header. */
  readonly header?: Claims;
  /** The name of the issuer; default: the first one. */
  readonly by?: string;
  /** The index of the issuer's key that signs, from 0, or an unknown key. */
  readonly key?: number | 'foreign';
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly answer: Answer;
  /** The response of oauth2-proxy if it differs. */
  readonly theirs?: { readonly answer: Answer; readonly because: string };
}

/** An installation. */
export interface Installation {
  readonly name: string;
  /** The files in `fixtures/NAME/`, in the order of the command line. */
  readonly files: readonly string[];
  /** Flags of oauth2-proxy after `--`. */
  readonly flags?: readonly string[];
  /** The issuers by name, with their URL in the files. */
  readonly issuers: Readonly<Record<string, string>>;
  /** Whether the files are migrated with their original URLs, since these identify the product. */
  readonly isAsWritten?: boolean;
  /** Replaced by the folder with the public keys of the first issuer. */
  readonly keyFolder?: string;
  /** The names of public key files, each with one key. */
  readonly keyFiles?: readonly string[];
  readonly theirs: TheirWay;
  readonly asks: readonly Ask[];
}

/** An installation with refused settings. */
export interface RefusedInstallation {
  readonly name: string;
  readonly files: readonly string[];
  /** The refused settings. */
  readonly refused: readonly string[];
  /** Flags that supply missing settings once the refused ones are accepted. */
  readonly supplement?: readonly string[];
}

/** Represents the token of the request in an expected header. */
export const theToken = '<the token>';

const who = (
  user: string,
  more: { readonly email?: string; readonly groups?: string; readonly name?: string } = {},
) => ({
  'x-auth-request-user': user,
  'x-auth-request-email': more.email ?? user,
  ...(more.groups !== undefined && { 'x-auth-request-groups': more.groups }),
  ...(more.name !== undefined && { 'x-auth-request-preferred-username': more.name }),
});
const access = { 'x-auth-request-access-token': theToken };
const authorization = { authorization: `Bearer ${theToken}` };
const past = Math.floor(Date.now() / 1000) - 3600;

const noToken: Ask = { name: 'no token', answer: 401 };
const noIdentity = 'on an open path the token is ignored, and no user is named';

const seed: Installation = {
  name: 'seed',
  files: ['values.yaml'],
  issuers: { main: 'https://auth.shop.example' },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    {
      name: 'a client with its own credentials',
      claims: {
        aud: '3f6c9f3e-orders',
        sub: 'batch-client',
        client_id: 'batch-client',
        scope: 'orders.read',
      },
      answer: { ...who('batch-client'), ...access, ...authorization },
    },
    {
      name: 'a person',
      claims: {
        aud: ['3f6c9f3e-orders', 'other'],
        sub: '4711',
        email: 'kim@shop.example',
        email_verified: true,
        groups: ['clerks', 'admins'],
        preferred_username: 'kim',
      },
      answer: {
        ...who('4711', { email: 'kim@shop.example', groups: 'clerks,admins', name: 'kim' }),
        ...access,
        ...authorization,
      },
    },
    {
      name: 'without the scope, which oauth2-proxy never requires',
      claims: { aud: '3f6c9f3e-orders', scope: 'openid' },
      answer: { ...who('alice'), ...access, ...authorization },
    },
    { name: 'expired', claims: { aud: '3f6c9f3e-orders', exp: past }, answer: 401 },
    { name: 'for another audience', claims: { aud: 'other' }, answer: 401 },
    { name: 'signed by an unknown key', claims: { aud: '3f6c9f3e-orders' }, key: 'foreign', answer: 401 },
    {
      name: 'of another issuer',
      claims: { aud: '3f6c9f3e-orders', iss: 'https://auth.shop.example' },
      answer: 401,
    },
    {
      name: 'an unverified email',
      claims: { aud: '3f6c9f3e-orders', email: 'kim@shop.example', email_verified: false },
      answer: 401,
    },
  ],
};

const tutorialClient = '0b5ad1f6-6a4c-4f0e-9f53-2f5d3c1f7a10';
const kymaTutorial: Installation = {
  name: 'kyma-tutorial',
  files: ['values-dump.yaml'],
  issuers: { main: 'https://ashop4711.accounts.ondemand.com' },
  theirs: fromChart('values-dump.yaml'),
  asks: [
    noToken,
    {
      name: 'the client of the tutorial',
      claims: {
        aud: tutorialClient,
        azp: tutorialClient,
        sub: tutorialClient,
        app_tid: 'b2e7c5d0-1111-4222-8333-444455556666',
        ias_apis: ['principal-propagation'],
        jti: '7f1c',
        sap_id_type: 'app',
        zone_uuid: 'b2e7c5d0-1111-4222-8333-444455556666',
      },
      header: { jku: 'https://ashop4711.accounts.ondemand.com/oauth2/certs' },
      answer: { ...who(tutorialClient), ...access, ...authorization },
    },
    {
      name: 'another person with one group that is not a list',
      claims: {
        aud: tutorialClient,
        sub: 'P000123',
        email: 'kim@shop.example',
        groups: 'OrdersClerk',
        user_uuid: 'a1b2',
        sap_id_type: 'user',
      },
      answer: {
        ...who('P000123', { email: 'kim@shop.example', groups: 'OrdersClerk' }),
        ...access,
        ...authorization,
      },
    },
    { name: 'of another application', claims: { aud: 'another', azp: tutorialClient }, answer: 401 },
  ],
};

const keycloak: Installation = {
  name: 'keycloak',
  files: ['values.yaml'],
  issuers: { main: 'https://sso.shop.example/realms/staff' },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    {
      name: 'a role of the realm',
      claims: {
        aud: ['back-office', 'account'],
        typ: 'Bearer',
        azp: 'back-office',
        sub: '6d1e2f30-user',
        acr: '1',
        sid: 'c0ffee',
        realm_access: { roles: ['offline_access', 'back-office-user'] },
        scope: 'openid email profile',
        email: 'kim@shop.example',
        email_verified: false,
        name: 'Kim Shop',
        preferred_username: 'kim',
      },
      answer: {
        ...who('6d1e2f30-user', {
          email: 'kim@shop.example',
          groups: 'role:offline_access,role:back-office-user',
          name: 'kim',
        }),
        ...authorization,
      },
    },
    {
      name: 'a role of a client, and groups with their paths',
      claims: {
        aud: 'back-office',
        sub: 'u2',
        groups: ['/staff/clerks', '/staff/north'],
        realm_access: { roles: [] },
        resource_access: { 'orders-api': { roles: ['clerk', 'viewer'] } },
      },
      answer: {
        ...who('u2', { groups: '/staff/clerks,/staff/north,role:orders-api:clerk,role:orders-api:viewer' }),
        ...authorization,
      },
    },
    {
      name: 'the group alone',
      claims: { aud: 'back-office', sub: 'u3', groups: ['/staff/auditors'] },
      answer: { ...who('u3', { groups: '/staff/auditors' }), ...authorization },
    },
    {
      name: 'a service account, whose tokens are for account',
      claims: {
        aud: 'account',
        azp: 'nightly',
        sub: 'u4',
        client_id: 'nightly',
        clientHost: '10.0.0.9',
        preferred_username: 'service-account-nightly',
        realm_access: { roles: ['back-office-user'] },
      },
      answer: {
        ...who('u4', { groups: 'role:back-office-user', name: 'service-account-nightly' }),
        ...authorization,
      },
    },
    {
      name: 'the role of a client as a role of the realm',
      claims: { aud: 'back-office', realm_access: { roles: ['clerk'] } },
      answer: 403,
    },
    {
      name: 'a group with the name of the role',
      claims: { aud: 'back-office', groups: ['back-office-user'] },
      answer: 403,
    },
    {
      name: 'a group with the name of the role and its prefix',
      claims: { aud: 'back-office', groups: ['role:back-office-user'] },
      answer: { ...who('alice', { groups: 'role:back-office-user' }), ...authorization },
    },
    { name: 'neither', claims: { aud: 'back-office', groups: ['/staff'] }, answer: 403 },
    { name: 'for another client', claims: { aud: 'shop' }, answer: 401 },
  ],
};

const tenant = '6a7b8c9d-0000-4111-8222-333344445555';
const entraClient = '11112222-aaaa-4bbb-8ccc-ddddeeee0001';
const entraHeader = { x5t: 'Abc123', typ: 'JWT' };
const entraId: Installation = {
  name: 'entra-id',
  files: ['oauth2-proxy.cfg'],
  issuers: { main: `https://login.microsoftonline.com/${tenant}/v2.0` },
  theirs: fromToml('oauth2-proxy.cfg'),
  asks: [
    noToken,
    {
      name: 'a person with a role',
      header: entraHeader,
      claims: {
        aud: entraClient,
        azp: 'aaaabbbb-0000-4000-8000-000000000009',
        azpacr: '1',
        name: 'Kim Shop',
        oid: '0f0f0f0f-0000-4000-8000-00000000000a',
        preferred_username: 'Kim@shop.example',
        rh: '0.AXoA',
        roles: ['Orders.Reader'],
        scp: 'Orders.Read',
        sub: 'AAAAkim',
        tid: tenant,
        uti: 'u1',
        ver: '2.0',
      },
      answer: who('AAAAkim', {
        email: 'Kim@shop.example',
        groups: 'Orders.Reader',
        name: 'Kim@shop.example',
      }),
    },
    {
      name: 'for the URI of the application, from below a domain of contractors',
      claims: {
        aud: 'api://shop-orders',
        sub: 'AAAAlee',
        preferred_username: 'lee@north.contractors.example',
        roles: ['Orders.Reader', 'Orders.Admin'],
        tid: tenant,
      },
      answer: who('AAAAlee', {
        email: 'lee@north.contractors.example',
        groups: 'Orders.Reader,Orders.Admin',
        name: 'lee@north.contractors.example',
      }),
    },
    {
      name: 'the domain of the contractors itself',
      claims: {
        aud: entraClient,
        preferred_username: 'lee@contractors.example',
        roles: ['Orders.Admin'],
        tid: tenant,
      },
      answer: 403,
    },
    {
      name: 'a guest',
      claims: {
        aud: entraClient,
        preferred_username: 'kim_shop.example#EXT#@partner.example',
        roles: ['Orders.Reader'],
        tid: tenant,
      },
      answer: 403,
    },
    {
      name: 'an application without an address',
      claims: {
        aud: entraClient,
        azp: 'b',
        sub: 'bbbb',
        oid: 'bbbb',
        idtyp: 'app',
        roles: ['Orders.Reader'],
        tid: tenant,
      },
      answer: 403,
    },
    {
      name: 'without a role, with the groups in Graph',
      claims: {
        aud: entraClient,
        preferred_username: 'kim@shop.example',
        tid: tenant,
        _claim_names: { groups: 'src1' },
        _claim_sources: { src1: { endpoint: 'https://graph.example/users/kim/getMemberObjects' } },
      },
      answer: 403,
    },
    {
      name: 'without a tenant',
      claims: { aud: entraClient, preferred_username: 'kim@shop.example', roles: ['Orders.Reader'] },
      answer: 403,
      theirs: {
        answer: who('alice', {
          email: 'kim@shop.example',
          groups: 'Orders.Reader',
          name: 'kim@shop.example',
        }),
        because: 'oauth2-proxy does not check the tenant of a bearer token',
      },
    },
    {
      name: 'for another application',
      claims: { aud: 'api://other', roles: ['Orders.Reader'], tid: tenant },
      answer: 401,
    },
  ],
};

const [blue, green, red] = [
  'aaaa1111-0000-4000-8000-000000000001',
  'bbbb2222-0000-4000-8000-000000000002',
  'cccc3333-0000-4000-8000-000000000003',
];
const manyClient = '99990000-1111-4222-8333-444455556666';
const inTenant = (tid: string) => ({
  aud: manyClient,
  sub: 'AAAAmany',
  preferred_username: 'ada@blue.example',
  tid,
});
const ofMany = who('AAAAmany', { email: 'ada@blue.example', name: 'ada@blue.example' });
const entraMultiTenant: Installation = {
  name: 'entra-multi-tenant',
  files: ['values.yaml'],
  isAsWritten: true,
  issuers: {
    common: 'https://login.microsoftonline.com/common/v2.0',
    blue: `https://login.microsoftonline.com/${blue}/v2.0`,
    green: `https://login.microsoftonline.com/${green}/v2.0`,
    red: `https://login.microsoftonline.com/${red}/v2.0`,
  },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    { name: 'the one tenant', by: 'blue', claims: inTenant(blue), header: entraHeader, answer: ofMany },
    { name: 'the other tenant', by: 'green', claims: inTenant(green), answer: ofMany },
    {
      name: 'an unlisted tenant',
      by: 'red',
      claims: inTenant(red),
      answer: 401,
      theirs: { answer: ofMany, because: 'oauth2-proxy does not check the tenants of bearer tokens' },
    },
    {
      name: 'a token of version 1.0',
      by: 'blue',
      claims: { ...inTenant(blue), iss: `https://sts.windows.net/${blue}/`, ver: '1.0' },
      answer: 401,
      theirs: { answer: ofMany, because: 'its issuer is not listed, and oauth2-proxy does not compare it' },
    },
    {
      name: 'for another application',
      by: 'blue',
      claims: { ...inTenant(blue), aud: 'api://other' },
      answer: 401,
    },
  ],
};

const oktaClaims = {
  ver: 1,
  jti: 'AT.x',
  aud: 'api://orders',
  cid: '0oa7shop9',
  uid: '00u1',
  scp: ['openid', 'orders'],
  auth_time: past,
  sub: 'kim@shop.example',
};
const okta: Installation = {
  name: 'okta',
  files: ['deployment.yaml', 'secret.yaml'],
  issuers: { main: 'https://shop.okta.example/oauth2/aus1f2g3h4' },
  theirs: fromDeployment('deployment.yaml', 'secret.yaml'),
  asks: [
    noToken,
    {
      name: 'an access token without a type in its header',
      header: { typ: undefined },
      claims: { ...oktaClaims, groups: ['Everyone', 'orders-readers'] },
      answer: { ...who('kim@shop.example', { groups: 'Everyone,orders-readers' }), ...access },
    },
    {
      name: 'an ID token for the client',
      claims: {
        aud: '0oa7shop9',
        sub: '00u1',
        amr: ['pwd'],
        idp: '00o1',
        email: 'kim@shop.example',
        email_verified: true,
        groups: ['orders-writers'],
        preferred_username: 'kim@shop.example',
      },
      answer: {
        ...who('00u1', { email: 'kim@shop.example', groups: 'orders-writers', name: 'kim@shop.example' }),
        ...access,
      },
    },
    { name: 'none of the groups', claims: { ...oktaClaims, groups: ['Everyone'] }, answer: 403 },
    { name: 'a machine, which has no groups', claims: { ...oktaClaims, sub: '0oa7batch' }, answer: 403 },
    {
      name: 'of the default server of the same tenant',
      claims: { ...oktaClaims, aud: 'api://default', groups: ['orders-readers'] },
      answer: 401,
    },
    {
      name: 'the unlogged path without a token',
      target: '/healthz',
      answer: 401,
    },
  ],
};

const auth0Api = 'https://orders.shop.example/api';
const auth0: Installation = {
  name: 'auth0',
  files: ['oauth2-proxy.env'],
  issuers: { main: 'https://shop.eu.auth0.example/' },
  theirs: fromVariables('oauth2-proxy.env'),
  asks: [
    noToken,
    {
      name: 'a person with namespaced claims',
      header: { typ: 'at+jwt' },
      claims: {
        aud: [auth0Api, 'https://shop.eu.auth0.example/userinfo'],
        azp: 'cli3nt',
        sub: 'auth0|65f0c0',
        scope: 'openid profile email',
        permissions: ['read:orders'],
        email: 'private@kim.example',
        email_verified: false,
        'https://example.com/email': 'kim@shop.example',
        'https://example.com/groups': ['clerks', 'night shift'],
        groups: ['ignored'],
      },
      answer: {
        ...who('auth0|65f0c0', { email: 'kim@shop.example', groups: 'clerks,night shift' }),
        ...access,
        ...authorization,
      },
    },
    {
      name: 'a machine',
      claims: { aud: auth0Api, azp: 'abc', sub: 'abc@clients', gty: 'client-credentials' },
      answer: { ...who('abc@clients'), ...access, ...authorization },
    },
    {
      name: 'an ID token for the client, not for the API',
      claims: { aud: 'cli3nt', sub: 'auth0|65f0c0' },
      answer: 401,
    },
  ],
};

const googleClient = '123456789012-abcdefg.apps.googleusercontent.example';
const googleClaims = {
  aud: googleClient,
  azp: googleClient,
  sub: '109876543210987654321',
  at_hash: 'h',
  email_verified: true,
};
const google: Installation = {
  name: 'google',
  files: ['values.yaml'],
  issuers: { main: 'https://accounts.google.example' },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    {
      name: 'a colleague',
      claims: { ...googleClaims, hd: 'shop.example', email: 'kim@shop.example', name: 'Kim' },
      answer: who(googleClaims.sub, { email: 'kim@shop.example' }),
    },
    {
      name: 'an external auditor with the address in another case',
      claims: { ...googleClaims, email: 'jo.auditor@Auditors.example' },
      answer: who(googleClaims.sub, { email: 'jo.auditor@Auditors.example' }),
    },
    {
      name: 'a colleague of the auditor',
      claims: { ...googleClaims, email: 'other@auditors.example' },
      answer: 403,
    },
    {
      name: 'another caller with any hosted domain',
      claims: { ...googleClaims, hd: 'shop.example', email: 'mallory@mail.example' },
      answer: 403,
    },
    {
      name: 'below the domain',
      claims: { ...googleClaims, email: 'mallory@evil.shop.example' },
      answer: 403,
    },
    {
      name: 'an unverified address',
      claims: { ...googleClaims, email: 'kim@shop.example', email_verified: false },
      answer: 401,
    },
    { name: 'a service account without an address', claims: { ...googleClaims }, answer: 403 },
    {
      name: 'of another project',
      claims: { ...googleClaims, aud: 'other', email: 'kim@shop.example' },
      answer: 401,
    },
  ],
};

const cognitoClient = '4h57shopclient9k1';
const cognitoClaims = {
  aud: undefined,
  client_id: cognitoClient,
  token_use: 'access',
  scope: 'aws.cognito.signin.user.admin openid',
  origin_jti: 'o1',
  event_id: 'e1',
  version: 2,
  sub: '73b2d4f0-user',
  username: 'kim',
};
const cognito: Installation = {
  name: 'cognito',
  files: ['values.yaml'],
  issuers: { main: 'https://cognito-idp.eu-central-1.aws.example/eu-central-1_AbCdEf123' },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    {
      name: 'an access token without an audience',
      header: { typ: undefined },
      claims: { ...cognitoClaims, 'cognito:groups': ['orders', 'eu-central-1_AbCdEf123_Google'] },
      answer: who('73b2d4f0-user', { groups: 'orders,eu-central-1_AbCdEf123_Google' }),
    },
    {
      name: 'an ID token',
      claims: {
        aud: cognitoClient,
        token_use: 'id',
        sub: '73b2d4f0-user',
        'cognito:username': 'kim',
        'cognito:groups': ['orders'],
        email: 'kim@shop.example',
        email_verified: true,
      },
      answer: who('73b2d4f0-user', { email: 'kim@shop.example', groups: 'orders' }),
    },
    {
      name: 'of another client, with our audience',
      claims: {
        ...cognitoClaims,
        client_id: 'other',
        aud: cognitoClient,
        'cognito:groups': ['orders'],
      },
      answer: 401,
    },
    {
      name: 'of a client without any audience',
      claims: { ...cognitoClaims, client_id: undefined, 'cognito:groups': ['orders'] },
      answer: 401,
    },
    {
      name: 'a machine, which has no groups',
      claims: { ...cognitoClaims, username: undefined },
      answer: 403,
    },
  ],
};

const iasClient = '7d1f0c2a-58be-4c1e-9a53-0a4b6d1f2e77';
const sapCloudIdentity: Installation = {
  name: 'sap-cloud-identity',
  files: ['values.yaml'],
  issuers: { main: 'https://ashop4711.accounts.ondemand.example' },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    {
      name: 'a person',
      header: { jku: 'https://ashop4711.accounts.ondemand.example/oauth2/certs', x5t: 'a' },
      claims: {
        aud: [iasClient, 'consumer'],
        azp: 'consumer',
        sub: 'P000123',
        mail: 'kim@shop.example',
        email: 'other@shop.example',
        email_verified: false,
        groups: ['OrdersClerk', 'Orders Admins'],
        ias_apis: ['orders:read'],
        user_uuid: 'a1b2c3',
        app_tid: 't',
        sap_id_type: 'user',
        scim_id: 'a1b2c3',
      },
      answer: {
        ...who('P000123', { email: 'kim@shop.example', groups: 'OrdersClerk,Orders Admins' }),
        ...access,
        ...authorization,
      },
    },
    {
      name: 'a person with one group that is not a list',
      claims: { aud: 'orders-gateway', sub: 'P000124', groups: 'OrdersClerk' },
      answer: { ...who('P000124', { groups: 'OrdersClerk' }), ...access, ...authorization },
    },
    {
      name: 'without an audience, with us as the authorized party',
      claims: { aud: undefined, azp: iasClient, sub: iasClient, sap_id_type: 'app' },
      answer: { ...who(iasClient), ...access, ...authorization },
    },
    {
      name: 'for another audience, with us as the authorized party',
      claims: { aud: 'other', azp: iasClient },
      answer: 401,
    },
    {
      name: 'for an application with a similar ID',
      claims: { aud: `${iasClient}0` },
      answer: 401,
    },
  ],
};

const dexClaims = {
  aud: 'gate',
  sub: 'CgUxMjM0NRIGZ2l0aHVi',
  at_hash: 'h',
  email: 'kim@shop.example',
  email_verified: true,
  name: 'Kim',
  preferred_username: 'kimshop',
  federated_claims: { connector_id: 'github', user_id: '12345' },
};
const dex: Installation = {
  name: 'dex',
  files: [],
  flags: [
    '--provider=oidc',
    '--oidc-issuer-url=https://dex.shop.example/dex',
    '--client-id=gate',
    '--client-secret=hush-dex-client',
    '--cookie-secret',
    'hush-cookie-hush-cookie-hush-32c',
    '--email-domain=*',
    '--allowed-group=shop:sre',
    '--allowed-group=shop:oncall',
    '--oidc-enabled-signing-alg=RS256,ES256',
    '--skip-jwt-bearer-tokens',
    '--set-xauthrequest',
    '--force-json-errors=true',
    '--reverse-proxy=true',
    '--upstream=static://200',
    '--cookie-secure=false',
    '--footer=-',
  ],
  issuers: { main: 'https://dex.shop.example/dex' },
  theirs: () => ({ flags: [] }),
  asks: [
    noToken,
    {
      name: 'a member of the team',
      claims: { ...dexClaims, groups: ['shop', 'shop:sre'] },
      answer: who(dexClaims.sub, { email: 'kim@shop.example', groups: 'shop,shop:sre', name: 'kimshop' }),
    },
    {
      name: 'a member of another team',
      claims: { ...dexClaims, groups: ['shop', 'shop:sre-emeritus'] },
      answer: 403,
    },
    { name: 'a caller without teams', claims: { ...dexClaims, groups: [] }, answer: 403 },
    {
      name: 'in another case',
      claims: { ...dexClaims, groups: ['Shop:SRE'] },
      answer: 403,
    },
    {
      name: 'a client of Dex',
      claims: { ...dexClaims, aud: 'kubectl', groups: ['shop:sre'] },
      answer: 401,
    },
    { name: 'an opaque token', headers: ['authorization: Bearer Chl6d3J0dHVr'], answer: 401 },
  ],
};

const pod = {
  aud: ['orders-legacy'],
  sub: 'system:serviceaccount:jobs:nightly',
  'kubernetes.io': { namespace: 'jobs', serviceaccount: { name: 'nightly', uid: 'u' } },
};
const severalIssuers: Installation = {
  name: 'several-issuers',
  files: ['values.yaml'],
  issuers: {
    people: 'https://id.shop.example/people',
    pipelines: 'https://ci.shop.example',
    pods: 'https://k8s.shop.example/clusters/blue',
  },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    {
      name: 'a person',
      claims: { aud: 'orders-ui', sub: '4711', email: 'kim@shop.example', email_verified: true },
      answer: { ...who('4711', { email: 'kim@shop.example' }), ...access },
    },
    {
      name: 'a pipeline',
      by: 'pipelines',
      header: { x5t: 'abc' },
      claims: {
        aud: 'orders-deploy',
        sub: 'repo:shop/orders:ref:refs/heads/main',
        repository: 'shop/orders',
        ref: 'refs/heads/main',
        run_id: '123',
        actor: 'kim',
      },
      answer: { ...who('repo:shop/orders:ref:refs/heads/main'), ...access },
    },
    {
      name: 'a pod, by the older audience',
      by: 'pods',
      header: { typ: undefined },
      claims: pod,
      answer: { ...who(pod.sub), ...access },
    },
    {
      name: 'a pod, by the newer audience',
      by: 'pods',
      claims: { ...pod, aud: ['orders-internal'], groups: ['pods'] },
      answer: { ...who(pod.sub, { groups: 'pods' }), ...access },
    },
    { name: 'a pipeline for people', by: 'pipelines', claims: { aud: 'orders-ui' }, answer: 401 },
    { name: 'a person for pipelines', claims: { aud: 'orders-deploy' }, answer: 401 },
    {
      name: 'a pipeline in the name of a person',
      by: 'pipelines',
      claims: { aud: 'orders-ui', iss: 'https://id.shop.example/people' },
      answer: 401,
    },
    {
      name: 'a pod without an audience',
      by: 'pods',
      claims: { ...pod, aud: ['https://kubernetes.default.svc'] },
      answer: 401,
    },
    {
      name: 'a pod with one group that is not a list',
      by: 'pods',
      claims: { ...pod, groups: 'pods' },
      answer: { ...who(pod.sub, { groups: 'pods' }), ...access },
    },
    {
      name: 'a pipeline with a verified address, as text',
      by: 'pipelines',
      claims: { aud: 'orders-deploy', email: 'ci@shop.example', email_verified: 'true' },
      answer: { ...who('alice', { email: 'ci@shop.example' }), ...access },
      theirs: {
        answer: 401,
        because: 'oauth2-proxy reads the flag as text only for the first issuer; oidc-authz for every issuer',
      },
    },
    {
      name: 'a pipeline with an unverified address',
      by: 'pipelines',
      claims: { aud: 'orders-deploy', email: 'kim@shop.example', email_verified: false },
      answer: 401,
    },
  ],
};

const gitlabClaims = { aud: '8f0e1d2c', sub: '77', nickname: 'kim', groups_direct: ['shop/web', 'shop/sre'] };
const gitlab: Installation = {
  name: 'gitlab',
  files: ['oauth2-proxy.cfg'],
  issuers: { main: 'https://gitlab.shop.example' },
  theirs: fromToml('oauth2-proxy.cfg'),
  asks: [
    noToken,
    {
      name: 'a member',
      claims: { ...gitlabClaims, email: 'kim@shop.example', email_verified: false },
      answer: { ...who('77', { email: 'kim', groups: 'shop/web,shop/sre' }), ...access },
    },
    {
      name: 'a member of parent groups only',
      claims: { ...gitlabClaims, groups_direct: ['shop'], groups: ['shop/sre'] },
      answer: 403,
    },
    {
      name: 'a member of a subgroup',
      claims: { ...gitlabClaims, groups_direct: ['shop/sre/x'] },
      answer: 403,
    },
    { name: 'for another application', claims: { ...gitlabClaims, aud: 'other' }, answer: 401 },
  ],
};

const otherTypes = 'a claim of another type than it must have was a reason to refuse a token';
const azureClaims = {
  aud: '22223333-aaaa-4bbb-8ccc-ddddeeee0002',
  sub: 'BBBBkim',
  preferred_username: 'kim@shop.example',
  tid: tenant,
  ver: '2.0',
};
const azure: Installation = {
  name: 'azure',
  files: ['values.yaml'],
  issuers: { main: `https://login.microsoftonline.com/${tenant}/v2.0` },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    {
      name: 'a member whose name is not an address',
      claims: { ...azureClaims, groups: ['0c0c', '0b0b0b0b-0000-4000-8000-00000000000b'] },
      answer: who('BBBBkim', {
        groups: '0c0c,0b0b0b0b-0000-4000-8000-00000000000b',
        name: 'kim@shop.example',
      }),
    },
    {
      name: 'a member with an address',
      claims: {
        ...azureClaims,
        email: 'kim@mail.example',
        email_verified: true,
        groups: ['0a0a0a0a-0000-4000-8000-00000000000a'],
      },
      answer: who('BBBBkim', {
        email: 'kim@mail.example',
        groups: '0a0a0a0a-0000-4000-8000-00000000000a',
        name: 'kim@shop.example',
      }),
    },
    {
      name: 'an unverified address',
      claims: {
        ...azureClaims,
        email: 'kim@mail.example',
        email_verified: false,
        groups: ['0a0a0a0a-0000-4000-8000-00000000000a'],
      },
      answer: 401,
    },
    { name: 'of no group', claims: azureClaims, answer: 403 },
    { name: 'for another application', claims: { ...azureClaims, aud: 'other' }, answer: 401 },
    {
      name: 'a member with a verified address, as text',
      claims: {
        ...azureClaims,
        email: 'kim@mail.example',
        email_verified: 'true',
        groups: ['0a0a0a0a-0000-4000-8000-00000000000a'],
      },
      answer: who('BBBBkim', {
        email: 'kim@mail.example',
        groups: '0a0a0a0a-0000-4000-8000-00000000000a',
        name: 'kim@shop.example',
      }),
      theirs: { answer: 401, because: otherTypes },
    },
    {
      name: 'a member with an unverified address, as text',
      claims: {
        ...azureClaims,
        email: 'kim@mail.example',
        email_verified: 'false',
        groups: ['0a0a0a0a-0000-4000-8000-00000000000a'],
      },
      answer: 401,
    },
    {
      name: 'a member whose groups include a number',
      claims: { ...azureClaims, groups: [7, '0a0a0a0a-0000-4000-8000-00000000000a'] },
      answer: who('BBBBkim', {
        groups: '7,0a0a0a0a-0000-4000-8000-00000000000a',
        name: 'kim@shop.example',
      }),
      theirs: { answer: 401, because: otherTypes },
    },
  ],
};

const azureRoles: Installation = {
  name: 'azure-roles',
  files: ['values.yaml'],
  issuers: { main: `https://login.microsoftonline.com/${tenant}/v2.0` },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    {
      name: 'a caller with the role',
      claims: { ...azureClaims, aud: 'orders-app', roles: ['Orders.Read', 'Orders.Write'] },
      answer: who('BBBBkim', { groups: 'Orders.Read,Orders.Write', name: 'kim@shop.example' }),
    },
    {
      name: 'one role that is not a list',
      claims: { ...azureClaims, aud: 'orders-app', roles: 'Orders.Write' },
      answer: who('BBBBkim', { groups: 'Orders.Write', name: 'kim@shop.example' }),
    },
    {
      name: 'a group with the name of the role',
      claims: { ...azureClaims, aud: 'orders-app', groups: ['Orders.Write'] },
      answer: 403,
    },
    {
      name: 'the address in its default claim',
      claims: {
        ...azureClaims,
        aud: 'orders-app',
        upn: 'kim@shop.example',
        email: 'kim@mail.example',
        roles: ['Orders.Write'],
      },
      answer: who('BBBBkim', {
        email: 'kim@mail.example',
        groups: 'Orders.Write',
        name: 'kim@shop.example',
      }),
    },
    { name: 'for another application', claims: { ...azureClaims, roles: ['Orders.Write'] }, answer: 401 },
  ],
};

// Since 7.15.6 the groups claim applies to every issuer; before, only to that of the provider.
const extraIssuerGroups: Installation = {
  name: 'extra-issuer-groups',
  files: ['values.yaml'],
  issuers: { people: 'https://id.shop.example', partners: 'https://partners.example' },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    {
      name: 'a person',
      claims: { aud: 'console', sub: 'kim', entitlements: ['mail', 'console'] },
      answer: who('kim', { groups: 'mail,console' }),
    },
    {
      name: 'a partner',
      by: 'partners',
      claims: { aud: 'console-partners', sub: 'pat', entitlements: ['console'] },
      answer: who('pat', { groups: 'console' }),
    },
    {
      name: 'a partner with the group in the default claim',
      by: 'partners',
      claims: { aud: 'console-partners', sub: 'pat', groups: ['console'] },
      answer: 403,
    },
    {
      name: 'a person with the group in the default claim',
      claims: { aud: 'console', sub: 'kim', groups: ['console'] },
      answer: 403,
    },
    {
      name: 'a partner with one group that is not a list',
      by: 'partners',
      claims: { aud: 'console-partners', sub: 'pat', entitlements: 'console' },
      answer: who('pat', { groups: 'console' }),
    },
    {
      name: 'a partner with a number among the groups',
      by: 'partners',
      claims: { aud: 'console-partners', sub: 'pat', entitlements: ['console', 7] },
      answer: who('pat', { groups: 'console,7' }),
      theirs: { answer: 401, because: otherTypes },
    },
    {
      name: 'a person with a number among the groups',
      claims: { aud: 'console', sub: 'kim', entitlements: ['console', 7] },
      answer: who('kim', { groups: 'console,7' }),
    },
    {
      name: 'a partner whose groups are a boolean',
      by: 'partners',
      claims: { aud: 'console-partners', sub: 'pat', entitlements: true },
      answer: 403,
      theirs: { answer: 401, because: otherTypes },
    },
    {
      name: 'a partner with a verified address, as text',
      by: 'partners',
      claims: {
        aud: 'console-partners',
        sub: 'pat',
        email: 'pat@partners.example',
        email_verified: 'true',
        entitlements: ['console'],
      },
      answer: who('pat', { email: 'pat@partners.example', groups: 'console' }),
      theirs: { answer: 401, because: otherTypes },
    },
    {
      name: 'a partner without groups',
      by: 'partners',
      claims: { aud: 'console-partners', sub: 'pat', entitlements: null },
      answer: 403,
    },
  ],
};

const extraIssuerPaths: Installation = {
  name: 'extra-issuer-paths',
  files: ['values.yaml'],
  issuers: { people: 'https://id.shop.example', partners: 'https://partners.example' },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    {
      name: 'a person with groups below another claim',
      claims: { aud: 'console', sub: 'kim', realm: { teams: ['ops'] } },
      answer: who('kim', { groups: 'ops' }),
    },
    {
      name: 'a partner with groups in a claim with exactly that name',
      by: 'partners',
      claims: { aud: 'console-partners', sub: 'pat', 'realm.teams': ['ops'], realm: { teams: ['other'] } },
      answer: who('pat', { groups: 'ops' }),
    },
    {
      name: 'a partner with groups below another claim',
      by: 'partners',
      claims: { aud: 'console-partners', sub: 'pat', realm: { teams: ['ops'] } },
      answer: who('pat', { groups: 'ops' }),
      theirs: {
        answer: who('pat'),
        because: 'for further issuers oauth2-proxy does not treat the name as a path',
      },
    },
  ],
};

const gate = (teams: unknown) => ({ aud: 'shop-gate', sub: 'kim', authorization: { teams } });
const groupsRequired: Installation = {
  name: 'groups-required',
  files: ['values.yaml', 'secret.yaml'],
  issuers: { main: 'https://id.shop.example/oauth2' },
  theirs: fromChart('values.yaml', 'secret.yaml'),
  asks: [
    noToken,
    {
      name: 'one of the teams, below another claim',
      claims: gate(['dev', 'team-billing']),
      answer: who('kim', { groups: 'dev,team-billing' }),
    },
    { name: 'one team that is not a list', claims: gate('ops'), answer: who('kim', { groups: 'ops' }) },
    { name: 'none of the teams', claims: gate(['dev']), answer: 403 },
    { name: 'no teams', claims: gate([]), answer: 403 },
    { name: 'no such claim', claims: { aud: 'shop-gate' }, answer: 403 },
    { name: 'the default claim', claims: { aud: 'shop-gate', groups: ['ops'] }, answer: 403 },
    {
      name: 'a team with a space in its name',
      claims: gate(['on call']),
      answer: who('kim', { groups: 'on call' }),
    },
    {
      name: 'the team with a leading space, which is another team',
      claims: gate([' on call']),
      answer: 403,
    },
    { name: 'a team that is a number', claims: gate([3, 7]), answer: who('kim', { groups: '3,7' }) },
    { name: 'one number that is not a list', claims: gate(7), answer: who('kim', { groups: '7' }) },
    { name: 'the number as text', claims: gate(['7']), answer: who('kim', { groups: '7' }) },
    { name: 'a boolean', claims: gate([true]), answer: who('kim', { groups: 'true' }) },
    { name: 'another number', claims: gate([77, 70, -7]), answer: 403 },
    { name: 'another boolean', claims: gate([false]), answer: 403 },
    { name: 'the number in a list in the list', claims: gate([[7]]), answer: 403 },
    { name: 'all teams in one text', claims: gate('team-orders,team-billing'), answer: 403 },
    { name: 'for another client', claims: { ...gate(['ops']), aud: 'other' }, answer: 401 },
  ],
};

const shopper = { aud: 'storefront', sub: 'kim' };
const skipRoutes: Installation = {
  name: 'skip-routes',
  files: ['values.yaml'],
  issuers: { main: 'https://id.shop.example' },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    { name: 'a listed path', target: '/healthz', answer: {} },
    { name: 'with a query', target: '/healthz?full=1', answer: {} },
    { name: 'below a listed path', target: '/healthz/x', answer: 401 },
    { name: 'a listed path in the query', target: '/api?x=/healthz', answer: 401 },
    { name: 'another method on a listed path', target: '/healthz', method: 'POST', answer: {} },
    { name: 'below a folder, to read', target: '/catalog/shoes/42', answer: {} },
    { name: 'the folder itself', target: '/catalog/', answer: {} },
    { name: 'without the trailing slash', target: '/catalog', answer: 401 },
    { name: 'below a folder, to write', target: '/catalog/shoes', method: 'POST', answer: 401 },
    { name: 'one of two files', target: '/favicon.ico', answer: {} },
    { name: 'a file with a similar name', target: '/favicon.ico.html', answer: 401 },
    { name: 'a file with another character instead of the dot', target: '/faviconxico', answer: 401 },
    { name: 'any one segment', target: '/webhooks/acme/events', method: 'POST', answer: {} },
    { name: 'any one segment, to read', target: '/webhooks/acme/events', answer: 401 },
    { name: 'two segments', target: '/webhooks/acme/x/events', method: 'POST', answer: 401 },
    { name: 'a path with only the same beginning', target: '/login/callback', answer: {} },
    {
      name: 'a path with the same beginning and no slash after it',
      target: '/login-admin',
      answer: 401,
      theirs: { answer: {}, because: 'a pattern ends at a segment, so this path needs a token' },
    },
    {
      name: 'any path with .png in it',
      target: '/orders/42.png',
      answer: 401,
      theirs: { answer: {}, because: 'no pattern matches this path, so it needs a token' },
    },
    { name: 'an open path in another case', target: '/CATALOG/shoes', answer: 401 },
    { name: 'an open path with a space', target: '/catalog/red%20shoes', answer: {} },
    { name: 'an open path with non-ASCII letters', target: '/catalog/s%C3%A9same', answer: {} },
    {
      name: 'an open path with parameters',
      target: '/catalog/shoes;admin=1',
      answer: 400,
      theirs: { answer: 401, because: 'an ambiguous path gets 400' },
    },
    { name: 'a preflight', target: '/api/orders', method: 'OPTIONS', answer: {} },
    { name: 'any other path', target: '/api/orders', answer: 401 },
    { name: 'any other path, with a token', target: '/api/orders', claims: shopper, answer: who('kim') },
    {
      name: 'an open path, with a token',
      target: '/catalog/shoes',
      claims: shopper,
      answer: {},
      theirs: { answer: who('kim'), because: noIdentity },
    },
    {
      name: 'an open path with an invalid token',
      target: '/catalog/shoes',
      claims: { ...shopper, exp: past },
      answer: {},
    },
    {
      name: 'an ambiguous path',
      target: '/catalog//shoes',
      answer: 400,
      theirs: {
        answer: 301,
        because: 'oauth2-proxy redirects to the cleaned path; oidc-authz sends no redirects',
      },
    },
    {
      name: 'a path that leaves an open folder',
      target: '/catalog/%2e%2e/api/orders',
      answer: 400,
      theirs: { answer: 401, because: 'an ambiguous path gets 400' },
    },
    {
      name: 'an open path after a fragment',
      target: '/api/orders%23/../healthz',
      answer: 400,
      theirs: { answer: 301, because: 'an ambiguous path gets 400' },
    },
  ],
};

const picker = { aud: 'warehouse', sub: 'u7' };
const warehouse = (email: string, groups: string, site?: string) => ({
  'x-auth-request-user': 'u7',
  'x-auth-request-email': email,
  'x-warehouse-groups': groups,
  ...(site !== undefined && { 'x-warehouse-site': site }),
  ...authorization,
});
const alpha: Installation = {
  name: 'alpha',
  files: ['alpha.yaml', 'oauth2-proxy.cfg', 'gate.env'],
  issuers: { main: 'https://id.shop.example/warehouse' },
  theirs: fromAlpha('alpha.yaml', 'oauth2-proxy.cfg', 'gate.env'),
  asks: [
    noToken,
    {
      name: 'a caller with all claims',
      claims: {
        ...picker,
        email: 'kim@shop.example',
        email_verified: false,
        memberOf: ['pickers', 'union'],
        site_code: 'HAM-2',
        groups: ['ignored'],
      },
      answer: warehouse('kim@shop.example', 'pickers,union', 'HAM-2'),
    },
    {
      name: 'a caller of no site with the other audience',
      claims: { ...picker, aud: 'warehouse-cli', memberOf: 'packers' },
      answer: warehouse('u7', 'packers'),
    },
    {
      name: 'a site that is a number',
      claims: { ...picker, memberOf: ['packers'], site_code: 12 },
      answer: warehouse('u7', 'packers', '12'),
    },
    {
      name: 'several sites',
      claims: { ...picker, memberOf: ['packers'], site_code: ['HAM-2', 'MUC-1'] },
      answer: warehouse('u7', 'packers', 'HAM-2,MUC-1'),
    },
    { name: 'of no group', claims: { ...picker, memberOf: ['drivers'] }, answer: 403 },
    { name: 'with the group in another claim', claims: { ...picker, groups: ['pickers'] }, answer: 403 },
    { name: 'for another audience', claims: { aud: 'shop', memberOf: ['pickers'] }, answer: 401 },
  ],
};

const partner = { aud: 'partner-portal', sub: 'p1', preferred_username: 'pat' };
const alphaInChart: Installation = {
  name: 'alpha-in-chart',
  files: ['values.yaml'],
  issuers: { main: 'https://sso.shop.example/realms/partners' },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    {
      name: 'a role of the realm',
      claims: { ...partner, groups: ['north'], realm_access: { roles: ['partner'] } },
      answer: {
        'x-auth-request-preferred-username': 'pat',
        'x-auth-request-groups': 'north,role:partner',
        ...access,
      },
    },
    {
      name: 'a role of a client',
      claims: { ...partner, resource_access: { portal: { roles: ['support'] } } },
      answer: {
        'x-auth-request-preferred-username': 'pat',
        'x-auth-request-groups': 'role:portal:support',
        ...access,
      },
    },
    { name: 'of no role', claims: { ...partner, groups: ['partner'] }, answer: 403 },
    {
      name: 'for the client in the other values',
      claims: { ...partner, aud: 'unused-beside-alpha', realm_access: { roles: ['partner'] } },
      answer: 401,
    },
  ],
};

const from = (addresses: string) => [`x-forwarded-for: ${addresses}`];
// Since 7.15.5 oauth2-proxy uses the last address that is not a proxy; before, the first one.
const trustedAddresses: Installation = {
  name: 'trusted-addresses',
  files: ['oauth2-proxy.cfg'],
  issuers: { main: 'https://id.shop.example' },
  theirs: fromToml('oauth2-proxy.cfg'),
  asks: [
    noToken,
    { name: 'a token from anywhere', claims: { aud: 'intranet' }, headers: from('192.0.2.1'), answer: {} },
    { name: 'an office', headers: from('198.51.100.42'), answer: {} },
    {
      name: 'an office address through one of our proxies',
      headers: from('198.51.100.42, 10.1.2.3'),
      answer: {},
    },
    { name: 'an office address in IPv6', headers: from('2001:db8:77:1::5'), answer: {} },
    { name: 'the monitoring', headers: from('203.0.113.7'), answer: {} },
    { name: 'a neighbour of the monitoring', headers: from('203.0.113.8'), answer: 401 },
    { name: 'only one of our proxies', headers: from('10.1.2.3'), answer: 401 },
    { name: 'no address', headers: from('unknown'), answer: 401 },
    {
      name: 'a stranger who claims an office address',
      headers: from('198.51.100.42, 192.0.2.1'),
      answer: 401,
    },
    {
      name: 'a stranger who claims an office address, through one of our proxies',
      headers: from('198.51.100.42, 192.0.2.1, 10.1.2.3'),
      answer: 401,
    },
    {
      name: 'an office address after another address',
      headers: from('192.0.2.1, 198.51.100.42, 10.1.2.3'),
      answer: {},
    },
    { name: 'an office address after an invalid one', headers: from('unknown, 198.51.100.42'), answer: {} },
    {
      name: 'an invalid address after an office address',
      headers: from('198.51.100.42, unknown'),
      answer: 401,
    },
    { name: 'an office address with its port', headers: from('198.51.100.42:4711'), answer: {} },
    {
      name: 'an office address in another header',
      headers: ['x-real-ip: 198.51.100.42'],
      answer: 401,
    },
  ],
};

const staticKeys: Installation = {
  name: 'static-keys',
  files: ['deployment.yaml'],
  issuers: { main: 'https://id.plant.example' },
  keyFolder: '/etc/gate/keys',
  keyFiles: ['2026-a.pem', '2026-b.pem'],
  theirs: fromConfigMap('deployment.yaml', 'oauth2_proxy.cfg'),
  asks: [
    noToken,
    { name: 'signed by one key', claims: { aud: 'plant' }, answer: who('alice') },
    { name: 'signed by the other key', key: 1, claims: { aud: 'plant' }, answer: who('alice') },
    {
      name: 'signed by the other key without a key ID',
      key: 1,
      header: { kid: undefined },
      claims: { aud: 'plant' },
      answer: who('alice'),
    },
    { name: 'signed by a key that is not configured', key: 'foreign', claims: { aud: 'plant' }, answer: 401 },
    { name: 'for another audience', claims: { aud: 'other' }, answer: 401 },
  ],
};

const fallbackFalse: Installation = {
  name: 'fallback-false',
  files: ['values.yaml'],
  issuers: { main: 'https://id.shop.example/api' },
  theirs: fromChart('values.yaml'),
  asks: [
    noToken,
    { name: 'a valid token', claims: { aud: 'api-gate', groups: ['a'] }, answer: {} },
    { name: 'expired', claims: { aud: 'api-gate', exp: past }, answer: 401 },
    { name: 'for another audience', claims: { aud: 'other' }, answer: 401 },
    { name: 'an open path', target: '/public/x', answer: {} },
    {
      name: 'an open path with an invalid token',
      target: '/public/x',
      claims: { aud: 'api-gate', exp: past },
      answer: {},
      theirs: { answer: 403, because: 'on an open path the token is ignored' },
    },
  ],
};

/** Installations that can be migrated. */
export const installations: readonly Installation[] = [
  seed,
  kymaTutorial,
  keycloak,
  entraId,
  entraMultiTenant,
  okta,
  auth0,
  google,
  cognito,
  sapCloudIdentity,
  dex,
  gitlab,
  azure,
  azureRoles,
  severalIssuers,
  extraIssuerGroups,
  extraIssuerPaths,
  groupsRequired,
  skipRoutes,
  alpha,
  alphaInChart,
  trustedAddresses,
  staticKeys,
  fallbackFalse,
];

/** Installations with access restrictions that oidc-authz does not have. */
export const refusedInstallations: readonly RefusedInstallation[] = [
  {
    name: 'github-org',
    files: ['oauth2-proxy.cfg'],
    refused: ['provider', 'github-org', 'github-team'],
    supplement: ['--oidc-issuer-url=https://id.shop.example'],
  },
  {
    name: 'sessions',
    files: ['values.yaml'],
    refused: ['session-store-type', 'htpasswd-file', 'htpasswd-user-group', 'redirect-url'],
  },
  { name: 'real-upstream', files: ['oauth2-proxy.cfg'], refused: ['upstream', 'set-basic-auth'] },
  {
    name: 'google-groups',
    files: ['values.yaml'],
    refused: ['provider', 'google-group', 'skip-jwt-bearer-tokens'],
    supplement: ['--oidc-issuer-url=https://accounts.google.example'],
  },
  {
    name: 'bitbucket-workspace',
    files: ['oauth2-proxy.cfg'],
    refused: ['provider', 'bitbucket-workspace', 'bitbucket-repository'],
    supplement: ['--oidc-issuer-url=https://id.shop.example'],
  },
  {
    name: 'dotted-claims',
    files: ['values.yaml'],
    refused: ['oidc-groups-claim', 'oidc-audience-claim'],
  },
];
