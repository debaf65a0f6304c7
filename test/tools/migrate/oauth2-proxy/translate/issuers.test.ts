/** Valid tokens: the configuration allows no token that oauth2-proxy denies. */
import { describe, expect, test } from 'vitest';
import { migrateInstallation } from '../../../../../src/tools/migrate/oauth2-proxy/migrate.ts';
import {
  allows,
  configFrom,
  type Flags,
  findingOf,
  installationOf,
  problemsOf,
} from '../sample-installation.ts';

const issuer = 'https://issuer.example.com';
const other = 'https://other.example.com';

describe('the issuer of the provider', () => {
  test('has the client ID as its audience, and the same claims for email and groups', async () => {
    const { issuers } = await configFrom();
    expect(issuers).toMatchObject([
      {
        issuer,
        audiences: ['orders'],
        audienceClaims: ['aud'],
        audienceClaimsUsed: 'all',
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        email: { claim: 'email', fallbackClaim: 'sub', requireVerified: true },
        groups: { claim: 'groups', keycloakRoles: false },
        requiredScopes: [],
        trustSystemCas: true,
        insecureHttp: false,
        anyAudience: false,
      },
    ]);
    expect(findingOf('oidc-issuer-url').text).toContain('not those of the discovery document');
  });

  test('is the exact string', async () => {
    const { issuers } = await configFrom({ 'oidc-issuer-url': `${issuer}/` });
    expect(issuers[0]?.issuer).toBe(`${issuer}/`);
  });

  test('has further audiences, and uses the first audience claim that a token has', async () => {
    const flags = { 'oidc-extra-audience': ['b', 'orders'], 'oidc-audience-claim': ['azp', 'aud'] };
    const { issuers } = await configFrom(flags);
    expect(issuers).toMatchObject([
      { audiences: ['orders', 'b'], audienceClaims: ['azp', 'aud'], audienceClaimsUsed: 'first' },
    ]);
  });

  test('refuses an audience claim with a dot, which would be a path', async () => {
    const flag = 'oidc-audience-claim';
    for (const claims of [['a.aud'], ['aud', 'a.aud'], ['https://example.com/aud', 'aud']]) {
      expect(findingOf(flag, { [flag]: claims })).toMatchObject({
        verdict: 'refused',
        text: expect.stringContaining('A TOKEN WITH ITS AUDIENCE AT THAT PATH IS ALLOWED FROM NOW ON'),
      });
      const installation = installationOf({ [flag]: claims });
      expect(migrateInstallation(installation, { output: 'config', accept: [] }).exitCode).toBe(3);
      expect((await configFrom({ [flag]: claims })).issuers[0]?.audienceClaims).toEqual(claims);
    }
    expect(findingOf(flag, { [flag]: ['azp', 'aud'] }).verdict).toBe('kept');
  });

  test('reports plain HTTP', async () => {
    const flags = { 'oidc-issuer-url': 'http://idp.example.com' };
    expect((await configFrom(flags)).issuers[0]?.insecureHttp).toBe(true);
    expect(findingOf('oidc-issuer-url', flags).text).toContain('insecureHttp: true');
    const loopback = await configFrom({ 'oidc-issuer-url': 'http://127.0.0.1:8080' });
    expect(loopback.issuers[0]?.insecureHttp).toBe(false);
  });

  test('without it or the client ID there is no output', () => {
    const flags = { 'client-id': undefined, 'oidc-issuer-url': undefined };
    expect(problemsOf(flags)).toEqual([
      expect.stringMatching(/^oidc-issuer-url: expected the issuer/),
      expect.stringMatching(
        /^client-id: .*audience.*not a secret.*OAUTH2_PROXY_CLIENT_ID=… .*-- --client-id=…/,
      ),
    ]);
    const hidden = {
      setting: 'client-id',
      source: 'a.yaml:1:1',
      verdict: 'refused',
      text: 'in a Secret',
    } as const;
    expect(problemsOf({ 'client-id': undefined }, { findings: [hidden] })).toEqual([
      expect.stringContaining('(a.yaml:1:1: in a Secret)'),
    ]);
    for (const [url, problem] of [
      ['nowhere', /^issuers\[0\]\.issuer: must be an absolute URL/],
      ['not a URL', /^issuers\[0\]\.issuer: must not contain white space/],
    ] as const)
      expect(problemsOf({ 'oidc-issuer-url': url })).toEqual([expect.stringMatching(problem)]);
  });
});

