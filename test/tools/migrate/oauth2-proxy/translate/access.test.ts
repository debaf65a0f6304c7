/** Access rules: every restriction of oauth2-proxy is kept, or refused with a warning. */
import { describe, expect, test } from 'vitest';
import type { Installation } from '../../../../../src/tools/migrate/oauth2-proxy/merge/installation.ts';
import { allows, configFrom, type Flags, findingOf, problemsOf } from '../sample-installation.ts';

const emailOf = async (flags: Flags, more: Partial<Installation> = {}) =>
  (await configFrom(flags, more)).issuers[0]?.email;
const groupsOf = async (flags: Flags) => (await configFrom(flags)).issuers[0]?.groups;

describe('e-mail', () => {
  test('of some domains', async () => {
    const flags = { 'email-domain': ['Example.com', '.x.example.org', '*.y.example.org'] };
    expect(await emailOf(flags)).toMatchObject({
      fallbackClaim: 'sub',
      allowedDomains: ['example.com', '*.x.example.org', '*.y.example.org'],
    });
    expect(findingOf('email-domain', flags)).toMatchObject({
      verdict: 'kept',
      text: expect.stringContaining('`sub` is compared instead'),
    });
  });

  test('of any domain', async () => {
    const flags = { 'email-domain': ['example.com', '*'], 'authenticated-emails-file': '/emails' };
    const email = await emailOf(flags, { authenticatedEmails: ['a@example.com'] });
    expect([email?.allowedDomains, email?.allowedAddresses]).toEqual([undefined, undefined]);
    expect(findingOf('authenticated-emails-file', flags).verdict).toBe('meaningless');
  });

  test('of a list of addresses, with or without domains', async () => {
    const flags = { 'email-domain': undefined, 'authenticated-emails-file': '/emails' };
    const emails = { authenticatedEmails: ['a@example.com', 'service-account'] };
    expect(await emailOf(flags, emails)).toMatchObject({ allowedAddresses: ['a@example.com'] });
    expect(findingOf('authenticated-emails-file', flags, emails).verdict).toBe('changed');
    const both = { ...flags, 'email-domain': ['example.org'] };
    expect(await emailOf(both, emails)).toMatchObject({
      allowedDomains: ['example.org'],
      allowedAddresses: ['a@example.com'],
    });
  });

  test('is refused if the list is unknown', async () => {
    const flags = { 'email-domain': undefined, 'authenticated-emails-file': '/emails' };
    expect(findingOf('authenticated-emails-file', flags)).toMatchObject({
      verdict: 'refused',
      text: expect.stringMatching(/allowedAddresses.*WITHOUT IT NO EMAIL IS REQUIRED/),
    });
    const both = { ...flags, 'email-domain': ['example.org'] };
    expect(findingOf('authenticated-emails-file', both).verdict).toBe('refused');
    expect((await emailOf(both))?.allowedDomains).toEqual(['example.org']);
  });

  test('is a problem if the lists contain no valid email', () => {
    expect(problemsOf({ 'email-domain': ['a@example.com', 'b c'] })).toEqual([
      expect.stringMatching(/^email-domain: it allows no token/),
    ]);
    const none = { 'email-domain': undefined, 'authenticated-emails-file': '/emails' };
    expect(problemsOf(none, { authenticatedEmails: ['alice'] })).toHaveLength(1);
    expect(problemsOf(none, { authenticatedEmails: [] })).toHaveLength(1);
  });

  test('without a valid domain is left out', async () => {
    const flags = { 'email-domain': ['b c', 'example.com'] };
    expect((await emailOf(flags))?.allowedDomains).toEqual(['example.com']);
    expect(findingOf('email-domain', flags).verdict).toBe('changed');
  });

  test('is reported if no setting restricts it', () => {
    const flags = { 'email-domain': undefined };
    expect(findingOf('email-domain', flags)).toMatchObject({ verdict: 'changed', source: 'not set' });
    expect(findingOf('email-domain', { ...flags, 'htpasswd-file': '/users' }).verdict).toBe('refused');
  });

  test.each<[Flags, object]>([
    [{ 'oidc-email-claim': 'mail' }, { claim: 'mail', requireVerified: false }],
    [{ 'user-id-claim': 'upn' }, { claim: 'upn', requireVerified: false }],
    [
      { 'user-id-claim': 'upn', 'oidc-email-claim': 'mail' },
      { claim: 'mail', requireVerified: false },
    ],
    [
      { 'oidc-email-claim': 'email', 'user-id-claim': 'email' },
      { claim: 'email', requireVerified: true },
    ],
    [{ 'insecure-oidc-allow-unverified-email': true }, { claim: 'email', requireVerified: false }],
    [{ 'insecure-oidc-allow-unverified-email': false }, { claim: 'email', requireVerified: true }],
    [
      { provider: 'azure', 'oidc-email-claim': 'mail' },
      { claim: 'email', requireVerified: true },
    ],
  ])('are read from their claim: %o', async (flags, email) => {
    expect(await emailOf(flags)).toMatchObject({ ...email, fallbackClaim: 'sub' });
  });
});

