/** `oidc-authz migrate` as a process: its streams and exit codes. */

import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { configOf } from '../support/app.ts';
import { seedFlags } from './seed.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-migrate-'));
const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

interface Run {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

function migrate(
  args: readonly string[],
  input = '',
  environment: Record<string, string> = {},
): Promise<Run> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...environment };
    const child = execFile(
      process.execPath,
      [program, 'migrate', ...args],
      { env },
      (error, output, errors) => resolve({ code: error === null ? 0 : Number(error.code), output, errors }),
    );
    child.stdin?.end(input);
  });
}

const values = `
config: {clientID: orders-api, clientSecret: very-secret, cookieSecret: also-secret}
extraArgs:
  oidc-issuer-url: https://tenant.example.com
  provider: oidc
  skip-jwt-bearer-tokens: true
  set-xauthrequest: true
  force-json-errors: true
  upstream: static://200
`;
const flags = seedFlags('https://tenant.example.com', 'orders-api');

describe('migrate oauth2-proxy', () => {
  test.each([
    ['a file', [write('values.yaml', values)], '', {}],
    ['standard input', [], `USER-SUPPLIED VALUES:${values}`, {}],
    ['standard input by its name', ['-'], values, {}],
    ['flags', ['--', ...flags, '--email-domain=*'], '', {}],
    [
      'variables',
      [],
      '',
      {
        OAUTH2_PROXY_OIDC_ISSUER_URL: 'https://tenant.example.com',
        OAUTH2_PROXY_CLIENT_ID: 'orders-api',
        OAUTH2_PROXY_SKIP_JWT_BEARER_TOKENS: 'true',
        OAUTH2_PROXY_UPSTREAMS: 'static://200',
        OAUTH2_PROXY_EMAIL_DOMAINS: '*',
        OAUTH2_PROXY_PROVIDER: 'oidc',
        OAUTH2_PROXY_FORCE_JSON_ERRORS: 'true',
      },
    ],
  ])('accepts %s', async (_, args, input, environment) => {
    const { code, output, errors } = await migrate(['oauth2-proxy', ...args], input, environment);
    expect([code, errors]).toEqual([0, expect.stringMatching(/ 0 refused\n$/)]);
    const { issuers } = await configOf(output);
    expect(issuers.map(({ issuer, audiences }) => [issuer, audiences])).toEqual([
      ['https://tenant.example.com', ['orders-api']],
    ]);
    expect(output + errors).not.toMatch(/very-secret|also-secret|not-used|0123456789abcdef/);
  });

  test('prints nothing, and says how to continue, if a setting is refused; then continues', async () => {
    const refused = [
      '--',
      ...flags,
      '--email-domain=*',
      '--github-org=acme',
      '--htpasswd-file=/etc/htpasswd',
    ];
    const first = await migrate(['oauth2-proxy', ...refused]);
    expect([first.code, first.output]).toEqual([3, '']);
    expect(first.errors).toMatch(/^github-org \(.*\): refused because /m);
    expect(first.errors).toContain('--accept github-org');
    expect((await migrate(['oauth2-proxy', '--accept', 'github-org', ...refused])).code).toBe(3);
    const both = ['--accept', 'github-org', '--accept=htpasswd-file'];
    const second = await migrate(['oauth2-proxy', ...both, ...refused]);
    expect(second.code).toBe(0);
    expect((await configOf(second.output)).issuers.length).toBe(1);
    expect((await migrate(['oauth2-proxy', '--accept', 'github-org,htpasswd-file', ...refused])).code).toBe(
      0,
    );
  });

  test('prints the values of the chart, a plan, and compatible responses', async () => {
    const file = write('more.yaml', values);
    const asValues = await migrate(['oauth2-proxy', file, '--output', 'values', '--compat', 'oauth2-proxy']);
    expect(asValues.output).toMatch(/^config:\n {2}issuers:/m);
    expect(asValues.output).toMatch(/^ {2}compat: oauth2-proxy$/m);
    const plan = await migrate(['oauth2-proxy', '--output=plan', file]);
    expect(plan.output).toMatch(/shadow:\n\s+authorizer: http:\/\/oauth2-proxy/);
    expect(plan.output).toContain('/spec/config/authorizers/-');
  });
});

describe('migrate apirule', () => {
  const apiRule = `
apiVersion: gateway.kyma-project.io/v1beta1
kind: APIRule
metadata: {name: orders, namespace: shop}
spec:
  host: orders.example.com
  gateway: kyma-gateway.kyma-system.svc.cluster.local
  service: {name: orders, port: 80}
  rules:
    - path: /orders/.*
      methods: [GET]
      accessStrategies:
        - handler: jwt
          config: {trusted_issuers: ["https://tenant.example.com"], required_scope: [orders.read], target_audience: [orders-api]}
`;

  test('prints the rule in v2 and the configuration, or one of them', async () => {
    const file = write('apirule.yaml', apiRule);
    const all = await migrate(['apirule', file]);
    expect([all.code, all.errors]).toEqual([0, expect.stringContaining('required_scope')]);
    expect(all.output).toContain('apiVersion: gateway.kyma-project.io/v2');
    expect(all.output).toContain('kind: APIRule');
    const { output } = await migrate(['apirule', '--output', 'config'], apiRule);
    const { rules } = await configOf(output);
    expect(rules?.[0]).toMatchObject({ match: { methods: ['GET'] }, require: { scopes: ['orders.read'] } });
    const named = await migrate(['apirule', file, '--output=apirule', '--authorizer', 'guard']);
    expect(named.output).toContain('guard');
    expect(named.output).not.toContain('issuers:');
  });
});

test.each([
  [[], 'the source is missing'],
  [['oauth-proxy'], 'did you mean oauth2-proxy?'],
  [['oauth2-proxy', '--outptu', 'plan'], 'did you mean --output?'],
  [['oauth2-proxy', '--output', 'plans'], 'did you mean plan?'],
  [['oauth2-proxy', '--accept'], 'must have a value; write it after the flag'],
  [['oauth2-proxy', '--oidc-issuer-url=https://a.example.com'], 'write the flags of oauth2-proxy after --'],
  [['oauth2-proxy', '--compat', 'traefik'], 'expected none or oauth2-proxy'],
  [['oauth2-proxy', '/nowhere/values.yaml'], 'ENOENT'],
  [['oauth2-proxy', '--', '--oidc-isuer-url=https://a.example.com'], 'did you mean'],
  [['oauth2-proxy', write('hello', 'hello')], 'hello'],
  [['apirule', write('empty', '')], 'empty'],
])('%j is rejected with exit code 2 and no output', async (args, message) => {
  const { code, output, errors } = await migrate(args);
  expect([code, output]).toEqual([2, '']);
  expect(errors).toMatch(/^the input has \d+ problems?:/);
  expect(errors).toContain(message);
});