describe('keys', () => {
  test('without discovery come from the configured URL, with RS256 only', async () => {
    const flags = { 'skip-oidc-discovery': true, 'oidc-jwks-url': `${issuer}/keys` };
    expect((await configFrom(flags)).issuers[0]).toMatchObject({
      jwksUri: `${issuer}/keys`,
      algorithms: ['RS256'],
      insecureHttp: false,
    });
    const plain = { ...flags, 'oidc-jwks-url': 'http://keys.example.com/keys' };
    expect((await configFrom(plain)).issuers[0]?.insecureHttp).toBe(true);
    expect(findingOf('oidc-jwks-url', plain).text).toContain('insecureHttp: true');
  });

  test('may be in files', async () => {
    const flags = { 'skip-oidc-discovery': true, 'oidc-public-key-file': ['/a.pem', '/b.pem'] };
    expect((await configFrom(flags)).issuers[0]?.publicKeyFiles).toEqual(['/a.pem', '/b.pem']);
    expect(problemsOf({ ...flags, 'oidc-jwks-url': `${issuer}/keys` })).toEqual([
      expect.stringContaining('already configures the keys'),
    ]);
  });

  test('ignore the URL with discovery', async () => {
    const flags = { 'oidc-jwks-url': 'http://keys.example.com', 'oidc-public-key-file': ['/a.pem'] };
    const [entry] = (await configFrom(flags)).issuers;
    expect([entry?.jwksUri, entry?.publicKeyFiles, entry?.insecureHttp]).toEqual([
      undefined,
      undefined,
      false,
    ]);
    expect(findingOf('oidc-jwks-url', flags).verdict).toBe('meaningless');
    expect(findingOf('skip-oidc-discovery', { 'skip-oidc-discovery': true }).verdict).toBe('changed');
  });

  test('have the enabled algorithms, and never a shared secret', async () => {
    const flag = 'oidc-enabled-signing-alg';
    const algorithms = async (value: string[]) =>
      (await configFrom({ [flag]: value })).issuers[0]?.algorithms;
    expect(await algorithms(['ES384', 'RS256'])).toEqual(['ES384', 'RS256']);
    expect(findingOf(flag, { [flag]: ['RS256'] }).verdict).toBe('kept');
    expect(await algorithms(['HS256', 'RS512'])).toEqual(['RS512']);
    expect(findingOf(flag, { [flag]: ['HS256', 'RS512'] }).verdict).toBe('refused');
    expect(findingOf(flag, { [flag]: ['HS256'] })).toMatchObject({
      verdict: 'refused',
      text: expect.stringContaining('no other algorithm is set'),
    });
  });

  test('are fetched with the trusted CAs, for every issuer', async () => {
    const flags = { 'provider-ca-file': ['/ca.pem'], 'extra-jwt-issuers': [`${other}=b`] };
    const trust = (await configFrom(flags)).issuers.map(({ caFile, trustSystemCas }) => [
      caFile,
      trustSystemCas,
    ]);
    expect(trust).toEqual([
      ['/ca.pem', false],
      ['/ca.pem', false],
    ]);
    const both = { 'provider-ca-file': ['/a.pem', '/b.pem'], 'use-system-trust-store': true };
    expect((await configFrom(both)).issuers[0]).toMatchObject({
      caFile: ['/a.pem', '/b.pem'],
      trustSystemCas: true,
    });
    expect((await configFrom({ 'use-system-trust-store': false })).issuers[0]?.trustSystemCas).toBe(true);
  });

  test('are fetched over verified connections', () => {
    const flag = 'ssl-insecure-skip-verify';
    expect(findingOf(flag, { [flag]: true }).verdict).toBe('changed');
    expect(findingOf(flag, { [flag]: false }).verdict).toBe('meaningless');
  });
});

