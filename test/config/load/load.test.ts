import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { writtenConfig } from '../../../src/config/describe/describe.ts';
import { loadConfig } from '../../../src/config/load/load.ts';
import { ConfigError } from '../../../src/config/validate/problems.ts';

interface Settings {
  readonly file?: string;
  readonly flags?: readonly [name: string, value?: string][];
  readonly environment?: Readonly<Record<string, string>>;
}

function load({ file, flags = [], environment = {} }: Settings) {
  const config: [string, string?][] = file === undefined ? [] : [['--config', 'config.yaml']];
  return loadConfig({
    flags: [...config, ...flags].map(([name, value]) => ({ name, value })),
    environment,
    readFile: () => file ?? '',
  });
}

async function problemsOf(settings: Settings): Promise<string[]> {
  const error = await load(settings).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof ConfigError)) throw new TypeError(`expected problems, got ${error}`);
  return error.problems.map(({ path, source, message }) => `${path} (${source}): ${message}`);
}

const issuer = 'https://issuer.example.com';
const smallest = `issuers: [{issuer: "${issuer}", audiences: [a]}]\n`;

describe('the smallest configuration', () => {
  test('needs two flags', async () => {
    const config = await load({
      flags: [
        ['--issuer', issuer],
        ['--audience', 'a'],
        ['--audience', 'b'],
      ],
    });
    expect(config.issuers).toMatchObject([{ issuer, audiences: ['a', 'b'], name: 'issuer.example.com' }]);
    expect([config.http.port, config.grpc.port, config.admin.port]).toEqual([8000, 9000, 8081]);
    expect([config.keys.refreshInterval, config.limits.maxTokenSize]).toEqual([300_000, 16_384]);
  });

  test('needs two environment variables', async () => {
    const config = await load({ environment: { OIDC_AUTHZ_ISSUER: issuer, OIDC_AUTHZ_AUDIENCES: 'a, b,c' } });
    expect(config.issuers[0]?.audiences).toEqual(['a', 'b', 'c']);
  });

  test('lists the three ways to set an issuer if there is none', async () => {
    expect(await problemsOf({})).toEqual([
      expect.stringMatching(/--issuer URL --audience NAME, or OIDC_AUTHZ_ISSUER.*`issuers` in a file/),
    ]);
  });
});

describe('precedence', () => {
  test('a flag wins over the environment, which wins over the file, which wins over the default', async () => {
    const file = `${smallest}http: {port: 1}\ngrpc: {port: 2}\nadmin: {port: 3}\n`;
    const environment = { OIDC_AUTHZ_HTTP_PORT: '11', OIDC_AUTHZ_GRPC_PORT: '12' };
    const config = await load({ file, environment, flags: [['--http-port', '21']] });
    expect([config.http.port, config.grpc.port, config.admin.port, config.log.level]).toEqual([
      21,
      12,
      3,
      'info',
    ]);
  });

  test('the last of several equal flags wins', async () => {
    expect(
      (
        await load({
          file: smallest,
          flags: [
            ['--http-port', '1'],
            ['--http-port', '2'],
          ],
        })
      ).http.port,
    ).toBe(2);
  });

  test('an issuer of the short form replaces the list; a listed issuer keeps its other options', async () => {
    const file = `issuers:\n  - {issuer: "${issuer}", audiences: [a], name: first, clockTolerance: 5s}\n  - {issuer: "https://other.example.com", audiences: [b]}\n`;
    const same = await load({ file, environment: { OIDC_AUTHZ_ISSUER: issuer, OIDC_AUTHZ_AUDIENCES: 'x' } });
    expect(same.issuers).toMatchObject([{ issuer, name: 'first', audiences: ['x'], clockTolerance: 5_000 }]);
    const other = await load({
      file,
      flags: [
        ['--issuer', 'https://new.example.com'],
        ['--audience', 'n'],
      ],
    });
    expect(other.issuers).toMatchObject([
      { issuer: 'https://new.example.com', audiences: ['n'], clockTolerance: 30_000 },
    ]);
  });

  test('audiences without an issuer apply to the only issuer, and are rejected with several', async () => {
    expect((await load({ file: smallest, flags: [['--audience', 'x']] })).issuers[0]?.audiences).toEqual([
      'x',
    ]);
    const two = `issuers: [{issuer: "${issuer}", audiences: [a]}, {issuer: "https://b.example.com", audiences: [b]}]`;
    expect(await problemsOf({ file: two, flags: [['--audience', 'x']] })).toEqual([
      expect.stringContaining('audiences are ambiguous with several issuers'),
    ]);
    expect(await problemsOf({ flags: [['--audience', 'x']] })).toContainEqual(
      expect.stringContaining('audiences need an issuer'),
    );
  });
});

