/** The output: configuration, values and plan, and the headers that the mesh must list. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Config } from '../../../../../src/config/declare/options.ts';
import { entryHeaders } from '../../../../../src/config/rules/entry-headers.ts';
import { configOf } from '../../../../support/app.ts';
import { configFrom, type Flags, installationOf, migrated, problemsOf } from '../sample-installation.ts';

const printed = (output: 'config' | 'values' | 'plan', flags: Flags = {}, compat = false) =>
  migrated(installationOf(flags), { output, compat }).output;

const flags: Flags = {
  'pass-access-token': true,
  'set-authorization-header': true,
  'trusted-ip': ['192.0.2.1'],
  'trusted-proxy-ip': ['10.0.0.0/8'],
  'reverse-proxy': true,
  'real-client-ip-header': 'X-Forwarded-For',
  'request-id-header': 'X-Trace',
  'http-address': ':4181',
  'metrics-address': ':9100',
  'provider-ca-file': ['/ca.pem'],
  scope: 'orders.read',
};

describe('the configuration', () => {
  test('names its sources, and contains only options that differ from the defaults', () => {
    const text = printed('config');
    expect(text.split('\n')[0]).toBe('# Made by `oidc-authz migrate oauth2-proxy` from values.yaml.');
    expect(Object.keys(parse(text))).toEqual(['issuers', 'outputClaimToHeaders', 'log']);
    expect(parse(text).issuers[0]).toEqual({
      issuer: 'https://issuer.example.com',
      audiences: ['orders'],
      email: { fallbackClaim: 'sub', requireVerified: true },
    });
  });

  test('contains no text of a value as a comment', async () => {
    const odd = 'a: {anyAudience: true} # \' " {{ x }}';
    const config = await configFrom({ 'client-id': odd, 'allowed-group': [odd] });
    expect(config.issuers[0]).toMatchObject({
      audiences: [odd],
      anyAudience: false,
      groups: { allowed: [odd] },
    });
    const broken = 'a\n  anyAudience: true';
    for (const [flag, value, path] of [
      ['client-id', broken, 'issuers[0].audiences[0]'],
      ['allowed-group', [broken], 'issuers[0].groups.allowed[0]'],
    ] as const) {
      const refused = { [flag]: value };
      const problem = `${path}: must not contain a line break, got ${JSON.stringify(broken)}`;
      expect(problemsOf(refused)).toEqual([problem]);
      expect(migrated(installationOf(refused))).toMatchObject({ output: '', exitCode: 2 });
    }
  });
});

describe('the values', () => {
  test('contain the same configuration without ports', async () => {
    const values = parse(printed('values', flags));
    expect(values.image.repository).toMatch(/oidc-authz$/);
    expect(values.istio).toEqual({ enabled: true });
    expect(values.authorizer.includeHeaders).toEqual(['x-trace', 'x-forwarded-for']);
    const { http, admin, ...same } = parse(printed('config', flags));
    expect(values.config).toEqual(same);
    expect([http, admin]).toEqual([{ port: 4181 }, { port: 9100 }]);
    await configOf(JSON.stringify(values.config));
  });

  test('offer the scopes, and name the files to mount', () => {
    const text = printed('values', flags);
    expect(text).toMatch(/# requiredScopes: \["orders.read"\]/);
    expect(text).toMatch(/^# Mount the files of caFile/m);
    expect(printed('values')).not.toContain('Mount');
    expect(parse(printed('values')).authorizer).toBeUndefined();
  });

  test('keep TLS of the listeners', () => {
    const tls = { 'tls-cert-file': '/c', 'tls-key-file': '/k', 'https-address': ':8443' };
    expect(parse(printed('values', tls)).config.http).toEqual({ tls: { certFile: '/c', keyFile: '/k' } });
  });
});

describe('the mesh entry', () => {
  const headersOf = async (some: Flags, compat = false) =>
    entryHeaders(await configOf(printed('config', some, compat)));

  test('lists every header that is set', async () => {
    const { onAllow, include } = await headersOf(flags, true);
    expect(onAllow).toEqual([
      'x-auth-request-user',
      'x-auth-request-email',
      'x-auth-request-groups',
      'x-auth-request-preferred-username',
      'x-auth-request-access-token',
      'authorization',
      'gap-auth',
    ]);
    expect(include).toEqual(['authorization', 'x-trace', 'x-forwarded-for']);
  });

  test('lists no header if none is set', async () => {
    const { onAllow, include } = await headersOf({ 'set-xauthrequest': false });
    expect([onAllow, include]).toEqual([[], ['authorization', 'x-request-id']]);
  });

  test('lists the headers that rules, proofs and certificates need', async () => {
    const config: Config = await configOf(`
issuers: [{issuer: "https://a.example.com", audiences: [a]}]
trustedHeaders: [x-gateway]
dpop: {origins: ["https://a.example.com"]}
clientCertificates: {trustedHops: 1}
rules:
  - {name: a, match: {paths: [/a]}, require: {scopesFromHeader: x-scopes}, outputClaimToHeaders: [{header: x-a, claim: a}]}
  - {name: b, require: {}, allowPreflight: true}
`);
    expect(entryHeaders(config).include).toEqual([
      ...['authorization', 'x-request-id', 'dpop', 'x-forwarded-client-cert', 'x-gateway', 'x-scopes'],
      ...['origin', 'access-control-request-method'],
    ]);
    expect(entryHeaders(config).onAllow).toContain('x-a');
  });
});

describe('the plan', () => {
  const text = printed('plan', { ...flags, 'github-org': 'acme', banner: '```' });
  const blocks = [...text.matchAll(/^(`{3,})(\w+)\n([\s\S]*?)^\1$/gm)].map(([, , language, block]) => ({
    language,
    block,
  }));
  const yaml = blocks.filter(({ language }) => language === 'yaml').map(({ block }) => parse(block ?? ''));

  test('contains the report, the configuration and the values', () => {
    expect(text).toMatch(/^github-org \(.*refused because.*\(accepted\)$/m);
    expect(yaml[0]).toEqual(parse(printed('config', flags)));
    expect(yaml[1]).toEqual(parse(printed('values', flags)));
  });

  test('begins with oauth2-proxy as the incumbent', async () => {
    const { config, authorizer } = yaml[2];
    expect(config.shadow.authorizer).toBe('http://oauth2-proxy.oauth2-proxy.svc.cluster.local');
    expect(authorizer.includeHeaders).toEqual(
      expect.arrayContaining(['cookie', 'x-forwarded-for', 'x-trace']),
    );
    const { shadow, ...rest } = config;
    expect(rest).toEqual(yaml[1].config);
    await configOf(JSON.stringify(config));
  });

  test('registers by appending, with the headers that the configuration needs', () => {
    const [, patch = ''] = /patch istio default --type json --patch '(.*)'$/m.exec(text) ?? [];
    const [change] = JSON.parse(patch);
    expect(change).toMatchObject({ op: 'add', path: '/spec/config/authorizers/-' });
    expect(change.value).toEqual(yaml[3][0]);
    expect(change.value).toMatchObject({
      name: 'oidc-authz',
      service: 'oidc-authz.oidc-authz.svc.cluster.local',
      port: 8000,
      timeout: '2s',
      headers: {
        inCheck: {
          include: expect.arrayContaining(['authorization', 'x-trace', 'cookie', 'x-forwarded-for']),
        },
        toUpstream: { onAllow: expect.arrayContaining(['x-auth-request-access-token', 'authorization']) },
        toDownstream: { onDeny: expect.arrayContaining(['www-authenticate', 'location', 'set-cookie']) },
      },
    });
    expect(yaml[4][0].envoyExtAuthzHttp).toMatchObject({
      failOpen: false,
      headersToUpstreamOnAllow: change.value.headers.toUpstream.onAllow,
      includeRequestHeadersInCheck: change.value.headers.inCheck.include,
    });
    expect(text).not.toContain('--type merge');
  });

  test('contains all steps in order', () => {
    const order = [
      /^1\. Install with `shadow.authorizer`/m,
      /^2\. Register oidc-authz/m,
      /^3\. Point .*Never name both for one workload/m,
      /^4\. Compare .*oidc_authz_shadow_comparisons_total/m,
      /^5\. .*remove `shadow`/m,
      /^6\. To roll back/m,
      /^7\. .*remove oauth2-proxy/m,
    ].map((step) => text.search(step));
    expect(order.filter((place) => place < 0)).toEqual([]);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  test('contains no text that ends a code block early', () => {
    const fences = [...text.matchAll(/^`{3,}.*$/gm)];
    expect(fences.length % 2).toBe(0);
    expect(blocks).toHaveLength(fences.length / 2);
  });
});

describe('the plan of an installation at which people sign in', () => {
  const accept = ['redirect-url', 'session-store-type', 'skip-jwt-bearer-tokens'];
  const planOf = (more: Flags) =>
    migrated(installationOf({ 'client-secret': 'x', ...more }), { output: 'plan', compat: false, accept })
      .output;

  test.each([
    { 'session-store-type': 'redis' },
    { 'skip-jwt-bearer-tokens': false },
    { 'redirect-url': 'https://shop.example.com/oauth2/callback', 'force-json-errors': false },
  ])('has the steps of the login, and keeps the client secret: %o', (more) => {
    const plan = planOf(more);
    expect(plan).toContain('## The login\n');
    expect(plan).toContain('docs/migrating-logins.md');
    expect(plan).toContain('Keep the client secret');
    expect(plan).not.toContain('Remove headers such as `cookie`');
    expect(plan).toContain('each authorizer sees only its own cookies');
  });

  test('differs from that of an installation for tokens only', () => {
    const plan = planOf({});
    expect(plan).not.toContain('## The login\n');
    expect(plan).toContain('Remove headers such as `cookie`');
  });
});
