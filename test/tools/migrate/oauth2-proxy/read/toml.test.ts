import { describe, expect, test } from 'vitest';
import { problemsOf, sourcesOf, valuesOf } from '../read-inputs.ts';

const cfg = (text: string) => ({ files: { 'oauth2-proxy.cfg': text } });

describe('the configuration file', () => {
  test('has lists as arrays or texts, and booleans with or without quotes', () => {
    const text = `
# old
email_domains = [ "example.com", "a,b" ]
upstreams = "static://200,http://a"
set_xauthrequest = "true"
reverse_proxy = 1
cookie_secure = ""
pass_access_token = "F"
OIDC_ISSUER_URL = 'https://issuer.example.com'
logging_max_age = 7
cookie_expire = "1h"
allowed_groups = 5
client_id = 123
`;
    expect(valuesOf(cfg(text))).toEqual({
      'email-domain': ['example.com', 'a,b'],
      upstream: ['static://200', 'http://a'],
      'set-xauthrequest': true,
      'reverse-proxy': true,
      'cookie-secure': false,
      'pass-access-token': false,
      'oidc-issuer-url': 'https://issuer.example.com',
      'logging-max-age': '7',
      'cookie-expire': '1h',
      'allowed-group': ['5'],
      'client-id': '123',
    });
    expect(sourcesOf(cfg(text))).toMatchObject({
      'email-domain': 'oauth2-proxy.cfg:3:1',
      'oidc-issuer-url': 'oauth2-proxy.cfg:9:1',
    });
  });

  test.each([
    [
      'oidc_extra_audience = "a"',
      'unknown key; did you mean oidc_extra_audiences, the key of the flag --oidc-extra-audience?',
    ],
    ['upstream = "a"', 'unknown key; did you mean upstreams, the key of the flag --upstream?'],
    ['email-domains = ["*"]', 'unknown key; did you mean email_domains?'],
    ['emial_domains = ["*"]', 'unknown key; did you mean email_domains?'],
    ['completely_else = "S3CRET"', 'unknown key'],
  ])('reports %s', (line, message) => {
    const key = line.split(' ')[0];
    expect(problemsOf(cfg(`scope = "a"\n  ${line}\n`))).toEqual([
      `${key} (oauth2-proxy.cfg:2:3): ${message}`,
    ]);
  });

  test.each([
    ['reverse_proxy = "S3CRET"', 'true or false'],
    ['reverse_proxy = ["S3CRET"]', 'true or false'],
    ['scope = ["S3CRET"]', 'a text'],
    ['scope = 2026-01-01', 'a text'],
    ['allowed_groups = [["S3CRET"]]', 'a list of texts'],
    ['cookie_expire = "S3CRET"', 'a duration such as 1h30m'],
    ['logging_max_age = "S3CRET"', 'a whole number'],
    ['[upstreams]\nS3CRET = 1', 'a list of texts'],
  ])('reports %s', (line, expected) => {
    const problems = problemsOf(cfg(`${line}\n`));
    expect(problems).toEqual([expect.stringMatching(/^\w+ \(oauth2-proxy\.cfg:1:\d\): expected /)]);
    expect(problems[0]).toContain(expected);
    expect(problems[0]).not.toContain('S3CRET');
  });

  test.each([
    'client_secret = "S3CRET\nscope = "a"\n',
    'client_secret = S3CRET\n',
    'scope = "a"\nscope = "S3CRET"\n',
    'scope = "a" S3CRET\n',
    'scope = \u0000S3CRET\n',
    `scope = ${'['.repeat(100_000)}\n`,
    'logging_max_age = 99999999999999999999\n',
  ])('with invalid TOML is reported by line, without its content', (text) => {
    const problems = problemsOf(cfg(text));
    expect(problems).toEqual([expect.stringMatching(/^ \(oauth2-proxy\.cfg(:\d+:\d+)?\): not valid TOML$/)]);
  });

  test('may begin with a byte order mark', () => {
    expect(valuesOf(cfg('\uFEFFscope = "a"\n'))).toEqual({ scope: 'a' });
  });
});