describe('groups', () => {
  test.each<[Flags, object]>([
    [{ 'allowed-group': ['ops', 'dev'] }, { claim: 'groups', allowed: ['ops', 'dev'] }],
    [{ 'oidc-groups-claim': 'a.b' }, { claim: 'a.b', keycloakRoles: false }],
    [
      { provider: 'keycloak-oidc', 'allowed-role': ['r', 'c:s'], 'allowed-group': ['ops'] },
      { keycloakRoles: true, allowed: ['ops', 'role:r', 'role:c:s'] },
    ],
    [{ provider: 'keycloak-oidc' }, { keycloakRoles: true }],
    [{ provider: 'gitlab', 'gitlab-group': ['a/b'], 'allowed-group': ['ops'] }, { allowed: ['a/b'] }],
    [{ provider: 'gitlab', 'allowed-group': ['ops'] }, { allowed: ['ops'] }],
    [
      { provider: 'azure', 'oidc-groups-claim': 'teams', 'allowed-group': ['ops'] },
      { claim: 'teams', allowed: ['ops'] },
    ],
  ])('%o', async (flags, groups) => {
    expect(await groupsOf(flags)).toMatchObject(groups);
  });

  test('that are numbers or booleans are compared as text, as in oauth2-proxy', async () => {
    const [issuer] = (await configFrom({ 'allowed-group': ['7', 'true'] })).issuers;
    for (const groups of [7, [7], [1, 7], true, ['x', true], '7'])
      expect([groups, allows(issuer, { groups })]).toEqual([groups, true]);
    for (const groups of [8, [77], false, [[7]], [{ 7: true }], null, [null], undefined])
      expect([groups, allows(issuer, { groups })]).toEqual([groups, false]);
  });

  test('of azure are in the named claim, and the email is in its fixed claim', async () => {
    const flags = { provider: 'azure', 'oidc-groups-claim': 'roles', 'allowed-group': ['ops'] };
    const [issuer] = (await configFrom(flags)).issuers;
    expect([allows(issuer, { roles: ['ops'] }), allows(issuer, { groups: ['ops'] })]).toEqual([true, false]);
    expect(findingOf('oidc-groups-claim', flags)).toMatchObject({
      verdict: 'kept',
      text: expect.stringMatching(
        /claim: roles`; before 7\.15\.6 .*`groups` of bearer tokens of provider azure/,
      ),
    });
    const email = { ...flags, 'oidc-email-claim': 'upn', 'insecure-oidc-allow-unverified-email': true };
    expect((await configFrom(email)).issuers[0]?.email).toMatchObject({
      claim: 'email',
      requireVerified: true,
    });
    for (const flag of ['oidc-email-claim', 'insecure-oidc-allow-unverified-email'])
      expect(findingOf(flag, email).verdict).toBe('meaningless');
  });

  test('of azure are not at a path: refused if they restrict access', () => {
    const flags = { provider: 'azure', 'oidc-groups-claim': 'realm.roles' };
    expect(findingOf('oidc-groups-claim', flags)).toMatchObject({
      verdict: 'changed',
      text: expect.stringContaining('groups at that path are now forwarded'),
    });
    expect(findingOf('oidc-groups-claim', { ...flags, 'allowed-group': ['ops'] })).toMatchObject({
      verdict: 'refused',
      text: expect.stringContaining('IS ALLOWED FROM NOW ON'),
    });
    expect(
      findingOf('oidc-groups-claim', { ...flags, provider: 'oidc', 'allowed-group': ['ops'] }).verdict,
    ).toBe('kept');
  });

  test('roles of another provider have no meaning', async () => {
    const flags = { 'allowed-role': ['r'] };
    expect((await groupsOf(flags))?.allowed).toBeUndefined();
    expect(findingOf('allowed-role', flags)).toMatchObject({
      verdict: 'meaningless',
      text: expect.stringContaining('ignores it with'),
    });
  });

  test('that gitlab replaces are reported', () => {
    const flags = { provider: 'gitlab', 'gitlab-group': ['a'], 'allowed-group': ['ops'] };
    expect(findingOf('gitlab-group', flags).verdict).toBe('kept');
    expect(findingOf('allowed-group', flags).verdict).toBe('meaningless');
    expect(findingOf('allowed-group', { provider: 'gitlab', 'allowed-group': ['ops'] }).verdict).toBe(
      'changed',
    );
  });
});

describe('restrictions that need the API of a provider', () => {
  test.each([
    ['github-org', 'github'],
    ['github-team', 'github'],
    ['github-repo', 'github'],
    ['github-user', 'github'],
    ['gitlab-group', 'gitlab'],
    ['gitlab-project', 'gitlab'],
    ['google-group', 'google'],
    ['bitbucket-team', 'bitbucket'],
    ['bitbucket-workspace', 'bitbucket'],
    ['bitbucket-repository', 'bitbucket'],
    ['keycloak-group', 'keycloak'],
  ])('refuses %s', (flag, provider) => {
    expect(findingOf(flag, { [flag]: ['x'] })).toMatchObject({
      verdict: 'refused',
      text: expect.stringContaining('With provider oidc it never restricted anything'),
    });
    if (flag !== 'gitlab-group')
      expect(findingOf(flag, { [flag]: ['x'], provider })).toMatchObject({
        verdict: 'refused',
        text: expect.stringContaining('WITHOUT IT THIS IS NO LONGER REQUIRED'),
      });
    expect(findingOf(flag, { [flag]: [] }).verdict).toBe('meaningless');
  });

  test('a refused restriction of a reader has a warning', () => {
    const finding = {
      setting: 'allowed-group',
      source: 'a',
      verdict: 'refused',
      text: 'it is in a Secret',
    } as const;
    expect(findingOf('allowed-group', {}, { findings: [finding] }).text).toBe(
      'it is in a Secret. WITHOUT IT THIS IS NO LONGER REQUIRED',
    );
  });
});

test('an address with a mistake makes one problem', () => {
  for (const url of [' https://issuer.example.com', 'https://issuer.example.com\n'])
    expect(problemsOf({ 'oidc-issuer-url': url })).toEqual([expect.stringMatching(/issuer/)]);
});