describe('a value from a flag or the environment', () => {
  test('is converted to the type of its option', async () => {
    const config = await load({
      file: smallest,
      flags: [
        ['--grpc-enabled', 'false'],
        ['--log-subject'],
        ['--keys-timeout', '1m'],
        ['--cache-max-bytes', '1Gi'],
        ['--limits-max-token-size', '4096'],
        ['--realm', '5'],
      ],
      environment: { OIDC_AUTHZ_FORWARD_ORIGINAL_TOKEN: 'false' },
    });
    expect([
      config.grpc.enabled,
      config.log.subject,
      config.keys.timeout,
      config.cache.maxBytes,
      config.limits.maxTokenSize,
      config.realm,
      config.forwardOriginalToken,
    ]).toEqual([false, true, 60_000, 1024 ** 3, 4096, '5', false]);
  });

  test('is reported with its source and the valid values if it is invalid', async () => {
    const problems = await problemsOf({
      file: smallest,
      flags: [['--http-port', 'x']],
      environment: { OIDC_AUTHZ_LOG_LEVEL: 'loud', OIDC_AUTHZ_GRPC_ENABLED: 'yes' },
    });
    expect(problems).toEqual([
      'http.port (flag --http-port): must be a whole number from 0 to 65535, got "x"',
      'grpc.enabled (environment OIDC_AUTHZ_GRPC_ENABLED): must be true or false, got "yes"',
      'log.level (environment OIDC_AUTHZ_LOG_LEVEL): must be one of fatal, error, warn, info, debug, trace, silent, got "loud"',
    ]);
  });

  test('is reported with the nearest name if the name is unknown', async () => {
    const problems = await problemsOf({
      file: smallest,
      flags: [['--htpp-port', '1'], ['--zzz']],
      environment: { OIDC_AUTHZ_AUDIENCE: 'SECRET' },
    });
    expect(problems).toEqual([
      ' (environment OIDC_AUTHZ_AUDIENCE): unknown variable; did you mean OIDC_AUTHZ_AUDIENCES?',
      ' (flag --htpp-port): unknown flag; did you mean --http-port?',
      ' (flag --zzz): unknown flag',
    ]);
    expect(problems.join()).not.toContain('SECRET');
  });

  test('is ignored if Kubernetes sets it for a Service', async () => {
    const config = await load({
      file: smallest,
      environment: {
        OIDC_AUTHZ_SERVICE_HOST: '10.0.0.1',
        OIDC_AUTHZ_SERVICE_PORT: '8000',
        OIDC_AUTHZ_SERVICE_PORT_HTTP_CHECK: '8000',
        OIDC_AUTHZ_PORT: 'tcp://10.0.0.1:8000',
        OIDC_AUTHZ_PORT_8000_TCP: 'tcp://10.0.0.1:8000',
        OIDC_AUTHZ_PORT_8000_TCP_PROTO: 'tcp',
        OIDC_AUTHZ_PORT_8000_TCP_PORT: '8000',
        OIDC_AUTHZ_PORT_8000_TCP_ADDR: '10.0.0.1',
        OIDC_AUTHZ_PORT_53_UDP: 'udp://10.0.0.1:53',
        OIDC_AUTHZ_ADMIN_SERVICE_HOST: '10.0.0.2',
        OIDC_AUTHZ_ADMIN_SERVICE_PORT: '8081',
        OIDC_AUTHZ_ADMIN_PORT: 'tcp://10.0.0.2:8081',
        OIDC_AUTHZ_HTTP_PORT: 'tcp://10.0.0.3:80',
      },
    });
    expect([config.admin.port, config.http.port]).toEqual([8081, 8000]);
  });
});

