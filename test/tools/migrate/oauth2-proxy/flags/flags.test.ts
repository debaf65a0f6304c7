import { describe, expect, test } from 'vitest';
import {
  flagNamed,
  flagOfKey,
  flags,
  variableName,
} from '../../../../../src/tools/migrate/oauth2-proxy/flags/flags.ts';
import { valuesOf } from '../read-inputs.ts';

/** The keys that are not the flag with underscores. */
const irregular: Record<string, string> = {
  'allowed-group': 'allowed_groups',
  'allowed-role': 'allowed_roles',
  'api-route': 'api_routes',
  'cookie-domain': 'cookie_domains',
  'email-domain': 'email_domains',
  'entra-id-allowed-tenant': 'entra_id_allowed_tenants',
  'exclude-logging-path': 'exclude_logging_paths',
  'github-user': 'github_users',
  'gitlab-group': 'gitlab_groups',
  'gitlab-project': 'gitlab_projects',
  'google-group': 'google_groups',
  'htpasswd-user-group': 'htpasswd_user_groups',
  'keycloak-group': 'keycloak_groups',
  'oidc-audience-claim': 'oidc_audience_claims',
  'oidc-enabled-signing-alg': 'oidc_enabled_signing_algs',
  'oidc-extra-audience': 'oidc_extra_audiences',
  'oidc-public-key-file': 'oidc_public_key_files',
  'provider-ca-file': 'provider_ca_files',
  'skip-auth-route': 'skip_auth_routes',
  'tls-cipher-suite': 'tls_cipher_suites',
  'trusted-ip': 'trusted_ips',
  'trusted-proxy-ip': 'trusted_proxy_ips',
  upstream: 'upstreams',
  'whitelist-domain': 'whitelist_domains',
};

/** A value of each kind as a flag, a variable, a key, and as read. */
const samples = {
  text: { word: 'some text', toml: '"some text"', value: 'some text' },
  boolean: { word: 'true', toml: 'true', value: true },
  number: { word: '7', toml: '7', value: '7' },
  duration: { word: '1h30m', toml: '"1h30m"', value: '1h30m' },
  list: { word: 'a,b', toml: '["a", "b"]', value: ['a', 'b'] },
};

describe('the table of flags', () => {
  test('has every name once, by flag and by key', () => {
    expect(flags.length).toBe(168);
    expect(new Set(flags.map(({ name }) => name)).size).toBe(168);
    expect(new Set(flags.map(({ key }) => key)).size).toBe(168);
  });

  test('has the keys that are not the flag with underscores', () => {
    const found = flags.filter(({ name, key }) => key !== name.replaceAll('-', '_'));
    expect(Object.fromEntries(found.map(({ name, key }) => [name, key]))).toEqual(irregular);
  });

  test('has a list for each flag that may be repeated', () => {
    const plain = ['extra-jwt-issuers', 'skip-auth-regex', 'redis-cluster-connection-urls'];
    for (const name of [...Object.keys(irregular), ...plain]) expect(flagNamed(name)?.kind).toBe('list');
  });

  test('finds keys in any case, and the old one of Google', () => {
    expect(flagOfKey('OIDC_Issuer_URL')?.name).toBe('oidc-issuer-url');
    expect(flagOfKey('google_group')?.name).toBe('google-group');
    expect(flagOfKey('oidc_extra_audience')).toBeUndefined();
    expect(flagOfKey('constructor')).toBeUndefined();
  });

  test.each(flags.map((flag) => [flag.name, flag] as const))(
    '%s has the same value from a flag, a variable and a key',
    (name, flag) => {
      const { word, toml, value } = samples[flag.kind];
      const expected = { [name]: flag.isSecret ? hidden(value) : value };
      expect(valuesOf({ flags: [`--${name}=${word}`] })).toEqual(expected);
      expect(valuesOf({ flags: flag.kind === 'boolean' ? [`--${name}`] : [`--${name}`, word] })).toEqual(
        expected,
      );
      expect(valuesOf({ environment: { [variableName(flag)]: word } })).toEqual(expected);
      expect(valuesOf({ files: { 'a.cfg': `${flag.key} = ${toml}\n` } })).toEqual(expected);
    },
  );
});

function hidden(value: unknown): unknown {
  return Array.isArray(value) ? value.map(() => '(not stored)') : '(not stored)';
}
