/** A support bundle of a running service has no canary: values are planted wherever a secret or personal data can be. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dotted, listOptions } from '../../src/config/describe/option-list.ts';
import { isShown } from '../../src/tools/support-bundle/mask.ts';
import { createAuthority } from '../support/certificates.ts';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey } from '../support/keys.ts';
import { startProcess } from '../support/process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const mark = 'canary7f3a';
/** A value that no other place has, so a failure names its place. */
const canary = (place: string) => `${mark}${place}`;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'oidc-authz-bundle-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

interface Run {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

function bundle(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [`${root}src/main.ts`, 'support-bundle', ...args],
      { cwd: folder(), env: { PATH: process.env.PATH, ...environment }, maxBuffer: 2 ** 26 },
      (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
    );
  });
}

/** The canaries in a text: in any case, and inside base64, base64url and hex. */
function canariesIn(text: string): readonly string[] {
  const words = text.match(/[A-Za-z0-9+/_=-]{8,}/g) ?? [];
  const decoded = words.flatMap((word) => [
    ...[0, 1, 2, 3].map((start) => Buffer.from(word.slice(start), 'base64').toString('latin1')),
    ...[0, 1].map((start) =>
      Buffer.from(word.slice(start).replaceAll(/[^0-9a-f]/gi, ''), 'hex').toString('latin1'),
    ),
  ]);
  const unescaped = text.replaceAll(/%([0-9a-f]{2})/gi, (_, code) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return [text, unescaped, ...decoded].flatMap(
    (one) => one.match(new RegExp(`.{0,30}${mark}\\w*`, 'gi')) ?? [],
  );
}

/** Every option whose text is masked, with the YAML that plants a canary there. */
const planted: Readonly<Record<string, string>> = {
  'issuers[].jwks': 'jwks',
  'issuers[].requiredClaims': `requiredClaims: {tenant: ${canary('RequiredClaim')}}`,
  'issuers[].email.allowedDomains': `allowedDomains: [${canary('domain').toLowerCase()}.example.com]`,
  'issuers[].email.allowedAddresses': `allowedAddresses: [${canary('Address')}@example.com]`,
  'issuers[].groups.allowed': `allowed: [${canary('Group')}]`,
  'issuers[].login.parameters': `parameters: {login_hint: ${canary('LoginParameter')}}`,
  'outputClaimToHeaders[].separator': "separator: ','",
  realm: `realm: ${canary('Realm')}`,
  'rules[].match.headers': `headers: {x-partner: ${canary('HeaderRule')}}`,
  'rules[].require.claims': `claims: {department: ${canary('RuleClaim')}}`,
  'rules[].require.expression': `expression: 'claims.sub != "${canary('Expression')}"'`,
  'rules[].outputClaimToHeaders[].separator': "separator: ','",
};

test('every text option either is a name that a bundle shows, or has a canary in this test', () => {
  const options = listOptions();
  const isGroup = (path: string) => options.some((option) => dotted(option.path).startsWith(`${path}[].`));
  const masked = options
    .filter((option) => !isShown(option) && !isGroup(dotted(option.path)))
    .map(({ path }) => dotted(path).replace(/^policies\[\]\.rules/, 'rules'));
  expect([...new Set(masked)].toSorted()).toEqual(Object.keys(planted).toSorted());
});

describe('finds a canary', () => {
  test.each([
    ['in a text', (text: string) => `a ${text} b`],
    ['in capitals', (text: string) => text.toUpperCase()],
    ['in base64', (text: string) => Buffer.from(`x${text}`).toString('base64')],
    ['in base64url after other characters', (text: string) => `ab${Buffer.from(text).toString('base64url')}`],
    ['in hex', (text: string) => Buffer.from(text).toString('hex')],
    [
      'with percent encoding',
      (text: string) => [...Buffer.from(text)].map((code) => `%${code.toString(16)}`).join(''),
    ],
  ])('%s', (_, encode) => {
    expect(canariesIn(encode(canary('Test'))).length).toBeGreaterThan(0);
  });
});

/** Writes a configuration and its files, with canaries in them. */
async function prepare() {
  const issuer = await startFakeIssuer();
  onTestFinished(() => issuer.close());
  const path = folder();
  const file = (name: string, content: string) => {
    writeFileSync(join(path, name), content);
    return join(path, name);
  };
  const authority = createAuthority();
  const server = authority.issue('server');
  const token = file('token', canary('AdminToken'));
  const comment = `# ${canary('Comment')}\n`;
  const certFile = file('cert.pem', comment + readFileSync(server.certFile, 'utf8'));
  const other = await createSigningKey(canary('Kid'));
  const jwks = JSON.stringify({ keys: [other.publicJwk, { kty: 'oct', k: canary('SymmetricKey') }] });
  const jwksFile = file('keys.json', jwks);
  const denyList = file('deny.yaml', `- {issuer: "${issuer.url}", sub: ${canary('DenyList')}}\n`);
  const clientSecret = file('client-secret', canary('ClientSecret'));
  const sessionKey = Buffer.alloc(32, canary('SessionKey')).toString('base64');
  const sessionKeys = file('session-keys', `${sessionKey}\n`);
  const rule = [
    '  - name: orders',
    `    match: {paths: ["/orders/{**}"], ${planted['rules[].match.headers']}}`,
    `    require: {audiences: [${audience}], ${planted['rules[].require.claims']}, ${planted['rules[].require.expression']}}`,
    `    outputClaimToHeaders: [{header: x-user, claim: sub, ${planted['rules[].outputClaimToHeaders[].separator']}}]`,
    '  - {name: rest, require: {audiences: [orders-api]}}',
  ];
  const config = file(
    'config.yaml',
    [
      comment,
      'issuers:',
      `  - {issuer: "${issuer.url}", audiences: [${audience}], name: main, login: {clientId: shop, clientSecretFile: ${clientSecret}, ${planted['issuers[].login.parameters']}}}`,
      `  - issuer: https://a.example.com`,
      `    audiences: [${audience}]`,
      `    jwks: '${jwks}'`,
      `    ${planted['issuers[].requiredClaims']}`,
      `    httpsProxy: http://user:${canary('ProxyPassword')}@127.0.0.1:9`,
      `    email: {${planted['issuers[].email.allowedDomains']}, ${planted['issuers[].email.allowedAddresses']}}`,
      `    groups: {${planted['issuers[].groups.allowed']}}`,
      `  - {issuer: "https://b.example.com", audiences: [${audience}], jwksFile: ${jwksFile}}`,
      `  - {issuer: "https://c.example.com", audiences: [${audience}], jwksUri: "https://127.0.0.1:9/keys?code=${canary('Query')}"}`,
      'login: {hosts: [shop.example.com]}',
      `sessions: {keysFile: ${sessionKeys}}`,
      'trustedHeaders: [x-partner]',
      'rules:',
      ...rule,
      `${planted.realm}`,
      'http: {host: 127.0.0.1, port: 0}',
      'grpc: {enabled: false}',
      `admin: {host: 127.0.0.1, port: 0, tokenFile: ${token}, tls: {certFile: ${certFile}, keyFile: ${server.keyFile}}}`,
      `denyList: {file: ${denyList}}`,
      'log: {checks: none}',
      '',
    ].join('\n'),
  );
  const environment = {
    OIDC_AUTHZ_REALM: canary('EnvironmentRealm'),
    HTTPS_PROXY: `http://user:${canary('EnvironmentProxy')}@127.0.0.1:9`,
    AWS_SECRET_ACCESS_KEY: canary('EnvironmentSecret'),
    NODE_OPTIONS: `--title=${canary('NodeOptions')}`,
  };
  return { issuer, config, environment, file, token, caFile: authority.caFile };
}

/** Starts a service with canaries in its configuration, files and environment. `access` are the arguments for its bundle. */
async function startService() {
  const prepared = await prepare();
  const { config, environment, token, caFile } = prepared;
  const service = startProcess(['--config', config], environment);
  await service.record(({ state, issuer: name }) => state === 'ready' && name === 'main');
  const [http, admin] = [await service.port('http'), await service.port('admin')];
  const access = ['--admin', `https://localhost:${admin}`, '--admin-token-file', token, '--ca-file', caFile];
  return { ...prepared, http, access, service };
}

test('a bundle has no token, claim, secret, file content, header or query, but what a maintainer needs', {
  timeout: 120_000,
}, async () => {
  const { issuer, config, environment, http, access } = await startService();
  const claims = {
    sub: canary('Subject'),
    email: `${canary('Email')}@example.com`,
    groups: [canary('Groups')],
    jti: canary('Jti'),
  };
  const valid = await issuer.mint({ claims });
  const parts = valid.split('.');
  const tokens = [
    valid,
    await issuer.mint({ claims: { ...claims, exp: 1 } }),
    await issuer.mint({ claims: { ...claims, aud: 'other-api' } }),
    await issuer.mint({ claims: { ...claims, scope: 5, nbf: 'x' } }),
    `${parts[0]}.${parts[1]}.${Buffer.from(canary('Signature')).toString('base64url')}`,
    canary('NotAToken'),
    `${canary('A')}.${canary('B')}.${canary('C')}`,
  ];
  for (const token of tokens) {
    const lines = [
      `authorization: Bearer ${token}`,
      `cookie: s=${canary('Cookie')}`,
      `x-partner: ${canary('HeaderRule')}`,
    ];
    for (const path of ['/orders/1', '/other'])
      await exchange(
        http,
        request('GET', `${path}?q=${canary('RequestQuery')}`, [
          ...lines,
          `x-request-id: ${canary('RequestId')}`,
        ]),
      );
  }
  await exchange(http, request('GET', '/orders/1', [`authorization: Basic ${canary('Basic')}`]));

  const { code, output, errors } = await bundle([config, ...access, '--output', '-'], environment);
  expect([code, errors]).toEqual([0, '']);
  expect(canariesIn(output)).toEqual([]);
  for (const token of tokens.slice(0, 5))
    for (const part of token.split('.').slice(1)) expect(output).not.toContain(part);

  const content = JSON.parse(output);
  expect(content.configuration).toMatchObject({
    problems: [],
    hash: expect.stringMatching(/^[0-9a-f]{16}$/),
    options: {
      realm: '***',
      issuers: [
        { name: 'main' },
        { jwks: '***', httpsProxy: 'http://***@127.0.0.1:9' },
        {},
        { jwksUri: 'https://127.0.0.1:9/keys?***' },
      ],
    },
    certificates: [{ option: 'admin.tls.certFile', validTo: [expect.stringMatching(/^\d{4}-\d\d-\d\dT/)] }],
  });
  expect(content.environment.variables).toEqual(['HTTPS_PROXY', 'NODE_OPTIONS', 'OIDC_AUTHZ_REALM']);
  const [service] = content.services;
  expect(service.configurationHash).toEqual({ hash: content.configuration.hash });
  expect(service.readiness.issuers.map(({ name }: { name: string }) => name)).toContain('main');
  expect(service.metrics.join('\n')).toContain('oidc_authz_checks_total{');
  expect(new Set(service.denials.map(({ reason }: { reason: string }) => reason))).toEqual(
    new Set([
      'claim_not_allowed',
      'token_expired',
      'audience_mismatch',
      'claim_invalid',
      'signature_invalid',
      'token_malformed',
      'token_missing',
    ]),
  );
});

test.each([
  [
    'an invalid value',
    (config: string) =>
      config
        .replace('clockTolerance', 'x')
        .replace('log: {', `limits: {checkDeadline: ${canary('Value')}}\nlog: {level: ${canary('Word')}, `),
  ],
  ['a value of a wrong type', (config: string) => config.replace('port: 0', `port: ${canary('Port')}`)],
  ['an unknown option', (config: string) => `${config}password: ${canary('Unknown')}\n`],
  [
    'a URL with a user name',
    (config: string) =>
      config.replace(
        'https://127.0.0.1:9/keys',
        `https://${canary('User')}:${canary('Password')}@127.0.0.1:9/keys`,
      ),
  ],
  [
    'two issuers that are equal',
    (config: string) => config.replace('https://b.example.com', 'https://a.example.com'),
  ],
  ['an invalid expression', (config: string) => config.replace('claims.sub !=', 'claims.sub !==')],
  [
    'a scalar instead of a mapping',
    (config: string) => config.replace('trustedHeaders: [x-partner]', `trustedHeaders: ${canary('Scalar')}`),
  ],
  ['invalid YAML', (config: string) => `${config}secret: "${canary('Yaml')}\n`],
  ['a broken alias', (config: string) => `${config}realm2: *${canary('Alias')}\n`],
  [
    'an invalid key set',
    (config: string) => config.replace(/jwks: '.*'/, `jwks: 'no JSON ${canary('Jwks')}'`),
  ],
])('a bundle with %s lists the problem without the value', { timeout: 120_000 }, async (_, change) => {
  const { config, environment, file } = await prepare();
  const changed = file('changed.yaml', change(readFileSync(config, 'utf8')));
  const { code, output } = await bundle([changed, '--output', '-'], environment);
  expect(code).toBe(0);
  expect(JSON.parse(output).configuration.problems.length).toBeGreaterThan(0);
  expect(canariesIn(output)).toEqual([]);
});

test.each([
  ['an invalid value', (config: string) => `${config}limits: {checkDeadline: ${canary('Reload')}}\n`],
  ['an invalid expression', (config: string) => config.replace('claims.sub !=', 'claims.sub !==')],
])(
  'a bundle of a service that could not reload %s does not have the value',
  { timeout: 120_000 },
  async (_, change) => {
    const { config, environment, access, service } = await startService();
    writeFileSync(config, change(readFileSync(config, 'utf8')));
    await service.record(({ msg }) => String(msg).includes('was not reloaded'));
    const { code, output } = await bundle([...access, '--output', '-'], environment);
    expect(code).toBe(0);
    expect(JSON.parse(output).services[0].readiness.problems).toEqual([
      expect.objectContaining({ what: 'configuration' }),
    ]);
    expect(canariesIn(output)).toEqual([]);
  },
);

describe('the command', () => {
  const issuers =
    'issuers: [{issuer: "https://a.example.com", audiences: [a], jwksUri: "https://a.example.com/keys"}]\n';

  test('writes the default file, readable only by its owner', async () => {
    const path = folder();
    writeFileSync(join(path, 'config.yaml'), issuers);
    const output = join(path, 'bundle.json');
    const { code, errors } = await bundle([join(path, 'config.yaml'), '--output', output]);
    expect(code).toBe(0);
    expect(errors).toBe(`oidc-authz: wrote ${output}; read it before you publish it\n`);
    expect(statSync(output).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(output, 'utf8'))).toMatchObject({
      services: [],
      configuration: { problems: [] },
    });
  });

  test('says which parts it does not have, and why', async () => {
    const path = folder();
    writeFileSync(join(path, 'config.yaml'), issuers);
    const { code, errors, output } = await bundle([
      join(path, 'config.yaml'),
      '--admin',
      'http://127.0.0.1:9',
      '--output',
      '-',
    ]);
    expect(code).toBe(0);
    expect(errors).toMatch(/not collected: http:\/\/127\.0\.0\.1:9 readiness: no answer from .*ECONNREFUSED/);
    expect(JSON.parse(output).services[0].denials).toEqual({
      unavailable: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test.each<[string, readonly string[], number, RegExp]>([
    ['nothing to collect', [], 2, /nothing was collected; write FILE, or --admin URL/],
    ['no service that answers', ['--admin', 'http://127.0.0.1:9'], 2, /nothing was collected/],
    [
      'no configuration file',
      ['nosuch.yaml'],
      2,
      /configuration: cannot read nosuch.yaml: it does not exist .*nothing was/s,
    ],
    ['a URL with a path', ['--admin', 'http://127.0.0.1:9/x'], 3, /flag --admin\): expected a URL such as/],
    ['a token file without a listener', ['--ca-file', 'x'], 3, /flag --ca-file\): only allowed with --admin/],
    [
      'a token file that does not exist',
      ['--admin', 'http://127.0.0.1:9', '--admin-token-file', '/no/file'],
      3,
      /cannot read the file/,
    ],
    ['two files', ['a', 'b'], 3, /takes one FILE/],
  ])('fails with %s', async (_, args, code, message) => {
    const run = await bundle(args);
    expect([run.code, run.output]).toEqual([code, '']);
    expect(run.errors).toMatch(message);
  });

  test('fails if it cannot write the file', async () => {
    const path = folder();
    writeFileSync(join(path, 'config.yaml'), issuers);
    const { code, errors } = await bundle([join(path, 'config.yaml'), '--output', join(path, 'no', 'file')]);
    expect(code).toBe(2);
    expect(errors).toMatch(/cannot write .*; choose another file with --output/);
  });
});