describe('a file', () => {
  const fixtures = join(import.meta.dirname, 'fixtures');

  test.each(readdirSync(fixtures))('%s has the problems in its first lines', async (name) => {
    const text = readFileSync(join(fixtures, name), 'utf8');
    const expected = text
      .split('\n')
      .filter((line) => line.startsWith('# '))
      .map((line) => line.slice(2));
    const problems = await problemsOf({ file: text });
    const lines = problems.flatMap((problem) => problem.replace(/config\.yaml:\d+:\d+/, 'LINE').split('\n'));
    expect(lines).toEqual(expected);
  });

  test('that is not a mapping, is invalid YAML or is missing has one problem', async () => {
    expect(await problemsOf({ file: '[1, 2]' })).toEqual([
      ' (config.yaml): must be a mapping, such as `issuers: […]`',
    ]);
    expect(await problemsOf({ file: 'a: [1' })).toEqual([
      expect.stringMatching(/config\.yaml:\d+:\d+\): invalid YAML/),
    ]);
    expect(await problemsOf({ file: 'a: 1\na: 2' })).toEqual([
      expect.stringContaining('already has an entry with this name'),
    ]);
    const missing = loadConfig({
      flags: [{ name: '--config', value: '/nowhere.yaml' }],
      environment: {},
      readFile: () => {
        throw Object.assign(new Error('no'), { code: 'ENOENT' });
      },
    });
    await expect(missing).rejects.toThrow(
      '(/nowhere.yaml): cannot read the file: it does not exist (ENOENT)',
    );
  });

  test('is rejected if an alias is inside of its own value', async () => {
    expect(
      await problemsOf({ file: 'issuers: &all\n  - {issuer: https://a.example.com, name: *all}\n' }),
    ).toEqual([
      ' (config.yaml): a YAML alias (*name) is inside of the value that it names; write the value instead',
    ]);
  });

  test('is rejected if its aliases expand too far', async () => {
    const lines = [
      'a: &a [x,x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'
        .split('')
        .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[index]}`)}]`),
    ];
    expect(await problemsOf({ file: lines.join('\n') })).toEqual([
      ' (config.yaml): the YAML aliases (*name) expand to too many values; repeat the values instead',
    ]);
  });

  test.each([
    ['a: [*.example.com]', 5],
    ['allowedDomains:\n- *.example.com', 3],
    ['a: &a 1\nb: *c', 4],
  ])('with a text that begins with * without quotes reports the fix: %j', async (file, column) => {
    expect(await problemsOf({ file })).toEqual([
      expect.stringMatching(
        new RegExp(`^ \\(config\\.yaml:\\d:${column}\\): YAML reads a text .*put the text in quotes`),
      ),
    ]);
  });

  test('can be JSON', async () => {
    expect(
      (await load({ file: JSON.stringify({ issuers: [{ issuer, audiences: ['a'] }] }) })).issuers,
    ).toHaveLength(1);
  });

  test('is reported with the line of a problem', async () => {
    expect(await problemsOf({ file: `${smallest}http:\n  port: x\n` })).toEqual([
      'http.port (config.yaml:3:3): must be a whole number from 0 to 65535, got "x"',
    ]);
  });

  test('is rejected if a mapping is null or a number', async () => {
    for (const entry of ['null', '5', 'x', '[]'])
      expect(await problemsOf({ file: `issuers: [${entry}]` })).toEqual([
        expect.stringMatching(/^issuers\[0\] \(config\.yaml:1:11\): must be a mapping, got /),
      ]);
  });

  test('never has the credentials of a URL in a problem', async () => {
    const file = `issuers: [{issuer: "https://user:hunter2@issuer.example.com", audiences: [a], httpsProxy: "ftp://user:hunter3@proxy"}]`;
    const problems = await problemsOf({ file });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toMatch(/hunter/);
  });
});

