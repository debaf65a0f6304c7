/** `generate` for a configuration with a login. */
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { entryHeaders } from '../../../src/config/rules/entry-headers.ts';
import { ConfigError } from '../../../src/config/validate/problems.ts';
import type { GenerateFlags, Target } from '../../../src/tools/generate/options.ts';
import { configOf } from '../../support/app.ts';
import { generated, generatedYaml } from '../../support/generate-flags.ts';

const login = `
issuers:
  - issuer: https://tenant.example.com
    name: main
    audiences: [orders-api]
    login: {clientId: shop, clientSecretFile: /etc/secret}
login: {hosts: [shop.example.com, "*.apps.example.com"]}
sessions: {keysFile: /etc/keys}
`;
const listener = login.replace('login: {hosts', 'login: {listener: {enabled: true}, hosts');
const renamed = login.replace(
  'login: {hosts',
  'login: {paths: {callback: /oauth2/callback, signOut: /oauth2/sign_out}, listener: {enabled: true}, hosts',
);

/** Finds the members of a name, at any depth. */
function allOf(name: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key === name ? [member] : []),
    ...allOf(name, member),
  ]);
}

const documents = async (target: Target, text: string, flags: Partial<GenerateFlags> = {}) =>
  parseAllDocuments(generatedYaml(target, await configOf(text), flags)).map((one) => one.toJSON());

describe('the lists for a login have its headers', () => {
  test.each<[Target, string, string, string]>([
    ['kyma', 'include', 'onAllow', 'onDeny'],
    ['istio', 'includeRequestHeadersInCheck', 'headersToDownstreamOnAllow', 'headersToDownstreamOnDeny'],
    ['envoy', 'allowed_headers', 'allowed_client_headers_on_success', 'allowed_client_headers'],
  ])('for %s', async (target, include, onAllow, onDeny) => {
    const made = await documents(target, login);
    const lists = (name: string) => JSON.stringify(allOf(name, made));
    for (const header of ['cookie', 'sec-fetch-mode', 'x-envoy-original-path', 'upgrade', 'origin'])
      expect(lists(include)).toContain(`"${header}"`);
    expect(lists(onAllow)).toContain('"set-cookie"');
    for (const header of ['set-cookie', 'location', 'x-oidc-authz-login', 'content-security-policy'])
      expect(lists(onDeny)).toContain(`"${header}"`);
    // With it, the check of a WebSocket handshake would be an upgrade.
    expect(lists(include)).not.toContain('"connection"');
  });

  test('and the workload receives the rest of its cookies, and a token if one is forwarded', async () => {
    expect(entryHeaders(await configOf(login)).onAllow).toEqual(
      expect.arrayContaining(['cookie', 'authorization']),
    );
    const none = login.replace('clientId: shop,', 'clientId: shop, forward: none,');
    expect(entryHeaders(await configOf(none)).onAllow).not.toContain('authorization');
  });

  test('and without a login nothing of it', async () => {
    const headers = entryHeaders(
      await configOf('issuers: [{issuer: "https://a.example.com", anyAudience: true}]'),
    );
    expect(JSON.stringify(headers)).not.toMatch(/cookie|sec-|login/);
    expect(headers.toBrowserOnAllow).toEqual([]);
  });

  test('and CORS headers only with login.cors', async () => {
    const cors = login.replace('login: {hosts', 'login: {cors: ["https://app.example.com"], hosts');
    expect(entryHeaders(await configOf(cors)).onDeny).toContain('access-control-allow-origin');
    expect(entryHeaders(await configOf(login)).onDeny.join()).not.toContain('access-control');
  });
});

