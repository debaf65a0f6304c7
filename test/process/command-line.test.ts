/** The command line: help and version, lists, errors, and `check-config --token-file`. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { audience, startFakeIssuer } from '../support/fake-issuer.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Exited {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

function run(args: readonly string[], environment = {}, input?: string): Promise<Exited> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [`${root}src/main.ts`, ...args],
      { env: { ...process.env, ...environment } },
      (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function folderForTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test.each(['check-config', 'compare'])('%s rejects two configuration files', async (command) => {
  for (const line of ['a.yaml --config b.yaml', 'a.yaml --config=b.yaml', '--config b.yaml a.yaml']) {
    const { code, output, errors } = await run([command, ...line.split(' ')]);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(
      /^oidc-authz: two configuration files: a\.yaml and --config b\.yaml; keep one of the two\n/,
    );
  }
});

describe('help and version', () => {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

  test.each([['version'], ['--version'], ['-v'], ['-V'], ['serve --version']])(
    '%s prints the version',
    async (line) => {
      expect(await run(line.split(' '))).toEqual({ code: 0, output: `${version}\n`, errors: '' });
    },
  );

  test.each([
    ['help', /^oidc-authz: external authorizer/],
    ['-h', /^oidc-authz: external authorizer/],
    ['help serve', /^oidc-authz serve: /],
    ['serve --help', /^oidc-authz serve: /],
    ['check-config some.yaml --help', /^oidc-authz check-config: /],
    ['help migrate apirule', /^oidc-authz migrate apirule: /],
    ['migrate oauth2-proxy --help', /^oidc-authz migrate oauth2-proxy: /],
    ['compare --help --tokens x', /^oidc-authz compare: /],
  ])('%s prints help', async (line, text) => {
    const { code, output, errors } = await run(line.split(' '));
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(text);
  });

  test.each([
    ['help serv', /unknown command "serv"; did you mean serve\?/],
    ['strat --help', /unknown command "strat"; did you mean serve\?/],
  ])('%s fails, because there is no such command', async (line, message) => {
    const { code, output, errors } = await run(line.split(' '));
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(message);
  });
});

describe('a list', () => {
  const audiencesOf = async (args: readonly string[], environment = {}) => {
    const { code, output } = await run(
      ['check-config', '--issuer', 'https://a.example.com', ...args],
      environment,
    );
    return code === 0 ? parse(output).issuers[0].audiences : code;
  };

  test('of audiences has the same syntax in a flag and in the environment', async () => {
    for (const [text, audiences] of [
      ['a,b', ['a', 'b']],
      [' a , b,', ['a', 'b']],
      ['a\\,b,c', ['a,b', 'c']],
      ['https://a/?x=1', ['https://a/?x=1']],
    ] as const) {
      expect([text, await audiencesOf([`--audience=${text}`])]).toEqual([text, audiences]);
      expect([text, await audiencesOf([], { OIDC_AUTHZ_AUDIENCES: text })]).toEqual([text, audiences]);
    }
    expect(await audiencesOf(['--audience', 'a,b', '--audience', 'c'])).toEqual(['a', 'b', 'c']);
  });
});

test.each([
  ['--issuer=', '--audience=a'],
  ['--audience=', '--issuer=https://a.example.com'],
  ['--audience=,', '--issuer=https://a.example.com'],
  ['--config=', '--issuer=https://a.example.com'],
])('rejects %s without a value', async (flag, other) => {
  const { code, errors } = await run(['check-config', flag, other]);
  expect(code).toBe(2);
  expect(errors).toContain(`(flag ${flag.split('=')[0]}): must have a value; write it after the flag`);
});

test('explains every flag of oauth2-proxy on the command line', async () => {
  const flags = [
    ...['--oidc-issuer-url=https://a.example.com', '--client-id=orders', '--upstream=static://200'],
    ...['--http-address=0.0.0.0:4180', '--cookie-secret=hunter2', '-email-domain=*'],
  ];
  const { code, output, errors } = await run(flags);
  expect([code, output]).toEqual([2, '']);
  for (const flag of flags)
    expect(errors).toContain(`(flag ${flag.split('=')[0]}): unknown flag; this is a flag of oauth2-proxy;`);
  expect(errors.match(/migrate oauth2-proxy -- FLAGS/g)).toHaveLength(1);
  expect(errors).not.toContain('hunter2');
});

test.each<[string, string, string[], object]>([
  ['start', 'npm start', ['check-config', 'F', 'T'], { npm_config_token_file: 'true' }],
  ['start', 'npm start', ['F'], { npm_config_config: 'true' }],
  ['other', 'npm run other', [], { npm_config_issuer: 'https://a.example.com' }],
  ['start', 'npm start', ['migrate', 'oauth2-proxy'], { npm_config_output: 'values' }],
])(
  'reports the flags that npm %s took, and the correct command',
  async (event, command, args, environment) => {
    const { code, output, errors } = await run(args, { npm_lifecycle_event: event, ...environment });
    expect([code, output]).toEqual([2, '']);
    const flag = Object.keys(environment)[0]?.replace('npm_config_', '--').replaceAll('_', '-');
    expect(errors).toContain(`npm took the flag ${flag}; write \`${command} -- …\``);
  },
);

test('ignores variables of npm that are not flags, and flags that arrived', async () => {
  const args = ['check-config', '--issuer=https://a.example.com', '--audience=a'];
  const environment = { npm_lifecycle_event: 'start', npm_config_cache: '/x', npm_config_issuer: 'y' };
  expect((await run(args, environment)).code).toBe(0);
  expect((await run(args, { npm_config_host: 'x', npm_lifecycle_event: undefined })).code).toBe(0);
});

test('serve rejects a file of oauth2-proxy, and names the command that converts it', async () => {
  const file = join(folderForTest(), 'seed.yaml');
  for (const text of ['config: {clientID: a}\n', 'client_id = "a"\n']) {
    writeFileSync(file, text);
    const { code, errors } = await run(['--config', file]);
    expect([code, errors.split('\n')]).toEqual([2, [expect.anything(), expect.anything(), '']]);
    expect(errors).toContain(`\`oidc-authz migrate oauth2-proxy ${file}\``);
  }
});

describe('check-config --token-file', () => {
  const prepare = async (more = '') => {
    const issuer = await startFakeIssuer();
    onTestFinished(() => issuer.close());
    const folder = folderForTest();
    const [config, file] = [join(folder, 'config.yaml'), join(folder, 'token')];
    writeFileSync(
      config,
      `issuers: [{issuer: "${issuer.url}", audiences: [${audience}], requiredScopes: [read]}]\n${more}`,
    );
    const tryToken = async (token: string, ...args: string[]) => {
      writeFileSync(file, token);
      const exited = await run(['check-config', config, '--token-file', file, ...args]);
      for (const part of token
        .trim()
        .split(/[\s.]+/)
        .slice(2))
        expect(`${exited.output}${exited.errors}`).not.toContain(part);
      return exited;
    };
    return { issuer, tryToken, config };
  };

  test('allows a valid token and lists the identity headers, without printing the token', async () => {
    const { issuer, tryToken } = await prepare('outputTokenToHeader: x-token\n');
    const token = await issuer.mint({ claims: { scope: 'read', email: 'a\u001b[2J@example.com' } });
    const { code, output, errors } = await tryToken(`Bearer ${token}\n`);
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(/^outcome: allow\nreason: allowed$/m);
    expect(output).toMatch(/^ {2}x-auth-request-user: alice$/m);
    expect(output).toMatch(/^ {2}x-token: <the token>$/m);
    expect(output).not.toContain('\u001b');
    expect(output).not.toContain('<- the reason');
  });

  test('lists each header that it removes', async () => {
    const { issuer, tryToken } = await prepare('forwardOriginalToken: false\n');
    const { output } = await tryToken(await issuer.mint({ claims: { scope: 'read', email: undefined } }));
    const [, removed = ''] = output.split('removed from the request:\n');
    expect(removed.split('\n').filter((line) => line !== '')).toEqual([
      '  x-auth-request-email',
      '  x-auth-request-groups',
      '  x-auth-request-preferred-username',
      '  authorization',
    ]);
  });

  test.each<[string, object, object, string, RegExp]>([
    [
      'for another audience',
      { scope: 'read', aud: 'account' },
      {},
      'audience_mismatch',
      /^audience +expected orders-api\n +found +aud account +<- the reason$/m,
    ],
    [
      'that has expired',
      { scope: 'read', exp: 1_000_000_000 },
      {},
      'token_expired',
      /^expires +expected .*\n +found +2001-09-09T01:46:40\.000Z, \d+ days ago +<- the reason$/m,
    ],
    [
      'without its scope',
      { scope: 'write' },
      {},
      'scope_insufficient',
      /^scopes +expected all of read\n +found +scope write +<- the reason$/m,
    ],
    [
      'for a logout',
      { scope: 'read', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      {},
      'token_type_not_allowed',
      /^type .*\n +found .*`events` of a logout token +<- the reason$/m,
    ],
    [
      'of another issuer',
      { iss: 'https://b.example.com' },
      {},
      'issuer_unknown',
      /^issuer +expected http:\S+\n +found +https:\/\/b\.example\.com +<- the reason$/m,
    ],
    [
      'signed with an unknown key',
      { scope: 'read' },
      { kid: 'gone' },
      'key_not_found',
      /found +kid gone +<- the reason$/m,
    ],
  ])('denies a token %s, and prints the reason and the value', async (_, claims, header, reason, line) => {
    const { issuer, tryToken } = await prepare();
    const { code, output } = await tryToken(
      await issuer.mint({ claims: { ...claims }, header: { ...header } }),
    );
    expect(code).toBe(1);
    expect(output).toMatch(
      new RegExp(`^outcome: deny\\nreason: ${reason}\\n {2}[a-z ]+: expected .*; found `, 'm'),
    );
    expect(output).toMatch(line);
  });

  test('prints the rule that decides', async () => {
    const { issuer, tryToken } = await prepare(
      'rules:\n  - {name: open, match: {paths: [/healthz]}, allow: anonymous}\n  - {name: orders, match: {methods: [POST], hosts: [a.example.com]}, require: {}}\n',
    );
    const token = await issuer.mint({ claims: { scope: 'read' } });
    const orders = await tryToken(
      token,
      '--method',
      'POST',
      '--host',
      'a.example.com',
      '--path',
      '/orders?x=1',
    );
    expect([orders.code, orders.output]).toEqual([0, expect.stringMatching(/^rule: orders$/m)]);
    expect(await tryToken(token, '--host', 'b.example.com')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^reason: rule_denied$/m),
    });
    expect((await tryToken('not-a-token', '--path', '/healthz')).output).toMatch(/^rule: open$/m);
  });

  test('reads standard input, and rejects a text that is not a token', async () => {
    const { issuer, config } = await prepare();
    const token = await issuer.mint({ claims: { scope: 'read' } });
    const from = (input: string) => run(['check-config', config, '--token-file', '-'], {}, input);
    expect((await from(`authorization: Bearer ${token}\r\n`)).code).toBe(0);
    for (const [input, message] of [
      ['', /it is empty/],
      [`{"access_token":"${token}"}`, /use the value of its `access_token`/],
      ['a b', /expected one token, without spaces/],
    ] as const) {
      const { code, output, errors } = await from(input);
      expect([code, output]).toEqual([2, '']);
      expect(errors).toMatch(message);
      expect(errors).not.toContain(token);
    }
  });

  test('names the issuer whose keys cannot be fetched', async () => {
    const { issuer, tryToken } = await prepare();
    const token = await issuer.mint({ claims: { scope: 'read' } });
    await issuer.close();
    const { code, output } = await tryToken(token);
    expect(code).toBe(1);
    expect(output).toMatch(/^reason: keys_unavailable$/m);
    expect(output).toMatch(/^issuer \S+: its keys cannot be fetched: .*ECONNREFUSED/m);
  });

  test('is rejected with --test; the flags of its request are rejected without it', async () => {
    const { config } = await prepare();
    const both = await run(['check-config', config, '--token-file', 'a', '--test', 'b']);
    expect([both.code, both.errors]).toEqual([2, expect.stringContaining('not allowed with --token-file')]);
    const withoutToken = await run(['check-config', config, '--path', '/x']);
    expect([withoutToken.code, withoutToken.errors]).toEqual([
      2,
      expect.stringContaining('only allowed with --token-file'),
    ]);
    const valueless = await run(['check-config', config, '--token-file']);
    expect([valueless.code, valueless.errors]).toEqual([2, expect.stringContaining('must have a value')]);
  });
});

describe('serve with values of the chart', () => {
  test.each([
    ['of this chart', 'config: {issuers: [{issuer: "https://a.example.com", audiences: [a]}]}\nimage: {}\n'],
    ['of a chart that has it as a subchart', 'authz: {config: {issuers: []}}\n'],
    ['that name a ConfigMap', 'existingConfigMap: mine\n'],
  ])('%s rejects them, and names the command that checks them', async (_, text) => {
    const file = join(folderForTest(), 'values.yaml');
    writeFileSync(file, text);
    const { code, output, errors } = await run(['--config', file]);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toContain('the file has values of the chart');
    expect(errors).toContain(`check-config ${file}`);
  });

  test('and with another invalid file reports only its own problems', async () => {
    const file = join(folderForTest(), 'other.yaml');
    writeFileSync(file, 'imagery: {}\n');
    const { code, errors } = await run(['--config', file]);
    expect([code, errors]).toEqual([2, expect.stringContaining('imagery')]);
    expect(errors).not.toContain('values of the chart');
  });
});