describe('issuer names', () => {
  const named = async (...issuers: string[]) =>
    (
      await load({
        file: `issuers:\n${issuers.map((url) => `  - {issuer: "${url}", audiences: [a]}\n`).join('')}`,
      })
    ).issuers.map(({ name }) => name);

  test('are the hosts, with the path if several issuers have one host', async () => {
    expect(await named('https://a.example.com', 'https://b.example.com:8443/x')).toEqual([
      'a.example.com',
      'b.example.com:8443',
    ]);
    expect(await named('https://kc.example.com/realms/a', 'https://kc.example.com/realms/b')).toEqual([
      'kc.example.com/realms/a',
      'kc.example.com/realms/b',
    ]);
  });
});

describe('the loaded configuration', () => {
  test('is deeply frozen', async () => {
    const config = await load({ file: smallest });
    expect(
      [config, config.issuers, config.issuers[0], config.issuers[0]?.audiences, config.http].every(
        Object.isFrozen,
      ),
    ).toBe(true);
  });

  test('is the same after it is written and loaded again', async () => {
    const file = `
issuers:
  - {issuer: "${issuer}", audiences: [a, b], clockTolerance: 90s, requiredClaims: {tid: abc, n: 5, b: true}, httpsProxy: env}
  - {issuer: "urn:other", name: other, anyAudience: true, jwksUri: "https://x.example.com/keys"}
cache: {maxAge: 1500ms, maxBytes: 1234}
keys: {maxStale: 1h30m}
http: {host: "[::]", tls: {certFile: c, keyFile: k}}
outputClaimToHeaders: [{header: X-User, claim: sub}]
`;
    const config = await load({ file });
    const written = stringify(writtenConfig(config));
    expect(parse(written)).toMatchObject({
      cache: { maxAge: '1500ms', maxBytes: '1234' },
      keys: { maxStale: '90m' },
      outputClaimToHeaders: [{ header: 'x-user' }],
    });
    expect(await load({ file: written })).toEqual(config);
  });
});

describe('an issuer without a name', () => {
  const namesOf = async (...issuers: object[]) =>
    (
      await load({ file: stringify({ issuers: issuers.map((one) => ({ anyAudience: true, ...one })) }) })
    ).issuers.map(({ name }) => name);

  test('gets its host as name, or as much more of the URL as makes the name unique', async () => {
    expect(
      await namesOf({ issuer: 'https://a.example.com/x' }, { issuer: 'https://b.example.com:8443/y' }),
    ).toEqual(['a.example.com', 'b.example.com:8443']);
    expect(
      await namesOf({ issuer: 'https://a.example.com/x' }, { issuer: 'https://a.example.com/y' }),
    ).toEqual(['a.example.com/x', 'a.example.com/y']);
    expect(
      await namesOf({ issuer: 'http://localhost/x', insecureHttp: true }, { issuer: 'https://localhost/x' }),
    ).toEqual(['http://localhost/x', 'https://localhost/x']);
  });

  test('never gets a name that is configured for another issuer, or is reserved', async () => {
    expect(
      await namesOf(
        { issuer: 'https://a.example.com/x' },
        { issuer: 'https://b.example.com', name: 'a.example.com' },
      ),
    ).toEqual(['a.example.com/x', 'a.example.com']);
    expect(await namesOf({ issuer: 'https://none' })).not.toContain('none');
  });
});
