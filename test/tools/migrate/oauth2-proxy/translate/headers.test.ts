/** The headers for the workload, from flags and from an alpha configuration. */
import { describe, expect, test } from 'vitest';
import type {
  InjectedHeader,
  InjectedValue,
} from '../../../../../src/tools/migrate/oauth2-proxy/read/setting.ts';
import { configFrom, findingOf, installationOf, migrated } from '../sample-installation.ts';

const list = [
  { header: 'x-auth-request-user', claim: 'sub' },
  { header: 'x-auth-request-email', from: 'email' },
  { header: 'x-auth-request-groups', from: 'groups' },
  { header: 'x-auth-request-preferred-username', claim: 'preferred_username' },
];

describe('from flags', () => {
  test('set-xauthrequest sets the four headers with the same values', async () => {
    const config = await configFrom({ 'pass-access-token': true, 'set-authorization-header': true });
    expect(config).toMatchObject({
      identityHeaders: 'set',
      outputClaimToHeaders: list,
      outputTokenToHeader: 'x-auth-request-access-token',
      setAuthorizationHeader: true,
      forwardOriginalToken: true,
    });
  });

  test('without it no header is set, and a client cannot send one', async () => {
    const flags = { 'set-xauthrequest': undefined, 'pass-access-token': true };
    const config = await configFrom(flags);
    expect([config.identityHeaders, config.outputTokenToHeader]).toEqual(['remove', '']);
    expect(config.outputClaimToHeaders.map(({ header }) => header)).toEqual(list.map(({ header }) => header));
    expect(findingOf('pass-access-token', flags).verdict).toBe('meaningless');
    expect((await configFrom({ 'set-xauthrequest': false })).identityHeaders).toBe('remove');
  });

  test('settings for the upstream request have no meaning', () => {
    for (const flag of [
      'pass-user-headers',
      'pass-basic-auth',
      'pass-authorization-header',
      'pass-host-header',
    ])
      expect(findingOf(flag, { [flag]: true }).verdict).toBe('meaningless');
    expect(findingOf('pass-user-headers', { 'pass-user-headers': true }).text).toMatch(
      /X-Forwarded-User.*list them in `outputClaimToHeaders`/,
    );
  });

  test('Basic credentials are refused', () => {
    expect(findingOf('set-basic-auth', { 'set-basic-auth': true }).verdict).toBe('refused');
    expect(findingOf('set-basic-auth', { 'set-basic-auth': false }).verdict).toBe('meaningless');
  });
});

describe('from an alpha configuration', () => {
  const claim = (name: string, prefix = ''): InjectedValue => ({
    claim: name,
    prefix,
    hasBasicAuthPassword: false,
  });
  const header = (name: string, ...values: readonly InjectedValue[]): InjectedHeader => ({
    header: name,
    values,
    source: `alpha.yaml:1:1 ${name}`,
  });
  const configOfHeaders = (...injectedHeaders: readonly InjectedHeader[]) =>
    configFrom({}, { injectedHeaders });
  const verdictOf = (one: InjectedHeader, ...before: readonly InjectedHeader[]) =>
    findingOf(`injectResponseHeaders.${one.header}`, {}, { injectedHeaders: [...before, one] }).verdict;

  test('claims have the configured header names', async () => {
    const config = await configOfHeaders(
      header('X-User', claim('user')),
      header('X-Mail', claim('email')),
      header('X-Groups', claim('groups')),
      header('X-Name', claim('preferred_username')),
      header('X-Token', claim('access_token')),
      header('X-Id-Token', claim('id_token')),
      header('X-Department', claim('department')),
      header('Authorization', claim('id_token', 'Bearer ')),
    );
    expect(config).toMatchObject({
      identityHeaders: 'set',
      setAuthorizationHeader: true,
      outputClaimToHeaders: [
        { header: 'x-user', claim: 'sub' },
        { header: 'x-mail', from: 'email' },
        { header: 'x-groups', from: 'groups' },
        { header: 'x-name', claim: 'preferred_username' },
        { header: 'x-token', from: 'token' },
        { header: 'x-id-token', from: 'token' },
        { header: 'x-department', claim: 'department' },
      ],
    });
  });

  test('ignore the flags', async () => {
    expect((await configOfHeaders()).identityHeaders).toBe('remove');
    expect(findingOf('set-xauthrequest', {}, { injectedHeaders: [] }).verdict).toBe('meaningless');
  });

  test.each<[string, InjectedHeader]>([
    ['a fixed value', header('X-Key', { fixed: true })],
    ['several values', header('X-Both', claim('email'), claim('user'))],
    ['no value', header('X-None')],
    ['a password', header('X-Basic', { claim: 'user', prefix: 'Basic ', hasBasicAuthPassword: true })],
    ['another prefix', header('X-Token', claim('access_token', 'Token '))],
    ['a value of a session', header('X-Expires', claim('expires_on'))],
    ['a name that frames messages', header('Connection', claim('user'))],
    ["a name of Envoy's", header('X-Envoy-User', claim('user'))],
    ['credentials of another kind', header('Authorization', claim('user'))],
  ])('refuses %s, and translates the others', async (_, one) => {
    expect(verdictOf(one)).toBe('refused');
    const config = await configOfHeaders(one, header('X-User', claim('user')));
    expect(config.outputClaimToHeaders.map((entry) => entry.header)).toEqual(['x-user']);
  });

  test('refuses equal headers, and too many headers', async () => {
    expect(verdictOf(header('X_User', claim('email')), header('X-User', claim('user')))).toBe('refused');
    const long = (index: number) => header(`X-A-B-C-D-E-${'f'.repeat(60)}${index}`, claim('user'));
    expect([verdictOf(long(0)), verdictOf(long(2), long(0), long(1))]).toEqual(['kept', 'refused']);
    await configOfHeaders(long(0), long(1), long(2));
  });

  test('never prints a fixed value', () => {
    const { report, output } = migrated(
      installationOf({}, { injectedHeaders: [header('X-Key', { fixed: true })] }),
    );
    expect(report).toContain('injectResponseHeaders.X-Key (alpha.yaml:1:1 X-Key): refused because');
    expect(output).not.toContain('x-key');
  });
});