describe('the provider', () => {
  test.each(['oidc', 'adfs', 'cidaas', 'entra-id', 'gitlab'])('%s verifies bearer tokens', (provider) => {
    expect(findingOf('provider', { provider }).verdict).toBe('meaningless');
  });

  test('azure verifies bearer tokens; some with claims of other types are now allowed', () => {
    expect(findingOf('provider', { provider: 'azure' })).toMatchObject({
      verdict: 'changed',
      text: expect.stringMatching(
        /`email_verified: "true"` or groups that are numbers, oauth2-proxy answers 401/,
      ),
    });
  });

  test.each<Flags>([
    { provider: 'github', 'github-org': 'acme' },
    { provider: undefined, 'google-group': ['admins'] },
  ])('without bearer tokens is refused before an issuer is required: %o', (flags) => {
    const installation = installationOf({ ...flags, 'oidc-issuer-url': undefined, 'client-id': undefined });
    const run = (accept: readonly string[]) =>
      migrateInstallation(installation, { output: 'config', accept });
    const [, restriction = ''] = Object.keys(flags);
    for (const accept of [[], ['provider'], [restriction]])
      expect(run(accept)).toMatchObject({
        exitCode: 3,
        output: '',
        report: expect.stringMatching(/provider \(.*: refused because/),
      });
    const accepted = run(['provider', restriction]);
    expect(accepted).toMatchObject({ exitCode: 2, output: '' });
    expect(accepted.report).toMatch(/oidc-issuer-url: expected the issuer/);
    expect(accepted.report).toMatch(/client-id: expected the client ID/);
  });

  test('without bearer tokens does not hide another problem', () => {
    const flags = { provider: 'github', 'oidc-issuer-url': undefined, 'trusted-ip': ['localhost'] };
    expect(problemsOf(flags)).toEqual([expect.stringMatching(/^trusted-ip: /)]);
  });

  test.each(['github', 'google', undefined])('%s verifies no bearer tokens', async (provider) => {
    expect(findingOf('provider', { provider })).toMatchObject({
      verdict: 'refused',
      source: provider === undefined ? 'not set' : expect.stringContaining('values.yaml'),
      text: expect.stringContaining('-- --provider=oidc'),
    });
    const extra = { provider, 'extra-jwt-issuers': [`${other}=b`], 'client-id': undefined };
    expect(findingOf('provider', extra).verdict).toBe('changed');
    // If none of its tokens was allowed, it does not become an issuer in addition to others.
    expect((await configFrom(extra)).issuers.map((one) => one.issuer)).toEqual([other]);
  });
});

describe('extra-jwt-issuers', () => {
  test('are issuers with their own audience, and fixed claims except groups', async () => {
    const flags = {
      'extra-jwt-issuers': [`${other}=b=c`, `${other}=d`, 'http://third.example.com=e'],
      'oidc-extra-audience': ['x'],
      'oidc-audience-claim': ['azp', 'aud'],
      'oidc-email-claim': 'mail',
      'oidc-groups-claim': 'teams',
      'insecure-oidc-allow-unverified-email': true,
      'oidc-enabled-signing-alg': ['RS512'],
      'email-domain': ['example.com'],
      'allowed-group': ['ops'],
    };
    const { issuers } = await configFrom(flags);
    const fixed = {
      audienceClaims: ['azp', 'aud'],
      audienceClaimsUsed: 'first',
      algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      email: { claim: 'email', fallbackClaim: 'sub', requireVerified: true, allowedDomains: ['example.com'] },
      groups: { claim: 'teams', keycloakRoles: false, allowed: ['ops'] },
    };
    expect(issuers).toMatchObject([
      {
        issuer,
        audiences: ['orders', 'x'],
        algorithms: ['RS512'],
        email: { claim: 'mail', requireVerified: false, allowedDomains: ['example.com'] },
        groups: { claim: 'teams', allowed: ['ops'] },
      },
      { issuer: other, audiences: ['b=c', 'd', 'x'], insecureHttp: false, ...fixed },
      { issuer: 'http://third.example.com', audiences: ['e', 'x'], insecureHttp: true, ...fixed },
    ]);
  });

  test('with the same issuer become further audiences if the claims are equal', async () => {
    const flags = { 'extra-jwt-issuers': [`${issuer}=b`] };
    expect((await configFrom(flags)).issuers).toMatchObject([{ audiences: ['orders', 'b'] }]);
    const renamed = { ...flags, 'oidc-groups-claim': 'teams', 'allowed-group': ['ops'] };
    expect((await configFrom(renamed)).issuers).toMatchObject([
      { audiences: ['orders', 'b'], groups: { claim: 'teams', allowed: ['ops'] } },
    ]);
    const note = 'whose claim settings also apply to it';
    expect(findingOf('extra-jwt-issuers', renamed)).toMatchObject({
      verdict: 'changed',
      text: expect.not.stringContaining(note),
    });
    const roles = { ...flags, provider: 'keycloak-oidc' };
    expect((await configFrom(roles)).issuers).toMatchObject([{ audiences: ['orders', 'b'] }]);
    expect(findingOf('extra-jwt-issuers', roles)).toMatchObject({
      verdict: 'changed',
      text: expect.stringContaining(note),
    });
  });

  test('have the groups claim of every provider', async () => {
    const flags = {
      'extra-jwt-issuers': [`${other}=b`],
      'oidc-groups-claim': 'teams',
      'allowed-group': ['ops'],
    };
    for (const provider of ['oidc', 'azure', 'github', 'keycloak-oidc', undefined]) {
      const extra = (await configFrom({ ...flags, provider })).issuers.at(-1);
      expect(extra).toMatchObject({ issuer: other, groups: { claim: 'teams', keycloakRoles: false } });
      expect([allows(extra, { teams: ['ops'] }), allows(extra, { groups: ['ops'] })]).toEqual([true, false]);
      expect(findingOf('oidc-groups-claim', { ...flags, provider })).toMatchObject({
        verdict: 'kept',
        text: expect.stringContaining('before 7.15.6'),
      });
    }
    const alone = { ...flags, 'extra-jwt-issuers': undefined };
    expect(findingOf('oidc-groups-claim', alone).text).toBe('`issuers[].groups.claim: teams`');
  });

  test('with groups that are not at a path are refused if groups restrict access, or reported', async () => {
    const flag = 'oidc-groups-claim';
    const flags = { 'extra-jwt-issuers': [`${other}=b`], [flag]: 'realm.teams' };
    expect(findingOf(flag, flags)).toMatchObject({
      verdict: 'changed',
      text: expect.stringContaining('groups at that path are now forwarded'),
    });
    const restricted = [
      { 'allowed-group': ['ops'] },
      { provider: 'keycloak-oidc', 'allowed-role': ['ops'] },
      { provider: 'gitlab', 'gitlab-group': ['ops'] },
      { provider: 'github', 'allowed-group': ['ops'] },
      { 'extra-jwt-issuers': [`${issuer}=b`], 'allowed-group': ['ops'] },
    ];
    for (const more of restricted)
      expect(findingOf(flag, { ...flags, ...more })).toMatchObject({
        verdict: 'refused',
        text: expect.stringMatching(/`extra-jwt-issuers`.*A TOKEN WITH ITS GROUPS AT THAT PATH IS ALLOWED/),
      });
    const installation = installationOf({ ...flags, 'allowed-group': ['ops'] });
    expect(migrateInstallation(installation, { output: 'config', accept: [] })).toMatchObject({
      exitCode: 3,
      output: '',
    });
    const [, accepted] = (await configFrom({ ...flags, 'allowed-group': ['ops'] })).issuers;
    expect(allows(accepted, { realm: { teams: ['ops'] } })).toBe(true);
    expect(allows(accepted, { 'realm.teams': ['ops'] })).toBe(true);
    expect(allows(accepted, { groups: ['ops'] })).toBe(false);
  });

  test('report claims of other types that are now allowed', () => {
    expect(findingOf('extra-jwt-issuers', { 'extra-jwt-issuers': [`${other}=b`] })).toMatchObject({
      verdict: 'changed',
      text: expect.stringMatching(
        /`email_verified: "true"` or groups that are numbers, oauth2-proxy answers 401/,
      ),
    });
    expect(findingOf('extra-jwt-issuers', { 'extra-jwt-issuers': [] }).verdict).toBe('meaningless');
  });

  test.each([
    { provider: 'keycloak-oidc', 'allowed-role': ['ops'] },
    { provider: 'keycloak-oidc', 'oidc-groups-claim': 'teams', 'allowed-group': ['ops'] },
    { 'insecure-oidc-allow-unverified-email': true },
    { 'oidc-email-claim': 'mail', 'email-domain': ['example.com'] },
  ])('with the same issuer are left out if other claims would allow their tokens: %o', async (more) => {
    const flags = { ...more, 'extra-jwt-issuers': [`${issuer}=b`, `${other}=c`] };
    expect(findingOf('extra-jwt-issuers', flags).verdict).toBe('refused');
    expect((await configFrom(flags)).issuers.map(({ audiences }) => audiences)).toEqual([['orders'], ['c']]);
  });

  test('need an audience', () => {
    expect(
      problemsOf({ 'extra-jwt-issuers': ['https://user:secret@a.example.com', 'https://b.example.com='] }),
    ).toEqual([
      'extra-jwt-issuers: expected issuer=audience, not "https://***@a.example.com"',
      'extra-jwt-issuers: expected issuer=audience, not "https://b.example.com="',
    ]);
  });
});

describe('Entra', () => {
  const common = 'https://login.microsoftonline.com/common/v2.0';
  const entra = {
    provider: 'entra-id',
    'oidc-issuer-url': common,
    'insecure-oidc-skip-issuer-verification': true,
  };

  test('with named tenants has one issuer for each', async () => {
    const flags = { ...entra, 'entra-id-allowed-tenant': ['t1', 't2'] };
    expect((await configFrom(flags)).issuers).toMatchObject([
      { issuer: 'https://login.microsoftonline.com/t1/v2.0', audiences: ['orders'], requiredClaims: {} },
      { issuer: 'https://login.microsoftonline.com/t2/v2.0', audiences: ['orders'], requiredClaims: {} },
    ]);
    expect(findingOf('insecure-oidc-skip-issuer-verification', flags).verdict).toBe('changed');
  });

  test('with any tenant is refused', () => {
    expect(findingOf('insecure-oidc-skip-issuer-verification', entra)).toMatchObject({
      verdict: 'refused',
      text: expect.stringContaining('--entra-id-allowed-tenant=ID'),
    });
  });

  test('with one tenant requires its ID', async () => {
    const flags = {
      provider: 'entra-id',
      'oidc-issuer-url': 'https://login.microsoftonline.com/t1/v2.0',
      'entra-id-allowed-tenant': ['t1', 't2'],
    };
    expect((await configFrom(flags)).issuers[0]?.requiredClaims).toEqual({ tid: ['t1', 't2'] });
    expect(findingOf('entra-id-allowed-tenant', flags).verdict).toBe('changed');
    expect(findingOf('entra-id-allowed-tenant', { ...flags, provider: 'oidc' }).verdict).toBe('meaningless');
  });
});

test('the issuer is always compared', () => {
  const flag = 'insecure-oidc-skip-issuer-verification';
  expect(findingOf(flag, { [flag]: true }).verdict).toBe('changed');
  expect(findingOf(flag, { [flag]: false }).verdict).toBe('meaningless');
});