describe('a login needs', () => {
  test.each<Target>(['kyma', 'istio', 'envoy'])('a timeout of 5 s with %s', async (target) => {
    expect(generatedYaml(target, await configOf(login))).toMatch(/timeout: 5s/);
    const long = `${login}limits: {meshTimeout: 10s}`;
    expect(generatedYaml(target, await configOf(long))).toMatch(/timeout: 10s/);
    expect(generatedYaml(target, await configOf(login), { timeout: '3s' })).toMatch(/timeout: 3s/);
  });

  test('the same timeout in the configuration, which the output says', async () => {
    const { about } = generated('istio', await configOf(login));
    expect(about.join('\n')).toContain('Set `limits.meshTimeout: 5s`');
    const long = generated('istio', await configOf(`${login}limits: {meshTimeout: 5s}`));
    expect(long.about.join('\n')).not.toContain('meshTimeout');
  });

  test('registered redirect URIs, and routes for its paths, which the output names', async () => {
    const { about } = generated('istio', await configOf(login));
    expect(about).toContain(
      'At the issuer main, register these redirect URIs of the client shop: https://shop.example.com/.oidc-authz/callback, https://*.apps.example.com/.oidc-authz/callback',
    );
    expect(about.join('\n')).toContain('must cover /.oidc-authz/{**}.');
  });

  test('the redirect URI of the central host only, which the output names', async () => {
    const central = login.replace('hosts: [', 'host: auth.example.com, hosts: [auth.example.com, ');
    const { about } = generated('istio', await configOf(central));
    expect(about).toContain(
      'At the issuer main, register these redirect URIs of the client shop: https://auth.example.com/.oidc-authz/callback',
    );
    expect(about.join('\n')).toContain(
      'Everyone signs in at auth.example.com: route /.oidc-authz/{**} of this host',
    );
  });

  test.each<[Target, Partial<GenerateFlags>]>([
    ['envoy-gateway', { route: 'orders' }],
    ['gateway-api', { backend: 'orders:80', gateway: 'infra/public' }],
  ])('checks over gRPC with %s', async (target, flags) => {
    expect(JSON.stringify(await documents(target, login, flags))).toMatch(/"grpc"/);
    const config = await configOf(login);
    expect(() => generated(target, config, { ...flags, transport: 'http' })).toThrow(ConfigError);
    expect(() => generated(target, config, { ...flags, transport: 'http' })).toThrow(
      `passes no \`set-cookie\` of an allow`,
    );
    const disabled = await configOf(`${login}grpc: {enabled: false}`);
    expect(() => generated(target, disabled, flags)).toThrow('grpc.enabled: must be true');
  });
});

describe('with the login listener', () => {
  const apirule = { apirule: true, backend: 'shop:80', host: ['shop.example.com'] };
  const rulesOf = async (text: string) =>
    allOf('rules', await documents('kyma', text, apirule))[0] as Record<string, unknown>[];

  test('an APIRule sends the paths of the login to it, before all others', async () => {
    const [first, second, ...more] = await rulesOf(listener);
    expect(first).toMatchObject({
      path: '/.oidc-authz/{**}',
      noAuth: true,
      service: { name: 'oidc-authz', namespace: 'oidc-authz', port: 8082 },
    });
    expect(second).toMatchObject({ path: '/*', extAuth: { authorizers: ['oidc-authz'] } });
    expect(more).toEqual([]);
    expect((await rulesOf(login)).map(({ path }) => path)).toEqual(['/*']);
  });

  test('an APIRule sends renamed paths to it too', async () => {
    expect((await rulesOf(renamed)).map(({ path }) => path)).toEqual([
      '/.oidc-authz/{**}',
      '/oauth2/callback',
      '/oauth2/callback/{**}',
      '/oauth2/sign_out',
      '/*',
    ]);
  });

  test('an APIRule sends the logouts of the issuers to it, and the output names their addresses', async () => {
    const text = listener.replace(
      'sessions: {',
      'sessions: {backChannelLogout: true, frontChannelLogout: true, ',
    );
    const withStore = `${text}state: {valkey: {urls: ["rediss://valkey.example.svc"]}}\n`;
    expect((await rulesOf(withStore)).slice(1, 3)).toMatchObject([
      { path: '/back-channel-logout/main', methods: ['POST'], noAuth: true, service: { port: 8082 } },
      { path: '/front-channel-logout/main', methods: ['GET'], noAuth: true, service: { port: 8082 } },
    ]);
    for (const target of ['istio', 'kyma'] as const)
      expect(generated(target, await configOf(withStore)).about.join('\n')).toContain(
        'The issuers end sessions at /back-channel-logout/main, /front-channel-logout/main: register',
      );
  });

  test('the output for other proxies names the port', async () => {
    expect(generated('istio', await configOf(listener)).about.join('\n')).toContain(
      'route /.oidc-authz/{**} to port 8082 without a check',
    );
  });
});
