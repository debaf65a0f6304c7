/** URLs in a configuration. The parser of `URL` accepts mistakes that these tests reject. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkConfig } from '../../../src/cli/check-config.ts';
import { writtenUrlPattern, writtenUrlProblem } from '../../../src/config/values/urls.ts';

const check = (config: object, isWithFiles = true) =>
  checkConfig({
    flags: [
      { name: '--config', value: 'oidc-authz.yaml' },
      ...(isWithFiles ? [] : [{ name: '--without-files', value: undefined }]),
    ],
    environment: {},
    readFile: (path) => {
      if (path === 'oidc-authz.yaml') return JSON.stringify(config);
      throw new Error(`no user may read ${path}`);
    },
  });

test.each([
  [' https://a.example.com', /must not contain white space/],
  ['https://a.example.com\n', /must not contain white space/],
  ['https://a.exam\tple.com', /must not contain white space/],
  ['https:a.example.com', /must be an absolute URL/],
  ['https:/a.example.com', /must be an absolute URL/],
  ['https:\\\\a.example.com', /must be an absolute URL/],
  ['a.example.com', /must be an absolute URL/],
  ['ftp://a.example.com', /must begin with https/],
])('rejects the URL %j', (text, problem) => {
  expect(writtenUrlProblem(text)).toMatch(problem);
});

test('accepts every origin with a path, as does the pattern of the JSON Schema', () => {
  const part = fc.webUrl({ validSchemes: ['https'], withQueryParameters: true });
  fc.assert(
    fc.property(part, (text) => {
      const { href } = new URL(text);
      fc.pre(!/^https:\/\/[\d.]+[/?]/.test(href));
      expect([writtenUrlProblem(href), writtenUrlPattern.test(href)]).toEqual([undefined, true]);
    }),
  );
});

test.each([
  { issuer: ' https://a.example.com', audiences: ['a'] },
  { issuer: 'https:/a.example.com', audiences: ['a'] },
  { issuer: 'https://a.example.com', audiences: ['a '] },
  { issuer: 'https://a.example.com', audiences: ['a'], jwksUri: 'https://a.example.com/keys\n' },
  { issuer: 'https://a.example.com', audiences: ['a'], httpsProxy: 'http:proxy.example.com' },
])('rejects the issuer %j', async (issuer) => {
  expect(await check({ issuers: [issuer] })).toMatchObject({ exitCode: 2 });
});

test.each([
  '//user:p4ss@a.example.com',
  'https:/user:p4ss@a.example.com',
  'https:user:p4ss@a.example.com',
  'https:\\\\user:p4ss@a.example.com',
  'https://user:p4ss@a.example.com',
  'some_user:p4ss@a.example.com',
])('does not print the password in the issuer %j', async (issuer) => {
  const { exitCode, output } = await check({ issuers: [{ issuer, audiences: ['a'] }] });
  expect(exitCode).toBe(2);
  expect(output).toContain('issuers[0].issuer');
  expect(output).not.toContain('p4ss');
});

test('an issuer with another scheme is named once', async () => {
  const { output } = await check({ issuers: [{ issuer: 'ftp://a.example.com', audiences: ['a'] }] });
  expect(output).toContain('must begin with https://, got ftp://; write the exact iss of its tokens');
});

test('accepts a key set of several lines', async () => {
  const jwks =
    '\n{"keys": [\n{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}\n';
  const issuer = { issuer: 'https://a.example.com', audiences: ['a'], jwks };
  expect(await check({ issuers: [issuer] })).toMatchObject({ exitCode: 0 });
});

test('check-config reads the files of a configuration, unless --without-files is set', async () => {
  const issuer = { issuer: 'https://a.example.com', audiences: ['a'] };
  const tls = { certFile: '/a', keyFile: '/b' };
  const configs = [
    { issuers: [{ ...issuer, jwksFile: '/a' }] },
    { issuers: [{ ...issuer, publicKeyFiles: ['/a'] }] },
    { issuers: [{ ...issuer, caFile: '/a' }] },
    { issuers: [issuer], http: { tls } },
    { issuers: [issuer], grpc: { tls } },
    { issuers: [issuer], admin: { tls } },
    { issuers: [issuer], denyList: { file: '/a' } },
  ];
  for (const config of configs) {
    expect(await check(config)).toMatchObject({
      exitCode: 2,
      output: expect.stringContaining('no user may read'),
    });
    expect(await check(config, false)).toMatchObject({ exitCode: 0 });
  }
  const bad = { issuers: [{ ...issuer, jwks: '{"keys": []}' }] };
  expect(await check(bad, false)).toMatchObject({ exitCode: 2 });
});
