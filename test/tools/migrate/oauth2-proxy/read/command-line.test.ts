import { describe, expect, test } from 'vitest';
import { findingsOf, problemsOf, valuesOf } from '../read-inputs.ts';

describe('flags', () => {
  test('have their value after `=` or in the next word, even if that word begins with hyphens', () => {
    const flags = ['--scope=a=b', '--client-id', '--provider', '--provider', 'oidc'];
    expect(valuesOf({ flags })).toEqual({ scope: 'a=b', 'client-id': '--provider', provider: 'oidc' });
  });

  test('for a boolean need no value', () => {
    const flags = ['--set-xauthrequest', '--reverse-proxy=F', '--pass-access-token=1'];
    expect(valuesOf({ flags })).toEqual({
      'set-xauthrequest': true,
      'reverse-proxy': false,
      'pass-access-token': true,
    });
  });

  test('for a boolean ignore the next word, with a finding', () => {
    const flags = ['--set-xauthrequest', 'false', '--scope=a'];
    expect(valuesOf({ flags })).toEqual({ 'set-xauthrequest': true, scope: 'a' });
    expect(findingsOf({ flags })).toEqual([
      'set-xauthrequest (command line) meaningless: oauth2-proxy ignores the separate word `false`, so the flag is true; to set it, write --set-xauthrequest=false',
    ]);
  });

  test('for a list are combined, and may contain commas', () => {
    const flags = ['--allowed-group=a,b', '--allowed-group', '"c,d",e', '--allowed-group="say ""x"""'];
    expect(valuesOf({ flags })).toEqual({ 'allowed-group': ['a', 'b', 'c,d', 'e', 'say "x"'] });
    expect(valuesOf({ flags: ['--allowed-group=a, b,'] })).toEqual({ 'allowed-group': ['a', ' b', ''] });
    expect(valuesOf({ flags: ['--allowed-group='] })).toEqual({ 'allowed-group': [] });
  });

  test('of other types use the last value; the others are reported', () => {
    const flags = ['--scope=a', '--scope=b'];
    expect(valuesOf({ flags })).toEqual({ scope: 'b' });
    expect(findingsOf({ flags })).toEqual(['scope (flag --scope) meaningless: flag --scope overrides it']);
    expect(findingsOf({ flags: ['--scope=a', '--scope=a'] })).toEqual([]);
  });

  test('end at `--`', () => {
    expect(valuesOf({ flags: ['--scope=a', '--', '--scope=b', '--nope'] })).toEqual({ scope: 'a' });
  });

  test('report words between them, with the flag that was probably meant', () => {
    expect(findingsOf({ flags: ['provider=oidc', 'something'] })).toEqual([
      'provider (command line) meaningless: oauth2-proxy ignores a word without hyphens; to set it, write --provider',
      'argument (command line) meaningless: oauth2-proxy ignores a word without hyphens',
    ]);
  });

  test('that make oauth2-proxy do something else are reported', () => {
    expect(findingsOf({ flags: ['--config-test', '--version', '--convert-config-to-alpha'] })).toEqual(
      ['config-test', 'version', 'convert-config-to-alpha'].map(
        (name) => `${name} (flag --${name}) meaningless: with it oauth2-proxy does not serve`,
      ),
    );
  });
});

describe('a mistake in flags is reported', () => {
  test.each([
    ['--oidc-issuer', '--oidc-issuer (flag --oidc-issuer): unknown flag; did you mean --oidc-issuer-url?'],
    ['--nothing-like-it', '--nothing-like-it (flag --nothing-like-it): unknown flag'],
    ['--emial-domain=x', '--emial-domain (flag --emial-domain): unknown flag; did you mean --email-domain?'],
    [
      '--oidc_issuer_url=x',
      '--oidc_issuer_url (flag --oidc_issuer_url): unknown flag; did you mean --oidc-issuer-url?',
    ],
    [
      '-client-id=x',
      '-client-id (flag -client-id): oauth2-proxy accepts only flags with two hyphens; did you mean --client-id?',
    ],
    ['-x', ' (command line): oauth2-proxy accepts only flags with two hyphens'],
    [
      '---scope=x',
      '---scope (flag ---scope): oauth2-proxy accepts only flags with two hyphens; did you mean --scope?',
    ],
    ['--scope', '--scope (flag --scope): expected a text after it'],
    ['--reverse-proxy=yes', '--reverse-proxy (flag --reverse-proxy): expected true or false'],
    ['--reverse-proxy=', '--reverse-proxy (flag --reverse-proxy): expected true or false'],
    ['--cookie-expire=5', '--cookie-expire (flag --cookie-expire): expected a duration such as 1h30m'],
    ['--logging-max-age=x', '--logging-max-age (flag --logging-max-age): expected a whole number'],
    [
      '--allowed-group=a"b',
      '--allowed-group (flag --allowed-group): expected values separated by commas, in double quotes if they contain commas or quotes',
    ],
    [
      '--allowed-group="a',
      '--allowed-group (flag --allowed-group): expected values separated by commas, in double quotes if they contain commas or quotes',
    ],
  ])('%s', (flag, problem) => {
    expect(problemsOf({ flags: [flag] })).toEqual([problem]);
  });

  test('without the value of a misspelled flag, which may be a secret', () => {
    const problems = problemsOf({
      flags: ['--cookie-secrte', '-S3CRET', '--client-secrt=S3CRET', '-S3CRETS3CRET'],
    });
    expect(problems.length).toBe(3);
    expect(problems.join('\n')).not.toContain('S3CRET');
  });

  test('all at once', () => {
    expect(problemsOf({ flags: ['--nope', '--reverse-proxy=x', '--scope'] }).length).toBe(3);
  });
});

describe('a file that a flag names', () => {
  test('is read if it is on this machine', () => {
    const readFile = (path: string) => (path === 'here.cfg' ? 'scope = "x"\n' : '');
    expect(valuesOf({ flags: ['--config=here.cfg'], readFile })).toEqual({ scope: 'x' });
  });

  test('is requested if it is not', () => {
    const readFile = () => {
      throw new Error('ENOENT');
    };
    const problem =
      '--config (flag --config): it names /etc/o.cfg, which is not among the files; pass it as well';
    expect(problemsOf({ flags: ['--config', '/etc/o.cfg'] })).toEqual([problem]);
    expect(problemsOf({ flags: ['--config', '/etc/o.cfg'], readFile })).toEqual([problem]);
    expect(problemsOf({ flags: ['--alpha-config=a.yaml'] })).toEqual([
      '--alpha-config (flag --alpha-config): it names a.yaml, which is not among the files; pass it as well',
    ]);
  });

  test('is the input file with that name', () => {
    const files = { 'mine.cfg': 'scope = "x"\n' };
    expect(valuesOf({ flags: ['--config=/etc/o.cfg'], files })).toEqual({ scope: 'x' });
  });
});
